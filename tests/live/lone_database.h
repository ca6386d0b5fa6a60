// A database that nobody is connected to, as --verify wants it: an orders table of 60,000 rows without an
// index on customer_id.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "live/support.h"

namespace pgadvise::live {

constexpr const char* small_schema =
    "CREATE TABLE orders (id int PRIMARY KEY, customer_id int, doc jsonb, note text);\nCREATE TABLE log (id "
    "int, said text);\n";
constexpr const char* small_rows =
    "INSERT INTO orders SELECT g, g % 20000, jsonb_build_object('k', g % 3000), repeat('x', 50) FROM "
    "generate_series(1, 60000) g;\n"
    "INSERT INTO log SELECT g, 'said' FROM generate_series(1, 1000) g;\n";

class Lone {
 public:
  Lone()
      : name_(create_database(std::string(small_schema) + small_rows + "CREATE EXTENSION hypopg; ANALYZE;")) {
  }
  ~Lone() { (void)server_admin().query("DROP DATABASE " + name_ + " WITH (FORCE)"); }
  Lone(const Lone&) = delete;
  Lone& operator=(const Lone&) = delete;

  const std::string& name() const { return name_; }
  std::string conninfo() const { return conninfo_of(name_, "pgadvise_admin"); }
  void run(const std::string& script) const {
    auto connection = pg::Connection::open(conninfo());
    const auto done = connection ? connection->run_script(script)
                                 : pgadvise::Result<void>(tl::unexpected(connection.error()));
    EXPECT_TRUE(done) << done.error().line() << "\n" << script;
  }
  // The first column of the first row, on a connection that is closed again.
  std::string value(const std::string& query) const {
    auto connection = pg::Connection::open(conninfo());
    if (!connection) return connection.error().line();
    const auto rows = connection->query(query);
    if (!rows) return rows.error().line();
    return rows->empty() ? "" : rows->front()[0].value_or("");
  }
  std::string indexes() const {
    return value("SELECT count(*) FROM pg_index WHERE indexrelid::regclass::text !~ '^pg_'");
  }
  // Sessions of others, as seen from another database.
  std::string sessions(const std::string& condition = "true") const {
    const auto rows = server_admin().query("SELECT count(*) FROM pg_stat_activity WHERE datname = '" + name_ +
                                           "' AND backend_type = 'client backend' AND " + condition);
    return rows && !rows->empty() ? rows->front()[0].value_or("") : "?";
  }

 private:
  std::string name_;
};

}  // namespace pgadvise::live
