#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "sql/definitions/ddl.h"
#include "sql/definitions/read_statement.h"
#include "sql/facts/volatility.h"
#include "sql/parse/query_shape.h"
#include "sql/parse/type_name.h"

namespace pgadvise::sql {
namespace {

#define LIKE(name) PG_QUERY__TABLE_LIKE_OPTION__CREATE_TABLE_LIKE_##name
#define CONSTR(name) PG_QUERY__CONSTR_TYPE__CONSTR_##name

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
  else if (is(element.expr, NODE(COLUMN_REF))) key.column = last_name(*element.expr->column_ref);
  else key.expression = expression_text(element.expr);
  key.descending = element.ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
  key.nulls_first = element.nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT
                        ? key.descending
                        : element.nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST;
  key.operator_class = last_name(NODES(element, opclass));
  key.collation = collation_name(NODES(element, collation));
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
  for (const Node* node_pair : NODES(node, exclusions)) {
    const PgQuery__List& pair = *node_pair->list;
    if (pair.n_items != 2 || pair.items[0]->node_case != NODE(INDEX_ELEM)) continue;
    const PgQuery__IndexElem& element = *pair.items[0]->index_elem;
    const IndexKey key = index_key(element);
    if (!key.column.empty()) out.constraint.columns.push_back(key.column);
    const bool call = is(element.expr, NODE(FUNC_CALL));
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
  index.include = strings(NODES(node, including));
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
      if (!out.constraints.empty()) {
        Constraint& constraint = out.constraints.back().constraint;
        constraint.deferrable = true;
        constraint.initially_deferred =
            constraint.initially_deferred || node.contype == CONSTR(ATTR_DEFERRED);
      }
      return;
    default: break;
  }
  auto constraint = constraint_definition(node, out.column.name);
  if (!constraint) return;
  if (constraint->constraint.kind == Constraint::Kind::primary_key) out.column.not_null = true;
  out.constraints.push_back(std::move(*constraint));
}

// ---- partitions, LIKE

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
  for (const Node* node : NODES(spec, part_params)) {
    const PgQuery__PartitionElem& element = *node->partition_elem;
    if (element.name[0]) {
      keys.push_back(quote_identifier(element.name));
    } else {
      const std::string text = expression_text(element.expr);
      const bool call = is(element.expr, NODE(FUNC_CALL));
      keys.push_back(call ? text : "(" + text + ")");
    }
  }
  return partition_strategy(spec) + " (" + join(keys, ", ") + ")";
}

std::string bound_value(const Node* node) {
  if (node->node_case == NODE(COLUMN_REF) && node->column_ref->n_fields == 1) {
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

LikeClause like_clause(const PgQuery__TableLikeClause& clause, const SchemaNames& state) {
  const auto includes = [&](int option) { return ((clause.options >> (option - 1)) & 1u) != 0; };
  LikeClause out;
  out.source = state.find_table(written(*clause.relation));
  out.comments = includes(LIKE(COMMENTS));
  out.constraints = includes(LIKE(CONSTRAINTS));
  out.defaults = includes(LIKE(DEFAULTS));
  out.generated = includes(LIKE(GENERATED));
  out.identity = includes(LIKE(IDENTITY));
  out.indexes = includes(LIKE(INDEXES));
  out.location = clause.relation->location;
  return out;
}

}  // namespace

DefaultKind default_kind(const Node* expression) {
  if (!expression) return DefaultKind::none;
  const Constant value = constant(expression);
  if (value.is_constant) return value.is_null ? DefaultKind::none : DefaultKind::fixed;
  switch (volatility_of(*expression)) {
    case Volatility::not_volatile: return DefaultKind::fixed;
    case Volatility::changing: return DefaultKind::changing;
    case Volatility::unknown: break;
  }
  return DefaultKind::unknown;
}

bool is_null(const Node* node) {
  const Constant value = constant(node);
  return value.is_constant && value.is_null;
}

std::optional<int> fillfactor_of(NodeList options) {
  for (const Node* node : options) {
    if (node->node_case != NODE(DEF_ELEM)) continue;
    const PgQuery__DefElem& option = *node->def_elem;
    if (option.defnamespace[0] || lower(option.defname) != "fillfactor") continue;
    if (!option.arg) return 100;
    const std::string text = constant(option.arg).text;
    int percent = 100;
    std::from_chars(text.data(), text.data() + text.size(), percent);
    if (percent >= 10 && percent <= 100) return percent;
  }
  return std::nullopt;
}

std::string collation_of(const PgQuery__CollateClause* clause) {
  return clause ? collation_name(NODES(*clause, collname)) : std::string();
}

void read_identity(const PgQuery__Constraint& node, ColumnDefinition& out) {
  out.column.identity =
      node.generated_when[0] == 'a' ? Column::Identity::always : Column::Identity::by_default;
  out.column.not_null = true;
  out.default_kind = DefaultKind::changing;
  for (const Node* option : NODES(node, options))
    if (std::string_view(option->def_elem->defname) == "sequence_name" &&
        is(option->def_elem->arg, NODE(LIST)))
      out.identity_sequence = last_name(list_of(option->def_elem->arg));
}

std::string partition_bound(const PgQuery__PartitionBoundSpec& bound) {
  if (bound.is_default) return "DEFAULT";
  switch (bound.strategy[0]) {
    case 'h':
      return "FOR VALUES WITH (modulus " + std::to_string(bound.modulus) + ", remainder " +
             std::to_string(bound.remainder) + ")";
    case 'l': return "FOR VALUES IN " + bound_list(NODES(bound, listdatums));
    default:
      return "FOR VALUES FROM " + bound_list(NODES(bound, lowerdatums)) + " TO " +
             bound_list(NODES(bound, upperdatums));
  }
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
  constraint.initially_deferred = node.initdeferred;
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
      constraint.columns = strings(NODES(node, fk_attrs));
      if (node.pktable) constraint.referenced_table = {node.pktable->schemaname, node.pktable->relname};
      constraint.referenced_columns = strings(NODES(node, pk_attrs));
      constraint.on_delete = referential_action(node.fk_del_action[0]);
      constraint.on_update = referential_action(node.fk_upd_action[0]);
      constraint.match_full = node.fk_matchtype[0] == 'f';
      constraint.on_delete_columns = strings(NODES(node, fk_del_set_cols));
      break;
    default: constraint.columns = strings(NODES(node, keys)); break;
  }
  if (!column.empty()) constraint.columns = {column};
  if (*kind != Constraint::Kind::foreign_key) read_index_of(node, out);
  return out;
}

