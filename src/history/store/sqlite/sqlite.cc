#include "store/sqlite/sqlite.h"

#include <filesystem>
#include <type_traits>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "store/facts/clock.h"
#include "store/facts/fact_rows.h"
#include "store/sqlite/sqlite_connection.h"
#include "store/sqlite/sqlite_schema.h"
#include "store/store/sql_store.h"

namespace pgadvise::store {
namespace {

namespace fs = std::filesystem;

std::string json_of(const Numbers& numbers) {
  std::vector<std::string> out;
  for (const auto number : numbers) out.push_back(std::to_string(number));
  return "[" + join(out, ",") + "]";
}

// One upload, in a transaction that the caller commits.
class Upload {
 public:
  explicit Upload(SqliteConnection& connection) : connection_(connection) {}

  void put(const FactRows& facts) {
    for (const auto& table : facts.tables) insert(table);
    insert_classes(facts.classes);
    for (const auto& log : facts.logs) {
      if (!is_new(facts.target, log)) continue;
      insert_classes(log.classes);
      insert(log.statistics);
    }
  }

  void forget_before(std::int64_t seconds) {
    std::size_t removed = 0;
    for (const char* sql :
         {"DELETE FROM finding_event WHERE run_id IN (SELECT run_id FROM run WHERE started < ?)",
          "DELETE FROM run WHERE started < ?",
          "DELETE FROM query_statistics WHERE (target, bucket_start) IN (SELECT target, bucket_start FROM "
          "source "
          "WHERE bucket_start < ?)",
          "DELETE FROM source WHERE bucket_start < ?", "DELETE FROM relation_size WHERE taken < ?",
          "DELETE FROM query_plan WHERE taken < ?", "DELETE FROM server_sample WHERE taken < ?",
          "DELETE FROM index_scan WHERE taken < ?", "DELETE FROM session_sample WHERE bucket_start < ?",
          "DELETE FROM lock_wait_sample WHERE bucket_start < ?"}) {
      Statement statement = connection_.prepare(sql);
      done(statement.bind(seconds));
      removed += connection_.changed_rows();
    }
    if (removed == 0) return;
    for (const char* sql : {"DELETE FROM query_class WHERE class_id NOT IN (SELECT class_id FROM "
                            "query_statistics) AND class_id NOT "
                            "IN (SELECT class_id FROM query_plan)",
                            "DELETE FROM plan WHERE plan_id NOT IN (SELECT plan_id FROM query_plan)",
                            "DELETE FROM plan_relation WHERE plan_id NOT IN (SELECT plan_id FROM query_plan)",
                            "DELETE FROM scope_rule WHERE scope_id NOT IN (SELECT scope_id FROM run)",
                            "DELETE FROM scope_input WHERE scope_id NOT IN (SELECT scope_id FROM run)"}) {
      Statement statement = connection_.prepare(sql);
      done(statement);
    }
  }

  int code() const { return code_; }

 private:
  void done(Statement& statement) {
    if (code_ == SQLITE_OK) statement.run();
    if (code_ == SQLITE_OK) code_ = statement.code();
  }

  static Statement& bind(Statement& statement, const std::vector<Cell>& row) {
    for (const auto& cell : row)
      std::visit(
          [&]<class T>(const T& value) {
            if constexpr (std::is_same_v<T, Numbers>) statement.bind(json_of(value));
            else statement.bind(value);
          },
          cell);
    return statement;
  }

  void insert(const TableRows& table) {
    if (table.rows.empty()) return;
    std::string places = "?";
    for (std::size_t i = 1; i < table.rows.front().size(); ++i) places += ", ?";
    Statement statement =
        connection_.prepare(fmt::format("INSERT OR IGNORE INTO {} VALUES ({})", table.table, places));
    for (const auto& row : table.rows) done(bind(statement, row));
  }

  void insert_classes(const TableRows& classes) {
    Statement statement = connection_.prepare(
        "INSERT INTO query_class VALUES (?, ?) ON CONFLICT (class_id) DO UPDATE SET text = excluded.text "
        "WHERE excluded.text < text");
    for (const auto& row : classes.rows) done(bind(statement, row));
  }

