#include "pg/connection/connection.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/text/text.h"
#include "pg/connection/connect.h"
#include "pg/connection/conninfo.h"
#include "sql/statement_statistics.h"

namespace pgadvise::pg {

namespace {

using Clock = std::chrono::steady_clock;
using ResultPtr = std::unique_ptr<PGresult, decltype(&PQclear)>;

constexpr int oldest_version = 120000;
constexpr std::chrono::milliseconds cancel_grace{5000};  // for the server to answer a cancel
constexpr std::size_t bytes_after_cancel = std::size_t{1}
                                           << 26;  // what may have been on its way, or in the middle of a row
constexpr std::size_t free_other_bytes = 4096;     // of each statement: its columns, its end

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text ? text : "";
}

// PQcancel opens a connection of its own and blocks: on a dead network for minutes. It gets a thread and a
// second.
void cancel(PGconn* conn) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable done;
    bool finished = false;
  };
  PGcancel* handle = PQgetCancel(conn);
  if (!handle) return;
  const auto shared = std::make_shared<Shared>();
  std::thread([handle, shared] {
    char message[256];
    PQcancel(handle, message, sizeof message);
    PQfreeCancel(handle);
    const std::lock_guard lock(shared->mutex);
    shared->finished = true;
    shared->done.notify_one();
  }).detach();
  std::unique_lock lock(shared->mutex);
  shared->done.wait_for(lock, std::chrono::seconds(1), [&] { return shared->finished; });
}

// Data errors (class 22) and syntax errors quote what was in the statement or its parameters. A name that is
// not there may come of a constant, too: 'x'::regclass.
std::string without_literals(const std::string& message, std::string_view sqlstate,
                             std::string_view statement, bool has_parameters) {
  const bool data = sqlstate.substr(0, 2) == "22";
  const bool syntax = sqlstate == "42601";
  const auto first = message.find('"');
  const auto last = message.rfind('"');
  if (first == std::string::npos || first == last) return message;
  if (!data && !syntax) {
    const std::string word = message.substr(first + 1, last - first - 1);
    const bool named = contains(statement, word) && !contains(statement, "'" + word) &&
                       !contains(statement, "." + word + "'");
    if (named || !(has_parameters || contains(statement, "'"))) return message;
  }
  const bool word = std::isalpha(static_cast<unsigned char>(message[first + 1])) ||
                    message[first + 1] == ')' || message[first + 1] == '(' || message[first + 1] == ',' ||
                    message[first + 1] == ';';
  if (syntax && word) return message;
  return message.substr(0, first) + "\"…\"" + message.substr(last + 1);
}

std::string size_text(std::size_t bytes) {
  return bytes >= (std::size_t{1} << 20) ? fmt::format("{} MiB", bytes >> 20)
                                         : fmt::format("{} bytes", bytes);
}

// The answer to one statement, as far as it has come.
struct Answer {
  Rows rows;
  std::size_t kept_bytes = 0;  // memory that the rows take
  std::size_t row_bytes = 0;   // of the rows, as they were sent
  std::uint64_t begin = 0;     // bytes_received() before it
  std::uint64_t end = 0;       // after a cancel: what bytes_received() may reach
  Clock::time_point until;
  std::optional<Error> error;  // the server's
  std::string stopped;         // why it was cancelled; "": it was not
  std::string stopped_state;   // SQLSTATE of that
};

}  // namespace

struct Connection::State {
  PGconn* conn = nullptr;
  std::unique_ptr<MeteredSocket> socket;
  std::string asked;  // the latest statement
  bool with_parameters = false;
  std::function<void(std::string_view)> notice;
  AnswerLimits limits;
  std::chrono::milliseconds deadline{0};  // zero: limits.time
  std::uint64_t other_bytes = 0;          // of earlier statements' answers, beyond free_other_bytes
  std::uint64_t notice_bytes = 0;         // of the current answer, passed to `notice`
  std::uint64_t received_before = 0;      // by the time the connection was closed
  std::string sqlstate;
  std::string where;
  SentObserver on_sent;
  SessionSettings session_settings;
  bool interruptible = false;
  std::stop_token stop_token;
  int version = 0;

  ~State() { drop(); }
  void drop() {
    if (conn) PQfinish(conn);
    conn = nullptr;
    received_before = received();
    socket.reset();
  }
  std::uint64_t received() const { return socket ? socket->received() : received_before; }
  std::chrono::milliseconds time_limit() const {
    return std::max(std::chrono::milliseconds(1), deadline.count() > 0 ? deadline : limits.time);
  }
  Error gone(std::string what) {
    drop();
    sqlstate = "08006";
    return Error{Error::Kind::database, where, std::move(what), ""};
  }
  enum class Wake { ready, late, lost, interrupted, over };

