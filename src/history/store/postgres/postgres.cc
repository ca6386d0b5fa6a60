#include "store/postgres/postgres.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/files/digest.h"
#include "base/text/text.h"
#include "pg/connection/connection.h"
#include "store/facts/clock.h"
#include "store/facts/fact_rows.h"
#include "store/postgres/postgres_relations.h"
#include "store/postgres/postgres_schema.h"
#include "store/postgres/postgres_session.h"
#include "store/store/sql_store.h"

namespace pgadvise::store {
namespace {

using Access = PostgresTransaction::Access;

constexpr std::size_t rows_per_statement = 2'000;
constexpr std::string_view query_canceled = "57014";  // SQLSTATE, also of the limit of time below

// The server ends a statement after 60 seconds: the client's limit is for one that does not.
constexpr pg::AnswerLimits answer_limits{.bytes = std::size_t{256} << 20,
                                         .time = std::chrono::milliseconds(70'000)};

std::string array_element(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// An element of an array's text.
std::string element_of(const Cell& cell) {
  return std::visit(
      []<class T>(const T& value) -> std::string {
        if constexpr (std::is_same_v<T, std::string>) return array_element(value);
        else if constexpr (std::is_same_v<T, Numbers>)
          return array_element(fmt::format("{{{}}}", fmt::join(value, ",")));
        else return fmt::format("{}", value);
      },
      cell);
}

// The types that a column has in unnest(), and in the table.
struct ColumnTypes {
  const char* sent;
  const char* cast;
};

ColumnTypes types_of(const Cell& cell) {
  constexpr ColumnTypes types[] = {
      {"text[]", "text"}, {"bigint[]", "bigint"}, {"float8[]", "float8"}, {"text[]", "bigint[]"}};
  static_assert(std::size(types) == std::variant_size_v<Cell>);
  return types[cell.index()];
}

// The second key of the lock of a target's uploads.
int lock_of(const std::string& target) {
  return static_cast<int>(
      static_cast<std::uint32_t>(std::stoul(sha256_hex(target).substr(0, 8), nullptr, 16)));
}

std::set<std::string> all_tables() {
  std::set<std::string> out;
  for (const auto& table : postgres_tables()) out.insert(table.name);
  return out;
}

Result<void> lock(PostgresTransaction& transaction, const std::string& target) {
  TRY_VOID(transaction.query(fmt::format(
      "SELECT pg_advisory_xact_lock_shared({}, {}), pg_advisory_xact_lock({}, {})", StoreLock::area,
      static_cast<int>(StoreLock::upload), StoreLock::target_area, lock_of(target))));
  return {};
}

Result<void> insert(PostgresTransaction& transaction, const TableRows& table, std::string_view conflict) {
  if (table.rows.empty()) return {};
  // Each unnest() with its schema, which only one with a single array may have.
  std::string sent, names, casts;
  const auto& first = table.rows.front();
  for (std::size_t i = 0; i < first.size(); ++i) {
    const ColumnTypes types = types_of(first[i]);
    const char* comma = i ? ", " : "";
    sent += fmt::format("{}pg_catalog.unnest(${}::{})", comma, i + 1, types.sent);
    names += fmt::format("{}c{}", comma, i);
    casts += fmt::format("{}c{}::{}", comma, i, types.cast);
  }
  const std::string sql = fmt::format("INSERT INTO {} SELECT {} FROM ROWS FROM ({}) AS t ({}) {}",
                                      table.table, casts, sent, names, conflict);
  for (std::size_t at = 0; at < table.rows.size(); at += rows_per_statement) {
    const std::size_t end = std::min(at + rows_per_statement, table.rows.size());
    Parameters parameters;
    for (std::size_t column = 0; column < first.size(); ++column) {
      std::string array = "{";
      for (std::size_t row = at; row < end; ++row)
        array += (row > at ? "," : "") + element_of(table.rows[row][column]);
      parameters.emplace_back(array + "}");
    }
    TRY_VOID(transaction.query(sql, parameters));
  }
  return {};
}

// Of a log that grew between two uploads, the larger one counts, whichever comes first.
Result<bool> is_new(PostgresTransaction& transaction, const std::string& target, const LogRows& log) {
  TRY(const auto known,
      transaction.query("SELECT size >= $3, bucket_start FROM source WHERE target = $1 AND source = $2",
                        {target, log.source, std::to_string(log.size)}));
  if (!known.empty()) {
    if (known.front()[0] == "t") return false;
    TRY_VOID(transaction.query(
        "DELETE FROM query_statistics WHERE target = $1 AND source = $2 AND bucket_start = $3",
        {target, log.source, known.front()[1]}));
  }
  TRY_VOID(transaction.query(
      "INSERT INTO source VALUES ($1, $2, $3, $4, $5) ON CONFLICT (target, source) DO UPDATE SET size = "
      "excluded.size, bucket_start = excluded.bucket_start, bucket_seconds = excluded.bucket_seconds",
      {target, log.source, std::to_string(log.size), std::to_string(log.bucket_start),
       std::to_string(log.bucket_seconds)}));
  return true;
}

// One upload, in a transaction that the caller commits. Uploads take rows in the order of their keys, so that
// two of them never wait for each other. `partitions`: of the days of the facts.
Result<void> upload(PostgresTransaction& transaction, const FactRows& facts,
                    std::set<std::string> partitions) {
  TRY_VOID(lock(transaction, facts.target));
  partitions.merge(all_tables());
  TRY_VOID(keep_unchanged(transaction, partitions));
  for (const auto& table : facts.tables) TRY_VOID(insert(transaction, table, "ON CONFLICT DO NOTHING"));
  TableRows classes = facts.classes;
  for (const auto& log : facts.logs) {
    TRY(const auto fresh, is_new(transaction, facts.target, log));
    if (!fresh) continue;
    classes.rows.insert(classes.rows.end(), log.classes.rows.begin(), log.classes.rows.end());
    TRY_VOID(insert(transaction, log.statistics, "ON CONFLICT DO NOTHING"));
  }
  // Sorted by id, then by text: the first of several texts is the smallest.
  std::ranges::sort(classes.rows);
  const auto same = [](const auto& a, const auto& b) { return a.front() == b.front(); };
  classes.rows.erase(std::unique(classes.rows.begin(), classes.rows.end(), same), classes.rows.end());
  return insert(transaction, classes,
                "ON CONFLICT (class_id) DO UPDATE SET text = excluded.text "
                "WHERE excluded.text < query_class.text");
}

class PostgresStore : public SqlStore {
 public:
  explicit PostgresStore(pg::Connection connection) : connection_(std::move(connection)) {}

  Result<void> set_retention(int days) {
    return write([&](PostgresTransaction& transaction) -> Result<void> {
      TRY_VOID(keep_unchanged(transaction, {"setting"}));
      TRY_VOID(
          transaction.query("UPDATE setting SET value = $1 WHERE name = 'retention_days' AND value <> $1",
                            {std::to_string(days)}));
      return {};
    });
  }

  Result<void> put(const Facts& facts, std::int64_t now) override {
    TRY(const auto clock, read_clock());
    TRY_VOID(check_clock(facts, clock));
    const std::int64_t first = first_kept_day(clock, now);
    FactRows rows = rows_of(facts);
    leave_out_before(first, rows);
    TRY(const auto partitions, partitions_for(rows));
    TRY_VOID(write([&](PostgresTransaction& transaction) { return upload(transaction, rows, partitions); }));
    return forget_before(first);
  }

  Result<std::vector<QueryChange>> query_changes(const std::string& target) override {
    return query_changes_by_target(target);
  }

 protected:
  Result<std::vector<AnswerRow>> ask(const std::string& sql, const std::string& parameter,
                                     const std::string& purpose) override {
    TRY(auto transaction, PostgresTransaction::begin(connection_, Access::question));
    const auto rows = transaction.query(with_definitions(definitions_, sql), {parameter});
    if (!rows && connection_.sqlstate() == query_canceled)
      return fail(Error::Kind::usage, connection_.where(),
                  purpose +
                      " was canceled: it takes longer than 60 seconds, the limit of a statement, or "
                      "somebody canceled it",
                  "name a target, or shorten the retention");
    if (!rows) return tl::unexpected(rows.error());
    std::vector<AnswerRow> out;
    for (const auto& row : *rows) out.emplace_back(row.begin(), row.end());
    return out;
  }

 private:
  template <class Work>
  Result<void> write(const Work& work) {
    TRY(auto transaction, PostgresTransaction::begin(connection_, Access::write));
    TRY_VOID(work(transaction));
    return transaction.commit();
  }

  Result<StoreClock> read_clock() {
    TRY(auto transaction, PostgresTransaction::begin(connection_, Access::read));
    TRY(const auto days, transaction.number("SELECT value FROM setting WHERE name = 'retention_days'"));
    TRY(const auto time, transaction.number("SELECT floor(extract(epoch FROM now()))::bigint"));
    return StoreClock{time, days};
  }

  // Makes those that are missing; the names of all.
  Result<std::set<std::string>> partitions_for(const FactRows& rows) {
    std::set<std::string> out;
    for (const auto& daily : daily_tables) {
      std::set<std::int64_t> days;
      const auto add = [&](const TableRows& table) {
        if (table.table != daily.name) return;
        for (const auto& row : table.rows)
          days.insert(start_of(seconds_per_day, std::get<std::int64_t>(row[daily.time_column])));
      };
      for (const auto& table : rows.tables) add(table);
      for (const auto& log : rows.logs) add(log.statistics);
      TRY_VOID(add_partitions(connection_, daily.name, days));
      for (const auto day : days) out.insert(partition_of(daily.name, day));
    }
    return out;
  }

  // Once a day, where no other upload runs: otherwise one of the next uploads does it.
  Result<void> forget_before(std::int64_t day) {
    TRY(auto transaction, PostgresTransaction::begin(connection_, Access::write));
    TRY(const auto old,
        transaction.number(
            "SELECT (EXISTS (SELECT FROM run WHERE started < $1) OR EXISTS (SELECT FROM source WHERE "
            "bucket_start "
            "< $1) OR EXISTS (SELECT FROM relation_size WHERE taken < $1) OR EXISTS (SELECT FROM query_plan "
            "WHERE taken < $1) OR EXISTS (SELECT FROM server_sample WHERE taken < $1) OR EXISTS (SELECT FROM "
            "session_sample WHERE bucket_start < $1))::int",
            {std::to_string(day)}));
    if (!old) return {};
    TRY(const auto alone,
        transaction.number(fmt::format("SELECT pg_try_advisory_xact_lock({}, {})::int", StoreLock::area,
                                       static_cast<int>(StoreLock::upload))));
    if (!alone) return {};
    TRY_VOID(keep_unchanged(transaction, all_tables()));
    const auto done = remove_before(transaction, day);
    if (!done && connection_.sqlstate() == "55P03") return {};  // a reader has a lock
    return done ? transaction.commit() : done;
  }

  static Result<void> remove_before(PostgresTransaction& transaction, std::int64_t day) {
    TRY_VOID(transaction.query("SELECT pg_catalog.set_config('lock_timeout', '2s', true)"));
    for (const auto& table : daily_tables) TRY_VOID(drop_partitions(transaction, table.name, day));
    for (const char* sql :
         {"DELETE FROM finding_event WHERE run_id IN (SELECT run_id FROM run WHERE started < $1)",
          "DELETE FROM run WHERE started < $1", "DELETE FROM source WHERE bucket_start < $1",
          "DELETE FROM query_plan WHERE taken < $1", "DELETE FROM server_sample WHERE taken < $1",
          "DELETE FROM lock_wait_sample WHERE bucket_start < $1"})
      TRY_VOID(transaction.query(sql, {std::to_string(day)}));
    return transaction.run(
        "DELETE FROM query_class c WHERE NOT EXISTS (SELECT FROM query_statistics q WHERE q.class_id = "
        "c.class_id) AND NOT EXISTS (SELECT FROM query_plan q WHERE q.class_id = c.class_id);\n"
        "DELETE FROM plan p WHERE NOT EXISTS (SELECT FROM query_plan q WHERE q.plan_id = p.plan_id);\n"
        "DELETE FROM plan_relation p WHERE NOT EXISTS (SELECT FROM query_plan q WHERE q.plan_id = "
        "p.plan_id);\n"
        "DELETE FROM scope_rule s WHERE NOT EXISTS (SELECT FROM run r WHERE r.scope_id = s.scope_id);\n"
        "DELETE FROM scope_input s WHERE NOT EXISTS (SELECT FROM run r WHERE r.scope_id = s.scope_id)");
  }

  pg::Connection connection_;
  std::vector<View> definitions_ = postgres_definitions();
};

}  // namespace

Result<std::unique_ptr<Store>> open_postgres(const Address& address, bool create) {
  auto connection = pg::Connection::open(address.conninfo);
  if (!connection) {
    Error error = connection.error();
    error.kind = Error::Kind::usage;
    return tl::unexpected(std::move(error));
  }
  connection->set_limits(answer_limits);
  TRY_VOID(migrate(*connection, create));
  auto store = std::make_unique<PostgresStore>(std::move(*connection));
  if (address.retention_days) TRY_VOID(store->set_retention(*address.retention_days));
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace pgadvise::store
