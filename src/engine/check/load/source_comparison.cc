#include "check/load/source_comparison.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/files/boundary.h"
#include "check/changes/changes.h"
#include "check/load/unreadable.h"
#include "files/files.h"
#include "lint/schema/schema_difference.h"
#include "migrations/folders/schema_load.h"
#include "migrations/interface/source_schemas.h"

namespace pgadvise::check {
namespace {

// What the input's migrations create with the scripts of their folder that the journal does not name, which
// follow the others by name. nullopt: there are none, or nothing is readable.
std::optional<Catalog> with_unjournaled(const migrations::SchemaInput& input) {
  if (input.journal.empty()) return std::nullopt;
  std::set<std::string> journaled;
  for (const auto& file : input.files) journaled.insert(file.path);
  const migrations::Folder folder(input.path);
  std::vector<std::string> names;
  for (const auto& name : folder.files())
    if (name.ends_with(".sql") && !name.ends_with(".down.sql") && !journaled.count(folder.path(name)) &&
        !leads_outside(folder.path(name)))
      names.push_back(name);
  if (names.empty()) return std::nullopt;
  std::ranges::sort(names, files::natural_less);
  migrations::SchemaInput all = input;
  for (const auto& name : names) all.files.push_back({folder.path(name), ""});
  return replayed(all);
}

}  // namespace

std::optional<lint::DeclaredSchema> declared_schema(const migrations::SchemaInput& input,
                                                    const Catalog& migrated, const Catalog* snapshot,
                                                    std::deque<Catalog>& keep, Diagnostics& diagnostics) {
  if (!input.source) return std::nullopt;
  const migrations::DeclaredSource& source = *input.source;
  const bool has_migrations = input.kind == migrations::SchemaKind::migrations;
  const std::string folder =
      source.folder.empty() ? std::string() : files::path_under(input.root, source.folder);
  if (!has_migrations && std::ranges::any_of(diagnostics, [&](const Error& error) {
        return names_unreadable_schema(error, folder);
      }))
    return std::nullopt;
  lint::DeclaredSchema out;
  out.source = source.place;
  out.place.file = files::path_under(input.root, source.place);
  out.folder = input.path;
  out.incomplete = source.declared.incomplete;
  out.left_out = source.declared.existing;
  out.all_tables_known = source.all_tables_known;
  out.in_scripts = input.created_by_scripts;
  out.declared = &keep.emplace_back(migrations::expressible(source, source.declared.catalog));
  if (has_migrations) {
    migrations::report_unknown(source, "not compared with the migrations", diagnostics);
    out.migrated = &keep.emplace_back(migrations::expressible(source, migrated));
    if (auto all = with_unjournaled(input))
      out.with_unjournaled = &keep.emplace_back(migrations::expressible(source, std::move(*all)));
  }
  out.snapshot = snapshot;
  for (const Catalog* one : {out.declared, out.migrated})
    if (one)
      for (const auto& [name, table] : one->tables)
        if (!source.covers_table(name)) out.left_out.insert(name);
  return out;
}

bool has_most_tables(const std::set<QualifiedName>& created, const Catalog& declared) {
  const auto shared =
      std::ranges::count_if(declared.tables, [&](const auto& item) { return created.count(item.first) > 0; });
  return 2 * static_cast<std::size_t>(shared) > declared.tables.size();
}

bool fits_better(const lint::DeclaredSchema& schema, const Catalog& other) {
  if (!schema.migrated) return false;
  std::set<QualifiedName> created;
  for (const auto& [name, table] : other.tables) created.insert(name);
  return has_most_tables(created, *schema.declared) &&
         lint::schema_differences(other, *schema.declared).size() <
             lint::schema_differences(*schema.migrated, *schema.declared).size();
}

void leave_out_unknown(const migrations::SchemaInput& input, const sql::ReplayCounts& counts,
                       lint::DeclaredSchema& schema, Diagnostics& diagnostics) {
  if (!counts.not_understood || !schema.migrated) return;
  const auto leave_out = [&](const QualifiedName& name) {
    if (counts.unbounded || counts.failed_names.count(name.name)) schema.left_out.insert(name);
  };
  for (const Catalog* one : {schema.declared, schema.migrated}) {
    for (const auto& [name, table] : one->tables) leave_out(name);
    for (const auto& [name, type] : one->enums) leave_out(name);
  }
  if (counts.unbounded)
    warn(diagnostics, input.path,
         fmt::format("{} is not compared with the migrations: {} of their statements could "
                     "not be replayed, and may create or drop objects that {} not name",
                     input.source->language->schema, counts.unbounded,
                     counts.unbounded == 1 ? "it does" : "they do"));
}

void take_logical_keys(Table& table, const Table& declared) {
  for (const auto& key : declared.logical_keys) {
    const bool in_database = std::ranges::any_of(table.constraints, [&](const Constraint& one) {
      return one.kind == Constraint::Kind::foreign_key && one.columns == key.columns &&
             one.referenced_table == key.referenced_table;
    });
    const bool taken =
        std::ranges::any_of(table.logical_keys, [&](const Constraint& one) { return one.name == key.name; });
    if (!in_database && !taken && std::ranges::all_of(key.columns, [&](const std::string& name) {
          return table.column(name) != nullptr;
        }))
      table.logical_keys.push_back(key);
  }
}

void take_logical_keys(Catalog& catalog, const migrations::SchemaInput& input) {
  if (!input.source) return;
  for (const auto& [name, declared] : input.source->declared.catalog.tables)
    if (Table* table = catalog.table(name)) take_logical_keys(*table, declared);
}

}  // namespace pgadvise::check
