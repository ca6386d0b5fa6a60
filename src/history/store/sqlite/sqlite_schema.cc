#include "store/sqlite/sqlite_schema.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "store/sqlite/sqlite_files.h"

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
)",
    R"(
ALTER TABLE finding_event ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE finding_event ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE finding_event ADD COLUMN until TEXT NOT NULL DEFAULT '';

CREATE TABLE plan (plan_id TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE plan_relation (plan_id TEXT, kind TEXT, schema TEXT, name TEXT,
  PRIMARY KEY (plan_id, kind, schema, name)) WITHOUT ROWID;
CREATE TABLE query_plan (target TEXT, class_id TEXT, taken INTEGER, plan_id TEXT NOT NULL, cost REAL NOT NULL,
  server_major INTEGER NOT NULL, PRIMARY KEY (target, class_id, taken)) WITHOUT ROWID;
CREATE INDEX query_plan_by_time ON query_plan (taken);
CREATE INDEX query_plan_by_plan ON query_plan (plan_id);
)",
    R"(
CREATE TABLE server_sample (system TEXT, database TEXT, server TEXT, taken INTEGER, target TEXT NOT NULL,
  role TEXT NOT NULL, replicas INTEGER NOT NULL, PRIMARY KEY (system, database, server, taken)) WITHOUT ROWID;
CREATE INDEX server_sample_by_time ON server_sample (taken);
CREATE TABLE index_scan (system TEXT, database TEXT, server TEXT, schema TEXT, name TEXT, taken INTEGER,
  scans INTEGER NOT NULL, PRIMARY KEY (system, database, server, schema, name, taken)) WITHOUT ROWID;
CREATE INDEX index_scan_by_time ON index_scan (taken);
)",
    R"(
CREATE TABLE session_sample (target TEXT, bucket_start INTEGER, state TEXT, wait_event_type TEXT, wait_event TEXT,
  bucket_seconds INTEGER NOT NULL, samples INTEGER NOT NULL, sessions INTEGER NOT NULL, max_sessions INTEGER NOT NULL,
  PRIMARY KEY (target, bucket_start, state, wait_event_type, wait_event)) WITHOUT ROWID;
CREATE INDEX session_sample_by_time ON session_sample (bucket_start);
CREATE TABLE lock_wait_sample (target TEXT, bucket_start INTEGER, schema TEXT, name TEXT, mode TEXT, holder TEXT,
  samples INTEGER NOT NULL, max_wait_seconds REAL NOT NULL, max_holder_seconds REAL NOT NULL,
  PRIMARY KEY (target, bucket_start, schema, name, mode, holder)) WITHOUT ROWID;
CREATE INDEX lock_wait_sample_by_time ON lock_wait_sample (bucket_start);
)"};
static_assert(std::size(steps) == schema_version);

constexpr Dialect dialect{
    .range_begin = "CROSS JOIN query_statistics q ON",
    .range_end = "",
    .ordered_join = "CROSS JOIN",
    .histogram_bins = "JOIN json_each(q.bins) b JOIN json_each(q.counts) c ON c.key = b.key",
};

std::string replace_views() {
  std::string drop, create;
  for (const auto& view : sqlite_views()) {
    drop = fmt::format("DROP VIEW IF EXISTS {};\n", view.name) + drop;
    create += fmt::format("CREATE VIEW {} AS {};\n", view.name, view.select);
  }
  return drop + create;
}

// An object of sqlite_schema: its type, name, table and definition.
using SchemaRow = std::array<std::string, 4>;

Result<std::vector<SchemaRow>> schema_of(SqliteConnection& connection) {
  constexpr std::size_t most = 10'000;  // a store has 60
  std::vector<SchemaRow> out;
  Statement rows = connection.prepare(
      fmt::format("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema LIMIT {}", most));
  while (rows.row()) {
    SchemaRow& row = out.emplace_back();
    for (std::string& value : row) value = rows.text();
  }
  if (!rows.ok()) return tl::unexpected(connection.error(rows.code()));
  return out;
}

// The names of a table's indexes, as SQLite has read them from the schema.
Result<std::vector<std::string>> indexes_of(SqliteConnection& connection, const std::string& table) {
  std::vector<std::string> out;
  Statement rows = connection.prepare(fmt::format("PRAGMA index_list('{}')", table));
  while (rows.row()) {
    rows.number();
    out.push_back(rows.text());
  }
  if (!rows.ok()) return tl::unexpected(connection.error(rows.code()));
  std::ranges::sort(out);
  return out;
}

