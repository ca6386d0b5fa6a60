#include "store/postgres/postgres_schema.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/iso_time.h"
#include "base/text/text.h"
#include "store/facts/facts.h"
#include "store/postgres/postgres_relations.h"
#include "store/postgres/postgres_views.h"
#include "store/store/views.h"

namespace pgadvise::store {
namespace {

using Access = PostgresTransaction::Access;

// Element n brings version n to version n + 1. Released elements never change. Text is compared by bytes, as
// in SQLite.
constexpr const char* steps[] = {
    R"(
CREATE TABLE setting (name text COLLATE "C" PRIMARY KEY, value bigint NOT NULL);
INSERT INTO setting VALUES ('retention_days', 400);

CREATE TABLE run (run_id text COLLATE "C" PRIMARY KEY, target text COLLATE "C" NOT NULL, started bigint NOT NULL,
  version text COLLATE "C" NOT NULL, server_version text COLLATE "C" NOT NULL, scope_id text COLLATE "C" NOT NULL);
CREATE INDEX run_by_target ON run (target, started);
CREATE INDEX run_by_start ON run (started);
CREATE INDEX run_by_scope ON run (scope_id);

CREATE TABLE scope_rule (scope_id text COLLATE "C", rule text COLLATE "C", file text COLLATE "C",
  PRIMARY KEY (scope_id, rule, file));
CREATE TABLE scope_input (scope_id text COLLATE "C", area text COLLATE "C", path text COLLATE "C",
  PRIMARY KEY (scope_id, area, path));

CREATE TABLE finding_event (run_id text COLLATE "C", finding_id text COLLATE "C", short_id text COLLATE "C" NOT NULL,
  rule text COLLATE "C" NOT NULL, severity text COLLATE "C" NOT NULL, verdict text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL, area text COLLATE "C" NOT NULL, file text COLLATE "C" NOT NULL,
  input text COLLATE "C" NOT NULL, message text COLLATE "C" NOT NULL, score double precision NOT NULL,
  effect text COLLATE "C" NOT NULL, PRIMARY KEY (run_id, finding_id));

CREATE TABLE query_class (class_id text COLLATE "C" PRIMARY KEY, text text COLLATE "C" NOT NULL);

CREATE TABLE source (target text COLLATE "C", source text COLLATE "C", size bigint NOT NULL,
  bucket_start bigint NOT NULL, bucket_seconds bigint NOT NULL, PRIMARY KEY (target, source));
CREATE INDEX source_by_start ON source (bucket_start);

CREATE TABLE query_statistics (target text COLLATE "C", class_id text COLLATE "C", bucket_start bigint,
  source text COLLATE "C", bucket_seconds bigint NOT NULL, calls bigint NOT NULL, timed_calls bigint NOT NULL,
  total_ns bigint NOT NULL, max_ns bigint NOT NULL, rows bigint NOT NULL, rows_calls bigint NOT NULL,
  bins bigint[] NOT NULL, counts bigint[] NOT NULL, PRIMARY KEY (target, class_id, bucket_start, source))
  PARTITION BY RANGE (bucket_start);
CREATE INDEX query_statistics_by_bucket ON query_statistics (target, bucket_start);

CREATE TABLE relation_size (target text COLLATE "C", kind text COLLATE "C", schema text COLLATE "C",
  name text COLLATE "C", taken bigint, bytes bigint NOT NULL, rows double precision NOT NULL,
  PRIMARY KEY (target, kind, schema, name, taken)) PARTITION BY RANGE (taken);
CREATE INDEX relation_size_by_time ON relation_size (target, taken);
)",
    R"(
ALTER TABLE finding_event ADD COLUMN owner text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE finding_event ADD COLUMN reason text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE finding_event ADD COLUMN until text COLLATE "C" NOT NULL DEFAULT '';

CREATE TABLE plan (plan_id text COLLATE "C" PRIMARY KEY, text text COLLATE "C" NOT NULL);
CREATE TABLE plan_relation (plan_id text COLLATE "C", kind text COLLATE "C", schema text COLLATE "C",
  name text COLLATE "C", PRIMARY KEY (plan_id, kind, schema, name));
CREATE TABLE query_plan (target text COLLATE "C", class_id text COLLATE "C", taken bigint,
  plan_id text COLLATE "C" NOT NULL, cost double precision NOT NULL, server_major bigint NOT NULL,
  PRIMARY KEY (target, class_id, taken));
CREATE INDEX query_plan_by_time ON query_plan (taken);
CREATE INDEX query_plan_by_plan ON query_plan (plan_id);
)",
    R"(
CREATE TABLE server_sample (system text COLLATE "C", database text COLLATE "C", server text COLLATE "C", taken bigint,
  target text COLLATE "C" NOT NULL, role text COLLATE "C" NOT NULL, replicas bigint NOT NULL,
  PRIMARY KEY (system, database, server, taken));
CREATE INDEX server_sample_by_time ON server_sample (taken);
CREATE TABLE index_scan (system text COLLATE "C", database text COLLATE "C", server text COLLATE "C",
  schema text COLLATE "C", name text COLLATE "C", taken bigint, scans bigint NOT NULL,
  PRIMARY KEY (system, database, server, schema, name, taken)) PARTITION BY RANGE (taken);
)",
    R"(