ColumnDefinition column_definition(const PgQuery__ColumnDef& definition, const SchemaNames& state) {
  ColumnDefinition out;
  out.column.name = definition.colname;
  out.location = definition.location;
  out.typed = definition.type_name != nullptr;
  if (out.typed) out.column.type = type_of(definition.type_name, state);
  out.column.collation = collation_of(definition.coll_clause);
  if (const auto type = serial_type(definition.type_name); !type.empty()) {
    out.serial = true;
    out.column.type = type;
    out.column.not_null = true;
    out.default_kind = DefaultKind::changing;
  }
  for (const Node* node : NODES(definition, constraints))
    if (node->node_case == NODE(CONSTRAINT)) read_column_constraint(*node->constraint, out);
  return out;
}

static CreateTable read_create_table(const PgQuery__CreateStmt& stmt, const SchemaNames& state,
                                     bool foreign) {
  CreateTable out;
  out.name = new_name(*stmt.relation, state);
  out.kind = foreign         ? Table::Kind::foreign
             : stmt.partspec ? Table::Kind::partitioned
                             : Table::Kind::ordinary;
  out.unlogged = stmt.relation->relpersistence[0] == 'u';
  out.fillfactor = fillfactor_of(NODES(stmt, options)).value_or(out.fillfactor);
  out.if_not_exists = stmt.if_not_exists;
  if (stmt.partspec) out.partition_key = partition_key(*stmt.partspec);
  for (const Node* parent : NODES(stmt, inh_relations))
    out.parents.push_back(state.find_table(written(*parent->range_var)));
  if (stmt.partbound) out.partition_bound = partition_bound(*stmt.partbound);
  if (stmt.of_typename) out.of_type = user_type_name(stmt.of_typename);
  for (const Node* element : NODES(stmt, table_elts)) {
    if (element->node_case == NODE(COLUMN_DEF)) {
      out.elements.emplace_back(column_definition(*element->column_def, state));
    } else if (element->node_case == NODE(CONSTRAINT)) {
      if (auto constraint = constraint_definition(*element->constraint, {}))
        out.elements.emplace_back(std::move(*constraint));
    } else if (element->node_case == NODE(TABLE_LIKE_CLAUSE)) {
      out.elements.emplace_back(like_clause(*element->table_like_clause, state));
    }
  }
  return out;
}

static CreateIndex read_create_index(const PgQuery__IndexStmt& stmt, const SchemaNames& state) {
  CreateIndex out;
  out.table = state.find_table(written(*stmt.relation));
  Index& index = out.definition.index;
  index.name = stmt.idxname;
  if (stmt.access_method[0]) index.method = stmt.access_method;
  if (index.method == "rtree") index.method = "gist";
  index.unique = stmt.unique;
  index.nulls_not_distinct = stmt.nulls_not_distinct;
  for (const Node* node : NODES(stmt, index_params)) {
    index.keys.push_back(index_key(*node->index_elem));
    out.definition.name_columns.push_back(name_of(index.keys.back(), *node->index_elem));
  }
  for (const Node* node : NODES(stmt, index_including_params))
    index.include.push_back(node->index_elem->name);
  out.definition.name_columns.insert(out.definition.name_columns.end(), index.include.begin(),
                                     index.include.end());
  set_predicate(stmt.where_clause, index);
  out.concurrently = stmt.concurrent;
  out.if_not_exists = stmt.if_not_exists;
  out.only = !stmt.relation->inh;
  return out;
}

std::optional<Statement> read_table_statement(const Node& node, const SchemaNames& state) {
  switch (node.node_case) {
    case NODE(CREATE_STMT): return read_create_table(*node.create_stmt, state, false);
    case NODE(CREATE_FOREIGN_TABLE_STMT):
      return read_create_table(*node.create_foreign_table_stmt->base_stmt, state, true);
    case NODE(INDEX_STMT): return read_create_index(*node.index_stmt, state);
    default: return std::nullopt;
  }
}

}  // namespace pgadvise::sql