  Wake wait(bool writing, const Answer& answer) {
    for (;;) {
      if (interruptible && stop_token.stop_requested()) return Wake::interrupted;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(answer.until - Clock::now());
      if (left.count() <= 0) return Wake::late;
      if (PQsocket(conn) < 0) return Wake::lost;
      // A signal may come just before poll() and not wake it.
      const bool go_on = socket->step(PQsocket(conn), writing,
                                      std::min(left, std::chrono::milliseconds(interruptible ? 200 : 60000)));
      if (!exceeded(answer).empty()) return Wake::over;
      if (!go_on) continue;
      if (!PQconsumeInput(conn)) return Wake::lost;
      while (PGnotify* notification = PQnotifies(conn)) PQfreemem(notification);
      return Wake::ready;
    }
  }

  Wake flush(const Answer& answer) {
    for (;;) {
      const int left = PQflush(conn);
      if (left == 0) return Wake::ready;
      if (left < 0) return Wake::lost;
      if (const auto wake = wait(true, answer); wake != Wake::ready) return wake;
    }
  }

  Wake next(ResultPtr& result, const Answer& answer) {
    while (PQisBusy(conn))
      if (const auto wake = wait(false, answer); wake != Wake::ready) return wake;
    result.reset(PQgetResult(conn));
    return Wake::ready;
  }

  Wake take(const PGresult* result, Answer& answer, bool& flushed) {
    switch (PQresultStatus(result)) {
      case PGRES_TUPLES_OK:
      case PGRES_SINGLE_TUPLE: return keep(result, answer);
      case PGRES_COMMAND_OK:
      case PGRES_EMPTY_QUERY: return Wake::ready;
      case PGRES_COPY_IN:
      case PGRES_COPY_BOTH:
        flushed = false;
        return PQputCopyEnd(conn, "pgadvise sends no data") < 0 ? Wake::lost : Wake::ready;
      case PGRES_COPY_OUT: return copy_out(answer);
      default:
        if (!answer.error) answer.error = refused(result);
        return Wake::ready;
    }
  }

  Wake keep(const PGresult* result, Answer& answer) {
    const int columns = PQnfields(result);
    for (int r = 0; r < PQntuples(result); ++r) {
      Row row;
      std::size_t sent = 7;  // the message's type, length and number of fields
      answer.kept_bytes += sizeof(Row) + static_cast<std::size_t>(columns) * sizeof(Row::value_type);
      for (int c = 0; c < columns; ++c) {
        const auto length = static_cast<std::size_t>(PQgetlength(result, r, c));
        sent += 4 + length;
        answer.kept_bytes += length;
        if (!answer.stopped.empty()) continue;
        if (c == 0) row.reserve(static_cast<std::size_t>(columns));
        if (PQgetisnull(result, r, c)) row.emplace_back();
        else row.emplace_back(std::string(PQgetvalue(result, r, c), length));
      }
      answer.row_bytes += sent;
      if (answer.stopped.empty()) answer.rows.push_back(std::move(row));
      if (!exceeded(answer).empty()) return Wake::over;
    }
    return Wake::ready;
  }

  Wake copy_out(const Answer& answer) {
    char* data = nullptr;
    for (int got = 0; (got = PQgetCopyData(conn, &data, 1)) >= 0;) {
      if (data) PQfreemem(data);
      data = nullptr;
      if (got > 0) continue;
      if (const auto wake = wait(false, answer); wake != Wake::ready) return wake;
    }
    return Wake::ready;
  }

  // The limit that the answer exceeds; "": it is within all limits.
  std::string exceeded(const Answer& answer) const {
    const std::uint64_t bytes = received() - answer.begin;
    if (!answer.stopped.empty()) return received() > answer.end ? "more" : "";
    if (answer.rows.size() > limits.rows) return fmt::format("more than {} rows", limits.rows);
    if (bytes > limits.bytes || answer.kept_bytes > limits.bytes)
      return "more than " + size_text(limits.bytes);
    if (bytes > answer.row_bytes &&
        other_bytes + (bytes - answer.row_bytes) > limits.other_bytes + free_other_bytes)
      return fmt::format("more than {} in one row, or in messages other than rows",
                         size_text(limits.other_bytes));
    return {};
  }