CREATE TABLE session_sample (target text COLLATE "C", bucket_start bigint, state text COLLATE "C",
  wait_event_type text COLLATE "C", wait_event text COLLATE "C", bucket_seconds bigint NOT NULL,
  samples bigint NOT NULL, sessions bigint NOT NULL, max_sessions bigint NOT NULL,
  PRIMARY KEY (target, bucket_start, state, wait_event_type, wait_event)) PARTITION BY RANGE (bucket_start);
CREATE TABLE lock_wait_sample (target text COLLATE "C", bucket_start bigint, schema text COLLATE "C",
  name text COLLATE "C", mode text COLLATE "C", holder text COLLATE "C", samples bigint NOT NULL,
  max_wait_seconds double precision NOT NULL, max_holder_seconds double precision NOT NULL,
  PRIMARY KEY (target, bucket_start, schema, name, mode, holder));
CREATE INDEX lock_wait_sample_by_time ON lock_wait_sample (bucket_start);
)"};
static_assert(std::size(steps) == postgres_schema_version);

constexpr Dialect dialect{
    .range_begin = "CROSS JOIN LATERAL (SELECT * FROM query_statistics q WHERE",
    .range_end = "OFFSET 0) q",
    .ordered_join = "JOIN",
    .histogram_bins =
        "CROSS JOIN LATERAL unnest(q.bins, q.counts) h (bin, calls) "
        "CROSS JOIN LATERAL (SELECT h.bin AS value) b CROSS JOIN LATERAL (SELECT h.calls AS value) c",
};

tl::unexpected<Error> refuse(const PostgresTransaction& transaction, std::string what, std::string hint) {
  return fail(Error::Kind::usage, transaction.where(), std::move(what), std::move(hint));
}

enum class Found { nothing, own, others };

// Ours has the columns of version 1 that tell it from a table `setting` of another program. Reads pg_class:
// to_regclass() may answer as before the transaction waited for another process.
Result<Found> look(PostgresTransaction& transaction) {
  TRY(const auto rows,
      transaction.query(
          "SELECT count(DISTINCT c.oid), count(*) FILTER (WHERE c.relkind = 'r' AND NOT a.attisdropped AND "
          "(c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod)) IN "
          "(('setting', 'name', 'text'), ('setting', 'value', 'bigint'), ('run', 'run_id', 'text'), "
          "('run', 'target', 'text'), ('run', 'started', 'bigint'))) "
          "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
          "LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE n.nspname = 'pgadvise'"));
  if (rows.empty() || rows.front()[0] == "0") return Found::nothing;
  return rows.front()[1] == "5" ? Found::own : Found::others;
}

tl::unexpected<Error> refuse_others(const PostgresTransaction& transaction) {
  return refuse(transaction, "the schema pgadvise belongs to another program", "name another database");
}

// Tables outside of the system and of extensions, in any schema.
Result<bool> has_other_tables(PostgresTransaction& transaction) {
  TRY(const auto count,
      transaction.number("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                         "WHERE c.relkind IN ('r', 'p', 'm', 'f') AND c.relpersistence <> 't' "
                         "AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pgadvise') "
                         "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND "
                         "d.objid = c.oid "
                         "AND d.deptype = 'e')"));
  return count > 0;
}

// 0 without the row.
Result<std::int64_t> setting(PostgresTransaction& transaction, const std::string& name) {
  return transaction.number("SELECT value FROM setting WHERE name = $1", {name});
}

