#include "migrations/interface/source_schemas.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "drizzle/schema/source_reader.h"
#include "files/files.h"
#include "files/tree.h"
#include "prisma/project.h"

namespace pgadvise::migrations {
namespace {

constexpr DeclaredSource::Language drizzle_source{
    .name = "Drizzle source",
    .schema = "the Drizzle schema",
    .unknown = "known only when the program runs",
    .hint = "drizzle-kit export > schema.sql, then --schema schema.sql; or --db",
    .tool = "drizzle",
    .expresses_all = true};
constexpr DeclaredSource::Language prisma_schema{
    .name = "Prisma schema",
    .schema = "the Prisma schema",
    .unknown = "not understood",
    .hint =
        "prisma migrate diff --from-empty --to-schema-datamodel schema.prisma --script > schema.sql, "
        "then --schema schema.sql; or --db",
    .tool = "prisma",
    .expresses_all = false};

bool uses_drizzle(const std::string& root, const std::vector<std::string>& files) {
  constexpr std::size_t max_packages = 500;
  std::size_t read = 0;
  for (const auto& file : files) {
    if (files::base_of(file) != "package.json" || ++read > max_packages) continue;
    const auto text = read_file(files::path_under(root, file), files::text_limit);
    if (text && contains(*text, "\"drizzle-orm\"")) return true;
  }
  return false;
}

bool uses_prisma(const std::vector<std::string>& files) {
  return std::ranges::any_of(files, [](const std::string& file) { return file.ends_with(".prisma"); });
}

// Whether one of the schemas that were read is that of the source.
bool covered(files::Tree& tree, const DeclaredSource& source, const std::vector<ReadSchema>& read) {
  const auto* package = tree.package_of(files::folder_of(source.place));
  return std::ranges::any_of(read, [&](const ReadSchema& one) {
    return (one.folder + "/").starts_with(source.folder + "/") || tree.package_of(one.folder) == package;
  });
}

void place_under(const std::string& root, SourceLocation& location) {
  if (!location.file.empty()) location.file = files::path_under(root, location.file);
}

void place_under(const std::string& root, DeclaredCatalog& declared) {
  for (auto& [name, table] : declared.catalog.tables) {
    place_under(root, table.origin);
    for (auto& column : table.columns) place_under(root, column.origin);
    for (auto& constraint : table.constraints) place_under(root, constraint.origin);
    for (auto& key : table.logical_keys) place_under(root, key.origin);
    for (auto& index : table.indexes) place_under(root, index.origin);
    for (auto& policy : table.policies) place_under(root, policy.origin);
  }
  for (auto& [name, item] : declared.catalog.enums) place_under(root, item.origin);
  for (auto& [name, item] : declared.catalog.sequences) place_under(root, item.origin);
  for (auto& gap : declared.unknown) place_under(root, gap.location);
}

bool all_tables_known(const DeclaredCatalog& declared) {
  return std::ranges::all_of(declared.unknown, [](const SourceGap& gap) { return gap.table.has_value(); });
}

// The schema files that a configuration of drizzle-kit names, and that do not exist. A configuration that
// names no other is a source of which nothing is known, unless files without a configuration declare the
// tables.
void add_missing(const std::string& root, files::Tree& tree, std::vector<DeclaredSource>& out,
                 Diagnostics& diagnostics) {
  const bool unconfigured = std::ranges::any_of(
      out, [](const DeclaredSource& one) { return !one.configured && !one.declared.catalog.tables.empty(); });
  for (const auto& config : drizzle::configs_with_missing_files(tree)) {
    Error error{Error::Kind::nonfatal, files::path_under(root, config.paths.front()),
                fmt::format("names {}, where pgadvise found no file: {}", join(config.missing, ", "),
                            config.files.empty() ? "no table of this schema is known"
                                                 : "tables that are declared there are not known"),
                std::string(drizzle_source.hint)};
    if (!config.files.empty() || unconfigured) {
      diagnostics.push_back(std::move(error));
      continue;
    }
    DeclaredSource& one = out.emplace_back();
    one.language = &drizzle_source;
    one.place = config.paths.front();
    one.configured = true;
    one.folder = config.out;
    one.unread = std::move(error);
  }
}

// Why the file was not read, as the tree reported it.
Error reason_of(const std::string& root, const std::string& file, const Diagnostics& listing) {
  const auto found = std::ranges::find_if(listing, [&](const Error& error) {
    return error.where == file || error.where.starts_with(file + ":");
  });
  Error out = found == listing.end() ? Error{Error::Kind::nonfatal, file, "was not read", ""} : *found;
  out.where = files::path_under(root, out.where);
  return out;
}

void add_drizzle(const std::string& root, files::Tree& tree, std::vector<DeclaredSource>& out) {
  for (auto& schema : drizzle::read_source_schemas(tree)) {
    DeclaredSource& one = out.emplace_back();
    const drizzle::SourceConfig& config = schema.config;
    one.language = &drizzle_source;
    one.files = config.files;
    one.configured = !config.paths.empty();
    if (one.configured || !one.files.empty()) one.place = one.configured ? config.paths[0] : one.files[0];
    one.folder = config.out;
    one.all_tables_known = !config.casing_unknown && schema.unread.empty() && all_tables_known(schema);
    one.covers_table = [config](const QualifiedName& table) { return drizzle::covers_table(config, table); };
    if (one.configured && schema.catalog.tables.empty() && !schema.unread.empty())
      one.unread = reason_of(root, schema.unread.front(), tree.diagnostics());
    one.declared = std::move(schema);
  }
}

void add_prisma(const std::string& root, files::Tree& tree, std::vector<DeclaredSource>& out,
                Diagnostics& diagnostics) {
  Diagnostics skipped;
  auto schemas = prisma::project_schemas(tree, skipped);
  for (Error& error : skipped) {
    error.where = files::path_under(root, error.where);
    diagnostics.push_back(std::move(error));
  }
  for (auto& found : schemas) {
    DeclaredSource& one = out.emplace_back();
    one.language = &prisma_schema;
    one.files = std::move(found.files);
    one.place = one.files.front();
    one.configured = true;
    one.folder = std::move(found.migrations);
    one.all_tables_known = all_tables_known(found.schema);
    one.covers_table = [schemas = found.schema.catalog.schemas](const QualifiedName& table) {
      return is_one_of(table.schema, schemas);
    };
    one.declared = std::move(found.schema);
  }
}

}  // namespace

std::vector<FoundSource> source_schemas(const std::string& root, const std::vector<std::string>& files,
                                        const std::vector<ReadSchema>& read, Diagnostics& diagnostics) {
  std::vector<FoundSource> out;
  const bool with_drizzle = drizzle::reads_source() && uses_drizzle(root, files);
  if (!with_drizzle && !uses_prisma(files)) return out;
  Diagnostics listing;  // the caller has listed the files, and reported what it did not read
  files::Tree tree(root, listing);
  const std::size_t reported = listing.size();
  std::vector<DeclaredSource> sources;
  if (with_drizzle) {
    add_drizzle(root, tree, sources);
    add_missing(root, tree, sources, diagnostics);
  }
  std::erase_if(sources, [](const DeclaredSource& one) {
    return !one.unread && (one.files.empty() || one.declared.catalog.tables.empty());
  });
  add_prisma(root, tree, sources, diagnostics);
  for (auto& source : sources) {
    if (source.declared.catalog.tables.empty() && !source.unread) continue;
    const bool is_covered = covered(tree, source, read);
    if (source.unread && is_covered) {
      diagnostics.push_back(std::move(*source.unread));
      continue;
    }
    place_under(root, source.declared);
    out.push_back({std::make_shared<const DeclaredSource>(std::move(source)), is_covered});
  }
  if (out.empty())  // what else is broken is no cause of that
    listing.erase(std::remove_if(listing.begin() + static_cast<std::ptrdiff_t>(reported), listing.end(),
                                 [](const Error& error) { return error.where.ends_with(".json"); }),
                  listing.end());
  std::for_each(listing.begin() + static_cast<std::ptrdiff_t>(reported), listing.end(), [&](Error& error) {
    if (!error.where.empty()) error.where = files::path_under(root, error.where);
    diagnostics.push_back(std::move(error));
  });
  return out;
}

void report_unknown(const DeclaredSource& source, const std::string& not_done, Diagnostics& diagnostics) {
  constexpr std::size_t max_named = 3;
  const DeclaredCatalog& declared = source.declared;
  if (declared.unknown.empty()) return;
  std::vector<std::string> names;
  for (const auto& name : declared.incomplete)
    if (declared.catalog.tables.count(name) && names.size() <= max_named) names.push_back(display(name));
  const auto& first = declared.unknown.front();
  const bool more = names.size() > max_named;
  if (more) names.pop_back();
  warn(diagnostics, first.location.str(),
       fmt::format("{} part{} of {} {} {}, such as {}{}", declared.unknown.size(),
                   declared.unknown.size() == 1 ? "" : "s", source.language->schema,
                   declared.unknown.size() == 1 ? "is" : "are", source.language->unknown, first.what,
                   names.empty() ? "" : ": " + join(names, ", ") + (more ? " and more " : " ") + not_done),
       std::string(source.language->hint));
}

Catalog known_part(const DeclaredSource& source, Diagnostics& diagnostics) {
  Catalog out = source.declared.catalog;
  for (const auto& name : source.declared.incomplete) out.tables.erase(name);
  report_unknown(source, "not checked", diagnostics);
  return out;
}

// Prisma's language knows these methods, and keys that are columns.
static bool has_words_for(const Index& index) {
  static constexpr std::string_view methods[] = {"btree", "hash", "gin", "gist", "spgist", "brin"};
  return is_one_of(index.method, methods) &&
         std::ranges::none_of(index.keys, [](const IndexKey& key) { return key.column.empty(); });
}

// Removes what the language has no words for. An index that a migration makes with INCLUDE or WHERE is the
// one of the same name in the source.
static void keep_expressible_indexes(Table& table, const Table* declared) {
  std::erase_if(table.indexes, [&](Index& index) {
    const bool more = index.predicate || !index.include.empty() || index.nulls_not_distinct;
    if (!has_words_for(index) || (more && (!declared || !declared->index(index.name)))) return true;
    index.predicate.reset();
    index.include.clear();
    index.nulls_not_distinct = false;
    for (IndexKey& key : index.keys) key.nulls_first = key.descending;  // PostgreSQL's default
    return false;
  });
}

Catalog expressible(const DeclaredSource& source, Catalog catalog) {
  if (source.language->expresses_all) return catalog;
  std::erase_if(catalog.tables, [](const auto& item) {
    const Table& table = item.second;
    return table.partition_of ||
           (table.kind != Table::Kind::ordinary && table.kind != Table::Kind::partitioned);
  });
  for (auto& [name, table] : catalog.tables) {
    table.kind = Table::Kind::ordinary;
    std::erase_if(table.constraints, [](const Constraint& one) {
      return one.kind == Constraint::Kind::check || one.kind == Constraint::Kind::exclusion;
    });
    const Table* declared = source.declared.catalog.table(name);
    keep_expressible_indexes(table, declared);
    for (auto& column : table.columns) {
      if (column.generated_expression) {  // in the source a column with dbgenerated(), or without a default
        const Column* other = declared ? declared->column(column.name) : nullptr;
        column.default_expression = other ? other->default_expression : std::nullopt;
        column.generated_expression.reset();
      }
      if (column.type.ends_with("[]")) column.not_null = false;  // Prisma leaves lists as they are
      if (column.identity != Column::Identity::none) column.default_expression = "autoincrement()";
      column.identity = Column::Identity::none;
    }
    table.policies.clear();
    table.row_security = false;
  }
  return catalog;
}

}  // namespace pgadvise::migrations
