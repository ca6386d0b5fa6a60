#include "pg/catalog/tracking.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text/identifier.h"
#include "model/schema/migration_tool.h"
#include "pg/connection/values.h"

namespace pgadvise::pg {
namespace {

bool fits(const Table& table, const TrackingShape& shape) {
  if (table.columns.size() > shape.max_columns) return false;
  return std::ranges::all_of(shape.columns, [&](const TrackingShape::Column& wanted) {
    const Column* column = table.column(wanted.name);
    return column && column->type.compare(0, wanted.type.size(), wanted.type) == 0;
  });
}

struct Match {
  const ToolFacts* tool = nullptr;
  const TrackingShape* shape = nullptr;
};

Match match(const Table& table) {
  for (const auto* tool : tool_facts())
    for (const auto& shape : tool->tracking)
      if (fits(table, shape) && (!shape.named || shape.named(table.name))) return {tool, &shape};
  return {};
}

bool plain(const Table& table) {
  return table.kind == Table::Kind::ordinary && !table.row_security &&
         std::ranges::none_of(table.columns,
                              [](const Column& column) { return column.generated_expression.has_value(); });
}

// Numbers, and text in another column, would be somebody's rows: these tools have versions.
bool all_versions(const Rows& rows) {
  return std::ranges::all_of(rows, [](const auto& row) {
    return row[0] && !row[0]->empty() && row[0]->find_first_not_of("0123456789") == std::string::npos;
  });
}

}  // namespace

std::vector<TrackingTable> read_tracking(const Catalog& catalog,
                                         const std::function<Result<Rows>(const std::string&)>& ask,
                                         int& not_asked) {
  std::vector<TrackingTable> out;
  int asked = 0;
  for (const auto& entry : catalog.tables) {
    const Table& table = entry.second;
    if (!plain(table)) continue;
    const auto [tool, shape] = match(table);
    if (!shape) continue;
    if (asked == max_tracking_tables) {
      ++not_asked;
      continue;
    }
    ++asked;
    const auto rows = ask(fmt::format("SELECT {} FROM ONLY {} ORDER BY 3, 1 LIMIT 20000", shape->select,
                                      quote_name(table.name.schema, table.name.name)));
    if (!rows || (shape->digits_only && !all_versions(*rows))) continue;
    TrackingTable tracking{std::string(tool->id), table.name.schema, table.name.name, {}};
    for (const auto& row : *rows)
      tracking.rows.push_back({text(row[0]), text(row[1]), whole(row[2]), text(row[3]) == "t"});
    out.push_back(std::move(tracking));
  }
  return out;
}

}  // namespace pgadvise::pg
