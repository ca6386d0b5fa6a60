#include "store/clickhouse/clickhouse_schema.h"

#include <cstdlib>
#include <set>

#include <fmt/format.h>

#include "base/text/text.h"
#include "store/store/views.h"

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

// ClickHouse keeps the right side of a join in memory: the large table is on the left. The views of findings
// read finding_event_rows, whose key begins with the target; its repeated rows change nothing. Scopes are few
// and runs are many: the first three subqueries of finding_look decide for each scope. A bucket of a query
// mostly is of one log: query_latency groups buckets, which are a tenth as many as bins. The second condition
// on index_scan's times leaves out partitions.
constexpr ViewTemplate own_views[] = {
    {"finding_latest", R"(SELECT target, last.1 AS started, last.2 AS run_id, finding_id, last.3 AS short_id,
  last.4 AS rule, last.5 AS severity, last.6 AS verdict, last.7 AS state, last.8 AS area, last.9 AS file,
  last.10 AS input, last.11 AS message, last.12 AS score, last.13 AS effect, last.14 AS owner,
  last.15 AS reason, last.16 AS until
FROM (
  SELECT target, finding_id,
    argMax((e.started, e.run_id, e.short_id, e.rule, e.severity, e.verdict, e.state, e.area, e.file, e.input,
      e.message, e.score, e.effect, e.owner, e.reason, e.until), (e.started, e.run_id)) AS last
  FROM finding_event_rows e
  WHERE e.rule <> '' AND e.state <> 'refuted' AND e.run_id GLOBAL IN (SELECT run_id FROM run_rows)
  GROUP BY target, finding_id))"},
    {"finding_look", R"(WITH candidate AS (
  SELECT f.target AS target, f.finding_id AS finding_id, f.rule AS rule, f.area AS area, f.file AS file,
    f.input AS input, s.scope_id AS scope_id
  FROM finding_latest f JOIN (SELECT DISTINCT target, scope_id FROM run) s ON s.target = f.target),
by_rule AS (
  SELECT DISTINCT c.target AS target, c.finding_id AS finding_id, c.scope_id AS scope_id
  FROM candidate c JOIN scope_rule s ON s.scope_id = c.scope_id AND s.rule = c.rule
  WHERE s.file = '' OR s.file = c.file),
by_input AS (
  SELECT DISTINCT c.target AS target, c.finding_id AS finding_id, c.scope_id AS scope_id
  FROM candidate c JOIN scope_input i ON i.scope_id = c.scope_id AND i.area = c.area
  WHERE c.area = 'log' OR (c.area = 'server' AND (c.input = '' OR i.path = '' OR i.path = c.input))
    OR (c.area = 'file' AND (i.path = c.file OR startsWith(c.file, i.path || '/')
      OR (i.path = '.' AND NOT startsWith(c.file, '/') AND NOT startsWith(c.file, '../')))))
SELECT target, finding_id, run_id, started, max(was_found) AS found
FROM (
  SELECT a.target AS target, a.finding_id AS finding_id, r.run_id AS run_id, r.started AS started,
    toUInt8(0) AS was_found
  FROM by_rule a
  JOIN by_input b ON b.target = a.target AND b.finding_id = a.finding_id AND b.scope_id = a.scope_id
  JOIN run r ON r.target = a.target AND r.scope_id = a.scope_id
  UNION ALL
  SELECT e.target, e.finding_id, e.run_id, e.started, toUInt8(e.state <> 'refuted')
  FROM finding_event_rows e
  JOIN finding_latest f ON f.target = e.target AND f.finding_id = e.finding_id
  WHERE e.run_id GLOBAL IN (SELECT run_id FROM run_rows))
GROUP BY target, finding_id, run_id, started)"},
    {"query_latency", R"(SELECT target, class_id, bucket_start, bin, bin_calls AS calls
FROM (
  SELECT q.target AS target, q.class_id AS class_id, q.bucket_start AS bucket_start,
    groupArrayArray(q.bins) AS all_bins, groupArrayArray(q.counts) AS all_counts,
    if(count() = 1, (all_bins, all_counts), arrayReduce('sumMap', [all_bins], [all_counts])) AS histogram
  FROM query_statistics q GROUP BY q.target, q.class_id, q.bucket_start)
ARRAY JOIN histogram.1 AS bin, histogram.2 AS bin_calls)"},
    {"query_change", R"(WITH newest AS (
  SELECT target, max(bucket_start + bucket_seconds) AS until FROM source GROUP BY target),
timed AS (
  SELECT q.target AS target, q.class_id AS class_id, q.bucket_seconds AS seconds, q.timed_calls AS calls,
    q.total_ns AS total_ns, n.until AS until,
    greatest(0, intDiv(n.until - 86400 - q.bucket_start + 604799, 604800)) AS week,
    q.bucket_start + week * 604800 AS bucket_start
  FROM query_statistics q JOIN newest n ON n.target = q.target
  WHERE q.timed_calls > 0),
