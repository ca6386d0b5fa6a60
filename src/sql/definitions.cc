#include "sql/definitions.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/identifier.h"
#include "base/text.h"
#include "sql/ddl.h"
#include "sql/predicate.h"

namespace pgadvise::sql {
namespace {

using Kind = TableChange::Kind;
#define AT(name) PG_QUERY__ALTER_TABLE_TYPE__AT_##name
#define OBJECT(name) PG_QUERY__OBJECT_TYPE__OBJECT_##name
#define CONSTR(name) PG_QUERY__CONSTR_TYPE__CONSTR_##name

bool is_null(const Node* node) {
  const Constant value = constant(node);
  return value.is_constant && value.is_null;
}

// ---- defaults

// Of the built-in and contributed functions that defaults call, those that are not volatile.
bool computed_once(const std::string& name) {
  static const std::set<std::string> names = {"now",
                                              "transaction_timestamp",
                                              "statement_timestamp",
                                              "timezone",
                                              "date_trunc",
                                              "date_part",
                                              "extract",
                                              "to_char",
                                              "to_timestamp",
                                              "to_date",
                                              "make_interval",
                                              "make_date",
                                              "make_timestamp",
                                              "make_timestamptz",
                                              "age",
                                              "current_setting",
                                              "current_database",
                                              "current_schema",
                                              "current_user",
                                              "session_user",
                                              "version",
                                              "lower",
                                              "upper",
                                              "md5",
                                              "sha256",
                                              "encode",
                                              "decode",
                                              "concat",
                                              "concat_ws",
                                              "format",
                                              "left",
                                              "right",
                                              "substr",
                                              "substring",
                                              "replace",
                                              "btrim",
                                              "ltrim",
                                              "rtrim",
                                              "lpad",
                                              "rpad",
                                              "length",
                                              "repeat",
                                              "split_part",
                                              "array_fill",
                                              "array_append",
                                              "string_to_array",
                                              "array_to_string",
                                              "jsonb_build_object",
                                              "jsonb_build_array",
                                              "json_build_object",
                                              "json_build_array",
                                              "to_json",
                                              "to_jsonb",
                                              "jsonb_object",
                                              "json_object",
                                              "row_to_json",
                                              "uuid_nil",
                                              "uuid_ns_dns",
                                              "uuid_ns_url",
                                              "int4range",
                                              "int8range",
                                              "numrange",
                                              "tsrange",
                                              "tstzrange",
                                              "daterange",
                                              "point",
                                              "box",
                                              "floor",
                                              "ceil",
                                              "round",
                                              "abs",
                                              "power",
                                              "st_geomfromtext",
                                              "st_makepoint",
                                              "st_setsrid",
                                              "to_tsvector",
                                              "setweight",
                                              "inet_client_addr",
                                              "txid_current",
                                              "date"};
  return names.count(name) > 0;
}

bool computed_for_each_row(const std::string& name) {
  static const std::set<std::string> names = {
      "gen_random_uuid", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "uuidv4",
      "uuidv7",          "random",           "clock_timestamp",    "timeofday",        "nextval",
      "setval",          "gen_random_bytes", "gen_salt",           "lastval",          "currval"};
  return names.count(name) > 0;
}

DefaultKind default_kind(const Node* expression) {
  if (!expression) return DefaultKind::none;
  const Constant value = constant(expression);
  if (value.is_constant) return value.is_null ? DefaultKind::none : DefaultKind::fixed;
  DefaultKind out = DefaultKind::fixed;
  each_node(message(*expression), [&](const Node& node) {
    if (node.node_case != PG_QUERY__NODE__NODE_FUNC_CALL || node.func_call->n_funcname == 0) return true;
    const std::string name = string_value(node.func_call->funcname[node.func_call->n_funcname - 1]);
    if (computed_for_each_row(name)) out = DefaultKind::changing;
    else if (!computed_once(name) && out != DefaultKind::changing) out = DefaultKind::unknown;
    return true;
  });
  return out;
}

// "integer" of "serial"; "" of other types.
std::string_view serial_type(const PgQuery__TypeName* type) {
  if (!type || type->n_names != 1 || type->n_array_bounds) return {};
  const std::string name = string_value(type->names[0]);
  if (name == "serial" || name == "serial4") return "integer";
  if (name == "bigserial" || name == "serial8") return "bigint";
  if (name == "smallserial" || name == "serial2") return "smallint";
  return {};
}

// ---- keys

std::optional<Constraint::Kind> constraint_kind(const PgQuery__Constraint& node) {
  switch (node.contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY: return Constraint::Kind::primary_key;
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE: return Constraint::Kind::unique;
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: return Constraint::Kind::foreign_key;
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK: return Constraint::Kind::check;
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION: return Constraint::Kind::exclusion;
    default: return std::nullopt;
  }
}

IndexKey index_key(const PgQuery__IndexElem& element) {
  IndexKey key;
  if (element.name[0]) key.column = element.name;
  else if (element.expr && element.expr->node_case == PG_QUERY__NODE__NODE_COLUMN_REF)
    key.column = last_name(NodeList(element.expr->column_ref->n_fields, element.expr->column_ref->fields));
  else key.expression = expression_text(element.expr);
  key.descending = element.ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
  key.nulls_first = element.nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT
                        ? key.descending
                        : element.nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST;
  key.operator_class = last_name(NodeList(element.n_opclass, element.opclass));
  key.collation = collation_name(NodeList(element.n_collation, element.collation));
  return key;
}

// A key's column, or what the server would call its expression.
std::string name_of(const IndexKey& key, const PgQuery__IndexElem& element) {
  const std::string name = key.column.empty() ? figure_name(element.expr) : key.column;
  return name.empty() ? "expr" : name;
}

void set_predicate(const Node* where, Index& index) {
  if (!where) return;
  index.predicate = expression_text(where);
  index.predicate_not_null = not_null_columns(where);
}

// The elements of EXCLUDE (…), as text, and as keys of the index.
std::vector<std::string> exclusions(const PgQuery__Constraint& node, ConstraintDefinition& out) {
  std::vector<std::string> parts;
  for (const Node* node_pair : NodeList(node.n_exclusions, node.exclusions)) {
    const PgQuery__List& pair = *node_pair->list;
    if (pair.n_items != 2 || pair.items[0]->node_case != PG_QUERY__NODE__NODE_INDEX_ELEM) continue;
    const PgQuery__IndexElem& element = *pair.items[0]->index_elem;
    const IndexKey key = index_key(element);
    if (!key.column.empty()) out.constraint.columns.push_back(key.column);
    const bool call = element.expr && element.expr->node_case == PG_QUERY__NODE__NODE_FUNC_CALL;
    const std::string expression = call ? key.expression : "(" + key.expression + ")";
    parts.push_back((key.column.empty() ? expression : quote_identifier(key.column)) +
                    (key.operator_class.empty() ? "" : " " + quote_identifier(key.operator_class)) +
                    " WITH " + last_name(list_of(pair.items[1])));
    out.index.name_columns.push_back(name_of(key, element));
    out.index.index.keys.push_back(key);
  }
  return parts;
}

// The index of a primary key, unique or exclusion constraint.
void read_index_of(const PgQuery__Constraint& node, ConstraintDefinition& out) {
  Constraint& constraint = out.constraint;
  Index& index = out.index.index;
  for (const auto& column : constraint.columns) {
    index.keys.push_back({.column = column});
    out.index.name_columns.push_back(column);
  }
  const auto parts = exclusions(node, out);
  index.include = strings(NodeList(node.n_including, node.including));
  out.index.name_columns.insert(out.index.name_columns.end(), index.include.begin(), index.include.end());
  set_predicate(node.where_clause, index);
  if (constraint.kind == Constraint::Kind::exclusion) {
    if (node.access_method[0]) index.method = node.access_method;
    constraint.expression = "USING " + index.method + " (" + join(parts, ", ") + ")" +
                            (index.predicate ? " WHERE (" + *index.predicate + ")" : "");
  }
  index.name = node.conname;
  index.unique = constraint.kind != Constraint::Kind::exclusion;
  index.nulls_not_distinct = node.nulls_not_distinct;
  index.constraint = true;
}

// ---- columns

void read_identity(const PgQuery__Constraint& node, ColumnDefinition& out) {
  out.column.identity =
      node.generated_when[0] == 'a' ? Column::Identity::always : Column::Identity::by_default;
  out.column.not_null = true;
  out.default_kind = DefaultKind::changing;
  for (const Node* option : NodeList(node.n_options, node.options))
    if (std::string_view(option->def_elem->defname) == "sequence_name" && option->def_elem->arg &&
        option->def_elem->arg->node_case == PG_QUERY__NODE__NODE_LIST)
      out.identity_sequence = last_name(list_of(option->def_elem->arg));
}

void read_column_constraint(const PgQuery__Constraint& node, ColumnDefinition& out) {
  switch (node.contype) {
    case CONSTR(NOTNULL): out.column.not_null = true; return;
    case CONSTR(DEFAULT):
      out.default_written = true;
      out.default_kind = default_kind(node.raw_expr);
      out.column.default_expression.reset();
      if (!is_null(node.raw_expr)) out.column.default_expression = expression_text(node.raw_expr);
      return;
    case CONSTR(IDENTITY): read_identity(node, out); return;
    case CONSTR(GENERATED):
      out.default_kind = DefaultKind::changing;
      out.column.default_expression.reset();
      out.column.generated_expression = expression_text(node.raw_expr);
      return;
    case CONSTR(ATTR_DEFERRABLE):
    case CONSTR(ATTR_DEFERRED):
      if (!out.constraints.empty()) out.constraints.back().constraint.deferrable = true;
      return;
    default: break;
  }
  auto constraint = constraint_definition(node, out.column.name);
  if (!constraint) return;
  if (constraint->constraint.kind == Constraint::Kind::primary_key) out.column.not_null = true;
  out.constraints.push_back(std::move(*constraint));
}

std::string collation_of(const PgQuery__CollateClause* clause) {
  return clause ? collation_name(NodeList(clause->n_collname, clause->collname)) : std::string();
}

// ---- ALTER TABLE

Kind kind_of(const PgQuery__AlterTableCmd& command) {
  switch (command.subtype) {
    case AT(AddColumn): return Kind::add_column;
    case AT(DropColumn): return Kind::drop_column;
    case AT(ColumnDefault): return command.def ? Kind::set_default : Kind::drop_default;
    case AT(SetNotNull): return Kind::set_not_null;
    case AT(DropNotNull): return Kind::drop_not_null;
    case AT(DropExpression): return Kind::drop_expression;
#if PG_VERSION_NUM >= 170000
    case AT(SetExpression): return Kind::set_expression;
#endif
    case AT(AlterColumnType): return Kind::change_type;
    case AT(AddIdentity): return Kind::add_identity;
    case AT(SetIdentity): return Kind::set_identity;
    case AT(DropIdentity): return Kind::drop_identity;
    case AT(AddConstraint): return Kind::add_constraint;
    case AT(ValidateConstraint): return Kind::validate_constraint;
    case AT(AlterConstraint): return Kind::alter_constraint;
    case AT(DropConstraint): return Kind::drop_constraint;
    case AT(SetLogged): return Kind::set_logged;
    case AT(SetUnLogged): return Kind::set_unlogged;
    case AT(SetTableSpace): return Kind::set_tablespace;
    case AT(SetAccessMethod): return Kind::set_access_method;
    case AT(EnableRowSecurity): return Kind::enable_row_security;
    case AT(DisableRowSecurity): return Kind::disable_row_security;
    case AT(ReplicaIdentity): return Kind::replica_identity;
    case AT(AttachPartition): return Kind::attach_partition;
    case AT(DetachPartition): return Kind::detach_partition;
    case AT(AddInherit): return Kind::add_inherit;
    case AT(DropInherit): return Kind::drop_inherit;
    default: return Kind::other;
  }
}

void read_new_type(const PgQuery__ColumnDef& definition, const SchemaState& state, TableChange& out) {
  ColumnDefinition& column = out.column.emplace();
  column.column.name = out.name;
  column.column.type = state.type_of(definition.type_name);
  column.column.collation = collation_of(definition.coll_clause);
  const Node* expression = definition.raw_default;
  if (!expression) return;
  const bool cast = expression->node_case == PG_QUERY__NODE__NODE_TYPE_CAST;
  const Node* inner = cast ? expression->type_cast->arg : expression;
  const bool own = inner && inner->node_case == PG_QUERY__NODE__NODE_COLUMN_REF;
  const bool to_type = !cast || state.type_of(expression->type_cast->type_name) == column.column.type;
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

TableChange change_of(const PgQuery__AlterTableCmd& command, const SchemaState& state) {
  TableChange out;
  out.kind = kind_of(command);
  out.name = command.name;
  out.cascade = command.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
  out.if_exists = command.missing_ok;
  const Node* def = command.def;
  const bool constraint = def && def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT;
  switch (out.kind) {
    case Kind::add_column:
      out.column = column_definition(*def->column_def, state);
      out.name = out.column->column.name;
      break;
    case Kind::set_default:
      if (!is_null(def)) out.expression = expression_text(def);
      break;
    case Kind::set_expression: out.expression = expression_text(def); break;
    case Kind::change_type: read_new_type(*def->column_def, state, out); break;
    case Kind::add_identity:
      if (constraint) read_identity(*def->constraint, out.column.emplace());
      break;
    case Kind::set_identity: read_set_identity(def, out); break;
    case Kind::add_constraint:
      if (constraint) out.constraint = constraint_definition(*def->constraint, {});
      if (!out.constraint) out.kind = Kind::other;
      break;
    case Kind::alter_constraint:
      out.name = constraint ? def->constraint->conname : "";
      out.deferrable = constraint && def->constraint->deferrable;
      break;
    case Kind::replica_identity:
      if (def && def->node_case == PG_QUERY__NODE__NODE_REPLICA_IDENTITY_STMT)
        out.name = def->replica_identity_stmt->name;
      break;
    case Kind::attach_partition:
    case Kind::detach_partition: out.partition = def->partition_cmd; break;
    case Kind::add_inherit:
    case Kind::drop_inherit: out.parent = def->range_var; break;
    default: break;
  }
  return out;
}

// ---- DROP, RENAME, SET SCHEMA

std::vector<std::string> parts_of(const Node* node) {
  if (!node) return {};
  if (node->node_case == PG_QUERY__NODE__NODE_STRING) return {node->string->sval};
  if (node->node_case == PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS)
    return strings(NodeList(node->object_with_args->n_objname, node->object_with_args->objname));
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

DropStatement::Object drop_object(DropStatement::Kind kind, const Node& node, const SchemaState& state) {
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
    if (node.node_case != PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS) return out;
    for (const Node* type : NodeList(node.object_with_args->n_objargs, node.object_with_args->objargs))
      if (type->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
        out.arguments.push_back(state.type_of(type->type_name));
    out.any_arguments = node.object_with_args->args_unspecified;
  } else if (kind == Drop::type) {
    out.type = state.find_type(schema, parts.back());
  } else if (kind != Drop::schema && kind != Drop::extension) {
    out.relation = state.find_relation(schema, parts.back());
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

QualifiedName relation_of(const PgQuery__RangeVar* range, const SchemaState& state) {
  return range ? state.find_relation(range->schemaname, range->relname) : QualifiedName{};
}

}  // namespace

bool AlterTable::drops_column(std::string_view column) const {
  return std::any_of(changes.begin(), changes.end(), [&](const TableChange& change) {
    return change.kind == Kind::drop_column && change.name == column;
  });
}

bool AlterTable::drops_constraint(std::string_view constraint) const {
  return std::any_of(changes.begin(), changes.end(), [&](const TableChange& change) {
    return change.kind == Kind::drop_constraint && change.name == constraint;
  });
}

int pass_of(const TableChange& change) {
  switch (change.kind) {
    case Kind::drop_column:
    case Kind::drop_constraint:
    case Kind::drop_not_null:
    case Kind::drop_expression:
    case Kind::drop_identity:
    case Kind::drop_default: return 0;
    case Kind::change_type: return 1;
    case Kind::add_column: return 2;
    case Kind::set_not_null: return 3;
    case Kind::add_constraint: {
      const Constraint::Kind kind = change.constraint->constraint.kind;
      return kind == Constraint::Kind::check || kind == Constraint::Kind::foreign_key ? 6 : 5;
    }
    case Kind::add_identity: return 6;
    case Kind::set_default: return 7;
    default: return 8;
  }
}

IndexDefinition index_definition(const PgQuery__IndexStmt& stmt) {
  IndexDefinition out;
  Index& index = out.index;
  index.name = stmt.idxname;
  if (stmt.access_method[0]) index.method = stmt.access_method;
  if (index.method == "rtree") index.method = "gist";
  index.unique = stmt.unique;
  index.nulls_not_distinct = stmt.nulls_not_distinct;
  for (const Node* node : NodeList(stmt.n_index_params, stmt.index_params)) {
    index.keys.push_back(index_key(*node->index_elem));
    out.name_columns.push_back(name_of(index.keys.back(), *node->index_elem));
  }
  for (const Node* node : NodeList(stmt.n_index_including_params, stmt.index_including_params))
    index.include.push_back(node->index_elem->name);
  out.name_columns.insert(out.name_columns.end(), index.include.begin(), index.include.end());
  set_predicate(stmt.where_clause, index);
  out.concurrently = stmt.concurrent;
  out.if_not_exists = stmt.if_not_exists;
  out.only = !stmt.relation->inh;
  return out;
}

std::optional<ConstraintDefinition> constraint_definition(const PgQuery__Constraint& node,
                                                          const std::string& column) {
  const auto kind = constraint_kind(node);
  if (!kind) return std::nullopt;
  ConstraintDefinition out;
  Constraint& constraint = out.constraint;
  constraint.kind = *kind;
  constraint.name = node.conname;
  constraint.validated = !node.skip_validation;
  constraint.deferrable = node.deferrable;
  constraint.nulls_not_distinct = node.nulls_not_distinct;
  out.using_index = node.indexname;
  out.no_inherit = node.is_no_inherit;
  out.location = node.location;
  switch (*kind) {
    case Constraint::Kind::check:
      constraint.columns = column_names(node.raw_expr);
      constraint.expression = expression_text(node.raw_expr);
      return out;
    case Constraint::Kind::foreign_key:
      constraint.columns = strings(NodeList(node.n_fk_attrs, node.fk_attrs));
      if (node.pktable) constraint.referenced_table = {node.pktable->schemaname, node.pktable->relname};
      constraint.referenced_columns = strings(NodeList(node.n_pk_attrs, node.pk_attrs));
      constraint.on_delete = referential_action(node.fk_del_action[0]);
      constraint.on_update = referential_action(node.fk_upd_action[0]);
      constraint.on_delete_columns = strings(NodeList(node.n_fk_del_set_cols, node.fk_del_set_cols));
      break;
    default: constraint.columns = strings(NodeList(node.n_keys, node.keys)); break;
  }
  if (!column.empty()) constraint.columns = {column};
  if (*kind != Constraint::Kind::foreign_key) read_index_of(node, out);
  return out;
}

ColumnDefinition column_definition(const PgQuery__ColumnDef& definition, const SchemaState& state) {
  ColumnDefinition out;
  out.column.name = definition.colname;
  out.location = definition.location;
  out.typed = definition.type_name != nullptr;
  if (out.typed) out.column.type = state.type_of(definition.type_name);
  out.column.collation = collation_of(definition.coll_clause);
  if (const auto type = serial_type(definition.type_name); !type.empty()) {
    out.serial = true;
    out.column.type = type;
    out.column.not_null = true;
    out.default_kind = DefaultKind::changing;
  }
  for (const Node* node : NodeList(definition.n_constraints, definition.constraints))
    if (node->node_case == PG_QUERY__NODE__NODE_CONSTRAINT) read_column_constraint(*node->constraint, out);
  return out;
}

AlterTable alter_table_definition(const PgQuery__AlterTableStmt& stmt, const SchemaState& state) {
  AlterTable out;
  out.name = state.find_relation(stmt.relation->schemaname, stmt.relation->relname);
  out.only = !stmt.relation->inh;
  out.if_exists = stmt.missing_ok;
  out.table = stmt.objtype == OBJECT(TABLE);
  out.type = stmt.objtype == OBJECT(TYPE);
  if (out.type) return out;  // its subcommands change attributes
  for (const Node* node : NodeList(stmt.n_cmds, stmt.cmds))
    out.changes.push_back(change_of(*node->alter_table_cmd, state));
  return out;
}

DropStatement drop_definition(const PgQuery__DropStmt& stmt, const SchemaState& state) {
  DropStatement out;
  out.kind = drop_kind(stmt.remove_type);
  out.cascade = stmt.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
  out.if_exists = stmt.missing_ok;
  out.concurrently = stmt.concurrent;
  if (out.kind == DropStatement::Kind::other) return out;
  for (const Node* node : NodeList(stmt.n_objects, stmt.objects))
    if (auto object = drop_object(out.kind, *node, state); !object.name.empty())
      out.objects.push_back(std::move(object));
  return out;
}

Rename rename_definition(const PgQuery__RenameStmt& stmt, const SchemaState& state) {
  Rename out;
  out.kind = rename_kind(stmt.rename_type);
  if (out.kind == Rename::Kind::column && stmt.relation_type == OBJECT(TYPE))
    out.kind = Rename::Kind::other;  // an attribute
  out.relation = relation_of(stmt.relation, state);
  out.of_table = stmt.relation_type == OBJECT(TABLE);
  out.name = stmt.subname;
  out.new_name = stmt.newname;
  out.if_exists = stmt.missing_ok;
  out.object = stmt.object;
  return out;
}

Rename rename_definition(const PgQuery__AlterObjectSchemaStmt& stmt, const SchemaState& state) {
  Rename out;
  out.kind = rename_kind(stmt.object_type);
  out.relation = relation_of(stmt.relation, state);
  out.new_schema = stmt.newschema;
  out.if_exists = stmt.missing_ok;
  out.object = stmt.object;
  return out;
}

Statement read_statement(const Node& node, const SchemaState& state) {
  Statement out{node, {}, {}, {}, {}};
  if (node.node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_STMT)
    out.alter_table = alter_table_definition(*node.alter_table_stmt, state);
  if (node.node_case == PG_QUERY__NODE__NODE_INDEX_STMT)
    out.create_index = index_definition(*node.index_stmt);
  if (node.node_case == PG_QUERY__NODE__NODE_DROP_STMT) out.drop = drop_definition(*node.drop_stmt, state);
  if (node.node_case == PG_QUERY__NODE__NODE_RENAME_STMT)
    out.rename = rename_definition(*node.rename_stmt, state);
  if (node.node_case == PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT)
    out.rename = rename_definition(*node.alter_object_schema_stmt, state);
  return out;
}

}  // namespace pgadvise::sql
