#include "store/sqlite_schema.h"

#include <iterator>

#include <fmt/format.h>

namespace pgadvise::store {
namespace {

constexpr std::int64_t application_id = 0x70676164;  // "pgad"

// Element n brings version n to version n + 1. Released elements never change.
constexpr const char* steps[] = {
    R"(
CREATE TABLE setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO setting VALUES ('retention_days', 400);

CREATE TABLE run (run_id TEXT PRIMARY KEY, target TEXT NOT NULL, started INTEGER NOT NULL, version TEXT NOT NULL,
  server_version TEXT NOT NULL, scope_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX run_by_target ON run (target, started);
CREATE INDEX run_by_start ON run (started);

CREATE TABLE scope_rule (scope_id TEXT, rule TEXT, file TEXT, PRIMARY KEY (scope_id, rule, file)) WITHOUT ROWID;
CREATE TABLE scope_input (scope_id TEXT, area TEXT, path TEXT, PRIMARY KEY (scope_id, area, path)) WITHOUT ROWID;

CREATE TABLE finding_event (run_id TEXT, finding_id TEXT, short_id TEXT NOT NULL, rule TEXT NOT NULL,
  severity TEXT NOT NULL, verdict TEXT NOT NULL, state TEXT NOT NULL, area TEXT NOT NULL, file TEXT NOT NULL,
  input TEXT NOT NULL, message TEXT NOT NULL, score REAL NOT NULL, effect TEXT NOT NULL,
  PRIMARY KEY (run_id, finding_id)) WITHOUT ROWID;

CREATE TABLE query_class (class_id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE source (target TEXT, source TEXT, size INTEGER NOT NULL, bucket_start INTEGER NOT NULL,
  bucket_seconds INTEGER NOT NULL, PRIMARY KEY (target, source)) WITHOUT ROWID;
CREATE INDEX source_by_start ON source (bucket_start);

CREATE TABLE query_statistics (target TEXT, class_id TEXT, bucket_start INTEGER, source TEXT,
  bucket_seconds INTEGER NOT NULL, calls INTEGER NOT NULL, timed_calls INTEGER NOT NULL, total_ns INTEGER NOT NULL,
  max_ns INTEGER NOT NULL, rows INTEGER NOT NULL, rows_calls INTEGER NOT NULL, bins TEXT NOT NULL,
  counts TEXT NOT NULL, PRIMARY KEY (target, class_id, bucket_start, source)) WITHOUT ROWID;
CREATE INDEX query_statistics_by_bucket ON query_statistics (target, bucket_start);

CREATE TABLE relation_size (target TEXT, kind TEXT, schema TEXT, name TEXT, taken INTEGER, bytes INTEGER NOT NULL,
  rows REAL NOT NULL, PRIMARY KEY (target, kind, schema, name, taken)) WITHOUT ROWID;
CREATE INDEX relation_size_by_time ON relation_size (taken);
)"};
static_assert(std::size(steps) == schema_version);

// Raised with each change of `views`.
constexpr std::int64_t views_version = 1;

constexpr const char* views = R"(
DROP VIEW IF EXISTS relation_growth;
DROP VIEW IF EXISTS query_change;
DROP VIEW IF EXISTS query_latency;
DROP VIEW IF EXISTS query_bucket;
DROP VIEW IF EXISTS finding_life;
DROP VIEW IF EXISTS finding_look;
DROP VIEW IF EXISTS finding_latest;

CREATE VIEW finding_latest AS
SELECT k.target, k.started, e.*
FROM (
  SELECT r.target, r.started, e.run_id, e.finding_id,
    row_number() OVER (PARTITION BY r.target, e.finding_id ORDER BY r.started DESC, r.run_id DESC) AS age
  FROM finding_event e JOIN run r ON r.run_id = e.run_id
  WHERE e.rule <> '' AND e.state <> 'refuted') k
JOIN finding_event e ON e.run_id = k.run_id AND e.finding_id = k.finding_id
WHERE k.age = 1;

CREATE VIEW finding_look AS
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
              OR (i.path = '.' AND substr(f.file, 1, 1) <> '/' AND substr(f.file, 1, 3) <> '../'))))));

