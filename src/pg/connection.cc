#include "pg/connection.h"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include "base/interrupt.h"
#include "base/text.h"
#include "pg/conninfo.h"
#include "sql/statement_statistics.h"

namespace pgadvise::pg {

namespace {

using Clock = std::chrono::steady_clock;
using ResultPtr = std::unique_ptr<PGresult, decltype(&PQclear)>;

constexpr int oldest_version = 120000;
constexpr std::chrono::milliseconds grace{2000};  // for the server to answer a cancel

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

// Data errors (class 22) and syntax errors quote what was in the statement or its parameters. A name that is not there may come of
// a constant, too: 'x'::regclass.
std::string without_literals(const std::string& message, std::string_view sqlstate, std::string_view statement, bool has_parameters) {
  const bool data = sqlstate.substr(0, 2) == "22";
  const bool syntax = sqlstate == "42601";
  const auto first = message.find('"');
  const auto last = message.rfind('"');
  if (first == std::string::npos || first == last) return message;
  if (!data && !syntax) {
    const std::string word = message.substr(first + 1, last - first - 1);
    const bool named = contains(statement, word) && !contains(statement, "'" + word) && !contains(statement, "." + word + "'");
    if (named || !(has_parameters || contains(statement, "'"))) return message;
  }
  const bool word = std::isalpha(static_cast<unsigned char>(message[first + 1])) ||
                    message[first + 1] == ')' || message[first + 1] == '(' || message[first + 1] == ',' ||
                    message[first + 1] == ';';
  if (syntax && word) return message;
  return message.substr(0, first) + "\"…\"" + message.substr(last + 1);
}

}  // namespace

struct Connection::State {
  PGconn* conn = nullptr;
  std::string asked;  // the latest statement
  bool with_parameters = false;
  std::function<void(std::string_view)> notice;
  std::chrono::milliseconds deadline{0};
  std::string sqlstate;
  std::string where;
  Acting acting;
  bool interruptible = false;
  int version = 0;

  ~State() { drop(); }
  void drop() {
    if (conn) PQfinish(conn);
    conn = nullptr;
  }
  Error gone(std::string what) {
    drop();
    sqlstate = "08006";
    return Error{Error::Kind::database, where, std::move(what), ""};
  }
  enum class Wake { ready, late, lost, interrupted };
  Wake wait(bool writing, std::optional<Clock::time_point> until);
  Wake flush(std::optional<Clock::time_point> until);
  Wake next(ResultPtr& result, std::optional<Clock::time_point> until);
  Error refused(const PGresult* result);
  Error closed(const std::optional<Error>& error);
  Result<Rows> collect(bool sent);
};

Connection::State::Wake Connection::State::wait(bool writing, std::optional<Clock::time_point> until) {
  for (;;) {
    // A signal may come just before poll() and not wake it.
    int timeout = interruptible ? 200 : -1;
    if (interruptible && interrupted()) return Wake::interrupted;
    if (until) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now()).count();
      if (left <= 0) return Wake::late;
      timeout = static_cast<int>(std::min<long long>(left, interruptible ? 200 : 60000));
    }
    pollfd entry{PQsocket(conn), static_cast<short>(writing ? POLLIN | POLLOUT : POLLIN), 0};
    const int ready = poll(&entry, 1, timeout);
    if (ready < 0 && errno != EINTR) return Wake::lost;
    if (ready <= 0) continue;
    if ((entry.revents & ~POLLOUT) && !PQconsumeInput(conn)) return Wake::lost;
    return Wake::ready;
  }
}

Connection::State::Wake Connection::State::flush(std::optional<Clock::time_point> until) {
  for (;;) {
    const int left = PQflush(conn);
    if (left == 0) return Wake::ready;
    if (left < 0) return Wake::lost;
    if (const auto wake = wait(true, until); wake != Wake::ready) return wake;
  }
}

Connection::State::Wake Connection::State::next(ResultPtr& result, std::optional<Clock::time_point> until) {
  while (PQisBusy(conn))
    if (const auto wake = wait(false, until); wake != Wake::ready) return wake;
  result.reset(PQgetResult(conn));
  return Wake::ready;
}

Error Connection::State::refused(const PGresult* result) {
  sqlstate = field(result, PG_DIAG_SQLSTATE);
  std::string what = without_literals(field(result, PG_DIAG_MESSAGE_PRIMARY), sqlstate, asked, with_parameters);
  if (what.empty()) what = std::string(trim(PQresultErrorMessage(result)));
  return Error{Error::Kind::passing, where, std::move(what), ""};
}

