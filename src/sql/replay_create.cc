#include <algorithm>
#include <set>

#include "base/identifier.h"
#include "model/ddl.h"
#include "sql/analyzer.h"
#include "sql/ddl.h"
#include "sql/predicate.h"
#include "sql/replay_state.h"
#include "sql/type_name.h"

namespace pgadvise::sql {
namespace {

using Kind = Constraint::Kind;

constexpr std::size_t max_columns = 1600;  // the server's limit

std::string partition_strategy(const PgQuery__PartitionSpec& spec) {
#if PG_VERSION_NUM >= 160000
  switch (spec.strategy) {
    case PG_QUERY__PARTITION_STRATEGY__PARTITION_STRATEGY_LIST: return "LIST";
    case PG_QUERY__PARTITION_STRATEGY__PARTITION_STRATEGY_HASH: return "HASH";
    default: return "RANGE";
  }
#else
  std::string out = spec.strategy;
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
  return out;
#endif
}

std::string partition_key(const PgQuery__PartitionSpec& spec) {
  std::vector<std::string> keys;
  for (const Node* node : NodeList(spec.n_part_params, spec.part_params)) {
    const PgQuery__PartitionElem& element = *node->partition_elem;
    if (element.name[0]) {
      keys.push_back(quote_identifier(element.name));
    } else {
      const std::string text = expression_text(element.expr);
      const bool call = element.expr && element.expr->node_case == PG_QUERY__NODE__NODE_FUNC_CALL;
      keys.push_back(call ? text : "(" + text + ")");
    }
  }
  return partition_strategy(spec) + " (" + join(keys, ", ") + ")";
}

std::string bound_value(const Node* node) {
  if (node->node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node->column_ref->n_fields == 1) {
    const std::string name = string_value(node->column_ref->fields[0]);
    if (name == "minvalue") return "MINVALUE";
    if (name == "maxvalue") return "MAXVALUE";
  }
  return expression_text(node);
}

std::string bound_list(NodeList list) {
  std::vector<std::string> out;
  for (const Node* node : list) out.push_back(bound_value(node));
  return "(" + join(out, ", ") + ")";
}

bool like_includes(const PgQuery__TableLikeClause& like, int option) {
  return (like.options >> (option - 1)) & 1u;
}

}  // namespace

// ---- tables

std::string ReplayState::partition_bound_text(const PgQuery__PartitionBoundSpec& bound) {
  if (bound.is_default) return "DEFAULT";
  switch (bound.strategy[0]) {
    case 'h':
      return "FOR VALUES WITH (modulus " + std::to_string(bound.modulus) + ", remainder " +
             std::to_string(bound.remainder) + ")";
    case 'l': return "FOR VALUES IN " + bound_list(NodeList(bound.n_listdatums, bound.listdatums));
    default:
      return "FOR VALUES FROM " + bound_list(NodeList(bound.n_lowerdatums, bound.lowerdatums)) + " TO " +
             bound_list(NodeList(bound.n_upperdatums, bound.upperdatums));
  }
}

Outcome ReplayState::create_table(const PgQuery__CreateStmt& stmt, bool foreign) {
  const QualifiedName name = schema.new_name(*stmt.relation);
  if (schema.relation_exists(name)) return stmt.if_not_exists ? Outcome() : exists("relation", name);
  Table table;
  table.name = name;
  table.kind = foreign         ? Table::Kind::foreign
               : stmt.partspec ? Table::Kind::partitioned
                               : Table::Kind::ordinary;
  table.unlogged = stmt.relation->relpersistence[0] == 'u';
  table.temporary = name.schema == "pg_temp";
  table.origin = place(-1);
  if (stmt.partspec) table.partition_key = partition_key(*stmt.partspec);
  std::vector<QualifiedName> parents;
  for (const Node* node : NodeList(stmt.n_inh_relations, stmt.inh_relations)) {
    const Table* parent = schema.table(*node->range_var);
    if (!parent) return missing("relation", schema.find_table(*node->range_var));
    parents.push_back(parent->name);
    inherit_columns(table, *parent, stmt.partbound != nullptr);
  }
  std::vector<ConstraintDefinition> pending;
  std::vector<const PgQuery__TableLikeClause*> likes;
  schema.ensure_schema(name.schema);
  Table& made = schema.catalog.tables.emplace(name, std::move(table)).first->second;
  Outcome outcome = add_elements(made, stmt, pending, likes);
  if (outcome) {
    schema.drop_table(name);
    return outcome;
  }
  for (const auto& parent : parents) {
    schema.add_child(parent, name);
    inherit_checks(made, *schema.catalog.table(parent));
  }
  if (stmt.partbound && !parents.empty()) {
    made.partition_of = parents[0];
    made.partition_bound = partition_bound_text(*stmt.partbound);
  } else {
    made.inherits = parents;
  }
  if (!foreign)  // nothing is there that NOT VALID could leave unchecked
    for (ConstraintDefinition& each : pending) each.constraint.validated = true;
  const auto checks_end = std::stable_partition(
      pending.begin(), pending.end(),
      [](const ConstraintDefinition& each) { return each.constraint.kind == Kind::check; });
  outcome = add_constraints(made, {pending.begin(), checks_end});
  if (!outcome && made.partition_of) adopt_partition(made, *schema.catalog.table(*made.partition_of));
  for (const auto* like : likes) like_rest(made, *like);
  if (!outcome) outcome = add_constraints(made, {checks_end, pending.end()});
  if (outcome) schema.drop_table(name);
  return outcome;
}

Outcome ReplayState::add_elements(Table& table, const PgQuery__CreateStmt& stmt,
                                  std::vector<ConstraintDefinition>& pending,
                                  std::vector<const PgQuery__TableLikeClause*>& likes) {
  if (stmt.of_typename) {
    const QualifiedName written = user_type_name(stmt.of_typename);
    const auto type = schema.types.find(schema.find_type(written.schema, written.name));
    if (type == schema.types.end()) return missing("type", written);
    table.columns = type->second;
  }
  for (const Node* node : NodeList(stmt.n_table_elts, stmt.table_elts)) {
    Outcome outcome;
    switch (node->node_case) {
      case PG_QUERY__NODE__NODE_COLUMN_DEF: {
        const ColumnDefinition definition = column_definition(*node->column_def, schema);
        Column* inherited = SchemaState::column(table, definition.column.name);
        if (inherited && stmt.n_inh_relations) schema.local_columns[table.name].insert(inherited->name);
        if (inherited && (!definition.typed || stmt.n_inh_relations || stmt.of_typename)) {
          set_properties(table, *inherited, definition, pending);
        } else if (!definition.typed) {
          return missing("column", {"", definition.column.name});
        } else {
          outcome = add_column(table, definition, pending);
        }
        break;
      }
      case PG_QUERY__NODE__NODE_CONSTRAINT:
        if (auto constraint = constraint_definition(*node->constraint, {}))
          pending.push_back(std::move(*constraint));
        break;
      case PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE:
        outcome = like_columns(table, *node->table_like_clause);
        likes.push_back(node->table_like_clause);
        break;
      default: break;
    }
    if (outcome) return outcome;
  }
  return {};
}

Outcome ReplayState::add_column(Table& table, const ColumnDefinition& definition,
                                std::vector<ConstraintDefinition>& pending) {
  if (table.column(definition.column.name))
    return Problem{"column \"" + definition.column.name + "\" of relation \"" + display(table.name) +
                       "\" already exists",
                   Problem::Kind::exists};
  if (table.columns.size() >= max_columns) return Problem{"tables can have at most 1600 columns"};
  Column& made = table.columns.emplace_back();
  made.name = definition.column.name;
  made.type = definition.column.type;
  made.collation = definition.column.collation;
  made.origin = place(definition.location);
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
  const auto own = schema.own_checks.find(parent.name);
  for (const Constraint& check : parent.constraints) {
    if (check.kind != Kind::check || (own != schema.own_checks.end() && own->second.count(check.name)))
      continue;
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

Outcome ReplayState::like_columns(Table& table, const PgQuery__TableLikeClause& like) {
  const Table* source = schema.table(*like.relation);
  if (!source) return missing("relation", schema.find_table(*like.relation));
  if (table.columns.size() + source->columns.size() > max_columns)
    return Problem{"tables can have at most 1600 columns"};
  const std::vector<Column> columns = source->columns;
  for (const Column& column : columns) {
    if (table.column(column.name))
      return Problem{"column \"" + column.name + "\" specified more than once", Problem::Kind::exists};
    Column copy = column;
    copy.origin = place(like.relation->location);
    if (!like_includes(like, PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_COMMENTS)) copy.comment.clear();
    if (!like_includes(like, PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_DEFAULTS))
      copy.default_expression.reset();
    if (!like_includes(like, PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_GENERATED))
      copy.generated_expression.reset();
    const bool identity = copy.identity != Column::Identity::none;
    if (!like_includes(like, PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_IDENTITY))
      copy.identity = Column::Identity::none;
    table.columns.push_back(std::move(copy));
    if (identity && table.columns.back().identity != Column::Identity::none)
      make_sequence(table, table.columns.back(), {}, "bigint");  // the server forgets the type here
  }
  return {};
}

void ReplayState::like_rest(Table& table, const PgQuery__TableLikeClause& like) {
  const Table* found = schema.table(*like.relation);
  if (!found || found == &table) return;
  const Table source = *found;
  if (like_includes(like, PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_CONSTRAINTS))
    for (const Constraint& check : source.constraints)
      if (check.kind == Kind::check && !SchemaState::constraint(table, check.name)) {
        Constraint copy = check;
        copy.inherited = false;
        copy.origin = table.origin;
        schema.add_constraint(table, std::move(copy));
      }
  if (!like_includes(like, PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_INDEXES)) return;
  for (const Index& index : source.indexes) {
    IndexPlan plan;
    plan.index = index;
    plan.index.name.clear();
    plan.index.valid = true;
    plan.index.statistics.reset();
    plan.index.origin = table.origin;
    if (index.constraint)
      for (const Constraint& constraint : source.constraints)
        if (constraint.name == index.name && constraint.kind != Kind::check &&
            constraint.kind != Kind::foreign_key) {
          plan.constraint = constraint;
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

Outcome ReplayState::create_from_query(const PgQuery__RangeVar& range, NodeList names, const Node& query,
                                       Table::Kind kind, bool if_not_exists, bool replace) {
  const QualifiedName name = schema.new_name(range);
  const Table* before = schema.catalog.table(name);
  if (schema.relation_exists(name) && !(replace && before && before->kind == kind))
    return if_not_exists ? Outcome() : exists("relation", name);
  std::vector<std::string> path = schema.search_path;
  path.insert(path.begin(), "pg_temp");
  Analyzer analyzer(schema.catalog, std::move(path));
  const auto outputs = analyzer.statement(query);
  Table table;
  table.name = name;
  table.kind = kind;
  table.unlogged = range.relpersistence[0] == 'u';
  table.temporary = name.schema == "pg_temp";
  table.origin = place(-1);
  const auto given = strings(names);
  for (std::size_t i = 0; i < std::max(outputs.size(), given.size()) && i < max_columns; ++i) {
    Column column;
    if (i < outputs.size())
      column.name = outputs[i].name, column.type = outputs[i].type, column.collation = outputs[i].collation;
    if (i < given.size()) column.name = given[i];
    column.origin = table.origin;
    if (!table.column(column.name)) table.columns.push_back(std::move(column));
  }
  const bool view = kind == Table::Kind::view || kind == Table::Kind::materialized_view;
  if (view) {
    table.definition = statement_text(&query);
    ViewUse use;
    use.relations = analyzer.reads();
    each_node(message(query), [&](const Node& node) {
      if (node.node_case == PG_QUERY__NODE__NODE_COLUMN_REF && node.column_ref->n_fields)
        use.columns.insert(string_value(node.column_ref->fields[node.column_ref->n_fields - 1]));
      return true;
    });
    schema.views[name] = std::move(use);
  }
  if (before) table.comment = before->comment;
  schema.ensure_schema(name.schema);
  schema.catalog.tables[name] = std::move(table);
  return {};
}

Outcome ReplayState::create_table_as(const PgQuery__CreateTableAsStmt& stmt) {
  if (!stmt.into || !stmt.into->rel || !stmt.query) return Problem{"has no target"};
  const bool materialized = stmt.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
  return create_from_query(*stmt.into->rel, NodeList(stmt.into->n_col_names, stmt.into->col_names),
                           *stmt.query, materialized ? Table::Kind::materialized_view : Table::Kind::ordinary,
                           stmt.if_not_exists, false);
}

Outcome ReplayState::create_view(const PgQuery__ViewStmt& stmt) {
  return create_from_query(*stmt.view, NodeList(stmt.n_aliases, stmt.aliases), *stmt.query, Table::Kind::view,
                           false, stmt.replace);
}

// ---- the small ones

Outcome ReplayState::create_sequence(const PgQuery__CreateSeqStmt& stmt) {
  Sequence sequence;
  sequence.name = schema.new_name(*stmt.sequence);
  if (schema.relation_exists(sequence.name))
    return stmt.if_not_exists ? Outcome() : exists("relation", sequence.name);
  sequence.origin = place(-1);
  if (Outcome outcome = sequence_options(sequence, NodeList(stmt.n_options, stmt.options))) return outcome;
  schema.ensure_schema(sequence.name.schema);
  schema.catalog.sequences[sequence.name] = std::move(sequence);
  return {};
}

Outcome ReplayState::sequence_options(Sequence& sequence, NodeList options) {
  for (const Node* node : options) {
    const PgQuery__DefElem& option = *node->def_elem;
    const std::string_view what = option.defname;
    if (what == "as" && option.arg && option.arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME)
      sequence.type = type_spelling(option.arg->type_name);
    if (what != "owned_by" || !option.arg || option.arg->node_case != PG_QUERY__NODE__NODE_LIST) continue;
    auto names = strings(NodeList(option.arg->list->n_items, option.arg->list->items));
    if (names.size() < 2) {  // NONE
      sequence.owner_table.reset();
      sequence.owner_column.clear();
      continue;
    }
    const QualifiedName owner =
        schema.find(names.size() > 2 ? names[names.size() - 3] : "", names[names.size() - 2],
                    [&](const QualifiedName& n) { return schema.catalog.tables.count(n) > 0; });
    if (!schema.catalog.table(owner)) return missing("relation", owner);
    sequence.owner_table = owner;
    sequence.owner_column = names.back();
  }
  return {};
}

Outcome ReplayState::create_enum(const PgQuery__CreateEnumStmt& stmt) {
  Enum type;
  type.name = schema.new_name(NodeList(stmt.n_type_name, stmt.type_name));
  if (schema.type_exists(type.name)) return exists("type", type.name);
  type.labels = strings(NodeList(stmt.n_vals, stmt.vals));
  if (std::set<std::string>(type.labels.begin(), type.labels.end()).size() != type.labels.size())
    return Problem{"an enum label stands twice"};
  type.origin = place(-1);
  schema.ensure_schema(type.name.schema);
  schema.catalog.enums[type.name] = std::move(type);
  return {};
}

Outcome ReplayState::create_policy(const PgQuery__CreatePolicyStmt& stmt) {
  Table* table = schema.table(*stmt.table);
  if (!table) return missing("relation", schema.find_table(*stmt.table));
  Policy policy;
  policy.name = stmt.policy_name;
  policy.command = stmt.cmd_name;
  for (char& c : policy.command) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  policy.permissive = stmt.permissive;
  if (stmt.qual) policy.using_expression = expression_text(stmt.qual);
  if (stmt.with_check) policy.check_expression = expression_text(stmt.with_check);
  policy.origin = place(-1);
  for (const Policy& other : table->policies)
    if (other.name == policy.name) return exists("policy", {"", policy.name});
  table->policies.push_back(std::move(policy));
  return {};
}

Outcome ReplayState::alter_policy(const PgQuery__AlterPolicyStmt& stmt) {
  Table* table = schema.table(*stmt.table);
  if (!table) return missing("relation", schema.find_table(*stmt.table));
  for (Policy& policy : table->policies) {
    if (policy.name != stmt.policy_name) continue;
    if (stmt.qual) policy.using_expression = expression_text(stmt.qual);
    if (stmt.with_check) policy.check_expression = expression_text(stmt.with_check);
    return {};
  }
  return missing("policy", {"", stmt.policy_name});
}

Outcome ReplayState::create_schema(const PgQuery__CreateSchemaStmt& stmt, Effect& effect) {
  const std::string name = stmt.schemaname[0] ? stmt.schemaname
                           : stmt.authrole    ? stmt.authrole->rolename
                                              : "";
  auto& schemas = schema.catalog.schemas;
  // Schemas that were only assumed so far, because something was created in them, look the same: not worth a
  // complaint.
  if (std::find(schemas.begin(), schemas.end(), name) == schemas.end()) schema.ensure_schema(name);
  auto path = schema.search_path;
  schema.search_path.insert(schema.search_path.begin(), name);
  Outcome outcome;
  for (const Node* node : NodeList(stmt.n_schema_elts, stmt.schema_elts))
    if (!outcome) outcome = dispatch(read_statement(*node, schema), effect);
  schema.search_path = std::move(path);
  effect = Effect::replayed;
  return outcome;
}

void ReplayState::create_function(const PgQuery__CreateFunctionStmt& stmt) {
  const QualifiedName name = schema.new_name(NodeList(stmt.n_funcname, stmt.funcname));
  std::vector<std::string> arguments;
  for (const Node* node : NodeList(stmt.n_parameters, stmt.parameters))
    if (node->function_parameter->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT &&
        node->function_parameter->mode != PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE)
      arguments.push_back(schema.type_of(node->function_parameter->arg_type));
  schema.functions[name.schema + "." + name.name].insert(join(arguments, ","));
}

}  // namespace pgadvise::sql
