// A transaction on the PostgreSQL database that keeps a store. All settings are local to the transaction, so
// that a pooler may be in between.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "pg/connection/connection.h"

namespace pgadvise::store {

// Rolled back unless committed. The search path is the schema pgadvise; a statement takes at most 60 seconds
// and waits at most 10 seconds for a lock. Policies (row-level security) make a statement fail: they could
// call functions of others. Errors (usage): the server is lost, or rejects a statement.
class PostgresTransaction {
 public:
  // `question`: reads, and the search path is pg_catalog alone: no function or operator of the database
  // stands in for a built-in one.
  enum class Access { read, question, write };
  static Result<PostgresTransaction> begin(pg::Connection& connection, Access access);
  PostgresTransaction(PostgresTransaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}
  PostgresTransaction& operator=(PostgresTransaction&&) = delete;
  ~PostgresTransaction();

  Result<pg::Rows> query(std::string_view sql, const Parameters& parameters = {});
  // Runs statements, separated by ";" at the end of a line, without parameters and results.
  Result<void> run(std::string_view script);
  // The first value of the first row, as a number; 0 without a row.
  Result<std::int64_t> number(std::string_view sql, const Parameters& parameters = {});
  Result<void> commit();
  // Of the connection: its server, for messages, and the SQLSTATE of its last error.
  std::string where() const { return connection_->where(); }
  std::string sqlstate() const { return connection_->sqlstate(); }

 private:
  explicit PostgresTransaction(pg::Connection* connection) : connection_(connection) {}
  pg::Connection* connection_;
};

}  // namespace pgadvise::store
