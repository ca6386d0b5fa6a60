// Statements that would create what is there under its name.
#include <algorithm>
#include <variant>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"
#include "sql/replay/steps.h"

namespace pgadvise::sql {
namespace {

using Change = TableChange::Kind;
using ConstraintKind = Constraint::Kind;

// For messages, as display() names tables.
std::string index_text(const Index& index) {
  return (index.unique ? "UNIQUE " : "") + ddl::index_definition(index);
}

std::string constraint_text(Constraint constraint) {
  if (constraint.referenced_table.schema == "public") constraint.referenced_table.schema.clear();
  return ddl::constraint(constraint);
}

std::string normalized(std::string_view expression) {
  std::string out;
  for (char c : lower(expression))
    if (c != ' ' && c != '(' && c != ')') out += c;
  return out;
}

template <class Other>
std::optional<Difference> difference_of(const Other&, const SchemaState&) {
  return std::nullopt;
}

std::optional<Difference> difference_of(const CreateEnum& create, const SchemaState& state) {
  const QualifiedName& name = create.name;
  const Enum* there = value_at(state.catalog.enums, name);
  if (!there && !state.type_exists(name)) return std::nullopt;
  if (!there) return {{name.name, "the type " + display(name) + " that is there is no enum", {}}};
  std::vector<std::string> lacking;
  for (const auto& label : create.labels)
    if (!is_one_of(label, there->labels)) lacking.push_back(quote_literal(label));
  if (lacking.empty()) return std::nullopt;
  return {{name.name, "the type " + display(name) + " that is there lacks " + join(lacking, ", "), {}}};
}

std::optional<Difference> difference_of(const CreateTable& create, const SchemaState& state) {
  const QualifiedName& name = create.name;
  const Table* table = create.kind == Table::Kind::foreign ? nullptr : state.catalog.table(name);
  if (!table) return std::nullopt;
  std::vector<std::string> parts;
  for (const CreateTable::Element& element : create.elements) {
    const auto* definition = std::get_if<ColumnDefinition>(&element);
    if (!definition || !definition->typed) continue;
    const Column& wanted = definition->column;
    const Column* column = table->column(wanted.name);
    if (!column) parts.push_back("it has no column " + wanted.name);
    else if (column->type != wanted.type && !column->type.empty())
      parts.push_back("its column " + wanted.name + " is " + column->type + ", not " + wanted.type);
  }
  if (parts.empty()) return std::nullopt;
  return {{name.name, "the table " + display(name) + " that is there is another one: " + join(parts, ", "),
           name}};
}

std::optional<Difference> difference_of(const CreateIndex& create, const SchemaState& state) {
  const Index& wanted = create.definition.index;
  const QualifiedName name{create.table.schema, wanted.name};
  if (wanted.name.empty() || !state.relation_exists(name)) return std::nullopt;
  const QualifiedName* owner = value_at(state.index_tables, name);
  if (!owner) return {{name.name, "that name belongs to a table or sequence", create.table}};
  const Table* table = state.catalog.table(*owner);
  const Index* there = table ? table->index(name.name) : nullptr;
  if (!there) return std::nullopt;
  if (*owner != create.table)
    return {{name.name, "the index of that name is on " + display(*owner), create.table}};
  if (there->keys.size() == wanted.keys.size() &&
      normalized(index_text(*there)) == normalized(index_text(wanted)))
    return std::nullopt;
  return {{name.name, "the index that is there is " + index_text(*there) + ", not " + index_text(wanted),
           create.table}};
}

std::optional<Difference> difference_of(const AlterTable& alter, const SchemaState& state) {
  const Table* table = state.catalog.table(alter.name);
  if (!table || alter.changes.size() != 1) return std::nullopt;
  const TableChange& change = alter.changes.front();
  if (change.kind == Change::add_column) {
    const Column* column = table->column(change.name);
    const std::string& type = change.column->column.type;
    if (!column || column->type == type || column->type.empty()) return std::nullopt;
    return {{column->name, "the column that is there is " + column->type + ", not " + type, alter.name}};
  }
  if (change.kind != Change::add_constraint ||
      change.constraint->constraint.kind == ConstraintKind::exclusion ||
      !change.constraint->using_index.empty())
    return std::nullopt;
  const Constraint wanted = state.resolved(change.constraint->constraint);
  for (const Constraint& there : table->constraints)
    if (there.name == wanted.name &&
        normalized(constraint_text(there)) != normalized(constraint_text(wanted)))
      return {
          {wanted.name,
           "the constraint that is there is " + constraint_text(there) + ", not " + constraint_text(wanted),
           alter.name}};
  return std::nullopt;
}

bool keeps_existing(const Statement& statement) {
  if (const auto* create = std::get_if<CreateTable>(&statement)) return create->if_not_exists;
  if (const auto* create = std::get_if<CreateIndex>(&statement)) return create->if_not_exists;
  const auto* alter = std::get_if<AlterTable>(&statement);
  return alter && alter->changes.size() == 1 && alter->changes[0].if_exists;
}

}  // namespace

std::optional<Difference> difference(const Statement& statement, const SchemaState& state) {
  return std::visit([&](const auto& definition) { return difference_of(definition, state); }, statement);
}

std::optional<Difference> kept_object(const Statement& statement, const SchemaState& state) {
  return keeps_existing(statement) ? difference(statement, state) : std::nullopt;
}

}  // namespace pgadvise::sql