  // Cancels what runs, once; what comes by then is thrown away. The error: the connection had to be closed.
  std::optional<Error> stop(Wake wake, Answer& answer) {
    if (!answer.stopped.empty() && wake == Wake::over)
      return gone(answer.stopped + ", and continues after a cancel request: pgadvise closed the connection");
    if (!answer.stopped.empty()) {
      auto late = gone(fmt::format(
          "{}, and its response does not end within {} of a cancel request: pgadvise closed the connection",
          answer.stopped, cancel_grace));
      sqlstate = "57014";
      return late;
    }
    if (wake == Wake::over) {
      answer.stopped = "the server's response to one statement has " + exceeded(answer) + ", the limit";
      answer.stopped_state = "54000";
    } else {
      answer.stopped = wake == Wake::interrupted
                           ? "interrupted"
                           : fmt::format("took longer than {} and was canceled", time_limit());
      answer.stopped_state = "57014";
    }
    Rows().swap(answer.rows);
    interruptible = interruptible && wake != Wake::interrupted;  // once: what cleans up afterwards runs
    cancel(conn);
    answer.until = Clock::now() + cancel_grace;
    answer.end = received() + bytes_after_cancel;
    return {};
  }

  Error refused(const PGresult* result) {
    sqlstate = field(result, PG_DIAG_SQLSTATE);
    std::string what =
        without_literals(field(result, PG_DIAG_MESSAGE_PRIMARY), sqlstate, asked, with_parameters);
    if (what.empty()) what = std::string(trim(PQresultErrorMessage(result)));
    return Error{Error::Kind::nonfatal, where, shortened(what), ""};
  }

  // The server's last words, where there were any, are in the results that are left.
  Error closed(const std::optional<Error>& error) {
    std::string words = error ? ": " + error->what : "";
    for (ResultPtr result(nullptr, &PQclear); (result.reset(PQgetResult(conn)), result);)
      if (words.empty() && !field(result.get(), PG_DIAG_SQLSTATE).empty())
        words = ": " + refused(result.get()).what;
    return gone("the server closed the connection" + words);
  }

  // libpq takes C strings: text after a zero byte would be checked but not sent.
  Result<void> can_send(std::string_view text, std::string_view what) const {
    if (!conn) return fail(Error::Kind::database, where, "the connection is closed");
    if (text.find('\0') == std::string_view::npos) return {};
    return fail(Error::Kind::nonfatal, where, fmt::format("the {} contains a zero byte", what));
  }

  // Takes all results of what was sent, up to ReadyForQuery, so that the connection can be used again.
  Result<Rows> collect(bool sent) {
    sqlstate.clear();
    if (!sent) {
      if (PQstatus(conn) == CONNECTION_BAD) return tl::unexpected(gone("the server closed the connection"));
      return fail(Error::Kind::nonfatal, where, std::string(trim(PQerrorMessage(conn))));
    }
    PQsetSingleRowMode(conn);  // so that a limit holds while rows come in
    Answer answer;
    answer.begin = received();
    notice_bytes = 0;
    answer.until = Clock::now() + time_limit();
    bool flushed = false;
    for (;;) {
      ResultPtr result(nullptr, &PQclear);
      auto wake = flushed ? Wake::ready : flush(answer);
      if (wake == Wake::ready) {
        flushed = true;
        wake = next(result, answer);
      }
      if (wake == Wake::ready && !result) break;
      if (wake == Wake::ready) wake = take(result.get(), answer, flushed);
      if (wake == Wake::lost) return tl::unexpected(closed(answer.error));
      if (wake == Wake::ready) continue;
      if (auto ended = stop(wake, answer)) return tl::unexpected(std::move(*ended));
    }
    if (PQstatus(conn) == CONNECTION_BAD)
      return tl::unexpected(gone(answer.error ? "the server closed the connection: " + answer.error->what
                                              : "the server closed the connection"));
    const std::uint64_t bytes = received() - answer.begin;
    other_bytes += bytes - std::min<std::uint64_t>(bytes, answer.row_bytes + notice_bytes + free_other_bytes);
    if (other_bytes > limits.other_bytes)  // the next answers would be past the limit, too
      return tl::unexpected(gone(fmt::format(
          "the server has sent more than {} in messages other than rows, the limit: pgadvise closed the "
          "connection",
          size_text(limits.other_bytes))));
    if (!answer.stopped.empty()) {
      sqlstate = answer.stopped_state;
      return fail(Error::Kind::nonfatal, where, answer.stopped);
    }
    if (answer.error) return tl::unexpected(*answer.error);
    return std::move(answer.rows);
  }
};

