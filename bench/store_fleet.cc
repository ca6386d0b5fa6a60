// A simulated fleet in a store: uploads the facts of N databases over D days, and asks ten questions.
//
//   store_fleet STORE [--databases N] [--days D] [--every DAYS] [--classes C] [--seconds LIMIT]
//   store_fleet STORE --databases N --days D [--every DAYS] --copy-to M [--copy-days E]
//   store_fleet STORE --ask [--times T] [--limit SECONDS]
//
// STORE is sqlite:PATH, postgresql://… or clickhouse://…, a database of its own. Each database has C query
// classes (1,000) in hourly buckets, and every six hours a run: 30 findings, 40 tables, 80 indexes, 200
// plans, and scans of 60 indexes; every third database has a replica. Ten databases share the queries of one
// application. The days are consecutive (--every 1), or on the same day of the week (--every 7); the last one
// ends at 2026-11-23 00:00. The facts depend on the arguments only. Prints the rate of the upload (stops
// after LIMIT seconds, between two databases) and the size of the store by table.
//
// --copy-to: after an upload with the same N (a multiple of 30), D and DAYS, copies it on the server
// (copy_fleet.h; PostgreSQL, ClickHouse): the first day to the missing ones of the last E days, then all days
// of the N databases to M (a multiple of N).
//
// --ask: for each question the rows of its answer and the fastest of T (3) times, for the fleet and for one
// database, and the first row for that database. A question that took a third of the limit is asked once; one
// that exceeds the limit (600; ClickHouse: at most 60 for a statement) has no answer.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/iso_time.h"
#include "base/text/text.h"
#include "copy_fleet.h"
#include "pg/connection/connection.h"
#include "store/clickhouse/clickhouse_session.h"
#include "store/facts/fact_rows.h"
#include "store/open.h"
#include "store/postgres/postgres_schema.h"
#include "store/sqlite/sqlite_connection.h"

namespace pgadvise::store {
namespace {

constexpr std::int64_t hour = 3600;
constexpr std::int64_t day = 24 * hour;
constexpr std::int64_t end_of_all = 1'795'392'000;  // 2026-11-23T00:00:00Z
constexpr int databases_per_application = 10;

struct Arguments {
  std::string store;
  int databases = 1;
  int days = 2;
  int every = 1;
  int classes = 1000;
  int seconds = 0;
  int copy_to = 0;
  int copy_days = 0;
  bool ask = false;
  int times = 3;
  int limit = 600;
};

// A number that depends on its arguments only.
template <class... Parts>
std::uint64_t mixed(const Parts&... parts) {
  std::string key;
  ((key += fmt::format("{} ", parts)), ...);
  return fnv1a(key) * 0x9e3779b97f4a7c15ULL >> 8;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

[[noreturn]] void fail_with(const std::string& why) {
  fmt::print(stderr, "store_fleet: {}\n", why);
  std::exit(2);
}

std::int64_t start_of_day(const Arguments& arguments, int number) {
  return end_of_all - day - day * arguments.every * (arguments.days - 1 - number);
}

class Generator {
 public:
  Generator(const Arguments& arguments, int database)
      : arguments_(arguments), database_(database), target_(fmt::format("db{:04}", database)) {
    const int application = database / databases_per_application;
    for (int i = 0; i < arguments.classes; ++i) {
      const auto kind = mixed("class", application, i);
      classes_.push_back(
          {.id = hex64(kind),
           .text = fmt::format("SELECT t{0}.id, t{0}.state, t{0}.amount, o.name FROM app{1}.t{0} "
                               "JOIN app{1}.owner_{2} o ON o.id = t{0}.owner_id WHERE t{0}.state = "
                               "$1 AND t{0}.created_at > $2 AND t{0}.kind_{3} = $3 ORDER BY "
                               "t{0}.created_at DESC LIMIT $4",
                               i % 40, application, i % 7, i),
           .mean_ns = static_cast<std::int64_t>(20'000.0 * (1 + static_cast<double>(kind % 5'000))),
           .calls = 20 + kind / 7 % 500});
    }
  }

