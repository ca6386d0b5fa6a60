#include "sql/definitions/catalog_condition.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/text/text.h"
#include "sql/parse/ast.h"
#include "sql/parse/lexer.h"
#include "sql/parse/query_shape.h"

namespace pgadvise::sql {
namespace {

std::optional<std::string> string_constant(const Node* node) {
  const bool string = is(node, NODE(A_CONST)) && node->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL;
  return string ? std::optional<std::string>(node->a_const->sval->sval) : std::nullopt;
}

// "public.orders" or "Orders", as regclass reads it; the schema may be empty.
std::optional<QualifiedName> relation_name(const std::string& text) {
  const auto tokens = tokens_of(text);
  if (tokens.size() == 1) return QualifiedName{"", tokens[0].name()};
  if (tokens.size() == 3 && tokens[1].is('.')) return QualifiedName{tokens[0].name(), tokens[2].name()};
  return std::nullopt;
}

// One SELECT of a guard.
struct Question {
  std::string relation;                       // without its schema
  std::map<std::string, std::string> values;  // by column: what it must equal
  std::set<std::string> relations;            // columns whose value is a constant::regclass
};

// Adds `column = 'constant'` and what AND joins; NOT attisdropped says nothing. False: it is another form.
bool add_condition(const Node& node, Question& out) {
  if (const NodeList parts = conjuncts(&node); !parts.empty())
    return std::ranges::all_of(parts, [&](const Node* part) { return add_condition(*part, out); });
  if (node.node_case == NODE(BOOL_EXPR)) {
    const Node* part = node.bool_expr->args[0];
    return node.bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR && is(part, NODE(COLUMN_REF)) &&
           last_name(*part->column_ref) == "attisdropped";
  }
  if (node.node_case != NODE(A_EXPR)) return false;
  const PgQuery__AExpr& compared = *node.a_expr;
  if (compared.kind != AEXPR(OP) || !is(compared.lexpr, NODE(COLUMN_REF)) || operator_name(compared) != "=")
    return false;
  const std::string column = last_name(*compared.lexpr->column_ref);
  const PgQuery__TypeCast* cast = is(compared.rexpr, NODE(TYPE_CAST)) ? compared.rexpr->type_cast : nullptr;
  const auto value = string_constant(cast ? cast->arg : compared.rexpr);
  if (cast && last_name(NODES(*cast->type_name, names)) == "regclass") out.relations.insert(column);
  return !column.empty() && value && out.values.emplace(column, *value).second;
}

// count(*), count(1).
bool counts_rows(const Node* node) {
  if (!is_count(node)) return false;
  const PgQuery__FuncCall& call = *node->func_call;
  return call.agg_star || (call.n_args == 1 && !call.agg_distinct && constant(call.args[0]).text == "1");
}

// An aggregate gives a row where the relation has none.
bool may_aggregate(const Node* target) {
  bool out = false;
  each_node(message(*target), [&](const Node& node) {
    out |= node.node_case == NODE(FUNC_CALL) || node.node_case == NODE(SUB_LINK);
    return !out;
  });
  return out;
}

// SELECT … FROM relation WHERE …. `counts`: SELECT count(*).
std::optional<Question> question(const Node* node, bool counts) {
  if (!is(node, NODE(SELECT_STMT))) return std::nullopt;
  const PgQuery__SelectStmt& select = *node->select_stmt;
  if (select.n_from_clause != 1 || !is(select.from_clause[0], NODE(RANGE_VAR)) || select.n_group_clause ||
      select.having_clause || select.n_sort_clause || select.limit_offset || select.n_locking_clause ||
      select.with_clause)
    return std::nullopt;
  const Constant limit = constant(select.limit_count);
  if (select.limit_count && (counts || !limit.is_constant || limit.is_null || limit.text == "0"))
    return std::nullopt;
  const NodeList targets = NODES(select, target_list);
  if (counts ? targets.size() != 1 || !counts_rows(targets[0]->res_target->val)
             : std::ranges::any_of(targets, may_aggregate))
    return std::nullopt;
  const PgQuery__RangeVar& relation = *select.from_clause[0]->range_var;
  const std::string schema = relation.schemaname;
  if (!schema.empty() && schema != "pg_catalog" && schema != "information_schema") return std::nullopt;
  Question out;
  out.relation = relation.relname;
  const bool read = !select.where_clause || add_condition(*select.where_clause, out);
  return read ? std::optional(out) : std::nullopt;
}

// The server's own: pg_class, information_schema.tables, pg_toast.
bool of_server(const QualifiedName& name) {
  return name.name.starts_with("pg_") || name.schema.starts_with("pg_") ||
         name.schema == "information_schema";
}

bool relation_exists(const QualifiedName& name, const Catalog& catalog) {
  const auto is_it = [&](const QualifiedName& other) {
    return other.name == name.name && (name.schema.empty() || other.schema == name.schema);
  };
  for (const auto& [other, table] : catalog.tables) {
    if (is_it(other)) return true;
    for (const auto& index : table.indexes)
      if (is_it({other.schema, index.name})) return true;
  }
  return std::ranges::any_of(catalog.sequences, [&](const auto& entry) { return is_it(entry.first); });
}

using Truth = std::optional<bool>;  // nullopt: not known

class Answer {
 public:
  Answer(Question question, const Catalog& catalog) : question_(std::move(question)), catalog_(catalog) {}

