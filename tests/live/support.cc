#include "live/support.h"

#include <chrono>
#include <optional>

#include <fmt/format.h>

namespace pgadvise::live {

namespace {

std::optional<pg::Sandbox> shared;

class Environment : public testing::Environment {
 public:
  void TearDown() override { shared.reset(); }
};

[[maybe_unused]] const auto* const environment = testing::AddGlobalTestEnvironment(new Environment);

std::string address(const std::string& database, const std::string& user) {
  return fmt::format("host={} port=5432 dbname={} user={} options=''", sandbox().folder(), database, user);
}

pg::Connection open(const std::string& conninfo) {
  auto connection = pg::Connection::open(conninfo);
  if (!connection) throw std::runtime_error(connection.error().line());
  pg::AnswerLimits limits;
  limits.time = std::chrono::hours(1);  // for what a test loads
  connection->set_limits(limits);
  return std::move(*connection);
}

std::string create_database() {
  static int count = 0;
  const auto name = fmt::format("test{}", ++count);
  const auto made = sandbox().admin().query("CREATE DATABASE " + name + " TEMPLATE template0 OWNER pgadvise");
  if (!made) throw std::runtime_error(made.error().line());
  return name;
}

}  // namespace

pg::Sandbox& sandbox() {
  if (!shared) {
    auto started = pg::Sandbox::start();
    if (!started) throw std::runtime_error(started.error().line());
    shared = std::move(*started);
  }
  return *shared;
}

Database::Database() : name_(create_database()), admin_(open(conninfo())) {}

Database::~Database() {
  (void)admin_.query("SELECT 1");
  (void)sandbox().admin().query("DROP DATABASE " + name_ + " WITH (FORCE)");
}

std::string Database::conninfo(const std::string& user) const { return address(name_, user); }
pg::Connection Database::connect(const std::string& user) const { return open(conninfo(user)); }

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
