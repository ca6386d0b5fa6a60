// A connection to PostgreSQL. src/pg is the only includer of libpq-fe.h; this header shows none of it.
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
#include "model/workload.h"

namespace pgadvise::pg {

// A column that the server did not send reads as NULL: what answers on a port may be no PostgreSQL.
struct Row : std::vector<std::optional<std::string>> {
  using std::vector<std::optional<std::string>>::vector;
  const value_type& operator[](size_type column) const {
    static const value_type none;
    return column < size() ? data()[column] : none;
  }
};
using Rows = std::vector<Row>;

constexpr int max_parameters = 65535;  // of a statement

// What a server may send in answer to one statement. Where it sends more, the statement is cancelled and the
// error names the bound. The defaults leave room for the catalog of some 50,000 tables with statistics.
struct AnswerLimits {
  std::size_t rows = 5'000'000;
  std::size_t bytes = std::size_t{1} << 30;  // of all that is sent; and of memory for the rows
  std::size_t other_bytes =
      std::size_t{1}
      << 26;  // of one row; and, over the connection's life, of messages that are no rows: notices,
              // parameters, notifications, errors, COPY (the first 4 KiB for each statement are free)
  std::chrono::milliseconds time{60'000};  // from sending the statement to the end of its answer; at least 1
};

// As whom and where statements of the application's are judged: set inside each transaction, gone with it.
struct SessionSettings {
  std::string role;         // "": the connection's user
  std::string search_path;  // as SET takes it; "": the role's or session's own
};

// What was sent to a server, and what came of it.
struct Sent {
  std::string_view statement;  // as it was sent; "" for the connecting itself
  const Parameters* parameters = nullptr;
  double milliseconds = 0;
  std::string outcome;  // "3 rows", an error's text, for the connecting the database's name
};
// Called after each statement of a connection, on the thread that uses the connection: threads with
// connections of their own may call it at the same time.
using SentObserver = std::function<void(const Sent&)>;

class Connection {
 public:
  // `conninfo`: any libpq connection string, or "env". URI parameters that libpq does not know (an ORM's own)
  // are left out. Errors are Kind::database, name host, port, user and database, never the password. Bounds
  // of time and bytes until the session begins: pg/connect.h. `on_sent` may be empty; it is called for the
  // connecting, too.
  static Result<Connection> open(const std::string& conninfo, SentObserver on_sent = {});
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // One statement by the extended protocol, as the unnamed prepared statement; parameters as text, types left
  // to the server. Errors: Kind::nonfatal when the server refuses it or its answer passes one of limits(),
  // Kind::database when the server is gone, or goes on sending after a cancel (the connection is closed
  // then). Literals that the server quotes in its message are left out, and messages are cut at 2,000
  // characters.
  Result<Rows> query(std::string_view statement, const Parameters& parameters = {});
  // Parses (and so rewrites) a statement without planning or running it, as the unnamed prepared statement.
  Result<void> parse(std::string_view statement);
  // Called with the text of each NOTICE, LOG … (its detail on further lines) until reset with an empty
  // function.
  void on_notice(std::function<void(std::string_view)> callback);
  // Whole scripts by the simple protocol: only for a sandbox.
  Result<void> run_script(std::string_view script);

  const SentObserver& sent_observer() const;
  void set_session(SessionSettings session_settings);
  const SessionSettings& session_settings() const;
  // A requested stop cancels what runs while the connection is interruptible: Kind::nonfatal, "interrupted".
  // At first there is none.
  void set_stop(std::stop_token stop);
  const std::stop_token& stop() const;
  void set_interruptible(bool interruptible);

  // Of each statement from now on. Nothing waits without end: a time under 1 ms is 1 ms.
  void set_limits(const AnswerLimits& limits);
  const AnswerLimits& limits() const;
  // Another time than limits().time; zero: limits().time again. A server that does not answer the cancel
  // either, within 2 s, loses the connection.
  void set_deadline(std::chrono::milliseconds deadline);
  bool alive() const;
  bool in_transaction() const;   // also in a failed one
  int server_version() const;    // server_version_num
  int backend_pid() const;       // as the connection was told; behind a pooler not pg_backend_pid()
  std::string where() const;     // "database shop on localhost:5432 as user app", for messages
  std::string sqlstate() const;  // of the last error; "" when there was none; "54000": of the program's own
                                 // limits but time ("57014")
  std::uint64_t bytes_received()
      const;  // of the network, since the connection was opened; with TLS, as encrypted

 private:
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pgadvise::pg