  Truth find() {
    const std::string& relation = question_.relation;
    const auto schema = take({"table_schema", "schemaname", "constraint_schema"});
    if (schema) schema_ = *schema;
    if (const auto kinds = kinds_in(relation)) return one_of_tables(*kinds);
    if (relation == "pg_class") return one_of_relations();
    if (relation == "pg_type") return one_of_types();
    if (relation == "columns" || relation == "pg_attribute")
      return in_table([&](const Table& table) { return table.column(name_) != nullptr; },
                      {"column_name", "attname"});
    if (relation == "pg_indexes")
      return in_table([&](const Table& table) { return table.index(name_) != nullptr; }, {"indexname"});
    if (relation == "pg_policies")
      return in_table(
          [&](const Table& table) {
            return std::ranges::find(table.policies, name_, &Policy::name) != table.policies.end();
          },
          {"policyname"});
    if (relation == "pg_constraint" || relation == "table_constraints") return constraint();
    if (relation == "pg_namespace" || relation == "schemata") return one_of_schemas();
    if (relation == "pg_extension") return one_of_extensions();
    return std::nullopt;
  }

 private:
  using TableKind = Table::Kind;
  // The kinds of tables that a relation of the catalog lists; nullopt: it lists no tables.
  static std::optional<std::set<TableKind>> kinds_in(const std::string& relation) {
    static const std::map<std::string, std::set<TableKind>> kinds = {
        {"tables", {TableKind::ordinary, TableKind::partitioned, TableKind::foreign, TableKind::view}},
        {"pg_tables", {TableKind::ordinary, TableKind::partitioned}},
        {"views", {TableKind::view}},
        {"pg_views", {TableKind::view}},
        {"pg_matviews", {TableKind::materialized_view}}};
    const auto found = kinds.find(relation);
    return found == kinds.end() ? std::nullopt : std::optional(found->second);
  }

  std::optional<std::string> take(std::initializer_list<std::string_view> columns) {
    for (const auto column : columns)
      if (const auto at = question_.values.find(std::string(column)); at != question_.values.end()) {
        std::string out = at->second;
        question_.values.erase(at);
        return out;
      }
    return std::nullopt;
  }

  // The value of one of the columns, if the condition has no others.
  std::optional<std::string> only(std::initializer_list<std::string_view> columns) {
    auto out = take(columns);
    return question_.values.empty() ? out : std::nullopt;
  }

  // False: the condition names none that can be read.
  bool take_table() {
    if (const auto name = take({"table_name", "tablename", "viewname", "matviewname"}))
      table_ = {schema_, *name};
    for (const std::string column : {"conrelid", "attrelid"}) {
      if (!question_.values.count(column)) continue;
      const auto name = relation_name(*take({column}));
      if (!name || !question_.relations.count(column)) return false;
      table_ = *name;
    }
    return !of_server(table_);
  }

