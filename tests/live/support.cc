#include "live/support.h"

#include <chrono>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <type_traits>

#include <fmt/format.h>
#include <unistd.h>

#include "base/files/digest.h"
#include "base/files/input_file.h"
#include "base/text/identifier.h"
#include "base/text/text.h"
#include "live/admit_everybody.h"
#include "pg/sandbox/sandbox.h"

namespace pgadvise::live {

namespace {

struct Server {
  std::optional<pg::Sandbox> own;  // none under ctest
  std::string folder;
  std::optional<pg::Connection> admin;
};
std::optional<Server> shared;

class Environment : public testing::Environment {
 public:
  void TearDown() override { shared.reset(); }
};

[[maybe_unused]] const auto* const environment = testing::AddGlobalTestEnvironment(new Environment);

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().line());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::string address(const std::string& folder, const std::string& database, const std::string& user) {
  return fmt::format("host={} port=5432 dbname={} user={} options=''", folder, database, user);
}

pg::Connection open(const std::string& conninfo) {
  auto connection = must(pg::Connection::open(conninfo));
  pg::AnswerLimits limits;
  limits.time = std::chrono::hours(1);  // for what a test loads
  connection.set_limits(limits);
  return connection;
}

Server& server() {
  if (shared) return *shared;
  Server made;
  if (const char* file = std::getenv("PGADVISE_LIVE_SERVER")) {
    made.folder = trim(must(read_file(file)));
  } else {
    made.own = must(pg::Sandbox::start());
    must(admit_everybody(*made.own));
    made.folder = made.own->folder();
  }
  made.admin = open(address(made.folder, "sandbox", "pgadvise_admin"));
  return shared.emplace(std::move(made));
}

void do_all(std::initializer_list<std::string> statements) {
  for (const auto& statement : statements) must(server_admin().query(statement));
}

// The database that copies are made of. One process loads it, and the others wait.
std::string template_of(const std::string& script) {
  const auto name = "template_" + sha256_hex(script).substr(0, 16);
  const auto loading = name + "_loading";  // what a test left that was killed while it loaded
  do_all({"SELECT pg_advisory_lock(1)"});
  if (must(server_admin().query("SELECT FROM pg_database WHERE datname = '" + name + "'")).empty()) {
    do_all({"DROP DATABASE IF EXISTS " + loading + " WITH (FORCE)",
            "CREATE DATABASE " + loading + " TEMPLATE template0 OWNER pgadvise"});
    must(open(conninfo_of(loading, "pgadvise_admin")).run_script(script));
    do_all({"ALTER DATABASE " + loading + " RENAME TO " + name});
  }
  do_all({"SELECT pg_advisory_unlock(1)"});
  return name;
}

}  // namespace

const std::string& server_folder() { return server().folder; }
pg::Connection& server_admin() { return *server().admin; }

std::string create_database(const std::string& script) {
  static int count = 0;
  const auto name = fmt::format("test_{}_{}", getpid(), ++count);
  do_all({"CREATE DATABASE " + name + " TEMPLATE " + (script.empty() ? "template0" : template_of(script)) +
          " OWNER pgadvise"});
  return name;
}

std::string conninfo_of(const std::string& database, const std::string& user) {
  return address(server_folder(), database, user);
}

Database::Database(const std::string& script) : name_(create_database(script)), admin_(open(conninfo())) {}

Database::~Database() {
  (void)server_admin().query("DROP DATABASE " + name_ + " WITH (FORCE)");
  for (const auto& role : roles_) (void)server_admin().query("DROP ROLE " + quote_identifier(role));
}

std::string Database::conninfo(const std::string& user) const { return conninfo_of(name_, user); }
pg::Connection Database::connect(const std::string& user) const { return open(conninfo(user)); }

std::string Database::create_role(const std::string& name, const std::string& options) {
  roles_.push_back(name + "_" + name_);
  run("CREATE ROLE " + quote_identifier(roles_.back()) + " " + options);
  return roles_.back();
}

void Database::run(const std::string& script) {
  const auto done = admin_.run_script(script);
  ASSERT_TRUE(done) << done.error().line() << "\n" << script;
}

std::string Database::value(const std::string& query) {
  const auto rows = admin_.query(query);
  if (!rows) {
    ADD_FAILURE() << rows.error().line() << "\n" << query;
    return {};
  }
  if (rows->empty() || rows->front().empty()) return {};
  return rows->front().front().value_or("");
}

}  // namespace pgadvise::live