compared AS (
  SELECT target, class_id, bucket_start, seconds, sumIf(calls, week = 0) AS calls_now,
    sumIf(total_ns, week = 0) AS ns_now, sumIf(total_ns, week > 0) / sumIf(calls, week > 0) AS mean_ns,
    uniqExactIf(week, week > 0) AS weeks_before
  FROM timed WHERE week <= 8 AND bucket_start < until
  GROUP BY target, class_id, bucket_start, seconds
  HAVING calls_now > 0 AND weeks_before > 0)
SELECT e.target AS target, e.class_id AS class_id, c.text AS text, sum(e.calls_now) AS calls,
  sum(e.ns_now) / sum(e.calls_now) / 1e6 AS mean_ms,
  sum(e.calls_now * e.mean_ns) / sum(e.calls_now) / 1e6 AS earlier_mean_ms, max(e.weeks_before) AS weeks
FROM compared e JOIN query_class c ON c.class_id = e.class_id
GROUP BY e.target, e.class_id, c.text)"},
    {"index_unused", R"(WITH newest AS (
  SELECT system, database, max(taken) AS last FROM server_sample GROUP BY system, database),
member AS (
  SELECT s.system AS system, s.database AS database, s.server AS server, max(s.taken) AS last_taken,
    argMax(s.target, s.taken) AS own_target, argMax(s.role, s.taken) = 'primary' AS is_primary,
    argMax(s.replicas, s.taken) AS known_replicas, max(s.taken) >= max(n.last) - 604800 AS is_recent
  FROM server_sample s JOIN newest n ON n.system = s.system AND n.database = s.database
  WHERE s.taken >= n.last - 2592000
  GROUP BY s.system, s.database, s.server),
members AS (
  SELECT m.system AS system, m.database AS database,
    if(countIf(m.is_primary) > 0, minIf(m.own_target, m.is_primary), min(m.own_target)) AS target,
    count() AS all_servers, countIf(m.is_recent) AS recent_servers,
    countIf(m.is_recent AND m.is_primary) AS primaries,
    maxIf(m.known_replicas, m.is_recent AND m.is_primary) AS replicas,
    maxIf(m.last_taken, m.is_primary) AS taken
  FROM member m GROUP BY m.system, m.database),
constant AS (
  SELECT i.system AS system, i.database AS database, i.server AS server, i.schema AS schema, i.name AS name,
    min(i.taken) AS since, max(i.taken) AS until
  FROM index_scan i JOIN newest n ON n.system = i.system AND n.database = i.database
  WHERE i.taken >= n.last - 2592000 AND i.taken >= (SELECT min(last) FROM newest) - 2592000
  GROUP BY i.system, i.database, i.server, i.schema, i.name
  HAVING min(i.scans) = max(i.scans)),
unused AS (
  SELECT c.system AS system, c.database AS database, c.schema AS schema, c.name AS name, count() AS servers,
    max(c.since) AS since, min(c.until) AS until
  FROM constant c JOIN member m ON m.system = c.system AND m.database = c.database AND m.server = c.server
    AND m.last_taken = c.until
  GROUP BY c.system, c.database, c.schema, c.name),
sized AS (
  SELECT z.target AS target, z.taken AS taken, z.schema AS schema, z.name AS name, z.bytes AS bytes
  FROM relation_size z WHERE z.kind = 'index' AND (z.target, z.taken) GLOBAL IN
    (SELECT target, taken FROM members))
SELECT m.target AS target, m.database AS database, u.schema AS schema, u.name AS name, ifNull(z.bytes, 0) AS bytes,
  u.since AS since, u.until AS until, m.recent_servers AS servers, m.primaries AS primaries,
  m.replicas AS replicas
FROM unused u JOIN members m ON m.system = u.system AND m.database = u.database AND m.all_servers = u.servers
LEFT JOIN sized z ON z.target = m.target AND z.taken = m.taken AND z.schema = u.schema AND z.name = u.name)"},
    {"plan_change", R"(WITH seen AS (
  SELECT target, class_id, taken, plan_id, cost, server_major, lagInFrame(plan_id) OVER w AS plan_before,
    lagInFrame(taken) OVER w AS taken_before, lagInFrame(cost) OVER w AS cost_before,
    lagInFrame(server_major) OVER w AS major_before
  FROM query_plan WINDOW w AS (PARTITION BY target, class_id ORDER BY taken)),
change AS (
  SELECT target, class_id, taken, plan_id, cost, server_major, plan_before, taken_before, cost_before,
    major_before, row_number() OVER (PARTITION BY target, class_id ORDER BY taken DESC) AS age,
    count() OVER (PARTITION BY target, class_id) AS changes
  FROM seen WHERE plan_before <> '' AND plan_before <> plan_id),