  bool is_table(const QualifiedName& name) const {
    return name.name == table_.name && (table_.schema.empty() || name.schema == table_.schema);
  }

  Truth one_of_tables(std::set<TableKind> kinds) {
    if (const auto type = take({"table_type"})) {
      if (*type == "BASE TABLE") kinds = {TableKind::ordinary, TableKind::partitioned};
      else if (*type == "VIEW") kinds = {TableKind::view};
      else return std::nullopt;
    }
    if (!take_table() || table_.name.empty() || !question_.values.empty() || catalog_.tables.empty())
      return std::nullopt;
    return std::ranges::any_of(catalog_.tables, [&](const auto& entry) {
      return is_table(entry.first) && kinds.count(entry.second.kind);
    });
  }

  Truth one_of_relations() {
    const auto name = only({"relname"});
    if (!name || of_server({"", *name}) || catalog_.tables.empty()) return std::nullopt;
    return relation_exists({"", *name}, catalog_);
  }

  // Domains and composite types are not in the catalog.
  Truth one_of_types() {
    const auto name = only({"typname"});
    if (!name) return std::nullopt;
    const auto of_that_name = [&](const auto& entry) { return entry.first.name == *name; };
    const bool found = std::ranges::any_of(catalog_.enums, of_that_name) ||
                       std::ranges::any_of(catalog_.tables, of_that_name);
    return found ? Truth(true) : std::nullopt;
  }

  Truth one_of_schemas() {
    const auto name = only({"nspname", "schema_name"});
    return name ? Truth(of_server({*name, ""}) || is_one_of(*name, catalog_.schemas)) : std::nullopt;
  }

  // Servers have others, which no file creates.
  Truth one_of_extensions() {
    const auto name = only({"extname"});
    const bool found = name && (*name == "plpgsql" || is_one_of(*name, catalog_.extensions));
    return found ? Truth(true) : std::nullopt;
  }

  template <class Has>
  Truth in_table(const Has& has, std::initializer_list<std::string_view> columns) {
    const auto name = take(columns);
    if (!take_table() || !name || !question_.values.empty()) return std::nullopt;
    name_ = *name;
    return any_table(has);
  }

  template <class Has>
  Truth any_table(const Has& has) const {
    bool there = false;
    for (const auto& [name, table] : catalog_.tables) {
      const bool asked = table_.name.empty() ? schema_.empty() || name.schema == schema_ : is_table(name);
      if (asked && has(table)) return true;
      there |= asked;
    }
    return there ? std::optional(false) : std::nullopt;
  }

  Truth constraint() {
    static const std::map<std::string, Constraint::Kind> kinds = {
        {"p", Constraint::Kind::primary_key}, {"PRIMARY KEY", Constraint::Kind::primary_key},
        {"u", Constraint::Kind::unique},      {"UNIQUE", Constraint::Kind::unique},
        {"f", Constraint::Kind::foreign_key}, {"FOREIGN KEY", Constraint::Kind::foreign_key},
        {"c", Constraint::Kind::check}};
    const auto name = take({"conname", "constraint_name"});
    const auto type = take({"contype", "constraint_type"});
    if (!take_table() || !question_.values.empty() || (!name && !type)) return std::nullopt;
    const auto kind = type ? kinds.find(*type) : kinds.end();
    if (type && kind == kinds.end()) return std::nullopt;
    return any_table([&](const Table& table) {
      return std::ranges::any_of(table.constraints, [&](const Constraint& one) {
        return (!name || one.name == *name) && (!type || one.kind == kind->second);
      });
    });
  }

