#include "store/postgres/postgres_session.h"

#include <charconv>

#include "base/text/text.h"

namespace pgadvise::store {
namespace {

// pg_temp comes last: a temporary table must not stand in for a table of the store. Compiling a query (jit)
// takes a second for the views that read many partitions, which is more than they take without it.
constexpr std::string_view settings =
    "SELECT pg_catalog.set_config('search_path', $1, true), "
    "pg_catalog.set_config('row_security', 'off', true), "
    "pg_catalog.set_config('statement_timeout', '60s', true), "
    "pg_catalog.set_config('lock_timeout', '10s', true), "
    "pg_catalog.set_config('idle_in_transaction_session_timeout', '60s', true), "
    "pg_catalog.set_config('jit', 'off', true), "
    "pg_catalog.set_config('client_min_messages', 'warning', true)";

constexpr std::string_view disk_full = "53100";  // SQLSTATE

// For a store, an unreachable server is a wrong --store: the database of --db may be fine.
tl::unexpected<Error> of_store(Error error) {
  error.kind = Error::Kind::usage;
  return tl::unexpected(std::move(error));
}

}  // namespace

Result<PostgresTransaction> PostgresTransaction::begin(pg::Connection& connection, Access access) {
  const auto begun = connection.query(access == Access::write ? "BEGIN" : "BEGIN READ ONLY");
  if (!begun) return of_store(begun.error());
  PostgresTransaction out(&connection);
  const std::string path = access == Access::question ? "pg_catalog, pg_temp" : "pgadvise, pg_temp";
  if (const auto set = connection.query(settings, {path}); !set) return of_store(set.error());
  return out;
}

PostgresTransaction::~PostgresTransaction() {
  if (connection_ && connection_->alive()) (void)connection_->query("ROLLBACK");
}

Result<pg::Rows> PostgresTransaction::query(std::string_view sql, const Parameters& parameters) {
  auto rows = connection_->query(sql, parameters);
  if (rows) return std::move(*rows);
  Error error = rows.error();
  if (connection_->sqlstate() == disk_full) error.what = "the disk of the server is full: " + error.what;
  return of_store(std::move(error));
}

Result<void> PostgresTransaction::run(std::string_view script) {
  while (!trim(script).empty()) {
    const auto end = script.find(";\n");
    const auto statement = script.substr(0, end);
    TRY_VOID(query(statement));
    script.remove_prefix(end == std::string_view::npos ? script.size() : end + 2);
  }
  return {};
}

Result<std::int64_t> PostgresTransaction::number(std::string_view sql, const Parameters& parameters) {
  TRY(const auto rows, query(sql, parameters));
  std::int64_t out = 0;
  if (!rows.empty())
    if (const auto& text = rows.front()[0]) std::from_chars(text->data(), text->data() + text->size(), out);
  return out;
}

Result<void> PostgresTransaction::commit() {
  const auto done = connection_->query("COMMIT");
  if (!done) return of_store(done.error());
  connection_ = nullptr;
  return {};
}

}  // namespace pgadvise::store
