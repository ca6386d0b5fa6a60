#include "sql/facts/clauses.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <utility>

#include "sql/parse/query_shape.h"

namespace pgadvise::sql {

void random_sort(const PgQuery__SelectStmt& stmt, const Scope& scope, QueryFacts& facts) {
  static const std::set<std::string> random = {"random", "gen_random_uuid", "uuid_generate_v4"};
  const NodeList sort = NODES(stmt, sort_clause);
  if (std::ranges::none_of(sort, [](const Node* node) { return calls_of(node->sort_by->node, random) > 0; }))
    return;
  if (std::ranges::any_of(scope.items, [](const FromItem& item) { return item.table.name.empty(); })) return;
  for (const FromItem& item : scope.items) facts.random_sort.push_back(item.table);
}

void order_and_limit(const PgQuery__SelectStmt& stmt, const Scope& scope, const std::vector<Output>& outputs,
                     QueryFacts& facts) {
  for (const Node* node : NODES(stmt, sort_clause)) {
    const PgQuery__SortBy& sort = *node->sort_by;
    SortKey key;
    key.descending = sort.sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    key.nulls_first = sort.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT
                          ? key.descending
                          : sort.sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST;
    if (is(sort.node, NODE(COLUMN_REF))) {
      const PgQuery__ColumnRef& reference = *sort.node->column_ref;
      const auto by_name = [&](const Output& o) { return o.name == string_value(reference.fields[0]); };
      const auto named = reference.n_fields == 1 ? std::ranges::find_if(outputs, by_name) : outputs.end();
      if (named != outputs.end()) key.column = named->source;
      else if (const Output* column = resolve(reference, scope)) key.column = column->source;
    } else if (const Constant position = constant(sort.node); position.is_constant) {
      std::size_t n = 0;
      std::from_chars(position.text.data(), position.text.data() + position.text.size(), n);
      if (n >= 1 && n <= outputs.size()) key.column = outputs[n - 1].source;
    }
    facts.sort.push_back(std::move(key));
  }
  const auto number = [](const Constant& of) -> std::optional<long> {
    long value = 0;
    const char* const last = of.text.data() + of.text.size();
    const auto [end, code] = std::from_chars(of.text.data(), last, value);
    return of.is_constant && !of.is_null && code == std::errc() && end == last ? std::optional(value)
                                                                               : std::nullopt;
  };
  const Constant limit = constant(stmt.limit_count);
  const Constant offset = constant(stmt.limit_offset);
  facts.has_limit = stmt.limit_count && !limit.is_null;
  facts.limit_constant = number(limit);
  facts.has_offset = stmt.limit_offset && !offset.is_null;
  facts.largest_offset = number(offset);
  facts.limit_parameter = parameter_of(stmt.limit_count);
  facts.offset_parameter = parameter_of(stmt.limit_offset);
}

void assigned(const FromItem& target, std::string_view column, const Node* value, QueryFacts& facts) {
  const int parameter = parameter_of(value);
  if (parameter == 0) return;
  for (const Output& own : target.columns)
    if (own.name == column && own.of_table()) facts.assigned_parameters.push_back({own.source, parameter});
}

void assigned_by_insert(const PgQuery__InsertStmt& stmt, const FromItem& target, QueryFacts& facts) {
  if (!is(stmt.select_stmt, NODE(SELECT_STMT))) return;
  const PgQuery__SelectStmt& source = *stmt.select_stmt->select_stmt;
  for (const Node* row : NODES(source, values_lists)) {
    const NodeList values = list_items(row);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i < stmt.n_cols && is(stmt.cols[i], NODE(RES_TARGET)))
        assigned(target, stmt.cols[i]->res_target->name, values[i], facts);
      else if (stmt.n_cols == 0 && i < target.columns.size())
        assigned(target, target.columns[i].name, values[i], facts);
    }
  }
}

void updated(const FromItem& target, const Node* node, const PgQuery__OnConflictClause* conflict,
             const Scope& scope, QueryFacts& facts) {
  if (!is(node, NODE(RES_TARGET))) return;
  const std::string name = node->res_target->name;
  // DO UPDATE SET key = EXCLUDED.key changes nothing: that is how the row is returned.
  if (conflict && conflict->infer)
    for (const Node* key : NODES(*conflict->infer, index_elems))
      if (is(key, NODE(INDEX_ELEM)) && name == key->index_elem->name) return;
  const auto itself = [&](const Node& part) {
    if (part.node_case != NODE(COLUMN_REF)) return false;
    const auto fields = strings(NODES(*part.column_ref, fields));
    const Output* column = resolve(*part.column_ref, scope);
    return column && column->name == name && column->source.table == target.table &&
           (fields.size() < 2 || fields[fields.size() - 2] != "excluded");
  };
  for (const Output& own : target.columns) {
    if (own.name != name || !own.of_table()) continue;
    Assignment assignment{own.source, false};
    if (node->res_target->val)
      each_node(message(*node->res_target->val),
                [&](const Node& part) { return assignment.from_itself |= itself(part), true; });
    facts.updated.push_back(std::move(assignment));
  }
}

}  // namespace pgadvise::sql
