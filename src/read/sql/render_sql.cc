#include "sql/render_sql.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"

namespace pgadvise::sql {
namespace {

bool is_table(const Table& table) {
  return table.kind == Table::Kind::ordinary || table.kind == Table::Kind::partitioned;
}

std::string table_sql(const Table& table) {
  std::vector<std::string> lines;
  for (const auto& column : table.columns) lines.push_back("  " + ddl::column(column));
  for (const auto& constraint : table.constraints)
    if (constraint.kind != Constraint::Kind::foreign_key)
      lines.push_back("  " + ddl::named_constraint(constraint));
  return "CREATE TABLE " + quote_name(table.name) + " (\n" + join(lines, ",\n") + "\n);\n";
}

std::string view_sql(const Table& view) {
  return fmt::format("CREATE {}VIEW {} AS {};\n",
                     view.kind == Table::Kind::materialized_view ? "MATERIALIZED " : "",
                     quote_name(view.name), view.definition);
}

std::string schemas_and_enums_sql(const Catalog& catalog) {
  std::string out;
  for (const auto& schema : catalog.schemas)
    if (schema != "public") out += "CREATE SCHEMA IF NOT EXISTS " + quote_identifier(schema) + ";\n";
  for (const auto& [name, type] : catalog.enums) {
    std::vector<std::string> labels;
    for (const auto& label : type.labels) labels.push_back(quote_literal(label));
    out += "CREATE TYPE " + quote_name(name) + " AS ENUM (" + join(labels, ", ") + ");\n";
  }
  return out;
}

// The sequences that serial columns take from are there before the tables; those of identity columns come
// with them.
std::string sequences_sql(const Catalog& catalog) {
  std::string out;
  for (const auto& [name, sequence] : catalog.sequences) {
    const Table* owner = sequence.owner_table ? catalog.table(*sequence.owner_table) : nullptr;
    const Column* column = owner ? owner->column(sequence.owner_column) : nullptr;
    if (!column || column->identity == Column::Identity::none)
      out += "CREATE SEQUENCE " + quote_name(name) + " AS " + sequence.type + ";\n";
  }
  return out;
}

}  // namespace

std::string render_sql(const Catalog& catalog) {
  std::string out = schemas_and_enums_sql(catalog) + sequences_sql(catalog);
  for (const auto& [name, table] : catalog.tables) {
    if (!is_table(table)) continue;
    out += table_sql(table);
    for (const auto& index : table.indexes)
      if (!index.constraint) out += ddl::create_index(name, index) + ";\n";
    if (table.row_security) out += ddl::alter_table(name) + " ENABLE ROW LEVEL SECURITY;\n";
  }
  for (const auto& [name, table] : catalog.tables)
    for (const auto& key : table.constraints)
      if (is_table(table) && key.kind == Constraint::Kind::foreign_key)
        out += ddl::add_constraint(name, key) + ";\n";
  for (const auto& [name, view] : catalog.tables)
    if (!is_table(view) && !view.definition.empty()) out += view_sql(view);
  return out;
}

namespace {

// Of a server's catalog, what a planner asks for.
class PlannersSchema {
 public:
  explicit PlannersSchema(const Catalog& catalog) : catalog_(catalog) {}

  std::string sql() {
    for (const auto& extension : catalog_.extensions)
      out_ += "CREATE EXTENSION IF NOT EXISTS " + quote_identifier(extension) + ";\n";
    out_ += schemas_and_enums_sql(catalog_);
    for (const auto& [name, table] : catalog_.tables) add(table);
    indexes();
    for (const auto& [name, table] : catalog_.tables)
      for (const auto& key : table.constraints)
        if (key.kind == Constraint::Kind::foreign_key && !key.inherited && is_table(table))
          out_ += ddl::add_constraint(name, key) + (key.validated ? "" : " NOT VALID") + ";\n";
    for (const auto& [name, view] : catalog_.tables)
      if (view.kind == Table::Kind::view) add_view(view, 0);
    return std::move(out_);
  }

 private:
  static constexpr int deepest = 100;

  static bool holds_rows(const Table& table) {
    return is_table(table) || table.kind == Table::Kind::materialized_view;
  }

  int depth(const Table& table) const {
    int out = 0;
    for (const Table* at = &table; at->partition_of && out < deepest; ++out)
      if (!(at = catalog_.table(*at->partition_of))) break;
    return out;
  }

  // Parents before what inherits from them. Defaults, identity and generation are nothing to a planner, and
  // may call functions that only the server has.
  void add(const Table& table) {
    if (!holds_rows(table) || !made_.insert(table.name).second) return;
    for (const auto& parent : table.inherits)
      if (const Table* above = catalog_.table(parent)) add(*above);
    std::vector<std::string> lines;
    for (Column column : table.columns) {
      column.default_expression.reset();
      column.generated_expression.reset();
      column.identity = Column::Identity::none;
      lines.push_back("  " + ddl::column(column));
    }
    for (const auto& constraint : table.constraints)
      if (constraint.kind == Constraint::Kind::check && !constraint.expression.empty())
        lines.push_back("  " + ddl::named_constraint(constraint));
    out_ += "CREATE TABLE " + quote_name(table.name) + " (\n" + join(lines, ",\n") + "\n)";
    if (!table.inherits.empty()) {
      std::vector<std::string> parents;
      for (const auto& parent : table.inherits) parents.push_back(quote_name(parent));
      out_ += " INHERITS (" + join(parents, ", ") + ")";
    }
    if (!table.partition_key.empty()) out_ += " PARTITION BY " + table.partition_key;
    out_ += ";\n";
  }

  // A partition has its indexes before it is attached, and its parent gets its own after that: so they keep
  // their names.
  void indexes() {
    std::vector<const Table*> tables;
    for (const auto& [name, table] : catalog_.tables)
      if (holds_rows(table)) tables.push_back(&table);
    std::ranges::stable_sort(tables, [&](const Table* a, const Table* b) { return depth(*a) > depth(*b); });
    for (const Table* table : tables) {
      for (const auto& constraint : table->constraints) add_constraint(*table, constraint);
      for (const auto& index : table->indexes)
        if (!index.constraint && index.valid) out_ += ddl::create_index(table->name, index) + ";\n";
      if (table->partition_of && !table->partition_bound.empty())
        out_ += ddl::alter_table(*table->partition_of) + " ATTACH PARTITION " + quote_name(table->name) +
                " " + table->partition_bound + ";\n";
    }
  }

  void add_constraint(const Table& table, const Constraint& constraint) {
    if (constraint.kind == Constraint::Kind::foreign_key || constraint.kind == Constraint::Kind::check)
      return;
    const Index* index = table.index(constraint.name);
    const auto include = index ? index->include : std::vector<std::string>{};
    out_ += ddl::add_constraint(table.name, constraint, include) + ";\n";
  }

  void add_view(const Table& view, int level) {
    if (view.definition.empty() || level > deepest || !made_.insert(view.name).second) return;
    for (const auto& [name, other] : catalog_.tables)
      if (other.kind == Table::Kind::view && view.definition.find(name.name) != std::string::npos)
        add_view(other, level + 1);
    out_ += view_sql(view);
  }

  const Catalog& catalog_;
  std::set<QualifiedName> made_;
  std::string out_;
};

}  // namespace

std::string planners_schema(const Catalog& catalog) { return PlannersSchema(catalog).sql(); }

}  // namespace pgadvise::sql
