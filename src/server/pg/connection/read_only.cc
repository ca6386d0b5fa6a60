#include "pg/connection/read_only.h"

#include <algorithm>

#include <fmt/format.h>

namespace pgadvise::pg {

constexpr std::chrono::seconds deadline_grace{
    3};  // statement_timeout can be caught by a function; our own deadline can't

constexpr std::size_t max_rows = 1'000'000;
constexpr std::size_t max_bytes = std::size_t{1} << 28;

ReadOnly::ReadOnly(Connection& connection, std::chrono::milliseconds limit)
    : connection_(connection), before_(connection.limits()), limit_(limit) {
  AnswerLimits limits = before_;
  limits.rows = std::min(limits.rows, max_rows);
  limits.bytes = std::min(limits.bytes, max_bytes);
  connection_.set_limits(limits);
  connection_.set_deadline(limit + deadline_grace);
}

ReadOnly::~ReadOnly() {
  if (connection_.in_transaction()) (void)connection_.query("ROLLBACK");
  connection_.set_deadline({});
  connection_.set_limits(before_);
}

bool ReadOnly::back() {
  return connection_.alive() && connection_.query("ROLLBACK TO SAVEPOINT pgadvise").has_value();
}

// The whole of a transaction's settings in one round trip, strings as our own parser reads them.
Result<void> ReadOnly::begin(bool watch_us, As as) {
  if (connection_.in_transaction())
    return fail(Error::Kind::nonfatal, connection_.where(), "a transaction is open on the connection");
  const auto settings = fmt::format(
      "SELECT pg_catalog.set_config('statement_timeout', '{}', true), pg_catalog.set_config('lock_timeout', "
      "'200ms', true), pg_catalog.set_config('standard_conforming_strings', 'on', true), "
      "pg_catalog.set_config('idle_in_transaction_session_timeout', '10s', true){}",
      limit_.count(),
      watch_us ? ", pg_catalog.set_config('client_connection_check_interval', '1s', true)" : "");
  for (const std::string& statement : {std::string(begin_read_only), settings})
    TRY_VOID(connection_.query(statement));
  if (as == As::application) TRY_VOID(set_session_settings());
  TRY_VOID(connection_.query("SAVEPOINT pgadvise"));
  return {};
}

// As parameters, so there is nothing to quote; until the end of the transaction.
Result<void> ReadOnly::set_session_settings() {
  const auto set = [&](const char* name, const std::string& value) -> Result<void> {
    if (value.empty()) return {};
    const auto done = connection_.query(
        fmt::format("SELECT pg_catalog.set_config('{}', $1::pg_catalog.text, true)", name), {value});
    if (done || !connection_.alive()) return done ? Result<void>() : tl::unexpected(done.error());
    return fail(Error::Kind::usage, name == std::string("role") ? "--role" : "--search-path",
                done.error().what);
  };
  TRY_VOID(set("search_path", connection_.session_settings().search_path));
  return set("role", connection_.session_settings().role);
}

}  // namespace pgadvise::pg