CREATE VIEW finding_life AS
WITH looks AS (
  SELECT target, finding_id, started, found,
    lag(found) OVER w AS found_before,
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
SELECT s.target, s.finding_id, f.short_id, f.rule, f.severity, f.verdict, f.message, f.file, f.score, f.effect,
  f.state, s.first_seen, s.last_seen, s.reopened, s.runs,
  s.gone
FROM seen s JOIN finding_latest f ON f.target = s.target AND f.finding_id = s.finding_id;

CREATE VIEW query_bucket AS
SELECT target, class_id, bucket_start, bucket_seconds, sum(calls) AS calls, sum(timed_calls) AS timed_calls,
  sum(total_ns) AS total_ns, max(max_ns) AS max_ns, sum(rows) AS rows, sum(rows_calls) AS rows_calls
FROM query_statistics GROUP BY target, class_id, bucket_start, bucket_seconds;

CREATE VIEW query_latency AS
SELECT q.target, q.class_id, q.bucket_start, b.value AS bin, sum(c.value) AS calls
FROM query_statistics q JOIN json_each(q.bins) b JOIN json_each(q.counts) c ON c.key = b.key
GROUP BY q.target, q.class_id, q.bucket_start, b.value;

CREATE VIEW query_change AS
WITH RECURSIVE week (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM week WHERE n < 8),
newest AS (SELECT target, max(bucket_start + bucket_seconds) AS until FROM source GROUP BY target),
today AS (
  SELECT q.target, q.class_id, q.bucket_start, q.bucket_seconds, sum(q.timed_calls) AS calls,
    sum(q.total_ns) AS total_ns
  FROM newest n
  JOIN query_statistics q ON q.target = n.target AND q.bucket_start >= n.until - 86400
  WHERE q.timed_calls > 0
  GROUP BY q.target, q.class_id, q.bucket_start, q.bucket_seconds),
earlier AS (
  SELECT t.target, t.class_id, t.bucket_start, t.bucket_seconds, t.calls, t.total_ns,
    sum(q.total_ns) * 1.0 / sum(q.timed_calls) AS mean_ns, count(DISTINCT w.n) AS weeks
  FROM today t CROSS JOIN week w
  CROSS JOIN query_statistics q ON q.target = t.target AND q.class_id = t.class_id
    AND q.bucket_start = t.bucket_start - w.n * 604800 AND q.bucket_seconds = t.bucket_seconds
  WHERE q.timed_calls > 0
  GROUP BY t.target, t.class_id, t.bucket_start, t.bucket_seconds, t.calls, t.total_ns)
SELECT e.target, e.class_id, c.text, sum(e.calls) AS calls, sum(e.total_ns) / sum(e.calls) / 1e6 AS mean_ms,
  sum(e.calls * e.mean_ns) / sum(e.calls) / 1e6 AS earlier_mean_ms, max(e.weeks) AS weeks
FROM earlier e JOIN query_class c ON c.class_id = e.class_id
GROUP BY e.target, e.class_id, c.text;

CREATE VIEW relation_growth AS
WITH newest AS (SELECT target, max(taken) AS until FROM relation_size GROUP BY target),
month AS (
  SELECT s.*, min(s.taken) OVER (PARTITION BY s.target, s.kind, s.schema, s.name) AS first_taken,
    max(s.taken) OVER (PARTITION BY s.target, s.kind, s.schema, s.name) AS last_taken
  FROM relation_size s JOIN newest n ON n.target = s.target
  WHERE s.taken >= n.until - 2592000)
SELECT target, kind, schema, name, first_taken AS since, last_taken AS until,
  max(CASE WHEN taken = first_taken THEN bytes END) AS bytes_before,
  max(CASE WHEN taken = last_taken THEN bytes END) AS bytes
FROM month GROUP BY target, kind, schema, name, first_taken, last_taken;
)";

tl::unexpected<Error> refuse(const std::string& path, std::string what, std::string hint) {
  return fail(Error::Kind::usage, path, std::move(what), std::move(hint));
}

}  // namespace

Result<void> migrate(SqliteConnection& connection, const std::string& path) {
  const auto id = connection.number("PRAGMA application_id");
  if (!id) return tl::unexpected(id.error());
  const auto objects = connection.number("SELECT count(*) FROM sqlite_schema");
  if (!objects) return tl::unexpected(objects.error());
  if (*id != application_id && (*id != 0 || *objects > 0))
    return refuse(path, "is a database of another program", "name another file: --store sqlite:PATH");
  // Readers and writers do not wait for each other.
  if (const auto wal = connection.run("PRAGMA journal_mode = WAL"); !wal) return wal;
  const std::string done = fmt::format(
      "SELECT (SELECT user_version FROM pragma_user_version) = {} AND (SELECT value FROM setting WHERE name "
      "= "
      "'views_version') = {}",
      schema_version, views_version);
  if (*objects > 0)
    if (const auto current = connection.number(done); current && *current == 1) return {};
  auto transaction = WriteTransaction::begin(connection);
  if (!transaction) return tl::unexpected(transaction.error());
  const auto version = connection.number("PRAGMA user_version");  // another process may have raised it
  if (!version) return tl::unexpected(version.error());
  if (*version > schema_version || *version < 0)
    return refuse(path, "was written by a later version of pgadvise",
                  "update pgadvise, or name another file");
  for (auto step = *version; step < schema_version; ++step)
    if (const auto ran = connection.run(steps[step]); !ran) return ran;
  const std::string end = fmt::format(
      "INSERT INTO setting VALUES ('views_version', {0}) ON CONFLICT (name) DO UPDATE SET value = {0}; "
      "PRAGMA "
      "user_version = {1}; PRAGMA application_id = {2}",
      views_version, schema_version, application_id);
  if (const auto ran = connection.run(std::string(views) + end); !ran) return ran;
  return transaction->commit();
}

}  // namespace pgadvise::store
