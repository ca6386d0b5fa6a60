#include "lint/schema/index_sql.h"

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"

namespace pgadvise::lint {
namespace {

const Constraint* constraint_of(const Table& table, const Index& index) {
  return index.constraint ? table.constraint(index.name) : nullptr;
}

bool has_relation(const Catalog& catalog, const QualifiedName& name) {
  if (catalog.table(name) || catalog.sequences.contains(name)) return true;
  for (auto table = catalog.tables.lower_bound({name.schema, ""});
       table != catalog.tables.end() && table->first.schema == name.schema; ++table)
    if (table->second.index(name.name)) return true;
  return false;
}

std::string drop_index_sql(const Table& table, const Index& index) {
  return ddl::drop_index({table.name.schema, index.name}, table.kind != Table::Kind::partitioned) + ";";
}

}  // namespace

std::string definition(const Index& index) { return index.method + " " + ddl::index_definition(index); }

std::string new_index_name(const Catalog& catalog, const std::string& schema, const std::string& base,
                           std::string_view suffix) {
  std::string end(suffix);
  if (base.size() + end.size() > longest_identifier) end = "_" + hex64(fnv1a(base)).substr(0, 6) + end;
  for (int number = 1;; ++number) {
    std::string name = cut_identifier(base, longest_identifier - end.size()) + end;
    if (!has_relation(catalog, {schema, name})) return name;
    end = std::string(suffix) + "_" + std::to_string(number);
  }
}

Index new_unique_index(const Catalog& catalog, const Table& table, const std::vector<std::string>& columns) {
  Index out{
      .name = new_index_name(catalog, table.name.schema, table.name.name + "_" + join(columns, "_"), "_key"),
      .unique = true};
  for (const auto& column : columns) out.keys.push_back({.column = column});
  return out;
}

Constraint new_primary_key(const Table& table, std::vector<std::string> columns) {
  return {.kind = Constraint::Kind::primary_key,
          .name = cut_identifier(table.name.name, longest_identifier - 5) + "_pkey",
          .columns = std::move(columns)};
}

std::string create_index_sql(const Table& table, const Index& index) {
  return ddl::create_index(table.name, index, {.concurrently = table.kind != Table::Kind::partitioned}) + ";";
}

Fix create_index(const Table& table, const Index& index, std::string title) {
  return {.title = std::move(title),
          .sql = create_index_sql(table, index),
          .down_sql = drop_index_sql(table, index)};
}

Fix replace_index(const Table& table, const Index& old, const Index& index, std::string title) {
  return {.title = std::move(title),
          .sql = create_index_sql(table, index) + "\n" + drop_index_sql(table, old),
          .down_sql = create_index_sql(table, old) + "\n" + drop_index_sql(table, index)};
}

Fix rebuild_index(const Table& table, const Index& index) {
  return {.title = "Rebuild the index; REINDEX CONCURRENTLY blocks neither reads nor writes",
          .sql = "REINDEX INDEX CONCURRENTLY " + quote_name(table.name.schema, index.name) + ";"};
}

IndexProposal proposed_index(const Table& table, const std::vector<std::string>& columns) {
  IndexProposal out{.table = table.name, .equality_keys = columns.size()};
  for (const auto& column : columns) out.keys.push_back({.column = column});
  return out;
}

Fix drop_index(const Table& table, const Index& index, Fix::Safety safety) {
  Fix fix{.safety = safety};
  if (const Constraint* constraint = constraint_of(table, index)) {
    fix.title = "Drop the constraint " + index.name + " with its index";
    fix.sql = ddl::drop_constraint(table.name, index.name) + ";";
    if (constraint->kind == Constraint::Kind::primary_key || constraint->kind == Constraint::Kind::unique)
      fix.down_sql = ddl::add_constraint(table.name, *constraint, index.include) + ";";
    if (safety == Fix::Safety::safe)
      fix.safety = Fix::Safety::review;  // ACCESS EXCLUSIVE, and the way back builds under it
    return fix;
  }
  fix.title = "Drop the index " + index.name;
  fix.sql = drop_index_sql(table, index);
  fix.down_sql = create_index_sql(table, index);
  if (table.kind == Table::Kind::partitioned && safety == Fix::Safety::safe)
    fix.safety = Fix::Safety::review;  // locks every partition
  return fix;
}

void add_drizzle_drop(Fix& fix, const Table& table, const Index& index, const Project* project) {
  if (!project || !project->drizzle || !project->postgresql) return;
  const std::string name = project->drizzle_name(table.name);
  if (name.empty()) return;  // a table that only SQL knows, or schema files that were not read
  const Constraint* constraint = constraint_of(table, index);
  if (constraint && constraint->kind == Constraint::Kind::primary_key) return;
  const std::string made = constraint ? "unique('" + index.name + "')" +
                                            (index.keys.size() == 1 ? ", or the column's .unique()" : "")
                                      : (index.unique ? "uniqueIndex('" : "index('") + index.name + "')";
  fix.drizzle = "// take out of " + name + ": " + made + "\n// drizzle-kit generate then writes " +
                (constraint ? "DROP CONSTRAINT" : "DROP INDEX") + ", which is fast";
}

bool droppable(const Index& index) {
  return !index.constraint && index.attached_to.empty() && !index.replica_identity;
}

}  // namespace pgadvise::lint
