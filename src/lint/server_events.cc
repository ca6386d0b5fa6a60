#include "lint/server_events.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.h"
#include "lint/queries.h"
#include "lint/tables.h"
#include "lint/words.h"

namespace pgadvise::lint {

std::string duration_text(double milliseconds) {
  const auto with = [](double value, const char* unit) {
    char out[32];
    std::snprintf(out, sizeof out, value < 10 ? "%.1f %s" : "%.0f %s", value, unit);
    return std::string(out);
  };
  if (milliseconds < 1000) return with(milliseconds, "ms");
  if (milliseconds < 120'000) return with(milliseconds / 1000, "s");
  if (milliseconds < 7'200'000) return with(milliseconds / 60'000, "min");
  return with(milliseconds / 3'600'000, "h");
}

std::string times(std::uint64_t count) { return count == 1 ? "once" : grouped(static_cast<double>(count)) + " times"; }

Evidence evidence_of(const ServerEvent& event, std::string text) {
  if (!event.statement.empty()) text += ": " + ellipsis(event.statement, shown_statement);
  return {Evidence::Kind::statement, std::move(text), event.place, {}};
}

std::optional<double> minutes(const ServerEvent& event) {
  if (!event.first || !event.last) return std::nullopt;
  return std::max(1.0, static_cast<double>(*event.last - *event.first) / 60e6);
}

bool of_tool_or_server(std::string_view schema, std::string_view table) {
  static constexpr std::array<std::string_view, 12> schemas = {"pg_catalog", "information_schema", "drizzle",          "sqitch",         "supabase_migrations", "graphile_migrate",
                                                               "hdb_catalog", "pgboss",            "graphile_worker", "supabase_functions", "cron",           "partman"};
  static constexpr std::array<std::string_view, 8> exactly = {"ar_internal_metadata", "alembic_version", "databasechangelog", "databasechangeloglock",
                                                              "sequelizemeta",        "schema_version",  "typeorm_metadata",  "dbversion"};
  const std::string name = lower(table);
  if (one_of(schema, schemas) || one_of(name, exactly) || name.starts_with("pg_")) return true;
  // _prisma_migrations, __drizzle_migrations, schema_migrations, flyway_schema_history, goose_db_version, __EFMigrationsHistory …
  for (const auto* part : {"migration", "schema_history", "_db_version", "atlas_schema"})
    if (name.find(part) != std::string::npos) return true;
  return false;
}

}  // namespace pgadvise::lint