// The server's last words, where there were any, are in the results that are left.
Error Connection::State::closed(const std::optional<Error>& error) {
  std::string words = error ? ": " + error->what : "";
  for (ResultPtr result(nullptr, &PQclear); (result.reset(PQgetResult(conn)), result);)
    if (words.empty() && !field(result.get(), PG_DIAG_SQLSTATE).empty())
      words = ": " + refused(result.get()).what;
  return gone("the server closed the connection" + words);
}

// Takes all results of what was sent, up to ReadyForQuery, so that the connection can be used again.
Result<Rows> Connection::State::collect(bool sent) {
  sqlstate.clear();
  if (!sent) {
    if (PQstatus(conn) == CONNECTION_BAD) return tl::unexpected(gone("the server closed the connection"));
    return fail(Error::Kind::passing, where, std::string(trim(PQerrorMessage(conn))));
  }
  std::optional<Clock::time_point> until;
  if (deadline.count() > 0) until = Clock::now() + deadline;
  bool cancelled = false;
  bool stopped = false;  // cancelled by Ctrl-C
  bool flushed = false;
  Rows rows;
  std::optional<Error> error;
  for (;;) {
    ResultPtr result(nullptr, &PQclear);
    auto wake = flushed ? Wake::ready : flush(until);
    if (wake == Wake::ready) {
      flushed = true;
      wake = next(result, until);
    }
    if ((wake == Wake::late || wake == Wake::interrupted) && !cancelled) {
      stopped = wake == Wake::interrupted;
      interruptible = false;  // once: what cleans up afterwards runs
      cancel(conn);
      cancelled = true;
      until = Clock::now() + grace;
      continue;
    }
    if (wake == Wake::late) {
      auto late = gone(fmt::format("does not answer, {} after a cancel either", grace));
      sqlstate = "57014";
      return tl::unexpected(std::move(late));
    }
    if (wake == Wake::lost) return tl::unexpected(closed(error));
    if (!result) break;
    switch (PQresultStatus(result.get())) {
      case PGRES_TUPLES_OK:
        for (int r = 0; r < PQntuples(result.get()); ++r) {
          auto& row = rows.emplace_back();
          for (int c = 0; c < PQnfields(result.get()); ++c) {
            if (PQgetisnull(result.get(), r, c))
              row.emplace_back();
            else
              row.emplace_back(std::string(PQgetvalue(result.get(), r, c),
                                           static_cast<std::size_t>(PQgetlength(result.get(), r, c))));
          }
        }
        break;
      case PGRES_COMMAND_OK:
      case PGRES_EMPTY_QUERY:
        break;
      case PGRES_COPY_IN:
      case PGRES_COPY_BOTH:
        if (PQputCopyEnd(conn, "pgadvise sends no data") < 0)
          return tl::unexpected(gone("the server closed the connection"));
        flushed = false;
        break;
      case PGRES_COPY_OUT: {
        char* data = nullptr;
        for (int got = 0; (got = PQgetCopyData(conn, &data, 1)) >= 0;) {
          if (data) PQfreemem(data);
          data = nullptr;
          if (got == 0 && wait(false, until) != Wake::ready)
            return tl::unexpected(gone("the server stopped in the middle of a COPY"));
        }
        break;
      }
      default:
        if (!error) error = refused(result.get());
    }
  }
  if (PQstatus(conn) == CONNECTION_BAD)
    return tl::unexpected(gone(error ? "the server closed the connection: " + error->what
                                     : "the server closed the connection"));
  if (cancelled) {
    sqlstate = "57014";
    if (stopped) return fail(Error::Kind::passing, where, "interrupted");
    return fail(Error::Kind::passing, where, fmt::format("took longer than {} and was cancelled", deadline));
  }
  if (error) return tl::unexpected(*error);
  return rows;
}

static std::function<void(const Sent&)> sent_callback;

void on_sent(std::function<void(const Sent&)> callback) { sent_callback = std::move(callback); }

