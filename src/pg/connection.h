// A connection to PostgreSQL. src/pg is the only includer of libpq-fe.h; this header shows none of it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
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

constexpr int most_parameters = 65535;  // of a statement

// As whom and where statements of the application's are judged: set inside each transaction, gone with it.
struct Acting {
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
// Called after each, on any connection, from the thread that asked, one after the other, until set to an empty function: for --debug.
void on_sent(std::function<void(const Sent&)> callback);

class Connection {
 public:
  // `conninfo`: any libpq connection string, or "env". URI parameters that libpq does not know (an ORM's own)
  // are left out. Errors are Kind::database, name host, port, user and database, never the password.
  static Result<Connection> open(const std::string& conninfo);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // One statement by the extended protocol, as the unnamed prepared statement; parameters as text, types left
  // to the server. Errors: Kind::passing when the server refuses it or the deadline passed, Kind::database
  // when the server is gone. Literals that the server quotes in its message are left out.
  Result<Rows> query(std::string_view statement, const Parameters& parameters = {});
  // Parses (and so rewrites) a statement without planning or running it, as the unnamed prepared statement.
  Result<void> parse(std::string_view statement);
  // Called with the text of each NOTICE, LOG … (its detail on further lines) until reset with an empty
  // function.
  void on_notice(std::function<void(std::string_view)> callback);
  // Whole scripts by the simple protocol: only for a sandbox.
  Result<void> run_script(std::string_view script);

  void act_as(Acting acting);
  const Acting& acting() const;
  // While it is set, Ctrl-C (base/interrupt.h) cancels what runs: Kind::passing, "interrupted".
  void set_interruptible(bool interruptible);

  // Give up (and cancel on the server) a query that runs longer than this; zero: wait for ever. A server that
  // does not answer the cancel either loses the connection.
  void set_deadline(std::chrono::milliseconds deadline);
  bool alive() const;
  bool in_transaction() const;   // also in a failed one
  int server_version() const;    // server_version_num
  int backend_pid() const;       // as the connection was told; behind a pooler not pg_backend_pid()
  std::string where() const;     // "database shop on localhost:5432 as user app", for messages
  std::string sqlstate() const;  // of the last error; "" when there was none

 private:
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace pgadvise::pg
