// A connection to PostgreSQL. Only src/server/pg includes libpq-fe.h; this header does not expose it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/queries/workload.h"

namespace pgadvise::pg {

// Missing columns read as NULL, as the server may not be a PostgreSQL.
struct Row : std::vector<std::optional<std::string>> {
  using std::vector<std::optional<std::string>>::vector;
  const value_type& operator[](size_type column) const {
    static const value_type none;
    return column < size() ? data()[column] : none;
  }
};
using Rows = std::vector<Row>;

constexpr int max_parameters = 65535;  // per statement

// Limits of the server's response to one statement. If the response exceeds one, the statement is canceled
// and the error names the limit. The defaults suffice for the catalog of some 50,000 tables with statistics.
struct AnswerLimits {
  std::size_t rows = 5'000'000;
  std::size_t bytes = std::size_t{1} << 30;  // of the response, and of memory for its rows
  // Of one row, and of messages other than rows: notices, parameters, notifications, errors, COPY. These
  // messages add up over the connection's life, except the first 4 KiB per statement and the notices that
  // on_notice()'s function takes. Past the limit, the connection is closed.
  std::size_t other_bytes = std::size_t{1} << 26;
  std::chrono::milliseconds time{
      60'000};  // from sending the statement to the end of the response; at least 1 ms
};

// The role and search_path for the application's statements. Set locally in each transaction.
struct SessionSettings {
  std::string role;         // "": the connection's user
  std::string search_path;  // in the syntax of SET; "": the role's or session's setting
};

// A statement sent to a server, and its outcome.
struct Sent {
  std::string_view statement;  // as sent; "" for opening the connection
  const Parameters* parameters = nullptr;
  double milliseconds = 0;
  std::string outcome;  // "3 rows", the text of an error; for opening the connection, the database's name
};
// Called after each statement of a connection, on the thread that uses the connection: threads with
// connections of their own may call it at the same time.
using SentObserver = std::function<void(const Sent&)>;

class Connection {
 public:
  // `conninfo`: any libpq connection string, or "env". Ignores URI parameters that libpq does not know (those
  // of ORMs). Errors are Kind::database; they name host, port, user and database, never the password. Limits
  // of time and bytes until the session begins: pg/connection/connect.h. `on_sent` may be empty; it also
  // reports the connection attempt.
  static Result<Connection> open(const std::string& conninfo, SentObserver on_sent = {});
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // Runs one statement with the extended protocol, as the unnamed prepared statement; parameters are sent as
  // text, typed by the server. Errors: Kind::nonfatal if the server rejects it or its response exceeds one of
  // limits(); Kind::database if the server is lost, or keeps sending after a cancel request (the connection
  // is closed then). Error messages omit literals that the server quotes, and are cut at 2,000 characters.
  Result<Rows> query(std::string_view statement, const Parameters& parameters = {});
  // Parses and rewrites a statement without planning or running it, as the unnamed prepared statement.
  Result<void> parse(std::string_view statement);
  // Sets the function called with the text of each NOTICE, LOG … (its detail on further lines); an empty
  // function resets it.
  void on_notice(std::function<void(std::string_view)> callback);
  // Runs a script with the simple protocol: only for a sandbox.
  Result<void> run_script(std::string_view script);

  const SentObserver& sent_observer() const;
  void set_session(SessionSettings session_settings);
  const SessionSettings& session_settings() const;
  // A stop request cancels the running statement if the connection is interruptible: Kind::nonfatal,
  // "interrupted". The default is no stop token.
  void set_stop(std::stop_token stop);
  const std::stop_token& stop() const;
  void set_interruptible(bool interruptible);

  // Limits of each following statement. A time below 1 ms means 1 ms.
  void set_limits(const AnswerLimits& limits);
  const AnswerLimits& limits() const;
  // Overrides limits().time; zero restores it. If the server does not respond to the cancel request within 5
  // s, the connection is lost.
  void set_deadline(std::chrono::milliseconds deadline);
  bool alive() const;
  bool in_transaction() const;  // also in a failed one
  int server_version() const;   // server_version_num
  int backend_pid() const;    // as sent when the connection was opened; behind a pooler not pg_backend_pid()
  std::string where() const;  // "database shop on localhost:5432 as user app", for messages
  std::string sqlstate() const;  // of the last error; "" after a success; "54000": of pgadvise's own limits
                                 // except time ("57014")
  // bytes on the network since the connection was opened; encrypted ones with TLS
  std::uint64_t bytes_received() const;

 private:
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pgadvise::pg
