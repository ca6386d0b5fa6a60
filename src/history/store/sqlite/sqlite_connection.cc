#include "store/sqlite/sqlite_connection.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/iso_time.h"
#include "store/sqlite/sqlite_files.h"

namespace pgadvise::store {
namespace {

constexpr int busy_milliseconds = 10'000;
// Of SQLite in this process, which uses it for stores only.
constexpr sqlite3_int64 most_memory = sqlite3_int64{1} << 30;
constexpr int instructions_between_looks = 10'000;  // of SQLite's machine: about 0.1 ms

// Bounds of a file's content and of what its schema says. pgadvise's own statements stay far below.
constexpr std::pair<int, int> bounds[] = {
    {SQLITE_LIMIT_LENGTH, 64 << 20},          {SQLITE_LIMIT_SQL_LENGTH, 200'000},
    {SQLITE_LIMIT_EXPR_DEPTH, 500},           {SQLITE_LIMIT_COMPOUND_SELECT, 50},
    {SQLITE_LIMIT_VDBE_OP, 250'000},          {SQLITE_LIMIT_FUNCTION_ARG, 100},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000}, {SQLITE_LIMIT_VARIABLE_NUMBER, 100},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},          {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_WORKER_THREADS, 0}};

// Makes the clock run while SQLite does.
class Running {
 public:
  Running(StatementClock& clock, StatementClock::Time& used) : clock_(clock), used_(used) {
    clock_.begin(used_);
  }
  ~Running() { used_ += clock_.end(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  StatementClock& clock_;
  StatementClock::Time& used_;
};

std::string reason(int code, const char* message) {
  switch (code & 0xff) {
    case SQLITE_FULL: return "the disk is full: nothing of this run is stored";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another program has been writing to the store for 10 seconds";
    case SQLITE_NOTADB: return "is not a store, but another file";
    case SQLITE_CORRUPT: return "is damaged";
    case SQLITE_READONLY: return "may not be written to";
    case SQLITE_CANTOPEN: return "cannot be opened";
    case SQLITE_NOMEM: return "takes more than 1 GiB of memory: stopped";
    default: return message;
  }
}

std::string seconds_of(std::chrono::milliseconds time) {
  return fmt::format("{:g} seconds", std::chrono::duration<double>(time).count());
}

}  // namespace

void StatementClock::begin(Time used) {
  const Time left = limits_.statement - used, left_of_all = limits_.total - spent_;
  over_ = false;
  by_total_ = left_of_all < left;
  begun_ = std::chrono::steady_clock::now();
  end_ = begun_ + std::min(left, left_of_all);
}

StatementClock::Time StatementClock::end() {
  const Time taken = std::chrono::steady_clock::now() - begun_;
  spent_ += taken;
  return taken;
}

bool StatementClock::is_over() {
  if (std::chrono::steady_clock::now() >= end_) over_ = true;
  return over_;
}

std::string StatementClock::reached() const {
  if (!over_) return {};
  return by_total_ ? seconds_of(limits_.total) + ", the limit of all statements"
                   : seconds_of(limits_.statement) + ", the limit of a statement";
}

Statement::Statement(sqlite3* connection, StatementClock& clock, std::string_view sql) : clock_(&clock) {
  sqlite3_stmt* statement = nullptr;
  const Running running(*clock_, used_);
  keep(sqlite3_prepare_v2(connection, sql.data(), static_cast<int>(sql.size()), &statement, nullptr));
  statement_.reset(statement);
}

Statement& Statement::bind(std::string_view text) {
  if (ok())
    keep(sqlite3_bind_text64(statement_.get(), ++bound_, text.data() ? text.data() : "", text.size(),
                             SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  if (ok()) keep(sqlite3_bind_int64(statement_.get(), ++bound_, number));
  return *this;
}

Statement& Statement::bind(double number) {
  if (ok()) keep(sqlite3_bind_double(statement_.get(), ++bound_, number));
  return *this;
}

bool Statement::row() {
  column_ = 0;
  if (!ok()) return false;
  const Running running(*clock_, used_);
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  bound_ = 0;
  used_ = {};
  sqlite3_reset(statement_.get());
  if (code != SQLITE_DONE) keep(code);
  return false;
}

std::string Statement::text() {
  const int column = column_++;
  const auto* text = sqlite3_column_text(statement_.get(), column);
  if (!text) return {};
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::int64_t Statement::number() { return sqlite3_column_int64(statement_.get(), column_++); }

bool Statement::null() {
  const bool none = sqlite3_column_type(statement_.get(), column_) == SQLITE_NULL;
  if (none) ++column_;
  return none;
}

Result<SqliteConnection> SqliteConnection::open(const std::string& path, bool create,
                                                const SqliteLimits& limits) {
  TRY_VOID(check_files(path));
  sqlite3* connection = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (create ? SQLITE_OPEN_CREATE : 0);
  // A name that begins with ":" or "file:" would mean something else.
  const std::string name = path.starts_with('/') ? path : "./" + path;
  const int code = sqlite3_open_v2(name.c_str(), &connection, flags, nullptr);
  SqliteConnection out(connection, path, limits);
  if (code != SQLITE_OK) return tl::unexpected(out.error(code));
  out.set_bounds();
  // The size of a cell is checked before a damaged file makes SQLite read behind it.
  TRY_VOID(out.run("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0"));
  return out;
}

Result<SqliteConnection> SqliteConnection::in_memory() {
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(":memory:", &connection,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_MEMORY, nullptr);
  SqliteConnection out(connection, "a database in memory", {});
  if (code != SQLITE_OK) return tl::unexpected(out.error(code));
  return out;
}

void SqliteConnection::set_bounds() {
  sqlite3* const connection = connection_.get();
  sqlite3_hard_heap_limit64(most_memory);
  sqlite3_busy_timeout(connection, busy_milliseconds);
  for (const auto& [what, most] : bounds) sqlite3_limit(connection, what, most);
  // The file's schema must not run functions with effects, and statements must not change the schema's text.
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_FKEY, 0, nullptr);
  sqlite3_progress_handler(
      connection, instructions_between_looks,
      [](void* clock) { return static_cast<StatementClock*>(clock)->is_over() ? 1 : 0; }, clock_.get());
}

void SqliteConnection::use_tables_only() {
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
}

Result<void> SqliteConnection::run(const std::string& sql) {
  StatementClock::Time used{};
  const Running running(*clock_, used);
  const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(error(code));
  return {};
}

Result<std::int64_t> SqliteConnection::number(std::string_view sql) {
  Statement statement = prepare(sql);
  const std::int64_t value = statement.row() ? statement.number() : 0;
  if (!statement.ok()) return tl::unexpected(error(statement.code()));
  return value;
}

Error SqliteConnection::error(int code) const {
  if (const std::string limit = clock_->reached(); (code & 0xff) == SQLITE_INTERRUPT && !limit.empty())
    return {
        Error::Kind::usage, path_, fmt::format("{} takes longer than {}: stopped", purpose_, limit),
        "name a target, or shorten the retention; a file of somebody else may be made to take without end"};
  const char* message = connection_ ? sqlite3_errmsg(connection_.get()) : "out of memory";
  return {Error::Kind::usage, path_, reason(code, message), {}};
}

Result<WriteTransaction> WriteTransaction::begin(SqliteConnection& connection) {
  TRY_VOID(connection.run("BEGIN IMMEDIATE"));
  return WriteTransaction(&connection);
}

WriteTransaction::~WriteTransaction() {
  if (connection_) (void)connection_->run("ROLLBACK");
}

Result<void> WriteTransaction::commit() {
  TRY_VOID(connection_->run("COMMIT"));
  connection_ = nullptr;
  return {};
}

}  // namespace pgadvise::store