  Question question_;
  const Catalog& catalog_;
  std::string schema_;
  QualifiedName table_;
  std::string name_;
};

Truth answer(const Node* select, bool counts, const Catalog& catalog) {
  const auto asked = question(select, counts);
  return asked ? Answer(*asked, catalog).find() : std::nullopt;
}

// (SELECT count(*) …) = 0, > 0, >= 1.
Truth holds_count(const PgQuery__AExpr& compared, const Catalog& catalog) {
  if (compared.kind != AEXPR(OP) || !is(compared.lexpr, NODE(SUB_LINK))) return std::nullopt;
  const std::string sign = operator_name(compared);
  const std::string number = is(compared.rexpr, NODE(A_CONST)) ? constant(compared.rexpr).text : "";
  const bool none = (sign == "=" && number == "0") || (sign == "<" && number == "1");
  const bool some = ((sign == ">" || sign == "<>") && number == "0") || (sign == ">=" && number == "1");
  if (none == some) return std::nullopt;
  const Truth found = answer(compared.lexpr->sub_link->subselect, true, catalog);
  return found ? Truth(*found == some) : std::nullopt;
}

// to_regclass('name') IS [NOT] NULL.
Truth holds_regclass(const PgQuery__NullTest& test, const Catalog& catalog) {
  if (!is(test.arg, NODE(FUNC_CALL)) || last_name(*test.arg->func_call) != "to_regclass" ||
      test.arg->func_call->n_args != 1 || catalog.tables.empty())
    return std::nullopt;
  const auto text = string_constant(test.arg->func_call->args[0]);
  const auto name = text ? relation_name(*text) : std::nullopt;
  if (!name || of_server(*name)) return std::nullopt;
  const bool there = test.nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL;
  return relation_exists(*name, catalog) == there;
}

Truth holds(const Node& node, const Catalog& catalog);

Truth holds_bool(const PgQuery__BoolExpr& expression, const Catalog& catalog) {
  const NodeList parts = NODES(expression, args);
  if (expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR) {
    const Truth part = holds(*parts[0], catalog);
    return part ? Truth(!*part) : std::nullopt;
  }
  const bool any = expression.boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR;
  bool known = true;
  for (const Node* each : parts) {
    const Truth part = holds(*each, catalog);
    if (part == any) return any;
    known &= part.has_value();
  }
  return known ? Truth(!any) : std::nullopt;
}

Truth holds(const Node& node, const Catalog& catalog) {
  switch (node.node_case) {
    case NODE(BOOL_EXPR): return holds_bool(*node.bool_expr, catalog);
    case NODE(A_EXPR): return holds_count(*node.a_expr, catalog);
    case NODE(NULL_TEST): return holds_regclass(*node.null_test, catalog);
    case NODE(SUB_LINK): {
      const PgQuery__SubLink& link = *node.sub_link;
      if (link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK)
        return answer(link.subselect, false, catalog);
      const Node* only = only_expression(link.subselect);
      return link.sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK && only ? holds(*only, catalog)
                                                                                 : std::nullopt;
    }
    case NODE(A_CONST):
      if (node.a_const->val_case != PG_QUERY__A__CONST__VAL_BOOLVAL) return std::nullopt;
      return static_cast<bool>(node.a_const->boolval->boolval);
    default: return std::nullopt;
  }
}

// 'it''s' -> it's; of other forms, such as E'' and dollar quotes, nothing.
std::optional<std::string> constant_of(const Lexeme& token) {
  if (token.kind != Lexeme::Kind::string || token.text.size() < 2 || token.text.front() != '\'')
    return std::nullopt;
  return replace_all(std::string(token.text.substr(1, token.text.size() - 2)), "''", "'");
}

}  // namespace

std::optional<bool> holds(std::string_view condition, const Catalog& catalog) {
  constexpr int max_depth = 40;
  Truth out;
  if (tree_depth(condition) > max_depth) return out;
  with_expression(condition, [&](const Node& node) { out = holds(node, catalog); });
  return out;
}

std::set<std::string> constants_in(std::string_view condition) {
  std::set<std::string> out;
  for (const auto& token : Lexer(condition))
    if (const auto text = constant_of(token)) {
      const auto name = relation_name(*text);
      out.insert(name ? name->name : *text);
    }
  out.erase("public");
  return out;
}

bool names_object_of(std::string_view condition, std::string_view statement) {
  const auto constants = constants_in(condition);
  const auto tokens = tokens_of(statement);
  return std::ranges::any_of(tokens, [&](const Lexeme& token) {
    return (token.kind == Lexeme::Kind::word || token.kind == Lexeme::Kind::quoted_name) &&
           constants.count(token.name()) > 0;
  });
}

}  // namespace pgadvise::sql