template <class Send>
static Result<Rows> told(std::string_view statement, const Parameters* parameters, const Send& send) {
  if (!sent_callback) return send();
  const auto start = Clock::now();
  auto result = send();
  const std::size_t rows = result ? result->size() : 0;
  static std::mutex one_by_one;
  const std::lock_guard lock(one_by_one);
  sent_callback({statement, parameters, std::chrono::duration<double, std::milli>(Clock::now() - start).count(),
                 result ? fmt::format("{} row{}", rows, rows == 1 ? "" : "s") : result.error().what});
  return result;
}

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result<Connection> Connection::open(const std::string& conninfo) {
  const auto options = read_conninfo(conninfo);
  if (!options) return tl::unexpected(options.error());
  std::vector<const char*> keys;
  std::vector<const char*> values;
  for (const auto& [key, value] : *options) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  auto state = std::make_unique<State>();
  const auto start = Clock::now();
  state->conn = PQconnectdbParams(keys.data(), values.data(), 0);
  if (!state->conn) return fail(Error::Kind::database, "", "out of memory");
  PGconn* conn = state->conn;
  const auto text = [](const char* value, const char* other) {
    return std::string(value && *value ? value : other);
  };
  state->where = fmt::format("database {} on {}:{} as user {}", text(PQdb(conn), "?"),
                             text(PQhost(conn), "?"), text(PQport(conn), "5432"), text(PQuser(conn), "?"));
  if (sent_callback) sent_callback({{}, nullptr, std::chrono::duration<double, std::milli>(Clock::now() - start).count(), (PQstatus(conn) == CONNECTION_OK ? "connected to " : "not connected to ") + state->where});
  if (PQstatus(conn) != CONNECTION_OK)
    return tl::unexpected(connection_error(state->where, PQerrorMessage(conn)));
  state->version = PQserverVersion(conn);
  if (state->version < oldest_version)
    return fail(
        Error::Kind::database, state->where,
        fmt::format("the server is version {}", text(PQparameterStatus(conn, "server_version"), "unknown")),
        "pgadvise needs PostgreSQL 12 or newer");
  PQsetnonblocking(conn, 1);
  PQsetNoticeReceiver(
      conn,
      [](void* arg, const PGresult* result) {
        const auto* self = static_cast<State*>(arg);
        if (!self->notice) return;
        std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
        if (const auto detail = field(result, PG_DIAG_MESSAGE_DETAIL); !detail.empty())
          message += "\n" + detail;
        self->notice(message);
      },
      state.get());
  return Connection(std::move(state));
}

static Error lost(const std::string& where) {
  return Error{Error::Kind::database, where, "the connection is closed", ""};
}

// libpq takes C strings: what stands after a zero byte would be judged but not sent.
static bool has_zero(std::string_view text) { return text.find('\0') != std::string_view::npos; }

Result<Rows> Connection::query(std::string_view statement, const Parameters& parameters) {
  if (!state_->conn) return tl::unexpected(lost(state_->where));
  std::vector<const char*> values;
  bool zero = has_zero(statement);
  for (const auto& value : parameters) {
    zero = zero || (value && has_zero(*value));
    values.push_back(value ? value->c_str() : nullptr);
  }
  if (zero) return fail(Error::Kind::passing, state_->where, "the statement holds a zero byte");
  state_->asked = statement;
  state_->with_parameters = !values.empty();
  if (values.size() > most_parameters)
    return fail(Error::Kind::passing, state_->where, "the statement has too many parameters");
  return told(statement, &parameters, [&] {
    return state_->collect(PQsendQueryParams(state_->conn, (std::string(statement) += sql::own_mark).c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr, nullptr, 0));
  });
}

Result<void> Connection::parse(std::string_view statement) {
  if (!state_->conn) return tl::unexpected(lost(state_->where));
  if (has_zero(statement))
    return fail(Error::Kind::passing, state_->where, "the statement holds a zero byte");
  state_->asked = statement;
  state_->with_parameters = false;
  const auto done = told(statement, nullptr, [&] { return state_->collect(PQsendPrepare(state_->conn, "", std::string(statement).c_str(), 0, nullptr)); });
  if (!done) return tl::unexpected(done.error());
  return {};
}

void Connection::on_notice(std::function<void(std::string_view)> callback) {
  state_->notice = std::move(callback);
}

Result<void> Connection::run_script(std::string_view script) {
  if (!state_->conn) return tl::unexpected(lost(state_->where));
  if (has_zero(script)) return fail(Error::Kind::passing, state_->where, "the script holds a zero byte");
  const auto done = told(script, nullptr, [&] { return state_->collect(PQsendQuery(state_->conn, std::string(script).c_str())); });
  if (!done) return tl::unexpected(done.error());
  return {};
}

void Connection::act_as(Acting acting) { state_->acting = std::move(acting); }
const Acting& Connection::acting() const { return state_->acting; }
void Connection::set_interruptible(bool interruptible) { state_->interruptible = interruptible; }
void Connection::set_deadline(std::chrono::milliseconds deadline) { state_->deadline = deadline; }
bool Connection::alive() const { return state_->conn && PQstatus(state_->conn) == CONNECTION_OK; }
bool Connection::in_transaction() const {
  return alive() && PQtransactionStatus(state_->conn) != PQTRANS_IDLE;
}
int Connection::server_version() const { return state_->version; }
int Connection::backend_pid() const { return state_->conn ? PQbackendPID(state_->conn) : 0; }
std::string Connection::where() const { return state_->where; }
std::string Connection::sqlstate() const { return state_->sqlstate; }

}  // namespace pgadvise::pg