  // One hour's log.
  Facts log(int day_number, int hour_number) const {
    Facts out{.target = target_, .run = {}, .queries = {}, .sizes = {}};
    const std::int64_t start = start_of(day_number) + hour_number * hour;
    const std::string source = hex64(mixed("source", database_, start));
    for (std::size_t i = 0; i < classes_.size(); ++i) {
      const auto& one = classes_[i];
      const bool slower =
          day_number == arguments_.days - 1 && (i + static_cast<std::size_t>(database_)) % 97 == 0;
      QueryStatistics query;
      query.source = source;
      query.source_size = 50'000'000;
      query.class_id = one.id;
      query.text = one.text;
      query.bucket_start = start;
      query.bucket_seconds = hour;
      query.calls = one.calls + mixed(database_, i, start) % 50;
      query.timed_calls = query.calls;
      const std::int64_t mean = one.mean_ns * (slower ? 3 : 1);
      query.total_ns = mean * static_cast<std::int64_t>(query.calls);
      query.max_ns = mean * 4;
      query.rows = query.calls * 10;
      query.rows_calls = query.calls;
      add_times(mean, query.calls, query.times);
      out.queries.push_back(std::move(query));
    }
    return out;
  }

  // One run of check, on the primary.
  Facts run(int day_number, int hour_number) const {
    const std::int64_t taken = start_of(day_number) + hour_number * hour;
    Facts out{.target = target_, .run = record(day_number, taken), .queries = {}, .sizes = {}};
    const int age = day_number * arguments_.every;
    for (int table = 0; table < 40; ++table) {
      const std::int64_t bytes =
          (std::int64_t{1} << 20) * (1 + static_cast<std::int64_t>(mixed(table) % 500));
      const bool grows = table % 10 == 3;
      out.sizes.push_back({SizeSample::Kind::table,
                           {"app", fmt::format("t{}", table)},
                           taken,
                           bytes + (grows ? bytes / 10 * age : 0),
                           10'000});
      for (int index = 0; index < 2; ++index)
        out.sizes.push_back(
            {SizeSample::Kind::index, {"app", fmt::format("t{}_{}", table, index)}, taken, bytes / 4, -1});
    }
    add_plans(day_number, taken, out);
    out.scans = scans(taken, age, false);
    return out;
  }

  // One run of check on the replica; nullopt without one.
  std::optional<Facts> replica_run(int day_number, int hour_number) const {
    if (database_ % 3 != 0) return std::nullopt;
    Facts out{.target = target_ + "-replica", .run = {}, .queries = {}, .sizes = {}};
    out.scans = scans(start_of(day_number) + hour_number * hour, day_number * arguments_.every, true);
    return out;
  }

 private:
  struct Class {
    std::string id;
    std::string text;
    std::int64_t mean_ns;
    std::uint64_t calls;
  };

  std::int64_t start_of(int day_number) const { return start_of_day(arguments_, day_number); }

  // A spread over sixteen buckets of the histogram.
  static void add_times(std::int64_t mean, std::uint64_t calls, Histogram& out) {
    constexpr std::uint64_t shares[] = {1, 2, 4, 7, 10, 13, 14, 13, 11, 8, 6, 4, 3, 2, 1, 1};  // of 100
    const int middle = std::max<int>(8, Histogram::index_of(mean));
    std::uint64_t left = calls;
    for (int i = 0; i < 16; ++i) {
      const std::uint64_t count = i == 15 ? left : std::min(left, calls * shares[i] / 100);
      if (count) out.add_bucket(static_cast<std::uint16_t>(middle - 8 + i), count);
      left -= count;
    }
  }

  // Of ten findings, one begins on the last day, and one ended on the day before.
  RunRecord record(int day_number, std::int64_t taken) const {
    const bool last = day_number == arguments_.days - 1;
    RunRecord out{.started = iso_of(taken),
                  .version = "0.1.0",
                  .server_version = "16.4",
                  .inputs = {{"database", target_, "40 tables"}},
                  .scope = {},
                  .findings = {}};
    for (int rule = 0; rule < 60; ++rule) out.scope.rules.push_back(fmt::format("rule-{:02}", rule));
    for (int i = 0; i < 30; ++i) {
      if (i % 10 == (last ? 1 : 0)) continue;
      RecordedFinding finding;
      finding.id = hex64(mixed("finding", database_, i));
      finding.rule = fmt::format("rule-{:02}", i);
      finding.short_id = finding.rule + ":" + finding.id.substr(0, 4);
      finding.severity = i == 0 && database_ % 5 == 0 ? Severity::error
                         : i % 3                      ? Severity::note
                                                      : Severity::warning;
      finding.message = fmt::format(
          "The foreign key app.t{} ({}) has no index; a DELETE of a row of the referenced "
          "table reads the whole table.",
          i, "owner_id");
      finding.impact.score = static_cast<double>(mixed(database_, i) % 100);
      finding.owners = fmt::format("@team-{}", i % 5);
      out.findings.push_back(std::move(finding));
    }
    sort_by_id(out.findings);
    return out;
  }

  // One query in twenty has another plan since the last day: its index is gone, or the statistics changed.
  void add_plans(int day_number, std::int64_t taken, Facts& out) const {
    const bool last = day_number == arguments_.days - 1;
    for (std::size_t i = 0; i < std::min<std::size_t>(200, classes_.size()); ++i) {
      const std::string table = fmt::format("t{}", i % 40);
      const bool sequential = last && i % 20 == 7;
      QueryPlan plan;
      plan.class_id = classes_[i].id;
      plan.text = classes_[i].text;
      plan.taken = taken;
      plan.relations = {{SizeSample::Kind::table, {"app", table}}};
      if (!sequential) plan.relations.push_back({SizeSample::Kind::index, {"app", table + "_0"}});
      plan.structure = fmt::format(
          "Limit\n  Sort\n    Hash Join\n      {0} on app.{1}\n      Hash\n        Seq Scan "
          "on app.owner_{2}\n",
          sequential ? "Seq Scan" : "Index Scan using " + table + "_0", table, i % 7);
      plan.cost = sequential ? 25'000 : 800;
      plan.server_major = 16;
      out.plans.push_back(std::move(plan));
    }
  }

  // A fifth of the indexes has no scans on the primary; the replica scans half of these.
  IndexScans scans(std::int64_t taken, int age, bool replica) const {
    IndexScans out;
    out.member = {
        .system = std::to_string(7'000'000 + database_),
        .address = fmt::format("10.0.{}.{}|5432", database_ / 100, database_ % 100 + (replica ? 100 : 0)),
        .replica = replica,
        .replicas = !replica && database_ % 3 == 0 ? 1 : 0};
    out.database = target_;
    out.taken = taken;
    for (int index = 0; index < 60; ++index) {
      const bool unused = replica ? index % 10 == 0 : index % 5 == 0;
      out.scans.emplace_back(QualifiedName{"app", fmt::format("t{}_{}", index % 40, index / 40)},
                             unused ? 0 : 1000 + age * 100 + taken % day / hour);
    }
    return out;
  }

  const Arguments& arguments_;
  int database_;
  std::string target_;
  std::vector<Class> classes_;
};

Address address_of(const Arguments& arguments) {
  auto address = read_url(arguments.store);
  if (!address) fail_with(address.error().line());
  return std::move(*address);
}

pg::Connection connect(const Address& address) {
  auto connection = pg::Connection::open(address.conninfo);
  if (!connection) fail_with(connection.error().line());
  // As the store's own connections.
  if (const auto set = connection->query(
          "SELECT set_config('search_path', 'pgadvise', false), set_config('jit', 'off', false)");
      !set)
    fail_with(set.error().line());
  return std::move(*connection);
}

ClickHouseSession clickhouse_session(const Address& address) {
  const auto server = read_clickhouse_url(address.clickhouse);
  if (!server) fail_with(server.error().line());
  auto session = ClickHouseSession::create(*server);
  if (!session) fail_with(session.error().line());
  return std::move(*session);
}

// Of the server that the URL names: active parts, compressed. Its tables have no other indexes.
void print_clickhouse_size(const Address& address) {
  auto session = clickhouse_session(address);
  const auto rows = session.query(
      "SELECT table, sum(bytes_on_disk), sum(rows), count() FROM system.parts WHERE active AND database = "
      "currentDatabase() GROUP BY table ORDER BY 2 DESC");
  if (!rows) fail_with(rows.error().line());
  double all = 0;
  for (const auto& row : *rows) {
    const double bytes = std::atof(row[1].value_or("").c_str());
    all += bytes;
    fmt::print("  {:24} {:9.1f} MB, {:>10} rows, {:>5} parts\n", row[0].value_or(""), bytes / 1e6,
               row[2].value_or(""), row[3].value_or(""));
  }
  fmt::print("size: {:.1f} MB\n", all / 1e6);
}

void print_size(const Address& address) {
  if (!address.clickhouse.empty()) return print_clickhouse_size(address);
  if (address.conninfo.empty()) {
    std::uintmax_t bytes = 0;
    for (const char* end : {"", "-wal"})
      if (std::error_code code; std::filesystem::exists(address.path + end, code))
        bytes += std::filesystem::file_size(address.path + end, code);
    fmt::print("size: {:.1f} MB\n", static_cast<double>(bytes) / 1e6);
    return;
  }
  auto connection = connect(address);
  const auto rows = connection.query(
      "SELECT regexp_replace(c.relname, '_[0-9]{8}$', ''), sum(pg_table_size(c.oid)), "
      "sum(pg_indexes_size(c.oid)) "
      "FROM pg_class c WHERE c.relnamespace = 'pgadvise'::regnamespace AND c.relkind = 'r' GROUP BY 1 ORDER "
      "BY 2 "
      "DESC");
  if (!rows) fail_with(rows.error().line());
  double all = 0;
  for (const auto& row : *rows) {
    const double table = std::atof(row[1].value_or("").c_str()),
                 indexes = std::atof(row[2].value_or("").c_str());
    all += table + indexes;
    fmt::print("  {:18} {:9.1f} MB, indexes {:9.1f} MB\n", row[0].value_or(""), table / 1e6, indexes / 1e6);
  }
  fmt::print("size: {:.1f} MB\n", all / 1e6);
}

void upload(const Arguments& arguments) {
  const Address address = address_of(arguments);
  auto store = open(address, true);
  if (!store) fail_with(store.error().line());
  double generating = 0, storing = 0;
  std::size_t rows = 0, uploads = 0;
  const auto put = [&](const Facts& facts) {
    const auto start = std::chrono::steady_clock::now();
    if (const auto done = (*store)->put(facts, end_of_all); !done) fail_with(done.error().line());
    storing += seconds_since(start);
    rows += facts.queries.size();
    ++uploads;
  };
  const auto begin = std::chrono::steady_clock::now();
  int databases = 0;
  for (; databases < arguments.databases; ++databases) {
    if (arguments.seconds && seconds_since(begin) > arguments.seconds) break;
    const Generator generator(arguments, databases);
    for (int number = 0; number < arguments.days; ++number)
      for (int at = 0; at < 24; ++at) {
        const auto start = std::chrono::steady_clock::now();
        const Facts log = generator.log(number, at);
        generating += seconds_since(start);
        put(log);
        if (at % 6) continue;
        put(generator.run(number, at));
        if (const auto replica = generator.replica_run(number, at)) put(*replica);
      }
    fmt::print(stderr, "{} databases, {:.0f} s\n", databases + 1, seconds_since(begin));
  }
  fmt::print(
      "{} databases, {} days, {} classes: {} uploads, {} rows of query_statistics in {:.1f} s: {:.0f} rows/s "
      "(facts were made in {:.1f} s)\n",
      databases, arguments.days, arguments.classes, uploads, rows, storing,
      static_cast<double>(rows) / storing, generating);
  print_size(address);
}

// The partitions of the days that a copy adds.
void add_days(pg::Connection& connection, const FleetCopy& copy) {
  std::set<std::int64_t> days;
  for (const auto shift : copy.shifts) days.insert(copy.first_day + shift);
  for (const auto& table : daily_tables)
    if (const auto added = add_partitions(connection, table.name, days); !added)
      fail_with(added.error().line());
}

void copy_fleet(const Arguments& arguments) {
  const Address address = address_of(arguments);
  if (address.conninfo.empty() && address.clickhouse.empty())
    fail_with("--copy-to: PostgreSQL and ClickHouse only");
  FleetCopy copy{.uploaded = arguments.databases,
                 .databases = arguments.copy_to,
                 .first_day = start_of_day(arguments, 0),
                 .shifts = {}};
  if (copy.uploaded % 30 || copy.databases % copy.uploaded)
    fail_with("--databases: a multiple of 30; --copy-to: a multiple of --databases");
  std::set<std::int64_t> uploaded;
  for (int number = 0; number < arguments.days; ++number) uploaded.insert(start_of_day(arguments, number));
  for (int number = 1; number <= arguments.copy_days; ++number)
    if (const auto begin = end_of_all - number * day; !uploaded.contains(begin))
      copy.shifts.push_back(begin - copy.first_day);
  std::optional<pg::Connection> postgres;
  std::optional<ClickHouseSession> clickhouse;
  if (address.clickhouse.empty()) {
    postgres.emplace(connect(address));
    add_days(*postgres, copy);
    postgres->set_deadline(std::chrono::minutes(20));
  } else {
    clickhouse.emplace(clickhouse_session(address));
  }
  const auto run = [&](const std::string& sql) -> Result<void> {
    if (clickhouse) return clickhouse->run(sql);
    const auto rows = postgres->query(sql);
    return rows ? Result<void>() : tl::unexpected(rows.error());
  };
  const auto begin = std::chrono::steady_clock::now();
  int databases = 0;
  for (const auto& statements : clickhouse ? clickhouse_copy(copy) : postgres_copy(copy)) {
    for (const auto& sql : statements)
      if (const auto done = run(sql); !done) fail_with(done.error().line() + "\n" + sql);
    fmt::print(stderr, "{} databases, {:.0f} s\n", ++databases, seconds_since(begin));
  }
  fmt::print("copied {} databases in {:.1f} s\n", databases, seconds_since(begin));
  print_size(address);
}

struct Question {
  const char* name;
  std::string select;     // "": the store's slower queries. Of views, with a column `target`
  const char* more = "";  // conditions
  const char* end = "";   // GROUP BY, ORDER BY
};

std::vector<Question> questions() {
  const std::string week = std::to_string(end_of_all - 7 * day), last_day = std::to_string(end_of_all - day);
  static std::vector<std::string> conditions;
  conditions = {"gone IS NULL AND state = 'standing' AND first_seen >= " + week,
                "gone >= " + week,
                "gone IS NULL AND state = 'standing' AND first_seen < " + week + " AND owner = '@team-3'",
                "gone IS NULL AND state = 'standing'",
                "calls >= 20 AND mean_ms >= 1.5 * earlier_mean_ms",
                "until >= " + week,
                "bytes - bytes_before >= 10485760 AND bytes >= 1.1 * bytes_before",
                "until - since >= 604800 AND primaries = 1 AND servers > replicas",
                "bucket_start >= " + last_day,
                "bucket_start >= " + last_day};
  const auto condition = [&](std::size_t i) { return conditions[i].c_str(); };
  return {{"new findings", "SELECT target, finding_id, message FROM finding_life", condition(0),
           "ORDER BY score DESC"},
          {"fixed findings", "SELECT target, finding_id, message FROM finding_life", condition(1),
           "ORDER BY gone DESC"},
          {"an owner's recurring findings", "SELECT target, finding_id, message FROM finding_life",
           condition(2), "ORDER BY score DESC"},
          {"which database first",
           "SELECT target, sum(CASE WHEN severity = 'error' THEN 1 ELSE 0 END) AS errors, sum(score) AS "
           "impact FROM "
           "finding_life",
           condition(3), "GROUP BY target ORDER BY errors DESC, impact DESC"},
          {"slower queries", "", condition(4)},
          {"changed plans", "SELECT target, text, plan_before, plan, cause, detail FROM plan_change",
           condition(5), "ORDER BY until DESC"},
          {"growing tables and indexes",
           "SELECT target, kind, schema, name, bytes_before, bytes FROM relation_growth", condition(6),
           "ORDER BY bytes - bytes_before DESC"},
          {"unused indexes", "SELECT target, schema, name, bytes FROM index_unused", condition(7),
           "ORDER BY bytes DESC"},
          {"queries with the most time",
           "SELECT class_id, sum(total_ns) AS total, sum(calls) AS calls FROM query_bucket", condition(8),
           "GROUP BY class_id ORDER BY total DESC LIMIT 20"},
          {"latency by hour", "SELECT bucket_start, bin, sum(calls) AS calls FROM query_latency",
           condition(9), "GROUP BY bucket_start, bin ORDER BY bucket_start, bin"}};
}

using Rows = std::vector<std::vector<std::string>>;

// nullopt: the limit, in seconds, was exceeded. For a fleet, one statement for each of `targets`.
std::optional<Rows> slower_queries(Store& store, const std::vector<std::string>& targets, int limit) {
  const auto begin = std::chrono::steady_clock::now();
  Rows out;
  for (const auto& target : targets) {
    if (seconds_since(begin) > limit) return std::nullopt;
    const auto changes = store.query_changes(target);
    if (!changes) fail_with(changes.error().line());
    for (const auto& one : *changes)
      if (one.calls >= 20 && one.mean_ms >= 1.5 * one.earlier_mean_ms)
        out.push_back({one.target, one.text,
                       fmt::format("{:.1f} ms, earlier {:.1f}", one.mean_ms, one.earlier_mean_ms)});
  }
  return out;
}

// The rows of an answer; nullopt: the statement exceeded the limit, in seconds. SQLite has no limit.
class Asker {
 public:
  Asker(const Address& address, int limit) : limit_(limit) {
    if (!address.clickhouse.empty()) {
      clickhouse_.emplace(clickhouse_session(address));
    } else if (!address.conninfo.empty()) {
      postgres_.emplace(connect(address));
      postgres_->set_deadline(std::chrono::seconds(limit));
    } else {
      auto opened = SqliteConnection::open(address.path, false);
      if (!opened) fail_with(opened.error().line());
      sqlite_.emplace(std::move(*opened));
    }
  }

  std::optional<Rows> rows(const std::string& sql) {
    const auto begin = std::chrono::steady_clock::now();
    const auto answer = clickhouse_ ? of_server(clickhouse_->query(sql))
                        : postgres_ ? of_server(postgres_->query(sql))
                                    : of_file(sql);
    if (answer) return *answer;
    if (seconds_since(begin) < std::min(limit_, 60)) fail_with(answer.error().line());
    return std::nullopt;
  }

 private:
  template <class Found>
  static Result<Rows> of_server(Result<Found> rows) {
    TRY(const auto found, std::move(rows));
    Rows out;
    for (const auto& row : found) {
      auto& texts = out.emplace_back();
      for (const auto& value : row) texts.push_back(value.value_or("NULL"));
    }
    return out;
  }

  Result<Rows> of_file(const std::string& sql) {
    Statement statement = sqlite_->prepare(sql);
    Rows out;
    while (statement.row()) {
      auto& texts = out.emplace_back();
      for (int i = 0; i < statement.columns(); ++i) texts.push_back(statement.text());
    }
    if (!statement.ok()) return tl::unexpected(sqlite_->error(statement.code()));
    return out;
  }

  int limit_;
  std::optional<ClickHouseSession> clickhouse_;
  std::optional<pg::Connection> postgres_;
  std::optional<SqliteConnection> sqlite_;
};

// On one line; long texts are cut.
std::string first_row(const std::vector<std::string>& row) {
  std::vector<std::string> out;
  for (const auto& text : row) out.push_back(ellipsis(replace_all(text, "\n", " "), 60));
  return join(out, " · ");
}

struct Answer {
  std::optional<Rows> rows;  // nullopt: the limit was exceeded
  double seconds = 0;        // the fastest time
};

void ask(const Arguments& arguments) {
  const Address address = address_of(arguments);
  const auto store = open(address, false);
  if (!store) fail_with(store.error().line());
  print_size(address);
  Asker asker(address, arguments.limit);
  std::vector<std::string> targets;
  if (const auto rows = asker.rows("SELECT DISTINCT target FROM source ORDER BY target"))
    for (const auto& row : *rows) targets.push_back(row.front());
  const auto asked = [&](const Question& question, bool fleet) {
    const std::string sql = fmt::format("{} WHERE {}{} {}", question.select,
                                        fleet ? "" : "target = 'db0000' AND ", question.more, question.end);
    Answer out;
    for (int i = 0; i < arguments.times; ++i) {
      const auto start = std::chrono::steady_clock::now();
      out.rows =
          question.select.empty()
              ? slower_queries(**store, fleet ? targets : std::vector<std::string>{"db0000"}, arguments.limit)
              : asker.rows(sql);
      const double seconds = seconds_since(start);
      if (i == 0 || seconds < out.seconds) out.seconds = seconds;
      if (!out.rows || seconds * 3 > arguments.limit) break;
    }
    return out;
  };
  const auto shown = [](const Answer& answer) {
    return fmt::format(" | {:>11} | {:>8}", answer.rows ? fmt::format("{}", answer.rows->size()) : "",
                       fmt::format("{}{:.3f}", answer.rows ? "" : "> ", answer.seconds));
  };
  fmt::print("{:34} | rows of all |  seconds |  one's rows |  seconds\n", "question");
  for (const auto& question : questions()) {
    const Answer fleet = asked(question, true), one = asked(question, false);
    fmt::print("{:34}{}{}\n", question.name, shown(fleet), shown(one));
    if (one.rows && !one.rows->empty()) fmt::print("    {}\n", first_row(one.rows->front()));
    std::fflush(stdout);
  }
}

Arguments arguments_of(int argc, char** argv) {
  Arguments out;
  const std::map<std::string, int Arguments::*> numbers = {
      {"--databases", &Arguments::databases}, {"--days", &Arguments::days},
      {"--every", &Arguments::every},         {"--classes", &Arguments::classes},
      {"--seconds", &Arguments::seconds},     {"--copy-to", &Arguments::copy_to},
      {"--copy-days", &Arguments::copy_days}, {"--times", &Arguments::times},
      {"--limit", &Arguments::limit}};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--ask") {
      out.ask = true;
    } else if (const auto number = numbers.find(word); number != numbers.end() && i + 1 < argc) {
      out.*(number->second) = std::atoi(argv[++i]);
      if (out.*(number->second) < 1) fail_with(word + ": a number from 1 on");
    } else if (out.store.empty() && !word.starts_with("-")) {
      out.store = word;
    } else {
      fail_with("unknown argument " + word);
    }
  }
  if (out.store.empty()) fail_with("STORE is missing: sqlite:PATH, postgresql://… or clickhouse://…");
  return out;
}

}  // namespace
}  // namespace pgadvise::store

int main(int argc, char** argv) {
  const auto arguments = pgadvise::store::arguments_of(argc, argv);
  if (arguments.ask) pgadvise::store::ask(arguments);
  else if (arguments.copy_to) pgadvise::store::copy_fleet(arguments);
  else pgadvise::store::upload(arguments);
}
