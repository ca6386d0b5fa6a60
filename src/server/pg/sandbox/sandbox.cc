#include "pg/sandbox/sandbox.h"

#include <chrono>
#include <random>
#include <string>
#include <thread>

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "pg/connection/conninfo.h"
#include "pg/sandbox/import_statistics.h"
#include "pg/sandbox/server_process.h"

namespace pgadvise::pg {

namespace {

using namespace std::chrono_literals;

constexpr auto start_limit = 120s;

constexpr std::string_view superuser = "pgadvise_admin";

// Every value is written out: PGHOST, PGOPTIONS and the like of our environment must not reach a sandbox. The
// superuser resolves names in pg_catalog alone, whatever a script sets for the database: other schemas
// contain the script's operators and functions.
std::string address(const std::string& folder, int port, std::string_view user, std::string_view password,
                    std::string_view database) {
  return conninfo_pair("host", folder) + " port=" + std::to_string(port) + " " +
         conninfo_pair("dbname", database) + " " + conninfo_pair("user", user) + " " +
         conninfo_pair("password", password) + " options='" +
         (user == superuser ? "-csearch_path=pg_catalog" : "") +
         "' target_session_attrs=any channel_binding=disable sslmode=disable gssencmode=disable";
}

std::string random_password() {
  std::random_device random;
  std::string out;
  for (int word = 0; word < 4; ++word) out += fmt::format("{:08x}", random() & 0xffffffffU);
  return out;
}

// What the server said last: its log is the only witness when it does not come up.
std::string last_complaint(const std::string& file) {
  const std::string text = read_file(file).value_or("");
  std::string complaint;
  std::string last;
  for (const auto part : split(text, '\n')) {
    const std::string line(part);
    if (trim(line).empty()) continue;
    last = line;
    for (const char* level : {"FATAL:", "PANIC:", "error:"})
      if (const auto at = line.find(level); at != std::string::npos) complaint = line.substr(at);
  }
  return std::string(trim(complaint.empty() ? last : complaint));
}

tl::unexpected<Error> start_failed(std::string what) {
  return fail(Error::Kind::usage, "the sandbox", std::move(what),
              "a sandbox needs an installed PostgreSQL, 100 MB in TMPDIR or /tmp, and 128 MB of memory");
}

// Our own server: loading data and ANALYZE may take long.
Result<Connection> open_connection(const std::string& conninfo, const SentObserver& on_sent) {
  TRY(auto connection, Connection::open(conninfo, on_sent));
  AnswerLimits limits;
  limits.other_bytes = limits.bytes;
  limits.time = 6h;
  connection.set_limits(limits);
  return connection;
}

// Waits until the server answers, has ended, or was never made.
Result<Connection> await(const Guardian& guardian, const std::string& folder, int port,
                         const std::string& conninfo, const SentObserver& on_sent) {
  const std::string socket = folder + "/.s.PGSQL." + std::to_string(port);
  const auto limit = std::chrono::steady_clock::now() + start_limit;
  std::string said;
  while (std::chrono::steady_clock::now() < limit) {
    pollfd entry{guardian.status.get(), POLLIN, 0};
    if (poll(&entry, 1, 20) > 0) {
      char buffer[256];
      const auto got = read(guardian.status.get(), buffer, sizeof buffer);
      if (got > 0) {
        said.append(buffer, static_cast<std::size_t>(got));
        continue;
      }
      if (!said.empty()) return start_failed("initdb failed: " + last_complaint(folder + "/initdb.log"));
      return start_failed("the server ended while starting: " + last_complaint(folder + "/server.log"));
    }
    if (access(socket.c_str(), F_OK) != 0) continue;
    if (auto connection = open_connection(conninfo, on_sent)) return connection;
  }
  return start_failed("the server did not respond in time");
}

Result<void> all(Connection& connection, std::initializer_list<std::string> statements) {
  for (const auto& statement : statements) TRY_VOID(connection.query(statement));
  return {};
}

}  // namespace

struct Sandbox::State {
  Home home;
  Guardian guardian;
  int port = 5432;
  std::string admin_password = random_password(), password = random_password();
  std::string conninfo, url, jdbc_url;
  SentObserver on_sent;
  std::optional<Connection> owner;
  std::optional<Connection> admin;
  Result<void> prepare(Connection template1);
  Result<void> reconnect();
  std::string admin_conninfo(std::string_view database) const {
    return address(home.folder, port, superuser, admin_password, database);
  }
  ~State() {
    owner.reset();
    admin.reset();
    stop(guardian);
  }
};

// The database belongs to a plain role; HypoPG lives in a schema that the catalog reader passes over.
Result<void> Sandbox::State::prepare(Connection template1) {
  TRY_VOID(all(template1,
               {"CREATE ROLE pgadvise LOGIN PASSWORD '" + password + "'",
                "ALTER DATABASE postgres RENAME TO sandbox", "ALTER DATABASE sandbox OWNER TO pgadvise"}));
  TRY(admin, open_connection(admin_conninfo("sandbox"), on_sent));
  // From 15 on: the schema public is the owner's already, and test data may be loaded without the foreign
  // keys' triggers, in half the time.
  TRY_VOID(all(*admin, {admin->server_version() < 150000
                            ? "ALTER SCHEMA public OWNER TO pgadvise"
                            : "GRANT SET ON PARAMETER session_replication_role TO pgadvise"}));
  const auto hypopg = admin->query("SELECT 1 FROM pg_available_extensions WHERE name = 'hypopg'");
  if (hypopg && !hypopg->empty()) {
    TRY_VOID(all(*admin, {"CREATE SCHEMA pgadvise_hypopg", "CREATE EXTENSION hypopg SCHEMA pgadvise_hypopg",
                          "GRANT USAGE ON SCHEMA pgadvise_hypopg TO PUBLIC"}));
  }
  TRY(owner, open_connection(conninfo, on_sent));
  return {};
}

Result<Sandbox> Sandbox::start() {
  Diagnostics unread;
  return start(unread);
}

Result<Sandbox> Sandbox::start(Diagnostics& diagnostics, SentObserver on_sent, int max_connections,
                               bool tcp) {
  TRY(const auto server, find_server());
  TRY(const auto user, server_user());
  sweep(user, diagnostics);
  auto state = std::make_unique<State>();
  TRY(state->home, make_home(user));
  const auto& folder = state->home.folder;
  state->on_sent = std::move(on_sent);
  if (tcp) state->port = free_port();
  if (state->port == 0) return start_failed("no port of 127.0.0.1 is free");
  const auto& password = state->password;
  state->conninfo = address(folder, state->port, "pgadvise", password, "sandbox");
  if (tcp) {
    state->url = fmt::format("postgresql://pgadvise:{}@127.0.0.1:{}/sandbox", password, state->port);
    state->jdbc_url = fmt::format("jdbc:postgresql://127.0.0.1:{}/sandbox?user=pgadvise&password={}",
                                  state->port, password);
  }
  TRY(state->guardian, start_guardian(state->home, server, user,
                                      {.max_connections = max_connections,
                                       .port = state->port,
                                       .tcp = tcp,
                                       .admin_password = state->admin_password}));
  TRY(auto template1,
      await(state->guardian, folder, state->port, state->admin_conninfo("template1"), state->on_sent));
  if (const auto ready = state->prepare(std::move(template1)); !ready)
    return start_failed(ready.error().what);
  return Sandbox(std::move(state));
}

Sandbox::Sandbox(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sandbox::Sandbox(Sandbox&&) noexcept = default;
Sandbox& Sandbox::operator=(Sandbox&&) noexcept = default;
Sandbox::~Sandbox() = default;

void Sandbox::build(const Script& script, Diagnostics& diagnostics) {
  run_build(*state_->owner, *state_->admin, script, diagnostics);
}

// A database's settings apply to new sessions only.
Result<void> Sandbox::State::reconnect() {
  for (const auto& [connection, address] :
       {std::pair(&admin, admin_conninfo("sandbox")), std::pair(&owner, conninfo)}) {
    TRY(*connection, open_connection(address, on_sent));
  }
  return {};
}

Result<void> Sandbox::import_collation(const Catalog& production) {
  pg::import_collation(*state_->admin, production);
  return state_->reconnect();
}

Result<void> Sandbox::import_statistics(const Catalog& production, const std::vector<RelationSize>& sizes,
                                        Diagnostics& diagnostics) {
  pg::import_statistics(*state_->admin, *state_->owner, state_->home.folder + "/data", production, sizes,
                        diagnostics);
  return state_->reconnect();
}

Result<void> Sandbox::end_other_sessions() {
  TRY(const auto own, state_->owner->query("SELECT pg_catalog.pg_backend_pid()"));
  const auto limit = std::chrono::steady_clock::now() + 10s;
  while (std::chrono::steady_clock::now() < limit) {
    TRY(const auto ended, state_->admin->query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                                               "backend_type = 'client backend' AND pid "
                                               "NOT IN (pg_backend_pid(), $1::int)",
                                               {own.front()[0]}));
    if (ended.empty()) return {};
    std::this_thread::sleep_for(20ms);
  }
  return fail(Error::Kind::database, "the sandbox", "a session of the command does not end");
}

const std::string& Sandbox::conninfo() const { return state_->conninfo; }
const std::string& Sandbox::password() const { return state_->password; }
int Sandbox::port() const { return state_->port; }
const std::string& Sandbox::url() const { return state_->url; }
const std::string& Sandbox::jdbc_url() const { return state_->jdbc_url; }
Connection& Sandbox::connection() { return *state_->owner; }
Connection& Sandbox::admin() { return *state_->admin; }
const std::string& Sandbox::folder() const { return state_->home.folder; }

}  // namespace pgadvise::pg
