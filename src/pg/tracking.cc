#include "pg/tracking.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/identifier.h"
#include "pg/values.h"

namespace pgadvise::pg {
namespace {

struct Wanted {
  std::string_view column;
  std::string_view type;  // its beginning
};

struct Shape {
  const char* tool;
  std::vector<Wanted> columns;
  std::size_t most_columns;  // a table with more is somebody's own
  const char* select;        // migration, checksum, when, failed
};

const std::vector<Shape>& shapes() {
  static const std::vector<Shape> out = {
      {"drizzle v1", {{"hash", "text"}, {"created_at", "bigint"}, {"name", "text"}, {"applied_at", "timestamp"}}, 5, "name, hash, created_at, false"},
      {"drizzle", {{"hash", "text"}, {"created_at", "bigint"}}, 3, "'', hash, created_at, false"},
      {"prisma", {{"checksum", "character varying"}, {"finished_at", "timestamp"}, {"migration_name", "character varying"}, {"rolled_back_at", "timestamp"}, {"applied_steps_count", "integer"}}, 8,
       "migration_name, checksum, 0, finished_at IS NULL OR rolled_back_at IS NOT NULL"},
      {"flyway", {{"installed_rank", "integer"}, {"version", "character varying"}, {"description", "character varying"}, {"script", "character varying"}, {"checksum", "integer"}, {"success", "boolean"}}, 10,
       "coalesce(version, replace(description, ' ', '_')), checksum, installed_rank, NOT success"},
      {"sqitch", {{"change_id", "text"}, {"script_hash", "text"}, {"change", "text"}, {"project", "text"}}, 11,
       "change, CASE WHEN script_hash <> change_id THEN script_hash END, 0, false"},
      {"goose", {{"version_id", "bigint"}, {"is_applied", "boolean"}}, 4, "version_id, '', 0, NOT is_applied"},
      {"sqlx", {{"version", "bigint"}, {"description", "text"}, {"success", "boolean"}, {"checksum", "bytea"}}, 6, "version, '', 0, NOT success"},
      {"refinery", {{"version", "integer"}, {"name", "character varying"}, {"applied_on", "character varying"}, {"checksum", "character varying"}}, 4, "version, '', 0, false"},
      {"golang-migrate", {{"version", "bigint"}, {"dirty", "boolean"}}, 2, "version, '', 0, dirty"},
      {"diesel", {{"version", "character varying"}, {"run_on", "timestamp"}}, 2, "version, '', 0, false"},
      {"supabase", {{"version", "text"}, {"statements", "text[]"}}, 8, "version, '', 0, false"},
      {"node-pg-migrate", {{"name", "character varying"}, {"run_on", "timestamp"}}, 3, "name, '', 0, false"},
      {"sql-migrate", {{"id", "text"}, {"applied_at", "timestamp"}}, 2, "regexp_replace(id, '[.]sql$', ''), '', 0, false"},
      {"dbmate", {{"version", "character varying"}}, 1, "version, '', 0, false"},
      {"dbmate", {{"version", "text"}}, 1, "version, '', 0, false"},
  };
  return out;
}

bool fits(const Table& table, const Shape& shape) {
  if (table.columns.size() > shape.most_columns) return false;
  return std::all_of(shape.columns.begin(), shape.columns.end(), [&](const Wanted& wanted) {
    const Column* column = table.column(wanted.column);
    return column && column->type.compare(0, wanted.type.size(), wanted.type) == 0;
  });
}

// One or two columns are not much of a shape: such a table must be called what the tool calls it, or nearly.
bool named_so(const Table& table, std::string_view tool) {
  const auto& name = table.name.name;
  if (tool == "golang-migrate" || tool == "dbmate") return name.ends_with("schema_migrations") || name == "migrations";
  if (tool == "diesel") return name == "__diesel_schema_migrations";
  if (tool == "node-pg-migrate") return name == "pgmigrations";
  if (tool == "sql-migrate") return name == "gorp_migrations";
  if (tool == "supabase") return table.name.schema == "supabase_migrations";
  if (tool == "drizzle") return name.find("migration") != std::string::npos || table.name.schema == "drizzle";
  return true;
}

bool plain(const Table& table) {
  return table.kind == Table::Kind::ordinary && !table.row_security &&
         std::none_of(table.columns.begin(), table.columns.end(), [](const Column& column) { return column.generated_expression.has_value(); });
}

// Numbers, and text in another column, would be somebody's rows: these tools have versions.
bool all_versions(const Rows& rows) {
  return std::all_of(rows.begin(), rows.end(), [](const auto& row) { return row[0] && !row[0]->empty() && row[0]->find_first_not_of("0123456789") == std::string::npos; });
}

std::string text(const std::optional<std::string>& value) { return value.value_or(""); }

}  // namespace

std::vector<TrackingTable> read_tracking(const Catalog& catalog, const std::function<Result<Rows>(const std::string&)>& ask, int& not_asked) {
  std::vector<TrackingTable> out;
  int asked = 0;
  for (const auto& entry : catalog.tables) {
    const Table& table = entry.second;
    if (!plain(table)) continue;
    const auto shape = std::find_if(shapes().begin(), shapes().end(), [&](const Shape& s) { return fits(table, s) && named_so(table, s.tool); });
    if (shape == shapes().end()) continue;
    if (asked == most_tracking_tables) {
      ++not_asked;
      continue;
    }
    ++asked;
    const auto rows = ask(fmt::format("SELECT {} FROM ONLY {} ORDER BY 3, 1 LIMIT 20000", shape->select, quote_name(table.name.schema, table.name.name)));
    if (!rows || (std::string_view(shape->tool) == "dbmate" && !all_versions(*rows))) continue;
    TrackingTable tracking{shape->tool, table.name.schema, table.name.name, {}};
    for (const auto& row : *rows) tracking.rows.push_back({text(row[0]), text(row[1]), whole(row[2]), text(row[3]) == "t"});
    out.push_back(std::move(tracking));
  }
  return out;
}

}  // namespace pgadvise::pg
