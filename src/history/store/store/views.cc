#include "store/store/views.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace pgadvise::store {
namespace {

// A later view may read an earlier one.
constexpr ViewTemplate views[] = {
    {"finding_latest", R"(
SELECT k.target, k.started, e.*
FROM (
  SELECT r.target, r.started, e.run_id, e.finding_id,
    row_number() OVER (PARTITION BY r.target, e.finding_id ORDER BY r.started DESC, r.run_id DESC) AS age
  FROM finding_event e JOIN run r ON r.run_id = e.run_id
  WHERE e.rule <> '' AND e.state <> 'refuted') k
JOIN finding_event e ON e.run_id = k.run_id AND e.finding_id = k.finding_id
WHERE k.age = 1)"},

    {"finding_look", R"(
SELECT f.target, f.finding_id, r.run_id, r.started,
  CASE WHEN e.run_id IS NOT NULL AND e.state <> 'refuted' THEN 1 ELSE 0 END AS found
FROM finding_latest f
JOIN run r ON r.target = f.target
LEFT JOIN finding_event e ON e.run_id = r.run_id AND e.finding_id = f.finding_id
WHERE e.run_id IS NOT NULL
  OR (EXISTS (SELECT 1 FROM scope_rule s
        WHERE s.scope_id = r.scope_id AND s.rule = f.rule AND s.file IN ('', f.file))
    AND EXISTS (SELECT 1 FROM scope_input i
        WHERE i.scope_id = r.scope_id AND i.area = f.area
          AND (f.area = 'log' OR (f.area = 'server' AND (f.input = '' OR i.path IN ('', f.input)))
            OR (f.area = 'file' AND (i.path = f.file OR substr(f.file, 1, length(i.path) + 1) = i.path || '/'
              OR (i.path = '.' AND substr(f.file, 1, 1) <> '/' AND substr(f.file, 1, 3) <> '../')))))))"},

    {"finding_life", R"(
WITH looks AS (
  SELECT target, finding_id, started, found,
    {lag}(found) OVER w AS found_before,
    sum(found) OVER w AS times_found,
    sum(found) OVER (PARTITION BY target, finding_id) AS all_found
  FROM finding_look
  WINDOW w AS (PARTITION BY target, finding_id ORDER BY started, run_id)),
seen AS (
  SELECT target, finding_id, sum(found) AS runs,
    min(CASE WHEN found = 1 THEN started END) AS first_seen,
    max(CASE WHEN found = 1 THEN started END) AS last_seen,
    max(CASE WHEN found = 1 AND found_before = 0 AND times_found > 1 THEN started END) AS reopened,
    min(CASE WHEN found = 0 AND times_found = all_found THEN started END) AS gone
  FROM looks GROUP BY target, finding_id)
SELECT s.target AS target, s.finding_id AS finding_id, f.short_id, f.rule, f.severity, f.verdict, f.message,
  f.file, f.score, f.effect, f.state, f.owner, f.reason, f.until, s.first_seen, s.last_seen, s.reopened, s.runs,
  s.gone
FROM seen s JOIN finding_latest f ON f.target = s.target AND f.finding_id = s.finding_id)"},

    {"query_bucket", R"(
SELECT target, class_id, bucket_start, bucket_seconds, sum(calls) AS calls, sum(timed_calls) AS timed_calls,
  sum(total_ns) AS total_ns, max(max_ns) AS max_ns, sum(rows) AS rows, sum(rows_calls) AS rows_calls
FROM query_statistics GROUP BY target, class_id, bucket_start, bucket_seconds)"},

    {"query_latency", R"(
SELECT q.target, q.class_id, q.bucket_start, b.value AS bin, sum(c.value) AS calls
FROM query_statistics q {bins}
GROUP BY q.target, q.class_id, q.bucket_start, b.value)"},

    {"query_change", R"(
WITH RECURSIVE week (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM week WHERE n < 8),
newest AS (SELECT target, max(bucket_start + bucket_seconds) AS until FROM source GROUP BY target),
bucket AS (
  SELECT s.target, q.class_id, q.bucket_start + w.n * 604800 AS hour, q.bucket_seconds, w.n,
    sum(q.timed_calls) AS calls, sum(q.total_ns) AS total_ns
  FROM newest s {join} week w ON w.n >= 0
  {range} q.target = s.target AND q.bucket_start >= s.until - 86400 - w.n * 604800
    AND q.bucket_start < s.until - w.n * 604800 {end}
  WHERE q.timed_calls > 0
  GROUP BY s.target, q.class_id, q.bucket_start, q.bucket_seconds, w.n),
same_hour AS (
  SELECT target, class_id, hour, bucket_seconds, sum(CASE WHEN n = 0 THEN calls ELSE 0 END) AS calls,
    sum(CASE WHEN n = 0 THEN total_ns ELSE 0 END) AS total_ns,
    sum(CASE WHEN n > 0 THEN total_ns ELSE 0 END) * 1.0 / sum(CASE WHEN n > 0 THEN calls ELSE 0 END) AS mean_ns,
    sum(CASE WHEN n > 0 THEN 1 ELSE 0 END) AS weeks
  FROM bucket GROUP BY target, class_id, hour, bucket_seconds
  HAVING min(n) = 0 AND max(n) > 0)
SELECT e.target, e.class_id, c.text, sum(e.calls) AS calls, sum(e.total_ns) * 1.0 / sum(e.calls) / 1e6 AS mean_ms,
  sum(e.calls * e.mean_ns) / sum(e.calls) / 1e6 AS earlier_mean_ms, max(e.weeks) AS weeks
FROM same_hour e JOIN query_class c ON c.class_id = e.class_id
GROUP BY e.target, e.class_id, c.text)"},

    {"relation_growth", R"(
WITH newest AS (SELECT target, max(taken) AS until FROM relation_size GROUP BY target),
month AS (
  SELECT s.*, min(s.taken) OVER (PARTITION BY s.target, s.kind, s.schema, s.name) AS first_taken,
    max(s.taken) OVER (PARTITION BY s.target, s.kind, s.schema, s.name) AS last_taken
  FROM relation_size s JOIN newest n ON n.target = s.target
  WHERE s.taken >= n.until - 2592000)
SELECT target, kind, schema, name, first_taken AS since, last_taken AS until,
  max(CASE WHEN m.taken = m.first_taken THEN m.bytes END) AS bytes_before,
  max(CASE WHEN m.taken = m.last_taken THEN m.bytes END) AS bytes
FROM month m GROUP BY target, kind, schema, name, first_taken, last_taken)"},

    {"index_unused", R"(
WITH newest AS (SELECT system, database, max(taken) AS until FROM server_sample GROUP BY system, database),
server AS (
  SELECT s.system, s.database, s.server, s.target, s.role, s.replicas, s.taken,
    CASE WHEN s.taken >= n.until - 604800 THEN 1 ELSE 0 END AS recent,
    row_number() OVER (PARTITION BY s.system, s.database, s.server ORDER BY s.taken DESC) AS age
  FROM newest n JOIN server_sample s ON s.system = n.system AND s.database = n.database
  WHERE s.taken >= n.until - 2592000),
cluster AS (
  SELECT system, database, coalesce(min(CASE WHEN role = 'primary' THEN target END), min(target)) AS target,
    count(*) AS servers, sum(recent) AS recent_servers,
    sum(CASE WHEN role = 'primary' THEN recent ELSE 0 END) AS primaries,
    max(CASE WHEN role = 'primary' THEN recent * replicas ELSE 0 END) AS replicas,
    max(CASE WHEN role = 'primary' THEN taken ELSE 0 END) AS taken
  FROM server WHERE age = 1 GROUP BY system, database),
constant AS (
  SELECT i.system, i.database, i.server, i.schema, i.name, min(i.taken) AS since, max(i.taken) AS until
  FROM newest n JOIN index_scan i ON i.system = n.system AND i.database = n.database
  WHERE i.taken >= n.until - 2592000
  GROUP BY i.system, i.database, i.server, i.schema, i.name
  HAVING min(i.scans) = max(i.scans)),
unused AS (
  SELECT u.system, u.database, u.schema, u.name, count(*) AS servers, max(u.since) AS since, min(u.until) AS until
  FROM constant u JOIN server s ON s.system = u.system AND s.database = u.database AND s.server = u.server
    AND s.age = 1 AND s.taken = u.until
  GROUP BY u.system, u.database, u.schema, u.name)
SELECT c.target, c.database, u.schema, u.name, coalesce(z.bytes, 0) AS bytes, u.since, u.until, c.recent_servers AS servers,
  c.primaries, c.replicas
FROM unused u JOIN cluster c ON c.system = u.system AND c.database = u.database AND c.servers = u.servers
LEFT JOIN relation_size z ON z.target = c.target AND z.kind = 'index' AND z.schema = u.schema AND z.name = u.name
  AND z.taken = c.taken)"},

    {"plan_change", R"(
WITH seen AS (
  SELECT target, class_id, taken, plan_id, cost, server_major, lag(plan_id) OVER w AS plan_before,
    lag(taken) OVER w AS taken_before, lag(cost) OVER w AS cost_before, lag(server_major) OVER w AS major_before
  FROM query_plan WINDOW w AS (PARTITION BY target, class_id ORDER BY taken)),
change AS (
  SELECT s.*, row_number() OVER (PARTITION BY target, class_id ORDER BY taken DESC) AS age,
    count(*) OVER (PARTITION BY target, class_id) AS changes
  FROM seen s WHERE plan_before <> plan_id),
sized AS (
  SELECT c.*,
    (SELECT sum(z.bytes) FROM plan_relation t JOIN relation_size z ON z.target = c.target AND z.kind = 'table'
        AND z.schema = t.schema AND z.name = t.name AND z.taken = c.taken
      WHERE t.plan_id = c.plan_id AND t.kind = 'table') AS bytes,
    (SELECT sum(z.bytes) FROM plan_relation t JOIN relation_size z ON z.target = c.target AND z.kind = 'table'
        AND z.schema = t.schema AND z.name = t.name AND z.taken = c.taken_before
      WHERE t.plan_id = c.plan_id AND t.kind = 'table') AS bytes_before,
    (SELECT min(t.schema || '.' || t.name) FROM plan_relation t
      WHERE t.plan_id = c.plan_before AND t.kind = 'index'
        AND EXISTS (SELECT 1 FROM relation_size z WHERE z.target = c.target AND z.kind = 'index'
          AND z.schema = t.schema AND z.name = t.name AND z.taken = c.taken_before)
        AND NOT EXISTS (SELECT 1 FROM relation_size z WHERE z.target = c.target AND z.kind = 'index'
          AND z.schema = t.schema AND z.name = t.name AND z.taken = c.taken)) AS dropped_index,
    (SELECT min(t.schema || '.' || t.name) FROM plan_relation t
      WHERE t.plan_id = c.plan_id AND t.kind = 'index'
        AND EXISTS (SELECT 1 FROM relation_size z WHERE z.target = c.target AND z.kind = 'index'
          AND z.schema = t.schema AND z.name = t.name AND z.taken = c.taken)
        AND NOT EXISTS (SELECT 1 FROM relation_size z WHERE z.target = c.target AND z.kind = 'index'
          AND z.schema = t.schema AND z.name = t.name AND z.taken = c.taken_before)) AS new_index
  FROM change c WHERE c.age = 1)
SELECT s.target, s.class_id, coalesce(q.text, '') AS text, s.taken_before AS since, s.taken AS until,
  b.text AS plan_before, p.text AS plan, s.cost_before, s.cost, s.changes,
  CASE WHEN s.major_before <> s.server_major AND s.major_before > 0 AND s.server_major > 0 THEN 'server version'
    WHEN s.dropped_index IS NOT NULL THEN 'dropped index'
    WHEN s.new_index IS NOT NULL THEN 'new index'
    WHEN s.bytes >= 1.5 * s.bytes_before OR s.bytes_before >= 1.5 * s.bytes THEN 'table size'
    ELSE 'statistics' END AS cause,
  CASE WHEN s.major_before <> s.server_major AND s.major_before > 0 AND s.server_major > 0
      THEN s.major_before || ' to ' || s.server_major
    WHEN s.dropped_index IS NOT NULL THEN s.dropped_index
    WHEN s.new_index IS NOT NULL THEN s.new_index
    WHEN s.bytes >= 1.5 * s.bytes_before OR s.bytes_before >= 1.5 * s.bytes
      THEN s.bytes_before || ' to ' || s.bytes || ' bytes'
    ELSE '' END AS detail
FROM sized s JOIN plan p ON p.plan_id = s.plan_id JOIN plan b ON b.plan_id = s.plan_before
LEFT JOIN query_class q ON q.class_id = s.class_id)"},

    {"session_load", R"(
WITH taken AS (
  SELECT b.target AS target, b.bucket_start - b.bucket_start % 3600 AS hour, sum(b.samples) AS hour_samples
  FROM session_sample b WHERE b.state = 'active' AND b.wait_event_type = 'none'
  GROUP BY b.target, b.bucket_start - b.bucket_start % 3600),
active AS (
  SELECT s.target AS target, s.bucket_start - s.bucket_start % 3600 AS hour, s.wait_event_type AS wait_event_type,
    s.wait_event AS wait_event, sum(s.sessions) AS hour_sessions, max(s.max_sessions) AS most_sessions
  FROM session_sample s WHERE s.state = 'active'
  GROUP BY s.target, s.bucket_start - s.bucket_start % 3600, s.wait_event_type, s.wait_event)
SELECT a.target AS target, a.hour AS hour, a.wait_event_type AS wait_event_type, a.wait_event AS wait_event,
  CAST(a.hour_sessions AS DOUBLE PRECISION) / t.hour_samples AS average_sessions, a.most_sessions AS max_sessions,
  t.hour_samples AS samples
FROM active a JOIN taken t ON t.target = a.target AND t.hour = a.hour)"},
};

bool is_word_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

bool names_word(std::string_view text, std::string_view word) {
  for (auto at = text.find(word); at != text.npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !is_word_character(text[at - 1])) &&
        (end == text.size() || !is_word_character(text[end])))
      return true;
  }
  return false;
}

}  // namespace

std::vector<View> view_definitions(const Dialect& dialect) {
  std::vector<View> out;
  for (const auto& view : views) {
    const auto own =
        std::ranges::find_if(dialect.own_views, [&](const auto& one) { return one.name == view.name; });
    const auto& used = own == dialect.own_views.end() ? view : *own;
    out.push_back({std::string(used.name),
                   fmt::format(fmt::runtime(used.select), fmt::arg("join", dialect.ordered_join),
                               fmt::arg("range", dialect.range_begin), fmt::arg("end", dialect.range_end),
                               fmt::arg("bins", dialect.histogram_bins), fmt::arg("lag", dialect.lag))});
  }
  return out;
}

std::string with_definitions(const std::vector<View>& definitions, const std::string& select,
                             std::string_view as) {
  // From the last view to the first: an earlier one is read by the later ones that are needed.
  std::string needed, text = select;
  for (auto view = definitions.rbegin(); view != definitions.rend(); ++view) {
    if (!names_word(text, view->name)) continue;
    needed = fmt::format("{} {} ({})", view->name, as, view->select) + (needed.empty() ? "" : ",\n") + needed;
    text += view->select;
  }
  return needed.empty() ? select : "WITH " + needed + "\n" + select;
}

}  // namespace pgadvise::store
