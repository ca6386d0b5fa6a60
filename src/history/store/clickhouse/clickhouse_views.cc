#include "store/clickhouse/clickhouse_views.h"

namespace pgadvise::store {
namespace {

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

}  // namespace

const Dialect clickhouse_dialect{
    .ordered_join = "JOIN",
    .lag = "lagInFrame",  // lag() is not in 24.8
    .own_views = own_views,
};

}  // namespace pgadvise::store
