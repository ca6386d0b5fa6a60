#include "lint/index_sql.h"

#include <vector>

#include "base/identifier.h"
#include "base/text.h"
#include "lint/words.h"

namespace pgadvise::lint {
namespace {

// Names that may carry a schema: "public.citext_ops".
std::string quoted_path(const std::string& name) {
  if (name.find('(') != std::string::npos) return name;  // with parameters: as it came
  std::vector<std::string> parts;
  for (const auto part : split(name, '.')) parts.push_back(quote_identifier(part));
  return join(parts, ".");
}

std::string key_text(const IndexKey& key) {
  std::string out = key.column.empty() ? "(" + key.expression + ")" : quote_identifier(key.column);
  if (!key.collation.empty()) out += " COLLATE " + quoted_path(key.collation);
  if (!key.operator_class.empty()) out += " " + quoted_path(key.operator_class);
  if (key.descending) out += " DESC";
  if (key.nulls_first != key.descending) out += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
  return out;
}

std::string list(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const auto& name : names) out.push_back(quote_identifier(name));
  return "(" + join(out, ", ") + ")";
}

std::string columns_and_rest(const Index& index) {
  std::vector<std::string> keys;
  for (const auto& key : index.keys) keys.push_back(key_text(key));
  std::string out = "(" + join(keys, ", ") + ")";
  if (!index.include.empty()) out += " INCLUDE " + list(index.include);
  if (index.nulls_not_distinct) out += " NULLS NOT DISTINCT";
  if (index.predicate) out += " WHERE " + *index.predicate;
  return out;
}

const Constraint* constraint_of(const Table& table, const Index& index) {
  for (const auto& constraint : table.constraints)
    if (index.constraint && constraint.name == index.name) return &constraint;
  return nullptr;
}

std::string constraint_sql(const Constraint& constraint, const Index& index) {
  switch (constraint.kind) {
    case Constraint::Kind::primary_key: return "PRIMARY KEY " + list(constraint.columns);
    case Constraint::Kind::unique: {
      std::string out = std::string("UNIQUE ") + (constraint.nulls_not_distinct ? "NULLS NOT DISTINCT " : "") + list(constraint.columns);
      if (!index.include.empty()) out += " INCLUDE " + list(index.include);
      return out + (constraint.deferrable ? " DEFERRABLE" : "");
    }
    default: return {};
  }
}

}  // namespace

std::string definition(const Index& index) { return index.method + " " + columns_and_rest(index); }

std::string create_index_sql(const Table& table, const Index& index) {
  std::string out = index.unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ";
  if (table.kind != Table::Kind::partitioned) out += "CONCURRENTLY ";
  out += quote_identifier(index.name) + " ON " + quote_name(table.name.schema, table.name.name);
  if (index.method != "btree") out += " USING " + quote_identifier(index.method);
  return out + " " + columns_and_rest(index) + ";";
}

Fix drop_index(const Table& table, const Index& index, Fix::Safety safety) {
  Fix fix;
  fix.safety = safety;
  const Constraint* constraint = constraint_of(table, index);
  const std::string on = "ALTER TABLE " + quote_name(table.name.schema, table.name.name);
  if (constraint) {
    fix.title = "Drop the constraint " + index.name + " with its index";
    fix.sql = on + " DROP CONSTRAINT " + quote_identifier(index.name) + ";";
    if (const auto added = constraint_sql(*constraint, index); !added.empty())
      fix.down_sql = on + " ADD CONSTRAINT " + quote_identifier(index.name) + " " + added + ";";
    if (safety == Fix::Safety::safe) fix.safety = Fix::Safety::review;  // ACCESS EXCLUSIVE, and the way back builds under it
    return fix;
  }
  const bool partitioned = table.kind == Table::Kind::partitioned;
  fix.title = "Drop the index " + index.name;
  fix.sql = std::string("DROP INDEX ") + (partitioned ? "" : "CONCURRENTLY ") + quote_name(table.name.schema, index.name) + ";";
  fix.down_sql = create_index_sql(table, index);
  if (partitioned && safety == Fix::Safety::safe) fix.safety = Fix::Safety::review;  // locks every partition
  return fix;
}

void add_drizzle_drop(Fix& fix, const Table& table, const Index& index, const Project* project) {
  if (!project || !project->drizzle || !project->postgresql) return;
  std::string name;
  for (const auto& [database, spelled] : project->drizzle_names)
    if (database == table.name.schema + "." + table.name.name) name = spelled;
  if (name.empty() && !project->drizzle_names.empty()) return;  // a table that only SQL knows
  if (name.empty()) name = table.name.name;
  const Constraint* constraint = constraint_of(table, index);
  if (constraint && constraint->kind == Constraint::Kind::primary_key) return;
  const std::string made = constraint ? "unique('" + index.name + "')" + (index.keys.size() == 1 ? ", or the column's .unique()" : "") : (index.unique ? "uniqueIndex('" : "index('") + index.name + "')";
  fix.drizzle = "// take out of " + name + ": " + made + "\n// drizzle-kit generate then writes " + (constraint ? "DROP CONSTRAINT" : "DROP INDEX") + ", which is done in an instant";
}

bool same_predicate(const Index& a, const Index& b) {
  if (a.predicate.has_value() != b.predicate.has_value()) return false;
  if (!a.predicate || *a.predicate == *b.predicate) return true;
  const auto plain = [](const std::string& predicate) {
    std::string_view text = trim(predicate);
    while (text.size() > 2 && text.front() == '(' && text.back() == ')' && text.find(')') == text.size() - 1)
      text = trim(text.substr(1, text.size() - 2));
    return std::string(text);
  };
  return plain(*a.predicate) == plain(*b.predicate);
}

bool droppable(const Index& index) {
  return !index.constraint && index.attached_to.empty() && !index.replica_identity;
}

}  // namespace pgadvise::lint