  // Of a log that grew between two uploads, the larger one counts, whichever comes first.
  bool is_new(const std::string& target, const LogRows& log) {
    Statement known = connection_.prepare("SELECT size FROM source WHERE target = ? AND source = ?");
    known.bind(target).bind(log.source);
    const bool found = known.row();
    if (found && known.number() >= log.size) return false;
    if (!known.ok()) code_ = known.code();
    Statement remove = connection_.prepare(
        "DELETE FROM query_statistics WHERE target = ?1 AND source = ?2 AND bucket_start = (SELECT "
        "bucket_start FROM source WHERE target = ?1 AND source = ?2)");
    done(remove.bind(target).bind(log.source));
    Statement insert = connection_.prepare("INSERT OR REPLACE INTO source VALUES (?, ?, ?, ?, ?)");
    done(insert.bind(target).bind(log.source).bind(log.size).bind(log.bucket_start).bind(log.bucket_seconds));
    return true;
  }

  SqliteConnection& connection_;
  int code_ = SQLITE_OK;
};

class SqliteStore : public SqlStore {
 public:
  explicit SqliteStore(SqliteConnection connection) : connection_(std::move(connection)) {}

  Result<void> set_retention(int days) {
    Statement set = connection_.prepare("UPDATE setting SET value = ? WHERE name = 'retention_days'");
    set.bind(std::int64_t{days}).run();
    if (!set.ok()) return tl::unexpected(connection_.error(set.code()));
    return {};
  }

  Result<void> put(const Facts& facts, std::int64_t now) override {
    connection_.set_purpose("the upload");
    TRY(auto transaction, WriteTransaction::begin(connection_));
    TRY(const auto days, connection_.number("SELECT value FROM setting WHERE name = 'retention_days'"));
    Upload upload(connection_);
    upload.put(rows_of(facts));
    if (days > 0) upload.forget_before(now - limited_days(days) * seconds_per_day);
    if (upload.code() != SQLITE_OK) return tl::unexpected(connection_.error(upload.code()));
    return transaction.commit();
  }

 protected:
  Result<std::vector<AnswerRow>> ask(const std::string& sql, const std::string& parameter,
                                     const std::string& purpose) override {
    connection_.set_purpose(purpose);
    std::vector<AnswerRow> out;
    Statement rows = connection_.prepare(with_definitions(views_, sql));
    rows.bind(parameter);
    std::size_t bytes = 0;
    while (rows.row()) {
      AnswerRow& row = out.emplace_back();
      for (int i = 0; i < rows.columns(); ++i) {
        row.push_back(rows.null() ? std::nullopt : std::optional(rows.text()));
        bytes += sizeof(row.back()) + row.back().value_or("").size();
      }
      if (bytes > connection_.limits().answer_bytes)
        return fail(Error::Kind::usage, connection_.path(),
                    fmt::format("{} has an answer of more than {}", purpose,
                                size_name(connection_.limits().answer_bytes)),
                    "name a target, or shorten the retention");
    }
    if (!rows.ok()) return tl::unexpected(connection_.error(rows.code()));
    return out;
  }

 private:
  SqliteConnection connection_;
  std::vector<View> views_ = sqlite_views();
};

}  // namespace

std::unique_ptr<Store> sqlite_store(SqliteConnection connection) {
  return std::make_unique<SqliteStore>(std::move(connection));
}

Result<std::unique_ptr<Store>> open_sqlite(const Address& address, bool create) {
  std::error_code code;
  const bool exists = fs::exists(address.path, code);
  if (!exists && !create)
    return fail(Error::Kind::usage, address.path, "there is no store",
                "pgadvise check --store sqlite creates one");
  if (const fs::path folder = fs::path(address.path).parent_path();
      !folder.empty() && !exists && fs::create_directories(folder, code))
    fs::permissions(folder, fs::perms::owner_all, code);
  TRY(auto connection, SqliteConnection::open(address.path, create));
  // SQLite gives its other files the permissions of this one, which has no content yet.
  if (!exists) fs::permissions(address.path, fs::perms::owner_read | fs::perms::owner_write, code);
  TRY_VOID(migrate(connection, address.path));
  auto store = std::make_unique<SqliteStore>(std::move(connection));
  if (address.retention_days) TRY_VOID(store->set_retention(*address.retention_days));
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace pgadvise::store
