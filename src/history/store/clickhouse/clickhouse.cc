#include "store/clickhouse/clickhouse.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/iso_time.h"
#include "base/text/text.h"
#include "store/clickhouse/clickhouse_schema.h"
#include "store/clickhouse/clickhouse_session.h"
#include "store/facts/clock.h"
#include "store/facts/fact_rows.h"
#include "store/store/clickhouse_address.h"
#include "store/store/sql_store.h"

namespace pgadvise::store {
namespace {

using Rows = std::vector<std::vector<Cell>>;

const ClickHouseTable& table_of(std::string_view name) {
  const auto all = clickhouse_tables();
  return *std::ranges::find_if(all, [&](const auto& table) { return table.name == name; });
}

// "2023-11-20" as 20231120, the name of a partition.
std::int64_t day_number(std::int64_t seconds) {
  return std::atoll(replace_all(iso_of(seconds).substr(0, 10), "-", "").c_str());
}

std::int64_t time_in(const FactRows& facts, std::string_view name, std::size_t column) {
  std::int64_t out = 0;
  for (const auto& table : facts.tables)
    if (table.table == name)
      for (const auto& row : table.rows) out = std::max(out, std::get<std::int64_t>(row[column]));
  return out;
}

// Its rows make others visible.
bool is_last(std::string_view table) {
  return table == "run" || table == "query_plan" || table == "server_sample";
}

// `own`: the values of the own columns of the table.
Result<void> insert(ClickHouseSession& session, std::string_view name, Rows rows,
                    const std::vector<Cell>& own) {
  const ClickHouseTable& table = table_of(name);
  std::string columns = column_names(table.columns);
  if (!own.empty()) columns += ", " + column_names(table.own_columns);
  for (auto& row : rows) row.insert(row.end(), own.begin(), own.end());
  return session.insert(std::string(name) + "_rows", columns, rows);
}

Result<void> insert_one(ClickHouseSession& session, const FactRows& facts, std::string_view name) {
  for (const auto& table : facts.tables)
    if (table.table == name) TRY_VOID(insert(session, name, table.rows, {}));
  return {};
}

Result<std::map<std::string, std::int64_t>> known_sizes(ClickHouseSession& session, const FactRows& facts) {
  std::vector<std::string> names;
  for (const auto& log : facts.logs) names.push_back(clickhouse_literal(log.source));
  TRY(const auto rows, session.query(clickhouse_select(
                           fmt::format("SELECT source, size FROM source WHERE target = {} AND source IN ({})",
                                       clickhouse_literal(facts.target), fmt::join(names, ", ")))));
  std::map<std::string, std::int64_t> out;
  for (const auto& row : rows) out[row.front().value_or("")] = std::atoll(row.back().value_or("").c_str());
  return out;
}

// Of a log that grew between two uploads, the larger one counts, whichever comes first.
Result<void> put_logs(ClickHouseSession& session, const FactRows& facts) {
  if (facts.logs.empty()) return {};
  TRY(const auto known, known_sizes(session, facts));
  std::vector<std::string> smaller;
  Rows sources;
  for (const auto& log : facts.logs) {
    const auto before = known.find(log.source);
    if (before != known.end() && before->second >= log.size) continue;
    if (before != known.end())
      smaller.push_back(fmt::format("(source = {} AND size < {})", clickhouse_literal(log.source), log.size));
    TRY_VOID(insert(session, "query_class", log.classes.rows, {log.bucket_start}));
    TRY_VOID(insert(session, "query_statistics", log.statistics.rows, {log.size}));
    sources.push_back({facts.target, log.source, log.size, log.bucket_start, log.bucket_seconds});
  }
  TRY_VOID(insert(session, "source", std::move(sources), {}));
  if (smaller.empty()) return {};
  // The views already leave these rows out: the server removes them when it finds time, or never.
  const auto removed = session.run(
      fmt::format("DELETE FROM {}{} WHERE target = {} AND ({}) SETTINGS lightweight_deletes_sync = 0",
                  stored_table(session.address(), "query_statistics"), on_cluster(session.address()),
                  clickhouse_literal(facts.target), fmt::join(smaller, " OR ")));
  return removed || session.code() == ClickHouseCode::access_denied ? Result<void>() : removed;
}

Result<void> upload(ClickHouseSession& session, const FactRows& facts) {
  const std::int64_t started = time_in(facts, "run", 2), taken = time_in(facts, "query_plan", 2);
  for (const auto& table : facts.tables) {
    if (is_last(table.table)) continue;
    std::vector<Cell> own{table.table.starts_with("plan") ? taken : started};
    if (table.table == "finding_event") own.emplace_back(facts.target);
    if (table_of(table.table).own_columns.empty()) own.clear();
    TRY_VOID(insert(session, table.table, table.rows, own));
  }
  TRY_VOID(insert(session, "query_class", facts.classes.rows, {taken}));
  TRY_VOID(insert_one(session, facts, "query_plan"));
  TRY_VOID(put_logs(session, facts));
  TRY_VOID(insert_one(session, facts, "server_sample"));
  return insert_one(session, facts, "run");
}

class ClickHouseStore : public SqlStore {
 public:
  explicit ClickHouseStore(ClickHouseSession session) : session_(std::move(session)) {}