Result<void> begin_schema(PostgresTransaction& transaction) {
  TRY(const auto exists, transaction.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'pgadvise'"));
  if (exists) return {};
  TRY(const auto others, has_other_tables(transaction));
  if (others)
    return refuse(transaction, "has tables of other programs: pgadvise does not create a store beside them",
                  "name another database, or run CREATE SCHEMA pgadvise in this one to allow it");
  return transaction.run("CREATE SCHEMA pgadvise");
}

Result<void> bring_up_to_date(PostgresTransaction& transaction) {
  TRY_VOID(transaction.query(fmt::format("SELECT pg_advisory_xact_lock({}, {})", StoreLock::area,
                                         static_cast<int>(StoreLock::schema))));
  TRY_VOID(check_relations(transaction));
  TRY(const auto found, look(transaction));  // another process may have created it
  if (found == Found::others) return refuse_others(transaction);
  TRY(const auto before, relations_of_store(transaction));
  std::int64_t version = 0;
  if (found == Found::own) {
    TRY(version, setting(transaction, "tables_version"));
  } else {
    TRY_VOID(begin_schema(transaction));
  }
  if (version > postgres_schema_version || version < 0)
    return refuse(transaction, "its store was written by a later version of pgadvise",
                  "update pgadvise, or name another database");
  for (auto step = version; step < postgres_schema_version; ++step) TRY_VOID(transaction.run(steps[step]));
  TRY_VOID(replace_views(transaction, view_definitions(dialect)));
  if (found == Found::own) TRY_VOID(grant_new_relations(transaction, before));
  return transaction.run(fmt::format(
      "INSERT INTO setting VALUES ('tables_version', {}), ('views_version', {}) ON CONFLICT (name) DO UPDATE "
      "SET value = excluded.value",
      postgres_schema_version, views_version));
}

}  // namespace

std::string partition_of(const std::string& table, std::int64_t day) {
  return table + "_" + replace_all(iso_of(day).substr(0, 10), "-", "");
}

std::vector<View> postgres_definitions() {
  std::vector<View> out = postgres_tables();
  for (auto& view : view_definitions(dialect)) out.push_back(std::move(view));
  return out;
}

Result<void> migrate(pg::Connection& connection, bool create) {
  {
    TRY(auto transaction, PostgresTransaction::begin(connection, Access::read));
    TRY_VOID(check_relations(transaction));
    TRY(const auto found, look(transaction));
    if (found == Found::others) return refuse_others(transaction);
    if (found == Found::nothing && !create)
      return refuse(transaction, "there is no store", "check --store creates one");
    if (found == Found::own) {
      TRY(const auto version, setting(transaction, "tables_version"));
      TRY(const auto views, setting(transaction, "views_version"));
      if (version == postgres_schema_version && views >= views_version) return {};
    }
  }
  TRY(auto transaction, PostgresTransaction::begin(connection, Access::write));
  TRY_VOID(bring_up_to_date(transaction));
  return transaction.commit();
}

Result<void> add_partitions(pg::Connection& connection, const std::string& table,
                            const std::set<std::int64_t>& days) {
  if (days.empty()) return {};
  TRY(auto transaction, PostgresTransaction::begin(connection, Access::write));
  std::set<std::int64_t> missing;
  const auto find_missing = [&]() -> Result<void> {
    missing.clear();
    for (const auto day : days) {
      TRY(const auto exists,
          transaction.number("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                             "WHERE n.nspname = 'pgadvise' AND c.relname = $1",
                             {partition_of(table, day)}));
      if (!exists) missing.insert(day);
    }
    return {};
  };
  TRY_VOID(find_missing());
  if (missing.empty()) return {};
  const std::string lock = fmt::format("SELECT pg_advisory_xact_lock({}, {})", StoreLock::area,
                                       static_cast<int>(StoreLock::partitions));
  TRY_VOID(transaction.query(lock));
  TRY_VOID(find_missing());
  TRY_VOID(keep_unchanged(transaction, {table}));
  for (const auto day : missing) {
    // ATTACH PARTITION locks less than CREATE TABLE … PARTITION OF does.
    const std::string name = partition_of(table, day);
    TRY_VOID(transaction.run(fmt::format(
        "CREATE TABLE {0} (LIKE {1});\nALTER TABLE {1} ATTACH PARTITION {0} FOR VALUES FROM ({2}) TO ({3})",
        name, table, day, day + seconds_per_day)));
  }
  return transaction.commit();
}

Result<void> drop_partitions(PostgresTransaction& transaction, const std::string& table, std::int64_t day) {
  TRY(const auto rows,
      transaction.query(
          "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
          "WHERE i.inhparent = to_regclass($1) AND c.relname COLLATE \"C\" < $2 AND c.relname ~ '_[0-9]{8}$' "
          "ORDER BY c.relname",
          {table, partition_of(table, day)}));
  for (const auto& row : rows) TRY_VOID(transaction.run("DROP TABLE " + row[0].value_or("")));
  return {};
}

}  // namespace pgadvise::store
