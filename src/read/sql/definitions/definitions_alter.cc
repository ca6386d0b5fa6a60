#include <string_view>
#include <utility>

#include "sql/definitions/ddl.h"
#include "sql/definitions/read_statement.h"

namespace pgadvise::sql {
namespace {

using Change = TableChange::Kind;
#define AT(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name
#define OBJECT(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name

// ---- ALTER TABLE

Change kind_of(const PgQuery__AlterTableCmd& command) {
  switch (command.subtype) {
    case AT(AddColumn): return Change::add_column;
    case AT(DropColumn): return Change::drop_column;
    case AT(ColumnDefault): return command.def ? Change::set_default : Change::drop_default;
    case AT(SetNotNull): return Change::set_not_null;
    case AT(DropNotNull): return Change::drop_not_null;
    case AT(DropExpression): return Change::drop_expression;
#if PG_VERSION_NUM >= 170000
    case AT(SetExpression): return Change::set_expression;
#endif
    case AT(AlterColumnType): return Change::change_type;
    case AT(AddIdentity): return Change::add_identity;
    case AT(SetIdentity): return Change::set_identity;
    case AT(DropIdentity): return Change::drop_identity;
    case AT(AddConstraint): return Change::add_constraint;
    case AT(ValidateConstraint): return Change::validate_constraint;
    case AT(AlterConstraint): return Change::alter_constraint;
    case AT(DropConstraint): return Change::drop_constraint;
    case AT(SetRelOptions):
    case AT(ResetRelOptions):
      return fillfactor_of(list_of(command.def)) ? Change::set_fillfactor : Change::other;
    case AT(SetLogged): return Change::set_logged;
    case AT(SetUnLogged): return Change::set_unlogged;
    case AT(SetTableSpace): return Change::set_tablespace;
    case AT(SetAccessMethod): return Change::set_access_method;
    case AT(EnableRowSecurity): return Change::enable_row_security;
    case AT(DisableRowSecurity): return Change::disable_row_security;
    case AT(ReplicaIdentity): return Change::replica_identity;
    case AT(AttachPartition): return Change::attach_partition;
    case AT(DetachPartition): return Change::detach_partition;
    case AT(AddInherit): return Change::add_inherit;
    case AT(DropInherit): return Change::drop_inherit;
    default: return Change::other;
  }
}

void read_new_type(const PgQuery__ColumnDef& definition, const SchemaNames& state, TableChange& out) {
  ColumnDefinition& column = out.column.emplace();
  column.column.name = out.name;
  column.location = definition.location;
  column.column.type = type_of(definition.type_name, state);
  column.column.collation = collation_of(definition.coll_clause);
  const Node* expression = definition.raw_default;
  if (!expression) return;
  const bool cast = expression->node_case == NODE(TYPE_CAST);
  const Node* inner = cast ? expression->type_cast->arg : expression;
  const bool own = is(inner, NODE(COLUMN_REF)) && last_name(*inner->column_ref) == out.name;
  const bool to_type = !cast || type_of(expression->type_cast->type_name, state) == column.column.type;
  out.converts = !own || !to_type;
  out.explicit_cast = own && cast && to_type;
}

void read_set_identity(const Node* options, TableChange& out) {
  for (const Node* option : list_of(options)) {
    if (std::string_view(option->def_elem->defname) != "generated" || !option->def_elem->arg) continue;
    const bool always = constant(option->def_elem->arg).text == std::to_string('a');
    out.column.emplace().column.identity = always ? Column::Identity::always : Column::Identity::by_default;
  }
}

TableChange change_of(const PgQuery__AlterTableCmd& command, const SchemaNames& state) {
  TableChange out;
  out.kind = kind_of(command);
  out.name = command.name;
  out.cascade = command.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
  out.if_exists = command.missing_ok;
  const Node* def = command.def;
  const bool constraint = is(def, NODE(CONSTRAINT));
  switch (out.kind) {
    case Change::add_column:
      out.column = column_definition(*def->column_def, state);
      out.name = out.column->column.name;
      break;
    case Change::set_default:
      if (!is_null(def)) out.expression = expression_text(def);
      break;
    case Change::set_expression: out.expression = expression_text(def); break;
    case Change::change_type: read_new_type(*def->column_def, state, out); break;
    case Change::add_identity:
      if (constraint) read_identity(*def->constraint, out.column.emplace());
      break;
    case Change::set_identity: read_set_identity(def, out); break;
    case Change::add_constraint:
      if (constraint) out.constraint = constraint_definition(*def->constraint, {});
      if (!out.constraint) out.kind = Change::other;
      break;
    case Change::alter_constraint:
      out.name = constraint ? def->constraint->conname : "";
      out.deferrable = constraint && def->constraint->deferrable;
      out.initially_deferred = constraint && def->constraint->initdeferred;
      break;
    case Change::set_fillfactor: out.fillfactor = fillfactor_of(list_of(def)).value_or(out.fillfactor); break;
    case Change::replica_identity:
      if (is(def, NODE(REPLICA_IDENTITY_STMT))) out.name = def->replica_identity_stmt->name;
      break;
    case Change::attach_partition:
    case Change::detach_partition:
      out.partition = written(*def->partition_cmd->name);
      out.concurrently = def->partition_cmd->concurrent;
      if (def->partition_cmd->bound) out.partition_bound = partition_bound(*def->partition_cmd->bound);
      break;
    case Change::add_inherit:
    case Change::drop_inherit: out.parent = state.find_table(written(*def->range_var)); break;
    default: break;
  }
  return out;
}

// ---- DROP, RENAME, SET SCHEMA

std::vector<std::string> parts_of(const Node* node) {
  if (!node) return {};
  if (node->node_case == NODE(STRING)) return {node->string->sval};
  if (node->node_case == NODE(OBJECT_WITH_ARGS)) return strings(NODES(*node->object_with_args, objname));
  return strings(list_of(node));
}

DropStatement::Kind drop_kind(PgQuery__ObjectType type) {
  using Drop = DropStatement::Kind;
  switch (type) {
    case OBJECT(TABLE): return Drop::table;
    case OBJECT(VIEW): return Drop::view;
    case OBJECT(MATVIEW): return Drop::materialized_view;
    case OBJECT(FOREIGN_TABLE): return Drop::foreign_table;
    case OBJECT(INDEX): return Drop::index;
    case OBJECT(SEQUENCE): return Drop::sequence;
    case OBJECT(TYPE):
    case OBJECT(DOMAIN): return Drop::type;
    case OBJECT(SCHEMA): return Drop::schema;
    case OBJECT(POLICY): return Drop::policy;
    case OBJECT(TRIGGER): return Drop::trigger;
    case OBJECT(EXTENSION): return Drop::extension;
    case OBJECT(FUNCTION):
    case OBJECT(PROCEDURE):
    case OBJECT(ROUTINE):
    case OBJECT(AGGREGATE): return Drop::function;
    default: return Drop::other;
  }
}

DropStatement::Object drop_object(DropStatement::Kind kind, const Node& node, const SchemaNames& state) {
  using Drop = DropStatement::Kind;
  DropStatement::Object out;
  auto parts = parts_of(&node);
  if (parts.empty()) return out;
  out.name = parts.back();
  if (kind == Drop::policy || kind == Drop::trigger) parts.pop_back();  // of a table
  if (parts.empty()) return out;
  const std::string schema = parts.size() > 1 ? parts[parts.size() - 2] : std::string();
  if (kind == Drop::function) {
    out.function_schema = schema;
    if (node.node_case != NODE(OBJECT_WITH_ARGS)) return out;
    for (const Node* type : NODES(*node.object_with_args, objargs))
      if (type->node_case == NODE(TYPE_NAME)) out.arguments.push_back(type_of(type->type_name, state));
    out.any_arguments = node.object_with_args->args_unspecified;
  } else if (kind == Drop::type) {
    out.type = state.find_type({schema, parts.back()});
  } else if (kind != Drop::schema && kind != Drop::extension) {
    out.relation = state.find_relation({schema, parts.back()});
  }
  return out;
}

Rename::Kind rename_kind(PgQuery__ObjectType type) {
  switch (type) {
    case OBJECT(TABLE): return Rename::Kind::table;
    case OBJECT(VIEW):
    case OBJECT(MATVIEW):
    case OBJECT(FOREIGN_TABLE):
    case OBJECT(INDEX):
    case OBJECT(SEQUENCE): return Rename::Kind::relation;
    case OBJECT(COLUMN):
    case OBJECT(ATTRIBUTE): return Rename::Kind::column;
    case OBJECT(TABCONSTRAINT): return Rename::Kind::constraint;
    case OBJECT(POLICY): return Rename::Kind::policy;
    case OBJECT(SCHEMA): return Rename::Kind::schema;
    case OBJECT(TYPE):
    case OBJECT(DOMAIN): return Rename::Kind::type;
    case OBJECT(FUNCTION):
    case OBJECT(PROCEDURE):
    case OBJECT(ROUTINE): return Rename::Kind::function;
    default: return Rename::Kind::other;
  }
}

// The relation, type or function that the statement renames or moves.
void read_renamed(const PgQuery__RangeVar* relation, const Node* object, const SchemaNames& state,
                  Rename& out) {
  if (relation) out.relation = state.find_relation(written(*relation));
  if (out.kind == Rename::Kind::type) out.type = state.find_type(written(list_of(object)));
  if (out.kind == Rename::Kind::function && is(object, NODE(OBJECT_WITH_ARGS)))
    out.function = written(NODES(*object->object_with_args, objname));
}

}  // namespace

static AlterTable read_alter_table(const PgQuery__AlterTableStmt& stmt, const SchemaNames& state) {
  AlterTable out;
  out.name = state.find_relation(written(*stmt.relation));
  out.only = !stmt.relation->inh;
  out.if_exists = stmt.missing_ok;
  out.table = stmt.objtype == OBJECT(TABLE);
  out.type = stmt.objtype == OBJECT(TYPE);
  if (out.type) return out;  // its subcommands change attributes
  for (const Node* node : NODES(stmt, cmds)) out.changes.push_back(change_of(*node->alter_table_cmd, state));
  return out;
}

static DropStatement read_drop(const PgQuery__DropStmt& stmt, const SchemaNames& state) {
  DropStatement out;
  out.kind = drop_kind(stmt.remove_type);
  out.cascade = stmt.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
  out.if_exists = stmt.missing_ok;
  out.concurrently = stmt.concurrent;
  if (out.kind == DropStatement::Kind::other) return out;
  for (const Node* node : NODES(stmt, objects))
    if (auto object = drop_object(out.kind, *node, state); !object.name.empty())
      out.objects.push_back(std::move(object));
  return out;
}

static Rename read_rename(const PgQuery__RenameStmt& stmt, const SchemaNames& state) {
  Rename out;
  out.kind = rename_kind(stmt.rename_type);
  if (out.kind == Rename::Kind::column && stmt.relation_type == OBJECT(TYPE))
    out.kind = Rename::Kind::other;  // an attribute
  read_renamed(stmt.relation, stmt.object, state, out);
  out.of_table = stmt.relation_type == OBJECT(TABLE);
  out.name = stmt.subname;
  out.new_name = stmt.newname;
  out.if_exists = stmt.missing_ok;
  return out;
}

static Rename read_rename(const PgQuery__AlterObjectSchemaStmt& stmt, const SchemaNames& state) {
  Rename out;
  out.kind = rename_kind(stmt.object_type);
  read_renamed(stmt.relation, stmt.object, state, out);
  out.new_schema = stmt.newschema;
  out.if_exists = stmt.missing_ok;
  return out;
}

std::optional<Statement> read_alter_statement(const Node& node, const SchemaNames& state) {
  switch (node.node_case) {
    case NODE(ALTER_TABLE_STMT): return read_alter_table(*node.alter_table_stmt, state);
    case NODE(DROP_STMT): return read_drop(*node.drop_stmt, state);
    case NODE(RENAME_STMT): return read_rename(*node.rename_stmt, state);
    case NODE(ALTER_OBJECT_SCHEMA_STMT): return read_rename(*node.alter_object_schema_stmt, state);
    default: return std::nullopt;
  }
}

}  // namespace pgadvise::sql