// Whether an object that pgadvise did not create does nothing as long as no statement names it. SQLite begins
// each definition in one of few ways; a file that was altered by hand may have others.
bool does_nothing(const SchemaRow& row) {
  const auto& [type, name, table, sql] = row;
  constexpr std::string_view harmless[] = {"CREATE TABLE ", "CREATE VIEW ", "CREATE VIRTUAL TABLE ",
                                           "CREATE INDEX ", "CREATE UNIQUE INDEX "};
  if (sql.empty()) return type == "index" && name.starts_with("sqlite_autoindex_");
  return std::any_of(std::begin(harmless), std::end(harmless),
                     [&](std::string_view begin) { return sql.starts_with(begin); });
}

tl::unexpected<Error> refuse_altered(const std::string& path, const std::string& what) {
  return refuse_file(path, "is not a store as pgadvise writes it: " + what,
                     "name another file; in your own store undo this change");
}

// Compares the file with a database in which this SQLite creates the tables of `version`. Views are not
// compared: nothing reads them.
Result<void> check_tables(SqliteConnection& connection, const std::string& path, std::int64_t version) {
  TRY(auto own, SqliteConnection::in_memory());
  for (std::int64_t step = 0; step < version; ++step) TRY_VOID(own.run(steps[step]));
  TRY(const auto wanted, schema_of(own));
  TRY(const auto found, schema_of(connection));
  std::map<std::string, const SchemaRow*> left;  // by name
  for (const auto& row : wanted) left[row[1]] = &row;
  for (const auto& row : found) {
    const auto same = left.find(row[1]);
    if (same != left.end()) {
      if (row != *same->second) return refuse_altered(path, fmt::format("the {} {} differs", row[0], row[1]));
      left.erase(same);
    } else if (!does_nothing(row)) {
      return refuse_altered(path, fmt::format("it has the {} {}", row[0], row[1]));
    }
  }
  if (!left.empty()) return refuse_altered(path, fmt::format("{} is missing", left.begin()->first));
  for (const auto& row : wanted) {
    if (row[0] != "table") continue;
    TRY(const auto theirs, indexes_of(connection, row[1]));
    TRY(const auto ours, indexes_of(own, row[1]));
    for (const auto& name : theirs)
      if (std::ranges::find(ours, name) == ours.end())
        return refuse_altered(path, fmt::format("the table {} has the index {}", row[1], name));
  }
  return {};
}

// Whose file it is and of which version (0: empty); also checks the tables.
Result<std::int64_t> version_of(SqliteConnection& connection, const std::string& path) {
  TRY(const auto id, connection.number("PRAGMA application_id"));
  TRY(const auto objects, connection.number("SELECT count(*) FROM sqlite_schema"));
  if (id != application_id && (id != 0 || objects > 0))
    return refuse_file(path, "is a database of another program", "name another file: --store sqlite:PATH");
  TRY(const auto version, connection.number("PRAGMA user_version"));
  if (version > schema_version || version < 0)
    return refuse_file(path, "was written by a later version of pgadvise",
                       "update pgadvise, or name another file");
  TRY_VOID(check_tables(connection, path, version));
  return version;
}

}  // namespace

std::vector<View> sqlite_views() { return view_definitions(dialect); }

Result<void> migrate(SqliteConnection& connection, const std::string& path) {
  connection.use_tables_only();
  // All of it as of one moment: another process may be creating the store.
  TRY_VOID(connection.run("BEGIN"));
  TRY(const auto found, version_of(connection, path));
  TRY_VOID(connection.run("COMMIT"));
  // Readers and writers do not wait for each other.
  TRY_VOID(connection.run("PRAGMA journal_mode = WAL"));
  if (found == schema_version) {
    TRY(const auto views, connection.number("SELECT value FROM setting WHERE name = 'views_version'"));
    if (views >= views_version) return {};
  }
  TRY(auto transaction, WriteTransaction::begin(connection));
  TRY(const auto version, version_of(connection, path));  // another process may have raised it
  for (auto step = version; step < schema_version; ++step) TRY_VOID(connection.run(steps[step]));
  const std::string end = fmt::format(
      "INSERT INTO setting VALUES ('views_version', {0}) ON CONFLICT (name) DO UPDATE SET value = {0}; "
      "PRAGMA "
      "user_version = {1}; PRAGMA application_id = {2}",
      views_version, schema_version, application_id);
  TRY_VOID(connection.run(replace_views() + end));
  return transaction.commit();
}

}  // namespace pgadvise::store
