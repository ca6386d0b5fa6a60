#include "sql/parse/expression.h"

#include <algorithm>

#include "base/text/text.h"
#include "sql/parse/ast.h"
#include "sql/parse/query_shape.h"

namespace pgadvise::sql {

std::vector<std::string> not_null_columns(std::string_view predicate) {
  std::vector<std::string> out;
  with_expression(predicate, [&](const Node& node) { out = not_null_columns(&node); });
  return out;
}

bool check_excludes_null(std::string_view expression, const std::string& column) {
  bool out = false;
  with_expression(expression, [&](const Node& node) {
    std::vector<const Node*> parts = {&node};
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Node& part = *parts[i];
      for (const Node* each : conjuncts(&part)) parts.push_back(each);
      if (part.node_case != NODE(NULL_TEST) ||
          part.null_test->nulltesttype != PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL)
        continue;
      out |= is_one_of(column, column_names(part.null_test->arg));
    }
  });
  return out;
}

std::string output_name(std::string_view expression) {
  std::string out;
  with_expression(expression, [&](const Node& node) { out = figure_name(&node); });
  return out;
}

std::string constant_text(std::string_view expression) {
  std::string out;
  with_expression(expression, [&](const Node& node) { out = constant(&node).text; });
  return out;
}

}  // namespace pgadvise::sql
