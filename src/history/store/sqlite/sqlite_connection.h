// A connection to a SQLite file, and its statements, with errors as values. The file may be somebody else's:
// statements have limits of time and memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <sqlite3.h>

#include "base/result.h"

namespace pgadvise::store {

struct SqliteLimits {
  std::chrono::milliseconds statement{60'000};        // a statement, without the pauses between its rows
  std::chrono::milliseconds total{600'000};           // all statements of a connection
  std::size_t answer_bytes = std::size_t{256} << 20;  // the answer to a question
};

// The time that the statements of a connection have taken.
class StatementClock {
 public:
  using Time = std::chrono::steady_clock::duration;

  explicit StatementClock(const SqliteLimits& limits) : limits_(limits) {}
  // Between begin() and end() a statement runs, which took `used` before.
  void begin(Time used);
  Time end();  // how long it ran
  bool is_over();
  const SqliteLimits& limits() const { return limits_; }
  // "60 seconds, the limit of a statement": the limit that was reached; "" if none was.
  std::string reached() const;

 private:
  SqliteLimits limits_;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point end_;
  Time spent_{};
  bool by_total_ = false;
  bool over_ = false;
};

// A prepared statement. Must not outlive its connection.
class Statement {
 public:
  Statement(sqlite3* connection, StatementClock& clock, std::string_view sql);

  // Bind the next parameter.
  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t number);
  Statement& bind(double number);

  // Runs to the next row; false at the end, and after an error. Without a next row the statement can be bound
  // again.
  bool row();
  // Runs to the end.
  void run() {
    while (row()) {
    }
  }

  // Of the row, from the left.
  std::string text();
  std::int64_t number();
  int columns() const { return sqlite3_column_count(statement_.get()); }
  bool null();  // whether the next value is NULL; passes over it if so

  bool ok() const { return code_ == SQLITE_OK; }
  int code() const { return code_; }

 private:
  void keep(int code) {
    if (code != SQLITE_OK && code_ == SQLITE_OK) code_ = code;
  }
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  StatementClock* clock_;
  StatementClock::Time used_{};
  int code_ = SQLITE_OK;
  int bound_ = 0;
  int column_ = 0;
};

class SqliteConnection {
 public:
  // Opens the file, or creates an empty one. Waits up to 10 seconds for other writers. Errors (usage): not
  // readable, not writable; the file or one that SQLite would read with it (-wal, -shm, -journal) is a pipe,
  // a device or a link out of its repository; a journal names another file, which SQLite would delete.
  static Result<SqliteConnection> open(const std::string& path, bool create, const SqliteLimits& limits = {});
  // An empty database.
  static Result<SqliteConnection> in_memory();

  // From now on no trigger of the file runs, and no statement reads its views.
  void use_tables_only();
  // What the next statements are for, "the upload": errors about limits name it.
  void set_purpose(std::string purpose) { purpose_ = std::move(purpose); }

  // Runs statements without results. Errors (usage).
  Result<void> run(const std::string& sql);
  // The first value of the first row, as a number; 0 without a row.
  Result<std::int64_t> number(std::string_view sql);
  Statement prepare(std::string_view sql) { return {connection_.get(), *clock_, sql}; }
  const SqliteLimits& limits() const { return clock_->limits(); }
  const std::string& path() const { return path_; }
  // Rows that the last INSERT, UPDATE or DELETE changed.
  std::size_t changed_rows() const { return static_cast<std::size_t>(sqlite3_changes(connection_.get())); }
  // The error of a statement that is not ok().
  Error error(int code) const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  SqliteConnection(sqlite3* connection, std::string path, const SqliteLimits& limits)
      : clock_(std::make_unique<StatementClock>(limits)), connection_(connection), path_(std::move(path)) {}
  void set_bounds();

  std::unique_ptr<StatementClock> clock_;  // outlives the connection, which calls it
  std::unique_ptr<sqlite3, Close> connection_;
  std::string path_;
  std::string purpose_ = "opening the store";
};

// A transaction that takes the writer's lock at once; rolled back unless committed.
class WriteTransaction {
 public:
  static Result<WriteTransaction> begin(SqliteConnection& connection);
  WriteTransaction(WriteTransaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  WriteTransaction& operator=(WriteTransaction&&) = delete;
  ~WriteTransaction();
  Result<void> commit();

 private:
  explicit WriteTransaction(SqliteConnection* connection) : connection_(connection) {}
  SqliteConnection* connection_;
};

}  // namespace pgadvise::store
