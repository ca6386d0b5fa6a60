#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "base/text/text.h"
#include "sql/definitions/ddl.h"
#include "sql/definitions/read_statement.h"
#include "sql/facts/analyzer.h"
#include "sql/parse/lexer.h"

namespace pgadvise::sql {
namespace {

// A time setting's value in milliseconds, as the server reads it: "500", "2s", "1 min".
std::optional<std::int64_t> milliseconds(std::string_view text) {
  text = trim(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0 || value > 1e12) return std::nullopt;
  constexpr std::pair<std::string_view, double> units[] = {
      {"", 1}, {"us", 1e-3}, {"ms", 1}, {"s", 1e3}, {"min", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}};
  const std::string_view unit = trim(text.substr(static_cast<std::size_t>(end - text.data())));
  for (const auto& [name, factor] : units)
    if (name == unit) return static_cast<std::int64_t>(std::llround(value * factor));
  return std::nullopt;
}

std::optional<SetTimeout> timeout_named(const std::string& name) {
  const std::string setting = lower(name);
  if (setting != "lock_timeout" && setting != "statement_timeout") return std::nullopt;
  SetTimeout out;
  out.lock = setting == "lock_timeout";
  return out;
}

// ---- queries

std::vector<QualifiedName> names_in_from(const ProtobufCMessage& tree, const SchemaNames& state) {
  std::vector<QualifiedName> out;
  each_node(tree, [&](const Node& node) {
    if (node.node_case == NODE(RANGE_VAR)) out.push_back(state.find_table(written(*node.range_var)));
    return true;
  });
  return out;
}

// `names`: those that are written for the columns, from the first one on.
CreateFromQuery from_query(const PgQuery__RangeVar& range, NodeList names, const Node& query,
                           Table::Kind kind, const SchemaNames& state) {
  CreateFromQuery out;
  out.name = new_name(range, state);
  out.kind = kind;
  out.unlogged = range.relpersistence[0] == 'u';
  std::vector<std::string> path = state.search_path;
  path.insert(path.begin(), "pg_temp");
  Analyzer analyzer(state.catalog, std::move(path));
  for (const Output& output : analyzer.analyze(query)) {
    Column& column = out.columns.emplace_back();
    column.name = output.name, column.type = output.type, column.collation = output.collation;
  }
  out.columns.resize(std::max(out.columns.size(), names.size()));
  for (std::size_t i = 0; i < names.size(); ++i) out.columns[i].name = string_value(names[i]);
  if (kind == Table::Kind::view || kind == Table::Kind::materialized_view)
    out.definition = statement_text(&query);
  out.relations = analyzer.relations_read();
  out.names_read = column_names(&query);
  out.names_in_from = names_in_from(message(query), state);
  return out;
}

// ---- WHERE

bool names_column(const Node* node) { return node && !column_names(node).empty(); }

bool is_equality(const PgQuery__AExpr& expression) {
  return expression.n_name == 1 && operator_name(expression) == "=" &&
         (expression.kind == AEXPR(OP) || expression.kind == AEXPR(IN) || expression.kind == AEXPR(OP_ANY));
}

// Columns that a conjunct sets equal to something that no row decides.
void equal_columns(const Node* where, std::set<std::string>& out) {
  for (const Node* part : conjuncts(where)) equal_columns(part, out);
  if (!is(where, NODE(A_EXPR)) || !is_equality(*where->a_expr)) return;
  const Node* left = where->a_expr->lexpr;
  const Node* right = where->a_expr->rexpr;
  if (names_column(right)) std::swap(left, right);
  if (is(left, NODE(COLUMN_REF)) && !names_column(right)) out.insert(last_name(*left->column_ref));
}

// Compares with a constant, takes a part by LIMIT, or looks for exceptions: rows out of order, orphans.
bool narrows(const Node& where) {
  bool out = false;
  each_node(message(where), [&](const Node& node) {
    if (node.node_case == NODE(SELECT_STMT)) out |= node.select_stmt->limit_count != nullptr;
    if (node.node_case == NODE(SUB_LINK))
      out |= node.sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK;
    if (node.node_case != NODE(A_EXPR)) return !out;
    const PgQuery__AExpr& expression = *node.a_expr;
    const std::string name = expression.n_name ? string_value(expression.name[0]) : std::string();
    if (name == "<>" || name == "!=") return false;
    if (name == "<" || name == ">" || name == "<=" || name == ">=") out = true;
    if (names_column(expression.lexpr) != names_column(expression.rexpr)) out = true;
    return !out;
  });
  return out;
}

// Whether the condition compares the assigned column with the assigned value, so that it selects only rows
// that change: c <> …, c IS DISTINCT FROM ….
bool selects_changed(const Node& where, const PgQuery__ResTarget& target) {
  const std::string value = target.val ? deparsed_expression(*target.val) : std::string();
  const auto is_column = [&](const Node* side) {
    return is(side, NODE(COLUMN_REF)) && last_name(*side->column_ref) == target.name;
  };
  const auto is_value = [&](const Node* side) { return side && deparsed_expression(*side) == value; };
  bool out = false;
  each_node(message(where), [&](const Node& node) {
    if (node.node_case == NODE(SUB_LINK)) return false;
    if (node.node_case != NODE(A_EXPR) || value.empty()) return !out;
    const PgQuery__AExpr& compared = *node.a_expr;
    const std::string name = compared.n_name ? string_value(compared.name[0]) : std::string();
    const bool differs = name == "<>" || compared.kind == AEXPR(DISTINCT);
    out |= differs && ((is_column(compared.lexpr) && is_value(compared.rexpr)) ||
                       (is_column(compared.rexpr) && is_value(compared.lexpr)));
    return !out;
  });
  return out;
}

DataChange::Condition condition(const Node& where) {
  DataChange::Condition out;
  equal_columns(&where, out.equal);
  out.narrows = narrows(where);
  return out;
}

// ---- search paths

void add_schema(std::string name, std::vector<std::string>& path) {
  if (!name.empty() && name != "$user" && name != "pg_catalog" && name != "pg_temp")
    path.push_back(std::move(name));
}

std::vector<std::string> search_path_of(const std::string& list) {
  std::vector<std::string> out;
  for (const Lexeme& token : Lexer(list)) add_schema(token.name(), out);
  return out;
}

// An option without a value is on: VACUUM (FULL), but not VACUUM (FULL FALSE).
bool has_option(NodeList options, std::string_view name) {
  return std::ranges::any_of(options, [&](const Node* option) {
    if (option->node_case != NODE(DEF_ELEM) || lower(option->def_elem->defname) != name) return false;
    const Node* value = option->def_elem->arg;
    if (!value) return true;
    if (value->node_case == NODE(INTEGER)) return value->integer->ival != 0;
    const std::string word = lower(string_value(value));
    return word != "false" && word != "off";
  });
}

}  // namespace

static CreateFromQuery read_create_view(const PgQuery__ViewStmt& stmt, const SchemaNames& state) {
  CreateFromQuery out = from_query(*stmt.view, NODES(stmt, aliases), *stmt.query, Table::Kind::view, state);
  out.replace = stmt.replace;
  return out;
}

static Statement read_create_table_as(const PgQuery__CreateTableAsStmt& stmt, const SchemaNames& state) {
  if (!stmt.into || !stmt.into->rel || !stmt.query) return OtherStatement();
  const bool materialized = stmt.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
  CreateFromQuery out =
      from_query(*stmt.into->rel, NODES(*stmt.into, col_names), *stmt.query,
                 materialized ? Table::Kind::materialized_view : Table::Kind::ordinary, state);
  out.if_not_exists = stmt.if_not_exists;
  return out;
}

// SELECT … INTO, and SELECT set_config('search_path', …), as pg_dump writes it.
static Statement read_select(const Node& select, const SchemaNames& state) {
  const PgQuery__SelectStmt& stmt = *select.select_stmt;
  if (stmt.into_clause && stmt.into_clause->rel) {
    CreateFromQuery out = from_query(*stmt.into_clause->rel, {}, select, Table::Kind::ordinary, state);
    out.select_into = true;
    return out;
  }
  if (stmt.n_target_list != 1 || stmt.n_from_clause) return OtherStatement();
  const Node* target = stmt.target_list[0]->res_target->val;
  if (!is(target, NODE(FUNC_CALL))) return OtherStatement();
  const PgQuery__FuncCall& call = *target->func_call;
  const std::string name = last_name(call);
  if (name == "set_config" && call.n_args == 3)
    if (auto timeout = timeout_named(constant(call.args[0]).text)) {
      timeout->ms = milliseconds(constant(call.args[1]).text);
      timeout->local = lower(constant(call.args[2]).text) == "true";
      return *timeout;
    }
  if (name != "set_config" || call.n_args < 2 || constant(call.args[0]).text != "search_path" ||
      !constant(call.args[1]).is_constant)
    return CallRoutine{name};
  return SetSearchPath{search_path_of(constant(call.args[1]).text)};
}

static Statement read_insert(const PgQuery__InsertStmt& stmt, const SchemaNames& state) {
  if (!is(stmt.select_stmt, NODE(SELECT_STMT)) || !stmt.select_stmt->select_stmt->n_from_clause)
    return OtherStatement();
  DataChange out;
  out.kind = DataChange::Kind::insert;
  out.table = state.find_relation(written(*stmt.relation));
  out.names_read = column_names(stmt.select_stmt);
  out.reads_from = names_in_from(message(*stmt.select_stmt), state);
  return out;
}

static DataChange read_update(const PgQuery__UpdateStmt& stmt, const SchemaNames& state) {
  DataChange out;
  out.kind = DataChange::Kind::update;
  out.table = state.find_relation(written(*stmt.relation));
  if (!filters_nothing(stmt.where_clause)) out.where = condition(*stmt.where_clause);
  for (const Node* target : NODES(stmt, target_list))
    if (target->node_case == NODE(RES_TARGET)) {
      out.columns.push_back(target->res_target->name);
      if (out.where && selects_changed(*stmt.where_clause, *target->res_target)) out.where->narrows = true;
    }
  out.names_read = column_names(stmt.base);
  out.reads_from = names_in_from(stmt.base, state);
  out.reads_from.push_back(out.table);
  return out;
}

static DataChange read_delete(const PgQuery__DeleteStmt& stmt, const SchemaNames& state) {
  DataChange out;
  out.kind = DataChange::Kind::remove;
  out.table = state.find_relation(written(*stmt.relation));
  if (!filters_nothing(stmt.where_clause)) out.where = condition(*stmt.where_clause);
  return out;
}

static Truncate read_truncate(const PgQuery__TruncateStmt& stmt, const SchemaNames& state) {
  Truncate out;
  for (const Node* target : NODES(stmt, relations))
    out.tables.push_back(state.find_relation(written(*target->range_var)));
  out.cascade = stmt.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
  return out;
}

static RewriteTables read_cluster(const PgQuery__ClusterStmt& stmt, const SchemaNames& state) {
  RewriteTables out{{}, "CLUSTER"};
  if (stmt.relation) out.tables.push_back(state.find_relation(written(*stmt.relation)));
  return out;
}

// No table unless FULL.
static RewriteTables read_vacuum(const PgQuery__VacuumStmt& stmt, const SchemaNames& state) {
  if (!has_option(NODES(stmt, options), "full")) return {};
  RewriteTables out{{}, "VACUUM FULL"};
  for (const Node* target : NODES(stmt, rels))
    if (target->node_case == NODE(VACUUM_RELATION) && target->vacuum_relation->relation)
      out.tables.push_back(state.find_relation(written(*target->vacuum_relation->relation)));
  return out;
}

static Statement read_reindex(const PgQuery__ReindexStmt& stmt, const SchemaNames& state) {
  const bool concurrently = has_option(NODES(stmt, params), "concurrently");
  if (stmt.relation) return Reindex{state.find_relation(written(*stmt.relation)), concurrently, {}};
  switch (stmt.kind) {
    case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA:
      return Reindex{{}, concurrently, std::string("SCHEMA ") + stmt.name};
    case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SYSTEM:
      return Reindex{{}, concurrently, std::string("SYSTEM ") + stmt.name};
    case PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_DATABASE:
      return Reindex{{}, concurrently, std::string("DATABASE ") + stmt.name};
    default: return OtherStatement();
  }
}

static Statement read_refresh(const PgQuery__RefreshMatViewStmt& stmt, const SchemaNames& state) {
  if (stmt.skip_data) return OtherStatement();
  return RefreshView{state.find_relation(written(*stmt.relation)), static_cast<bool>(stmt.concurrent)};
}

static LockTables read_lock(const PgQuery__LockStmt& stmt, const SchemaNames& state) {
  LockTables out;
  for (const Node* node : NODES(stmt, relations))
    if (node->node_case == NODE(RANGE_VAR))
      out.tables.push_back(state.find_relation(written(*node->range_var)));
  // The server's numbers of the modes begin with 1.
  if (stmt.mode >= 1 && stmt.mode <= 8) out.mode = static_cast<LockMode>(stmt.mode - 1);
  return out;
}

static Statement read_set(const PgQuery__VariableSetStmt& stmt) {
  if (auto timeout = timeout_named(stmt.name)) {
    timeout->local = stmt.is_local;
    if (stmt.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE && stmt.n_args == 1)
      timeout->ms = milliseconds(constant(stmt.args[0]).text);
    return *timeout;
  }
  if (lower(stmt.name) != "search_path" && stmt.kind != PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL)
    return OtherStatement();
  SetSearchPath out;
  out.local = stmt.is_local;
  if (stmt.kind != PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE) out.path = {"public"};
  else
    for (const Node* node : NODES(stmt, args)) add_schema(constant(node).text, out.path);
  return out;
}

static TransactionControl read_transaction(const PgQuery__TransactionStmt& stmt) {
  using Kind = TransactionControl::Kind;
  TransactionControl out;
  out.savepoint = stmt.savepoint_name;
  out.chain = stmt.chain;
  switch (stmt.kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START: out.kind = Kind::begin; break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT: out.kind = Kind::savepoint; break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE: out.kind = Kind::release; break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO: out.kind = Kind::rollback_to; break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK: out.kind = Kind::rollback; break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE: out.kind = Kind::commit; break;
    default: break;
  }
  return out;
}

std::optional<Statement> read_query_statement(const Node& node, const SchemaNames& state) {
  switch (node.node_case) {
    case NODE(VIEW_STMT): return read_create_view(*node.view_stmt, state);
    case NODE(CREATE_TABLE_AS_STMT): return read_create_table_as(*node.create_table_as_stmt, state);
    case NODE(SELECT_STMT): return read_select(node, state);
    case NODE(INSERT_STMT): return read_insert(*node.insert_stmt, state);
    case NODE(UPDATE_STMT): return read_update(*node.update_stmt, state);
    case NODE(DELETE_STMT): return read_delete(*node.delete_stmt, state);
    case NODE(TRUNCATE_STMT): return read_truncate(*node.truncate_stmt, state);
    case NODE(CLUSTER_STMT): return read_cluster(*node.cluster_stmt, state);
    case NODE(VACUUM_STMT): return read_vacuum(*node.vacuum_stmt, state);
    case NODE(REINDEX_STMT): return read_reindex(*node.reindex_stmt, state);
    case NODE(REFRESH_MAT_VIEW_STMT): return read_refresh(*node.refresh_mat_view_stmt, state);
    case NODE(DROPDB_STMT): return DropDatabase{node.dropdb_stmt->dbname};
    case NODE(CALL_STMT): {
      const PgQuery__FuncCall* call = node.call_stmt->funccall;
      if (!call || !call->n_funcname) return OtherStatement();
      return CallRoutine{last_name(*call)};
    }
    case NODE(LOCK_STMT): return read_lock(*node.lock_stmt, state);
    case NODE(VARIABLE_SET_STMT): return read_set(*node.variable_set_stmt);
    case NODE(TRANSACTION_STMT): return read_transaction(*node.transaction_stmt);
    default: return std::nullopt;
  }
}

}  // namespace pgadvise::sql
