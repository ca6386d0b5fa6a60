#include "store/clickhouse/clickhouse_schema.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include <fmt/format.h>

#include "base/text/text.h"
#include "store/clickhouse/clickhouse_views.h"

namespace pgadvise::store {
namespace {

using In = ClickHouseSession::In;

constexpr int oldest_major = 24, oldest_minor = 8;

// `seen` is the newest time of a fact that names the row.
constexpr ClickHouseTable tables[] = {
    {.name = "setting",
     .columns = "name String, value Int64",
     .own_columns = "changed Int64",
     .version = "changed",
     .key = "name",
     .shard = "name"},
    {.name = "run",
     .columns =
         "run_id String, target LowCardinality(String), started Int64, version LowCardinality(String), "
         "server_version LowCardinality(String), scope_id String",
     .key = "target, run_id",
     .day = "started",
     .shard = "target"},
    {.name = "scope_rule",
     .columns = "scope_id String, rule LowCardinality(String), file String",
     .own_columns = "seen Int64",
     .key = "scope_id, rule, file",
     .month = "seen",
     .shard = "scope_id",
     .rows = "scope_id GLOBAL IN (SELECT scope_id FROM run_rows)"},
    {.name = "scope_input",
     .columns = "scope_id String, area LowCardinality(String), path String",
     .own_columns = "seen Int64",
     .key = "scope_id, area, path",
     .month = "seen",
     .shard = "scope_id",
     .rows = "scope_id GLOBAL IN (SELECT scope_id FROM run_rows)"},
    {.name = "finding_event",
     .columns =
         "run_id String, finding_id String, short_id String, rule LowCardinality(String), "
         "severity LowCardinality(String), verdict LowCardinality(String), state LowCardinality(String), "
         "area LowCardinality(String), file String, input String, message String CODEC(ZSTD(1)), score "
         "Float64, "
         "effect String, owner String, reason String, until String",
     .own_columns = "started Int64, target LowCardinality(String)",
     .key = "target, run_id, finding_id",
     .day = "started",
     .shard = "target",
     .rows = "run_id GLOBAL IN (SELECT run_id FROM run_rows)"},
    {.name = "query_class",
     .columns = "class_id String, text String CODEC(ZSTD(1))",
     .own_columns = "seen Int64",
     .key = "class_id, text",
     .month = "seen",
     .shard = "class_id"},
    {.name = "source",
     .columns =
         "target LowCardinality(String), source String, size Int64, bucket_start Int64, bucket_seconds Int64",
     .version = "size",
     .key = "target, source",
     .day = "bucket_start",
     .shard = "target"},
    {.name = "query_statistics",
     .columns =
         "target LowCardinality(String), class_id String, bucket_start Int64, source String, "
         "bucket_seconds Int64, calls Int64, timed_calls Int64, total_ns Int64, max_ns Int64, rows Int64, "
         "rows_calls Int64, bins Array(Int64) CODEC(ZSTD(1)), counts Array(Int64) CODEC(ZSTD(1))",
     .own_columns = "size Int64",
     .key = "target, class_id, bucket_start, source, size",
     .day = "bucket_start",
     .shard = "target",
     .rows = "(target, source, size, bucket_start) GLOBAL IN "
             "(SELECT target, source, size, bucket_start FROM source_rows FINAL)"},
    {.name = "relation_size",
     .columns = "target LowCardinality(String), kind LowCardinality(String), schema LowCardinality(String), "
                "name String, taken Int64, bytes Int64, rows Float64",
     .key = "target, kind, schema, name, taken",
     .day = "taken",
     .shard = "target"},
    {.name = "plan",
     .columns = "plan_id String, text String CODEC(ZSTD(1))",
     .own_columns = "seen Int64",
     .key = "plan_id",
     .month = "seen",
     .shard = "plan_id"},
    {.name = "plan_relation",
     .columns = "plan_id String, kind LowCardinality(String), schema LowCardinality(String), name String",
     .own_columns = "seen Int64",
     .key = "plan_id, kind, schema, name",
     .month = "seen",
     .shard = "plan_id"},
    {.name = "query_plan",
     .columns = "target LowCardinality(String), class_id String, taken Int64, plan_id String, cost Float64, "
                "server_major Int64",
     .key = "target, class_id, taken",
     .day = "taken",
     .shard = "target"},
    {.name = "server_sample",
     .columns =
         "system LowCardinality(String), database LowCardinality(String), server LowCardinality(String), "
         "taken Int64, target LowCardinality(String), role LowCardinality(String), replicas Int64",
     .key = "system, database, server, taken",
     .day = "taken",
     .shard = "system"},
    {.name = "index_scan",
     .columns =
         "system LowCardinality(String), database LowCardinality(String), server LowCardinality(String), "
         "schema LowCardinality(String), name String, taken Int64, scans Int64",
     .key = "system, database, server, schema, name, taken",
     .day = "taken",
     .shard = "system",
     .rows = "(system, database, server, taken) GLOBAL IN "
             "(SELECT system, database, server, taken FROM server_sample_rows)"},
    {.name = "session_sample",
     .columns = "target LowCardinality(String), bucket_start Int64, state LowCardinality(String), "
                "wait_event_type LowCardinality(String), wait_event LowCardinality(String), "
                "bucket_seconds Int64, samples Int64, sessions Int64, max_sessions Int64",
     .key = "target, bucket_start, state, wait_event_type, wait_event",
     .day = "bucket_start",
     .shard = "target"},
    {.name = "lock_wait_sample",
     .columns = "target LowCardinality(String), bucket_start Int64, schema LowCardinality(String), "
                "name String, mode LowCardinality(String), holder String, samples Int64, "
                "max_wait_seconds Float64, max_holder_seconds Float64",
     .key = "target, bucket_start, schema, name, mode, holder",
     .day = "bucket_start",
     .shard = "target"},
};

std::string partition_of(const ClickHouseTable& table) {
  if (table.day.empty() && table.month.empty()) return {};
  return fmt::format("\nPARTITION BY {}(toDateTime64({}, 0, 'UTC'))",
                     table.day.empty() ? "toYYYYMM" : "toYYYYMMDD",
                     table.day.empty() ? table.month : table.day);
}

std::string stored_columns(const ClickHouseTable& table) {
  return std::string(table.columns) + (table.own_columns.empty() ? "" : ", ") +
         std::string(table.own_columns);
}

std::string view_of(const ClickHouseTable& table) {
  // Of several texts the smallest counts.
  if (table.name == "query_class")
    return "SELECT class_id, min(r.text) AS text FROM query_class_rows r GROUP BY class_id";
  return fmt::format("SELECT {} FROM {}_rows FINAL{}{}", column_names(table.columns), table.name,
                     table.rows.empty() ? "" : " WHERE ", table.rows);
}

// An earlier one is read by later ones.
std::vector<View> all_views() {
  std::vector<View> out;
  for (const auto& table : tables) out.push_back({std::string(table.name), view_of(table)});
  for (auto& view : view_definitions(clickhouse_dialect)) out.push_back(std::move(view));
  return out;
}

tl::unexpected<Error> refuse(const ClickHouseSession& session, std::string what, std::string hint) {
  return fail(Error::Kind::usage, session.where(), std::move(what), std::move(hint));
}

Result<void> check_server(ClickHouseSession& session) {
  TRY(const auto version, session.value("SELECT version()", In::server));
  const auto parts = split(version, '.');
  const auto number = [&](std::size_t i) {
    return i < parts.size() ? std::atoi(std::string(parts[i]).c_str()) : 0;
  };
  if (std::pair(number(0), number(1)) < std::pair(oldest_major, oldest_minor))
    return refuse(session, "the server has version " + ellipsis(version, 20),
                  fmt::format("a store needs ClickHouse {}.{} or later", oldest_major, oldest_minor));
  return {};
}

struct Found {
  bool own = false;     // the tables of a store, maybe not all
  bool others = false;  // tables of other programs, and not all of a store
  bool complete = false;
  bool on_cluster = false;
};

Result<Found> look(ClickHouseSession& session, const ClickHouseAddress& address) {
  TRY(const auto rows,
      session.query("SELECT name, engine FROM system.tables WHERE NOT is_temporary AND database = " +
                        clickhouse_literal(address.database),
                    In::server));
  std::set<std::string, std::less<>> known;
  for (const auto& table : tables)
    for (const char* suffix : {"", "_rows", "_rows_local"}) known.insert(std::string(table.name) + suffix);
  for (const auto& view : view_definitions(clickhouse_dialect)) known.insert(view.name);
  Found out;
  for (const auto& row : rows) {
    const std::string name = row.front().value_or("");
    if (!known.contains(name)) out.others = true;
    if (name.ends_with("_rows") && known.contains(name)) out.own = true;
    if (name == "setting_rows") out.on_cluster = row.back() == "Distributed";
    if (name == "setting") out.complete = true;
  }
  if (out.complete && out.own) out.others = false;
  return out;
}

Result<std::int64_t> setting(ClickHouseSession& session, const std::string& name) {
  TRY(const auto value,
      session.value(clickhouse_select("SELECT value FROM setting WHERE name = " + clickhouse_literal(name))));
  return std::atoll(value.c_str());
}

Result<void> create_all(ClickHouseSession& session, const ClickHouseAddress& address) {
  TRY(const auto exists, session.value("SELECT count() FROM system.databases WHERE name = " +
                                           clickhouse_literal(address.database),
                                       In::server));
  if (exists == "0")  // an existing database needs no grant
    TRY_VOID(session.run(fmt::format("CREATE DATABASE IF NOT EXISTS {}{}",
                                     clickhouse_identifier(address.database), on_cluster(address)),
                         In::server));
  for (const auto& sql : clickhouse_definitions(address)) TRY_VOID(session.run(sql));
  // The version of a later change is larger than 0, so that the first value does not replace it.
  TRY_VOID(session.insert("setting_rows", "name, value, changed",
                          {{std::string("retention_days"), std::int64_t{400}, std::int64_t{0}}}));
  return session.insert(
      "setting_rows", "name, value, changed",
      {{std::string("tables_version"), clickhouse_schema_version, clickhouse_schema_version},
       {std::string("views_version"), views_version, views_version}});
}

}  // namespace

std::span<const ClickHouseTable> clickhouse_tables() { return tables; }

std::string clickhouse_select(const std::string& select) {
  static const auto views = all_views();
  return with_definitions(views, select, "AS");
}

std::string column_names(std::string_view columns) {
  std::vector<std::string> out;
  for (const auto column : split(columns, ',')) {
    const auto trimmed = trim(column);
    out.emplace_back(trimmed.substr(0, trimmed.find(' ')));
  }
  return join(out, ", ");
}

std::string on_cluster(const ClickHouseAddress& address) {
  return address.cluster.empty() ? std::string() : " ON CLUSTER " + clickhouse_identifier(address.cluster);
}

std::string stored_table(const ClickHouseAddress& address, std::string_view name) {
  return std::string(name) + (address.cluster.empty() ? "_rows" : "_rows_local");
}

std::vector<std::string> clickhouse_definitions(const ClickHouseAddress& address) {
  const bool replicated = !address.cluster.empty();
  const std::string cluster = on_cluster(address);
  std::vector<std::string> out;
  for (const auto& table : tables) {
    const std::string stored = stored_table(address, table.name);
    std::string arguments(table.version);
    if (replicated)
      arguments = std::string("'/clickhouse/tables/{uuid}/{shard}', '{replica}'") +
                  (arguments.empty() ? "" : ", ") + arguments;
    out.push_back(fmt::format(
        "CREATE TABLE IF NOT EXISTS {}{} ({})\nENGINE = {}ReplacingMergeTree({}){}\nORDER BY ({})\n"
        "SETTINGS {}replicated_deduplication_window = 1000",
        stored, cluster, stored_columns(table), replicated ? "Replicated" : "", arguments,
        partition_of(table), table.key, replicated ? "" : "non_"));
    if (replicated)
      out.push_back(
          fmt::format("CREATE TABLE IF NOT EXISTS {0}_rows{1} ({2})\nENGINE = Distributed({3}, {4}, '{5}', "
                      "cityHash64({6}))",
                      table.name, cluster, stored_columns(table), clickhouse_literal(address.cluster),
                      clickhouse_literal(address.database), stored, table.shard));
  }
  for (const auto& view : all_views())
    out.push_back(fmt::format("CREATE OR REPLACE VIEW {}{} AS\n{}", view.name, cluster, view.select));
  return out;
}

Result<void> migrate(ClickHouseSession& session, const ClickHouseAddress& address, bool create) {
  TRY_VOID(check_server(session));
  TRY(const auto found, look(session, address));
  if (found.others)
    return refuse(session, "has tables of other programs: pgadvise does not create a store beside them",
                  "name another database in the URL; pgadvise creates it");
  if (!found.own && !create) return refuse(session, "there is no store", "check --store creates one");
  if (found.own && found.on_cluster != !address.cluster.empty() && found.complete)
    return refuse(session,
                  found.on_cluster ? "the tables of the store are on a cluster"
                                   : "the tables of the store are not on a cluster",
                  found.on_cluster ? "add cluster=NAME to the URL"
                                   : "leave cluster out of the URL, or name another database");
  if (found.complete) {
    TRY(const auto version, setting(session, "tables_version"));
    TRY(const auto views, setting(session, "views_version"));
    if (version > clickhouse_schema_version)
      return refuse(session, "its store was written by a later version of pgadvise",
                    "update pgadvise, or name another database");
    if (version == clickhouse_schema_version && views >= views_version) return {};
  }
  return create_all(session, address);
}

}  // namespace pgadvise::store
