#include <algorithm>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"
#include "sql/parse/lexer.h"
#include "sql/replay/replay_state.h"

namespace pgadvise::sql {
namespace {

using ConstraintKind = Constraint::Kind;

constexpr std::size_t max_columns = 1600;  // the server's limit

// Column::source_comment of a definition at this offset.
std::string comments_beside(std::string_view script, std::size_t offset) {
  constexpr std::size_t longest_line = 400;
  constexpr int most_lines = 8;
  if (offset >= script.size()) return {};
  std::string out;
  std::size_t begin = script.rfind('\n', offset);
  for (int line = 0; line < most_lines && begin != std::string_view::npos && begin > 0; ++line) {
    const std::size_t above = script.rfind('\n', begin - 1);
    const std::size_t first = above == std::string_view::npos ? 0 : above + 1;
    const std::string_view text = trim(script.substr(first, begin - first));
    if (!text.starts_with("--")) break;
    out = std::string(trim(text.substr(2))) + (out.empty() ? "" : " ") + out;
    begin = above;
  }
  const std::string_view line = script.substr(offset, longest_line);
  Lexer lexer(line.substr(0, line.find('\n')));
  for (Lexeme token = lexer.next(); token.kind != Lexeme::Kind::end; token = lexer.next())
    if (token.text.starts_with("--"))
      out += (out.empty() ? "" : " ") + std::string(trim(token.text.substr(2)));
  return out;
}

}  // namespace

// ---- tables

Outcome ReplayState::replay(const CreateTable& create, Effect&) {
  const QualifiedName& name = create.name;
  if (schema.relation_exists(name)) return create.if_not_exists ? Outcome() : exists("relation", name);
  Table table;
  table.name = name;
  table.kind = create.kind;
  table.unlogged = create.unlogged;
  table.fillfactor = create.fillfactor;
  table.temporary = name.schema == "pg_temp";
  table.origin = location_of(-1);
  table.partition_key = create.partition_key;
  for (const QualifiedName& parent_name : create.parents) {
    const Table* parent = schema.catalog.table(parent_name);
    if (!parent) return missing("relation", parent_name);
    inherit_columns(table, *parent, !create.partition_bound.empty());
  }
  std::vector<ConstraintDefinition> pending;
  schema.ensure_schema(name.schema);
  Table& made = schema.catalog.tables.emplace(name, std::move(table)).first->second;
  Outcome outcome = add_elements(made, create, pending);
  if (outcome) {
    schema.drop_table(name);
    return outcome;
  }
  for (const auto& parent : create.parents) {
    schema.add_child(parent, name);
    inherit_checks(made, *schema.catalog.table(parent));
  }
  if (!create.partition_bound.empty() && !create.parents.empty()) {
    made.partition_of = create.parents[0];
    made.partition_bound = create.partition_bound;
  } else {
    made.inherits = create.parents;
  }
  if (create.kind != Table::Kind::foreign)  // nothing is there that NOT VALID could leave unchecked
    for (ConstraintDefinition& each : pending) each.constraint.validated = true;
  const auto checks_end = std::stable_partition(
      pending.begin(), pending.end(),
      [](const ConstraintDefinition& each) { return each.constraint.kind == ConstraintKind::check; });
  outcome = add_constraints(made, {pending.begin(), checks_end});
  if (!outcome && made.partition_of) adopt_partition(made, *schema.catalog.table(*made.partition_of));
  for (const CreateTable::Element& element : create.elements)
    if (const auto* like = std::get_if<LikeClause>(&element)) like_rest(made, *like);
  if (!outcome) outcome = add_constraints(made, {checks_end, pending.end()});
  if (outcome) schema.drop_table(name);
  return outcome;
}

Outcome ReplayState::add_elements(Table& table, const CreateTable& create,
                                  std::vector<ConstraintDefinition>& pending) {
  if (!create.of_type.name.empty()) {
    const auto* fields = value_at(schema.types, schema.find_type(create.of_type));
    if (!fields) return missing("type", create.of_type);
    table.columns = *fields;
  }
  for (const CreateTable::Element& element : create.elements) {
    Outcome outcome;
    if (const auto* column = std::get_if<ColumnDefinition>(&element))
      outcome = add_element(table, create, *column, pending);
    else if (const auto* constraint = std::get_if<ConstraintDefinition>(&element))
      pending.push_back(*constraint);
    else outcome = like_columns(table, std::get<LikeClause>(element));
    if (outcome) return outcome;
  }
  return {};
}

Outcome ReplayState::add_element(Table& table, const CreateTable& create, const ColumnDefinition& definition,
                                 std::vector<ConstraintDefinition>& pending) {
  Column* inherited = SchemaState::column(table, definition.column.name);
  const bool has_parents = !create.parents.empty();
  if (inherited && has_parents) schema.local_columns[table.name].insert(inherited->name);
  if (inherited && (!definition.typed || has_parents || !create.of_type.name.empty())) {
    set_properties(table, *inherited, definition, pending);
    return {};
  }
  if (!definition.typed) return missing("column", {"", definition.column.name});
  return add_column(table, definition, pending);
}

Outcome ReplayState::add_column(Table& table, const ColumnDefinition& definition,
                                std::vector<ConstraintDefinition>& pending) {
  if (table.column(definition.column.name)) return existing_column(table, definition.column.name);
  if (table.columns.size() >= max_columns) return Problem{"tables can have at most 1600 columns"};
  Column& made = table.columns.emplace_back();
  made.name = definition.column.name;
  made.type = definition.column.type;
  made.collation = definition.column.collation;
  made.origin = location_of(definition.location);
  if (definition.location > 0)
    made.source_comment =
        comments_beside(script, statement_offset + static_cast<std::size_t>(definition.location));
  if (definition.serial) add_serial(table, made);
  set_properties(table, made, definition, pending);
  return {};
}

void ReplayState::set_properties(Table& table, Column& column, const ColumnDefinition& definition,
                                 std::vector<ConstraintDefinition>& pending) {
  const Column& wanted = definition.column;
  column.not_null |= wanted.not_null;
  if (definition.default_written || wanted.generated_expression)
    column.default_expression = wanted.default_expression;
  if (wanted.identity != Column::Identity::none) add_identity(table, column, definition);
  if (wanted.generated_expression) column.generated_expression = wanted.generated_expression;
  pending.insert(pending.end(), definition.constraints.begin(), definition.constraints.end());
}

void ReplayState::make_sequence(Table& table, const Column& column, const std::string& wanted,
                                const std::string& type) {
  Sequence sequence;
  const std::string& in = table.name.schema;
  sequence.name = {in, wanted.empty()
                           ? schema.choose_relation_name(in, table.name.name, column.name, "seq", false)
                           : wanted};
  sequence.type = type;
  sequence.owner_table = table.name;
  sequence.owner_column = column.name;
  sequence.origin = column.origin;
  schema.catalog.sequences[sequence.name] = std::move(sequence);
}

void ReplayState::add_serial(Table& table, Column& column) {
  const QualifiedName name{
      table.name.schema == "public" ? "" : table.name.schema,
      schema.choose_relation_name(table.name.schema, table.name.name, column.name, "seq", false)};
  make_sequence(table, column, name.name, column.type);
  column.default_expression = "nextval(" + quote_literal(quote_name(name)) + "::regclass)";
}

void ReplayState::add_identity(Table& table, Column& column, const ColumnDefinition& definition) {
  column.identity = definition.column.identity;
  column.not_null = true;
  make_sequence(table, column, definition.identity_sequence, column.type);
}

void ReplayState::inherit_columns(Table& table, const Table& parent, bool partition) {
  constexpr bool identity_is_inherited = PG_VERSION_NUM >= 170000;
  for (const Column& column : parent.columns) {
    if (Column* same = SchemaState::column(table, column.name)) {
      same->not_null |= column.not_null;
      continue;
    }
    Column copy = column;
    copy.comment.clear();
    if (!partition || !identity_is_inherited) copy.identity = Column::Identity::none;
    table.columns.push_back(std::move(copy));
  }
}

void ReplayState::inherit_checks(Table& child, const Table& parent) {
  const auto* own = value_at(schema.own_checks, parent.name);
  for (const Constraint& check : parent.constraints) {
    if (check.kind != ConstraintKind::check || (own && own->count(check.name))) continue;
    if (Constraint* same = SchemaState::constraint(child, check.name)) {
      same->inherited = true;
      continue;
    }
    Constraint copy = check;
    copy.inherited = true;
    schema.add_constraint(child, std::move(copy));
  }
}

// ---- LIKE

Outcome ReplayState::like_columns(Table& table, const LikeClause& like) {
  const Table* source = schema.catalog.table(like.source);
  if (!source) return missing("relation", like.source);
  if (table.columns.size() + source->columns.size() > max_columns)
    return Problem{"tables can have at most 1600 columns"};
  const std::vector<Column> columns = source->columns;
  for (const Column& column : columns) {
    if (table.column(column.name))
      return Problem{"column \"" + column.name + "\" specified more than once", Problem::Kind::exists};
    Column copy = column;
    copy.origin = location_of(like.location);
    if (!like.comments) copy.comment.clear();
    if (!like.defaults) copy.default_expression.reset();
    if (!like.generated) copy.generated_expression.reset();
    const bool identity = copy.identity != Column::Identity::none;
    if (!like.identity) copy.identity = Column::Identity::none;
    table.columns.push_back(std::move(copy));
    if (identity && table.columns.back().identity != Column::Identity::none)
      make_sequence(table, table.columns.back(), {}, "bigint");  // the server forgets the type here
  }
  return {};
}

void ReplayState::like_rest(Table& table, const LikeClause& like) {
  const Table* found = schema.catalog.table(like.source);
  if (!found || found == &table) return;
  const Table source = *found;
  if (like.constraints)
    for (const Constraint& check : source.constraints)
      if (check.kind == ConstraintKind::check && !SchemaState::constraint(table, check.name)) {
        Constraint copy = check;
        copy.inherited = false;
        copy.origin = table.origin;
        schema.add_constraint(table, std::move(copy));
      }
  if (!like.indexes) return;
  for (const Index& index : source.indexes) {
    IndexPlan plan;
    plan.index = index;
    plan.index.name.clear();
    plan.index.valid = true;
    plan.index.statistics.reset();
    plan.index.origin = table.origin;
    if (const Constraint* own = index.constraint ? source.constraint(index.name) : nullptr;
        own && has_index(*own)) {
      plan.constraint = *own;
      plan.constraint->inherited = false;
      plan.constraint->origin = table.origin;
    }
    for (const IndexKey& key : index.keys)
      plan.name_columns.push_back(key.column.empty() ? "expr" : key.column);
    plan.name_columns.insert(plan.name_columns.end(), index.include.begin(), index.include.end());
    make_index(table, std::move(plan), false);
  }
}

// ---- queries as tables

Outcome ReplayState::replay(const CreateFromQuery& create, Effect&) {
  const QualifiedName& name = create.name;
  const Table* before = schema.catalog.table(name);
  if (schema.relation_exists(name) && !(create.replace && before && before->kind == create.kind))
    return create.if_not_exists ? Outcome() : exists("relation", name);
  Table table;
  table.name = name;
  table.kind = create.kind;
  table.unlogged = create.unlogged;
  table.temporary = name.schema == "pg_temp";
  table.origin = location_of(-1);
  table.definition = create.definition;
  for (std::size_t i = 0; i < create.columns.size() && i < max_columns; ++i) {
    if (table.column(create.columns[i].name)) continue;
    table.columns.push_back(create.columns[i]);
    table.columns.back().origin = table.origin;
  }
  if (create.kind != Table::Kind::ordinary)
    schema.views[name] = {create.relations, {create.names_read.begin(), create.names_read.end()}};
  if (before) table.comment = before->comment;
  schema.ensure_schema(name.schema);
  schema.catalog.tables[name] = std::move(table);
  return {};
}

}  // namespace pgadvise::sql
