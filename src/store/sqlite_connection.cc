#include "store/sqlite_connection.h"

#include <utility>

namespace pgadvise::store {
namespace {

constexpr int busy_milliseconds = 10'000;
constexpr int longest_text = 64 << 20;

std::string reason(int code, const char* message) {
  switch (code & 0xff) {
    case SQLITE_FULL: return "the disk is full: nothing of this run is stored";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another program has been writing to the store for 10 seconds";
    case SQLITE_NOTADB: return "is not a store, but another file";
    case SQLITE_CORRUPT: return "is damaged";
    case SQLITE_READONLY: return "may not be written to";
    case SQLITE_CANTOPEN: return "cannot be opened";
    default: return message;
  }
}

}  // namespace

Statement::Statement(sqlite3* connection, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
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
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  bound_ = 0;
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
double Statement::real() { return sqlite3_column_double(statement_.get(), column_++); }

bool Statement::null() {
  const bool none = sqlite3_column_type(statement_.get(), column_) == SQLITE_NULL;
  if (none) ++column_;
  return none;
}

Result<SqliteConnection> SqliteConnection::open(const std::string& path, bool create) {
  sqlite3* connection = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (create ? SQLITE_OPEN_CREATE : 0);
  // A name that begins with ":" or "file:" would mean something else.
  const std::string name = path.starts_with('/') ? path : "./" + path;
  const int code = sqlite3_open_v2(name.c_str(), &connection, flags, nullptr);
  SqliteConnection out(connection, path);
  if (code != SQLITE_OK) return tl::unexpected(out.error(code));
  sqlite3_busy_timeout(connection, busy_milliseconds);
  sqlite3_limit(connection, SQLITE_LIMIT_LENGTH, longest_text);
  sqlite3_limit(connection, SQLITE_LIMIT_ATTACHED, 0);
  // The file may be somebody else's: its schema must not run functions with effects.
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return out;
}

Result<void> SqliteConnection::run(const std::string& sql) {
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
  const char* message = connection_ ? sqlite3_errmsg(connection_.get()) : "out of memory";
  return {Error::Kind::usage, path_, reason(code, message), {}};
}

Result<WriteTransaction> WriteTransaction::begin(SqliteConnection& connection) {
  if (const auto begun = connection.run("BEGIN IMMEDIATE"); !begun) return tl::unexpected(begun.error());
  return WriteTransaction(&connection);
}

WriteTransaction::~WriteTransaction() {
  if (connection_) (void)connection_->run("ROLLBACK");
}

Result<void> WriteTransaction::commit() {
  if (const auto done = connection_->run("COMMIT"); !done) return done;
  connection_ = nullptr;
  return {};
}

}  // namespace pgadvise::store