newest AS (SELECT * FROM change WHERE age = 1),
wanted AS (
  SELECT c.target AS target, c.class_id AS class_id, t.kind AS kind, t.schema AS schema, t.name AS name,
    1 AS of_plan, c.taken AS taken, arrayJoin([c.taken, c.taken_before]) AS at
  FROM newest c JOIN plan_relation t ON t.plan_id = c.plan_id
  UNION ALL
  SELECT c.target, c.class_id, t.kind, t.schema, t.name, 0, c.taken, arrayJoin([c.taken, c.taken_before])
  FROM newest c JOIN plan_relation t ON t.plan_id = c.plan_before WHERE t.kind = 'index'),
sized AS (
  SELECT w.target AS target, w.class_id AS class_id, w.kind AS kind, w.schema AS schema, w.name AS name,
    w.of_plan AS of_plan, countIf(w.at = w.taken) AS is_there, countIf(w.at <> w.taken) AS was_there,
    sumIf(z.bytes, w.at = w.taken) AS bytes_now, sumIf(z.bytes, w.at <> w.taken) AS bytes_then
  FROM relation_size z
  JOIN wanted w ON w.target = z.target AND w.kind = z.kind AND w.schema = z.schema AND w.name = z.name
    AND w.at = z.taken
  GROUP BY w.target, w.class_id, w.kind, w.schema, w.name, w.of_plan),
summed AS (
  SELECT target, class_id, sumIf(bytes_now, kind = 'table') AS bytes,
    sumIf(bytes_then, kind = 'table') AS bytes_before,
    countIf(kind = 'table' AND is_there > 0) > 0 AND countIf(kind = 'table' AND was_there > 0) > 0 AS both_known,
    minIf(schema || '.' || name, kind = 'index' AND of_plan = 0 AND was_there > 0 AND is_there = 0) AS dropped,
    minIf(schema || '.' || name, kind = 'index' AND of_plan = 1 AND is_there > 0 AND was_there = 0) AS created
  FROM sized GROUP BY target, class_id)
SELECT c.target AS target, c.class_id AS class_id, ifNull(q.text, '') AS text, c.taken_before AS since,
  c.taken AS until, b.text AS plan_before, p.text AS plan, c.cost_before AS cost_before, c.cost AS cost,
  c.changes AS changes,
  multiIf(c.major_before <> c.server_major AND c.major_before > 0 AND c.server_major > 0, 'server version',
    ifNull(s.dropped, '') <> '', 'dropped index', ifNull(s.created, '') <> '', 'new index',
    ifNull(s.both_known, 0) AND (s.bytes >= 1.5 * s.bytes_before OR s.bytes_before >= 1.5 * s.bytes),
    'table size', 'statistics') AS cause,
  ifNull(multiIf(cause = 'server version', toString(c.major_before) || ' to ' || toString(c.server_major),
    cause = 'dropped index', s.dropped, cause = 'new index', s.created,
    cause = 'table size', toString(s.bytes_before) || ' to ' || toString(s.bytes) || ' bytes', ''), '') AS detail
FROM newest c
JOIN plan p ON p.plan_id = c.plan_id
JOIN plan b ON b.plan_id = c.plan_before
LEFT JOIN summed s ON s.target = c.target AND s.class_id = c.class_id
LEFT JOIN query_class q ON q.class_id = c.class_id)"},
};

// The views do not depend on settings of the reader: they use neither correlated subqueries, which ClickHouse
// 24.8 does not have, nor the NULLs of outer joins.
constexpr Dialect dialect{
    .ordered_join = "JOIN",
    .lag = "lagInFrame",  // lag() is not in 24.8
    .own_views = own_views,
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
  for (auto& view : view_definitions(dialect)) out.push_back(std::move(view));
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

Result<Found> look(ClickHouseSession& session) {
  TRY(const auto rows,
      session.query("SELECT name, engine FROM system.tables WHERE NOT is_temporary AND database = " +
                        clickhouse_literal(session.address().database),
                    In::server));
  std::set<std::string, std::less<>> known;
  for (const auto& table : tables)
    for (const char* suffix : {"", "_rows", "_rows_local"}) known.insert(std::string(table.name) + suffix);
  for (const auto& view : view_definitions(dialect)) known.insert(view.name);
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

Result<void> create_all(ClickHouseSession& session) {
  const ClickHouseAddress& address = session.address();
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

Result<void> migrate(ClickHouseSession& session, bool create) {
  TRY_VOID(check_server(session));
  TRY(const auto found, look(session));
  if (found.others)
    return refuse(session, "has tables of other programs: pgadvise does not create a store beside them",
                  "name another database in the URL; pgadvise creates it");
  if (!found.own && !create) return refuse(session, "there is no store", "check --store creates one");
  if (found.own && found.on_cluster != !session.address().cluster.empty() && found.complete)
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
  return create_all(session);
}

}  // namespace pgadvise::store
