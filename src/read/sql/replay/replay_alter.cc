#include <algorithm>

#include "base/text/text.h"
#include "sql/replay/replay_state.h"

namespace pgadvise::sql {
namespace {

using ConstraintKind = Constraint::Kind;
using Change = TableChange::Kind;

// To another schema, or another name; an empty one stays.
Outcome move_type(SchemaState& schema, const Rename& rename) {
  const QualifiedName& from = rename.type;
  if (!schema.type_exists(from)) return missing("type", from);
  const QualifiedName to{rename.new_schema.empty() ? from.schema : rename.new_schema,
                         rename.new_name.empty() ? from.name : rename.new_name};
  if (from == to) return rename.new_name.empty() ? Outcome() : exists("type", to);
  if (schema.type_exists(to)) return exists("type", to);
  schema.ensure_schema(to.schema);
  schema.rename_type(from, to);
  return {};
}

void move_function(SchemaState& schema, const Rename& rename) {
  const QualifiedName from = schema.new_name(rename.function);
  if (auto moved = schema.functions.extract(from.schema + "." + from.name)) {
    moved.key() = (rename.new_schema.empty() ? from.schema : rename.new_schema) + "." +
                  (rename.new_name.empty() ? from.name : rename.new_name);
    schema.functions.insert(std::move(moved));
  }
}

Outcome drop_identity(SchemaState& schema, Table& table, Column& column, bool if_exists) {
  if (column.identity == Column::Identity::none && !if_exists)
    return Problem{"column \"" + column.name + "\" of relation \"" + display(table.name) +
                       "\" is not an identity column",
                   Problem::Kind::missing};
  column.identity = Column::Identity::none;
  schema.drop_owned_sequences(table.name, &column.name);
  return {};
}

Outcome detach_partition(SchemaState& schema, Table& parent, const TableChange& change) {
  const QualifiedName name = schema.find_table(change.partition);
  Table* child = schema.catalog.table(name);
  if (!child || child->partition_of != parent.name)
    return Problem{
        "relation \"" + display(name) + "\" is not a partition of relation \"" + display(parent.name) + "\"",
        Problem::Kind::missing};
  child->partition_of.reset();
  child->partition_bound.clear();
  schema.remove_child(parent.name, name);
  for (Constraint& constraint : child->constraints) constraint.inherited = false;
  schema.constraint_parents.erase(name);
  for (const Index& index : child->indexes) schema.index_parents.erase({name.schema, index.name});
  return {};
}

Outcome attach_index(SchemaState& schema, const QualifiedName& parent, const TableChange& change) {
  const QualifiedName child = schema.find_relation(change.partition);
  Index* own = schema.index(child);
  Index* above = schema.index(parent);
  if (!own) return missing("index", child);
  Table* table = schema.catalog.table(schema.index_tables[child]);
  const QualifiedName* attached = value_at(schema.index_parents, child);
  if (table->partition_of != schema.index_tables[parent] || !ReplayState::same_definition(*own, *above) ||
      (attached && *attached != parent))
    return Problem{"index \"" + display(child) + "\" can't be attached to index \"" + display(parent) + "\""};
  schema.index_parents[child] = parent;
  if (Constraint* constraint =
          own->constraint && above->constraint ? SchemaState::constraint(*table, own->name) : nullptr) {
    constraint->inherited = true;
    schema.constraint_parents[table->name][constraint->name] = above->name;
  }
  schema.validate_index(parent);
  return {};
}

Outcome rename_policy(SchemaState& schema, const Rename& rename) {
  Table* table = schema.catalog.table(rename.relation);
  if (!table) return missing("relation", rename.relation);
  for (Policy& policy : table->policies)
    if (policy.name == rename.name) {
      policy.name = rename.new_name;
      return {};
    }
  return missing("policy", {"", rename.name});
}

Outcome rename_relation(SchemaState& schema, const Rename& rename) {
  const QualifiedName& from = rename.relation;
  const QualifiedName to{from.schema, rename.new_name};
  if (!schema.relation_exists(from)) return rename.if_exists ? Outcome() : missing("relation", from);
  if (schema.relation_exists(to)) return exists("relation", to);
  if (schema.catalog.tables.count(from)) {
    schema.rename_table(from, to);
  } else if (schema.catalog.sequences.count(from)) {
    schema.rename_sequence(from, to);
  } else {
    Table* table = schema.catalog.table(schema.index_tables[from]);
    const Index* index = schema.index(from);
    Constraint* constraint = index->constraint ? SchemaState::constraint(*table, from.name) : nullptr;
    schema.rename_index(from, to);
    if (constraint) schema.rename_constraint(*table, *constraint, to.name);
  }
  return {};
}

Outcome rename_column(SchemaState& schema, const Rename& rename) {
  Table* table = schema.catalog.table(rename.relation);
  if (!table) return rename.if_exists ? Outcome() : missing("relation", rename.relation);
  if (!table->column(rename.name)) return missing_column(*table, rename.name);
  if (table->column(rename.new_name)) return existing_column(*table, rename.new_name);
  schema.rename_column(*table, rename.name, rename.new_name);
  return {};
}

Outcome rename_constraint(SchemaState& schema, const Rename& rename) {
  Table* table = schema.catalog.table(rename.relation);
  if (!table) return rename.if_exists ? Outcome() : missing("relation", rename.relation);
  Constraint* constraint = SchemaState::constraint(*table, rename.name);
  if (!constraint) return missing("constraint", {"", rename.name});
  if (SchemaState::constraint(*table, rename.new_name)) return exists("constraint", {"", rename.new_name});
  const QualifiedName index{table->name.schema, rename.name};
  if (has_index(*constraint) && schema.index_tables.count(index)) {
    if (schema.relation_exists({index.schema, rename.new_name}))
      return exists("relation", {index.schema, rename.new_name});
    schema.rename_index(index, {index.schema, rename.new_name});
  }
  const bool check = constraint->kind == ConstraintKind::check;
  schema.rename_constraint(*table, *constraint, rename.new_name);
  if (check)
    for (const auto& descent : schema.descendants(table->name))
      if (Constraint* copy = SchemaState::constraint(*descent.child, rename.name); copy && copy->inherited)
        schema.rename_constraint(*descent.child, *copy, rename.new_name);
  return {};
}

Outcome set_schema(SchemaState& schema, const Rename& rename) {
  const QualifiedName& from = rename.relation;
  const QualifiedName to{rename.new_schema, from.name};
  if (!schema.relation_exists(from)) return rename.if_exists ? Outcome() : missing("relation", from);
  if (from.schema == to.schema) return {};
  if (schema.relation_exists(to)) return exists("relation", to);
  schema.ensure_schema(to.schema);
  if (schema.catalog.sequences.count(from)) schema.rename_sequence(from, to);
  else schema.rename_table(from, to);
  return {};
}

}  // namespace

Outcome ReplayState::replay(const AlterTable& alter, Effect& effect) {
  effect = Effect::none;
  if (alter.type) return {};  // of a composite type: its fields are kept for CREATE TABLE … OF alone
  if (!schema.relation_exists(alter.name)) {
    if (alter.if_exists) return {};
    return missing("relation", alter.name);
  }
  std::vector<const TableChange*> changes;
  for (const TableChange& change : alter.changes) changes.push_back(&change);
  std::ranges::stable_sort(changes, [](const auto* a, const auto* b) { return pass_of(*a) < pass_of(*b); });
  // Each part by itself: one that fails, because these files don't tell all, leaves the others their effect.
  Outcome first;
  for (const auto* change : changes) {
    Outcome outcome = change_table(alter, *change, effect);
    if (!outcome) continue;
    if (first) report(outcome->what, statement_offset);
    else first = std::move(outcome);
  }
  return first;
}

Outcome ReplayState::change_table(const AlterTable& alter, const TableChange& change, Effect& effect) {
  if (change.kind == Change::attach_partition && schema.index_tables.count(alter.name)) {
    effect = Effect::replayed;
    return attach_index(schema, alter.name, change);
  }
  Table* table = schema.catalog.table(alter.name);
  if (!table) return {};  // an index's or sequence's storage, owner …
  const Effect before = effect;
  effect = Effect::replayed;
  switch (change.kind) {
    case Change::add_column: return add_column_command(*table, change);
    case Change::drop_column: return drop_column_command(*table, change);
    case Change::set_default:
    case Change::drop_default:
    case Change::drop_not_null:
    case Change::set_not_null:
    case Change::drop_expression:
    case Change::set_expression:
    case Change::change_type:
    case Change::add_identity:
    case Change::set_identity:
    case Change::drop_identity: return change_columns(*table, change, alter.only);
    case Change::add_constraint: return add_constraints(*table, {*change.constraint}, alter.only);
    case Change::drop_constraint: return drop_constraint_command(*table, change);
    case Change::validate_constraint: {
      Constraint* constraint = SchemaState::constraint(*table, change.name);
      if (!constraint) return missing("constraint", {"", change.name});
      constraint->validated = true;
      for (const auto& descent : schema.descendants(table->name))
        if (Constraint* copy = SchemaState::constraint(*descent.child, change.name); copy && copy->inherited)
          copy->validated = true;
      return {};
    }
    case Change::alter_constraint:
      if (Constraint* constraint = SchemaState::constraint(*table, change.name)) {
        constraint->deferrable = change.deferrable;
        constraint->initially_deferred = change.initially_deferred;
        return {};
      }
      return missing("constraint", {"", change.name});
    case Change::set_logged:
    case Change::set_unlogged: table->unlogged = change.kind == Change::set_unlogged; return {};
    case Change::set_fillfactor: table->fillfactor = change.fillfactor; return {};
    case Change::enable_row_security:
    case Change::disable_row_security:
      table->row_security = change.kind == Change::enable_row_security;
      return {};
    case Change::replica_identity:
      for (Index& index : table->indexes) index.replica_identity = index.name == change.name;
      return {};
    case Change::attach_partition: return attach_partition(*table, change);
    case Change::detach_partition: return detach_partition(schema, *table, change);
    case Change::add_inherit:
    case Change::drop_inherit: return inherit(*table, change.parent, change.kind == Change::add_inherit);
    case Change::set_tablespace:
    case Change::set_access_method:
    case Change::other: break;
  }
  effect = before;
  return {};
}

Outcome ReplayState::add_column_command(Table& table, const TableChange& change) {
  if (change.if_exists && table.column(change.name)) return {};
  std::vector<ConstraintDefinition> pending;
  if (Outcome outcome = add_column(table, *change.column, pending)) return outcome;
  const Column added = table.columns.back();
  for (const auto& descent : schema.descendants(table.name)) {
    if (descent.child->column(added.name)) continue;
    Column copy = added;
    copy.identity = Column::Identity::none;
    descent.child->columns.push_back(std::move(copy));
  }
  return add_constraints(table, pending);
}

Outcome ReplayState::drop_column_command(Table& table, const TableChange& change) {
  const std::string& name = change.name;
  if (!table.column(name)) return change.if_exists ? Outcome() : missing_column(table, name);
  if (change.cascade) {
    schema.drop_views_on(table.name, &name);
  } else {
    for (const auto& [owner, key] : schema.foreign_keys_to(table.name)) {
      const auto& columns = SchemaState::constraint(*schema.catalog.table(owner), key)->referenced_columns;
      if (owner != table.name && is_one_of(name, columns))
        return Problem{"column \"" + name + "\" can't be dropped: constraint " + key + " on table " +
                       display(owner) + " depends on it"};
    }
  }
  schema.drop_column(table, name);
  return {};
}

Outcome ReplayState::drop_constraint_command(Table& table, const TableChange& change) {
  const Constraint* constraint = SchemaState::constraint(table, change.name);
  if (!constraint)
    return change.if_exists ? Outcome()
                            : Problem{"constraint \"" + change.name + "\" of relation \"" +
                                          display(table.name) + "\" does not exist",
                                      Problem::Kind::missing};
  if (constraint->kind == ConstraintKind::primary_key || constraint->kind == ConstraintKind::unique) {
    const auto columns = constraint->columns;
    // Two unique keys over the same columns: the other one holds the foreign keys as well.
    const auto keys = std::ranges::count_if(table.constraints, [&](const Constraint& c) {
      return (c.kind == ConstraintKind::primary_key || c.kind == ConstraintKind::unique) &&
             c.columns == columns;
    });
    const auto dependents =
        keys == 1 ? schema.foreign_keys_to(table.name, &columns) : std::vector<SchemaState::Member>{};
    for (const auto& [owner, key] : dependents) {
      if (!change.cascade)
        return Problem{"constraint " + change.name + " can't be dropped: constraint " + key + " on table " +
                       display(owner) + " depends on it"};
      schema.erase_constraint(*schema.catalog.table(owner), key);
    }
  }
  const auto* links = value_at(schema.constraint_parents, table.name);
  if (links && links->count(change.name))
    return Problem{std::string("inherited constraint \"") + change.name + "\" of relation \"" +
                   display(table.name) + "\" can't be dropped"};
  if (constraint->kind == ConstraintKind::foreign_key && constraint->columns.size() == 1)
    table.dropped_keys.push_back(constraint->columns[0]);
  schema.erase_constraint(table, change.name);
  return {};
}

Outcome ReplayState::change_columns(Table& table, const TableChange& change, bool only) {
  Column* own = SchemaState::column(table, change.name);
  if (!own) return missing_column(table, change.name);
  if (change.kind == Change::change_type) {
    change_type(table, *own, *change.column);
    return {};
  }
  for (Column* column : schema.columns(table, change.name, !only))
    if (Outcome outcome = change_column(table, *column, column == own, change)) return outcome;
  return {};
}

// `own`: of the table, not of one that inherits from it.
Outcome ReplayState::change_column(Table& table, Column& column, bool own, const TableChange& change) {
  switch (change.kind) {
    case Change::set_default:
    case Change::drop_default:
      column.default_expression.reset();
      if (!change.expression.empty()) column.default_expression = change.expression;
      break;
    case Change::set_not_null: column.not_null = true; break;
    case Change::drop_not_null: column.not_null = false; break;
    case Change::drop_expression: column.generated_expression.reset(); break;
    case Change::set_expression: column.generated_expression = change.expression; break;
    case Change::add_identity:
      if (own && column.identity != Column::Identity::none)
        return Problem{"column \"" + column.name + "\" of relation \"" + display(table.name) +
                           "\" is already an identity column",
                       Problem::Kind::exists};
      if (own && change.column) add_identity(table, column, *change.column);
      else column.not_null = true;
      break;
    case Change::set_identity:
      if (own && change.column) column.identity = change.column->column.identity;
      break;
    case Change::drop_identity:
      if (own) return drop_identity(schema, table, column, change.if_exists);
      break;
    default: break;
  }
  return {};
}

void ReplayState::change_type(Table& table, Column& own, const ColumnDefinition& definition) {
  const Column& after = definition.column;
  for (Column* column : schema.columns(table, own.name)) {
    column->type = after.type, column->collation = after.collation;
    column->retyped = location_of(definition.location);
  }
  if (own.identity != Column::Identity::none)
    for (auto& [name, sequence] : schema.catalog.sequences)
      if (sequence.owner_table == table.name && sequence.owner_column == own.name) sequence.type = after.type;
}

// ---- inheritance

Outcome ReplayState::attach_partition(Table& parent, const TableChange& change) {
  const QualifiedName name = schema.find_table(change.partition);
  Table* child = schema.catalog.table(name);
  if (!child) return missing("relation", name);
  if (parent.kind != Table::Kind::partitioned)
    return Problem{"table \"" + display(parent.name) + "\" is not partitioned"};
  if (child->partition_of || !child->inherits.empty())
    return Problem{"\"" + display(name) + "\" is already a partition or inherits"};
  for (const auto& below : schema.descendants(name))
    if (below.child == &parent) return Problem{"circular inheritance not allowed"};
  if (child == &parent) return Problem{"circular inheritance not allowed"};
  for (const Column& column : parent.columns)
    if (!child->column(column.name))
      return Problem{"child table is missing column \"" + column.name + "\"", Problem::Kind::missing};
  child->partition_of = parent.name;
  child->partition_bound = change.partition_bound;
  schema.add_child(parent.name, name);
  inherit_checks(*child, parent);
  adopt_partition(*child, parent);
  return {};
}

Outcome ReplayState::inherit(Table& child, const QualifiedName& parent_name, bool add) {
  const Table* parent = schema.catalog.table(parent_name);
  if (!parent) return missing("relation", parent_name);
  const auto found = std::ranges::find(child.inherits, parent->name);
  if (!add) {
    if (found == child.inherits.end())
      return Problem{"relation \"" + display(parent->name) + "\" is not a parent of relation \"" +
                     display(child.name) + "\""};
    child.inherits.erase(found);
    schema.remove_child(parent->name, child.name);
    for (Constraint& constraint : child.constraints) constraint.inherited = false;
    return {};
  }
  if (found != child.inherits.end() || parent == &child)
    return Problem{"relation \"" + display(parent->name) + "\" would be inherited from more than once",
                   Problem::Kind::exists};
  for (const auto& below : schema.descendants(child.name))
    if (below.child == parent) return Problem{"circular inheritance not allowed"};
  for (const Column& column : child.columns) schema.local_columns[child.name].insert(column.name);
  child.inherits.push_back(parent->name);
  schema.add_child(parent->name, child.name);
  inherit_checks(child, *parent);
  return {};
}

// ---- RENAME, SET SCHEMA

Outcome ReplayState::replay(const Rename& rename, Effect& effect) {
  effect = Effect::replayed;
  switch (rename.kind) {
    case Rename::Kind::table:
    case Rename::Kind::relation:
      return rename.new_schema.empty() ? rename_relation(schema, rename) : set_schema(schema, rename);
    case Rename::Kind::column: return rename_column(schema, rename);
    case Rename::Kind::constraint: return rename_constraint(schema, rename);
    case Rename::Kind::policy: return rename_policy(schema, rename);
    case Rename::Kind::schema: schema.rename_schema(rename.name, rename.new_name); return {};
    case Rename::Kind::type: return move_type(schema, rename);
    case Rename::Kind::function: move_function(schema, rename); return {};
    case Rename::Kind::other: break;
  }
  effect = Effect::none;
  return {};
}

}  // namespace pgadvise::sql