  Result<void> set_retention(int days) {
    TRY(const auto stored, retention());
    if (stored == days) return {};  // a user who may only read names the setting, too
    return session_.run(
        fmt::format("INSERT INTO setting_rows (name, value, changed) SELECT 'retention_days', {}, "
                    "toUnixTimestamp64Micro(now64(6))",
                    days));
  }

  Result<void> put(const Facts& facts, std::int64_t now) override {
    TRY(const auto clock, read_clock());
    TRY_VOID(check_clock(facts, clock));
    const std::int64_t first = first_kept_day(clock, now);
    FactRows rows = rows_of(facts);
    leave_out_before(first, rows);
    TRY_VOID(upload(session_, rows));
    return forget_before(first);
  }

  Result<std::vector<QueryChange>> query_changes(const std::string& target) override {
    return query_changes_by_target(target);
  }

 protected:
  Result<std::vector<AnswerRow>> ask(const std::string& sql, const std::string& parameter,
                                     const std::string& purpose) override {
    auto rows = session_.query(clickhouse_select(replace_all(sql, "$1", clickhouse_literal(parameter))));
    if (!rows && session_.code() == ClickHouseCode::timeout)
      return fail(Error::Kind::usage, session_.where(),
                  purpose + " takes longer than 60 seconds, the limit of a statement: stopped",
                  "name a target, or shorten the retention");
    return rows;
  }

 private:
  Result<std::int64_t> retention() {
    TRY(const auto days,
        session_.value(clickhouse_select("SELECT value FROM setting WHERE name = 'retention_days'")));
    return std::atoll(days.c_str());
  }

  Result<StoreClock> read_clock() {
    TRY(const auto clock,
        session_.query(clickhouse_select(
            "SELECT toUnixTimestamp(now()), (SELECT value FROM setting WHERE name = 'retention_days')")));
    if (clock.empty() || clock.front().size() != 2)
      return fail(Error::Kind::usage, session_.where(), "the store does not tell its time");
    return StoreClock{std::atoll(clock.front()[0].value_or("").c_str()),
                      std::atoll(clock.front()[1].value_or("").c_str())};
  }

  // Drops partitions. Without the grant to do so it leaves them to another upload.
  Result<void> forget_before(std::int64_t day) {
    const ClickHouseAddress& address = session_.address();
    std::string of_days, of_months;
    for (const auto& table : clickhouse_tables()) {
      auto* list = !table.day.empty() ? &of_days : !table.month.empty() ? &of_months : nullptr;
      if (!list) continue;
      *list += (list->empty() ? "" : ", ") + clickhouse_literal(stored_table(address, table.name));
    }
    const std::string parts = address.cluster.empty() ? "system.parts"
                                                      : fmt::format("clusterAllReplicas({}, system.parts)",
                                                                    clickhouse_literal(address.cluster));
    const std::int64_t number = day_number(day);
    TRY(const auto old,
        session_.query(fmt::format(
            "SELECT DISTINCT table, partition FROM {} WHERE active AND database = {} AND ((table IN ({}) AND "
            "toInt64OrZero(partition) < {}) OR (table IN ({}) AND toInt64OrZero(partition) < {})) ORDER BY "
            "table, "
            "partition",
            parts, clickhouse_literal(address.database), of_days, number, of_months, number / 100)));
    for (const auto& row : old) {
      const auto done = session_.run(
          fmt::format("ALTER TABLE {}{} DROP PARTITION {}", clickhouse_identifier(row.front().value_or("")),
                      on_cluster(address), clickhouse_literal(row.back().value_or(""))));
      if (done) continue;
      if (session_.code() == ClickHouseCode::access_denied) return {};
      return done;
    }
    return {};
  }

  ClickHouseSession session_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_clickhouse(const Address& address, bool create) {
  TRY(const auto server, read_clickhouse_url(address.clickhouse));
  TRY(auto session, ClickHouseSession::create(server));
  TRY_VOID(migrate(session, create));
  auto store = std::make_unique<ClickHouseStore>(std::move(session));
  if (address.retention_days) TRY_VOID(store->set_retention(*address.retention_days));
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace pgadvise::store