template <class Send>
static Result<Rows> observed(const SentObserver& on_sent, std::string_view statement,
                             const Parameters* parameters, const Send& send) {
  if (!on_sent) return send();
  const auto start = Clock::now();
  auto result = send();
  const std::size_t rows = result ? result->size() : 0;
  on_sent({statement, parameters, std::chrono::duration<double, std::milli>(Clock::now() - start).count(),
           result ? fmt::format("{} row{}", rows, rows == 1 ? "" : "s") : result.error().what});
  return result;
}

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open(const std::string& conninfo, SentObserver on_sent) {
  TRY(const auto options, read_conninfo(conninfo));
  auto state = std::make_unique<State>();
  state->on_sent = std::move(on_sent);
  const auto start = Clock::now();
  auto connected = connect(options);
  state->conn = connected.connection;
  state->socket = std::move(connected.socket);
  if (!state->conn) return fail(Error::Kind::database, "", "out of memory");
  PGconn* conn = state->conn;
  const auto text = [](const char* value, const char* other) {
    return std::string(value && *value ? value : other);
  };
  state->where = fmt::format("database {} on {}:{} as user {}", text(PQdb(conn), "?"),
                             text(PQhost(conn), "?"), text(PQport(conn), "5432"), text(PQuser(conn), "?"));
  const bool ok = connected.failure.empty() && PQstatus(conn) == CONNECTION_OK;
  if (state->on_sent)
    state->on_sent({{},
                    nullptr,
                    std::chrono::duration<double, std::milli>(Clock::now() - start).count(),
                    (ok ? "connected to " : "can't connect to ") + state->where});
  if (!ok)
    return tl::unexpected(connection_error(
        state->where, connected.failure.empty() ? PQerrorMessage(conn) : connected.failure.c_str()));
  state->version = PQserverVersion(conn);
  if (state->version < oldest_version)
    return fail(Error::Kind::database, state->where,
                fmt::format("the server's version is {}",
                            ellipsis(text(PQparameterStatus(conn, "server_version"), "unknown"), 60)),
                "pgadvise needs PostgreSQL 12 or newer");
  PQsetNoticeReceiver(
      conn,
      [](void* arg, const PGresult* result) {
        auto* self = static_cast<State*>(arg);
        if (!self->notice) return;
        std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
        if (const auto detail = field(result, PG_DIAG_MESSAGE_DETAIL); !detail.empty())
          message += "\n" + detail;
        self->notice_bytes += message.size();
        self->notice(message);
      },
      state.get());
  return Connection(std::move(state));
}

Result<Rows> Connection::query(std::string_view statement, const Parameters& parameters) {
  TRY_VOID(state_->can_send(statement, "statement"));
  std::vector<const char*> values;
  for (const auto& value : parameters) {
    if (value) TRY_VOID(state_->can_send(*value, "statement"));
    values.push_back(value ? value->c_str() : nullptr);
  }
  state_->asked = statement;
  state_->with_parameters = !values.empty();
  if (values.size() > max_parameters)
    return fail(Error::Kind::nonfatal, state_->where, "the statement has too many parameters");
  return observed(state_->on_sent, statement, &parameters, [&] {
    return state_->collect(PQsendQueryParams(state_->conn, (std::string(statement) += sql::own_mark).c_str(),
                                             static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                                             nullptr, 0));
  });
}

Result<void> Connection::parse(std::string_view statement) {
  TRY_VOID(state_->can_send(statement, "statement"));
  state_->asked = statement;
  state_->with_parameters = false;
  TRY_VOID(observed(state_->on_sent, statement, nullptr, [&] {
    return state_->collect(PQsendPrepare(state_->conn, "", std::string(statement).c_str(), 0, nullptr));
  }));
  return {};
}

void Connection::on_notice(std::function<void(std::string_view)> callback) {
  state_->notice = std::move(callback);
}

Result<void> Connection::run_script(std::string_view script) {
  TRY_VOID(state_->can_send(script, "script"));
  TRY_VOID(observed(state_->on_sent, script, nullptr,
                    [&] { return state_->collect(PQsendQuery(state_->conn, std::string(script).c_str())); }));
  return {};
}

void Connection::set_session(SessionSettings session_settings) {
  state_->session_settings = std::move(session_settings);
}
const SentObserver& Connection::sent_observer() const { return state_->on_sent; }
const SessionSettings& Connection::session_settings() const { return state_->session_settings; }
void Connection::set_stop(std::stop_token stop) { state_->stop_token = std::move(stop); }
const std::stop_token& Connection::stop() const { return state_->stop_token; }
void Connection::set_interruptible(bool interruptible) { state_->interruptible = interruptible; }
void Connection::set_limits(const AnswerLimits& limits) { state_->limits = limits; }
const AnswerLimits& Connection::limits() const { return state_->limits; }
void Connection::set_deadline(std::chrono::milliseconds deadline) { state_->deadline = deadline; }
bool Connection::alive() const { return state_->conn && PQstatus(state_->conn) == CONNECTION_OK; }
bool Connection::in_transaction() const {
  return alive() && PQtransactionStatus(state_->conn) != PQTRANS_IDLE;
}
int Connection::server_version() const { return state_->version; }
int Connection::backend_pid() const { return state_->conn ? PQbackendPID(state_->conn) : 0; }
std::string Connection::where() const { return state_->where; }
std::string Connection::sqlstate() const { return state_->sqlstate; }
std::uint64_t Connection::bytes_received() const { return state_->received(); }

}  // namespace pgadvise::pg
