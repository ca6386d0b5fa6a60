#include "sql/facts/sort_and_limit.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <string>
#include <utility>

#include "sql/parse/query_shape.h"

namespace pgadvise::sql {

void random_sort(const PgQuery__SelectStmt& stmt, const Scope& scope, QueryFacts& facts) {
  static const std::set<std::string> random = {"random", "gen_random_uuid", "uuid_generate_v4"};
  const NodeList sort(stmt.n_sort_clause, stmt.sort_clause);
  if (std::ranges::none_of(sort, [](const Node* node) { return calls_of(node->sort_by->node, random) > 0; }))
    return;
  if (std::ranges::any_of(scope.items, [](const FromItem& item) { return item.table.name.empty(); })) return;
  for (const FromItem& item : scope.items) facts.random_sort.push_back(item.table);
}

void order_and_limit(const PgQuery__SelectStmt& stmt, const Scope& scope, const std::vector<Output>& outputs,
                     QueryFacts& facts) {
  for (const Node* node : NodeList(stmt.n_sort_clause, stmt.sort_clause)) {
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

}  // namespace pgadvise::sql
