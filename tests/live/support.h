// Live tests share one throwaway server: under ctest the one of the fixture live_server
// (tests/live_server.cc), otherwise one that the test program starts at the first use and removes when it
// ends. Tests run at the same time, in any order: each makes databases and roles of its own, and asks views
// of the whole server (pg_stat_activity, pg_locks) only for what belongs to its own database.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "pg/connection/connection.h"

namespace pgadvise::live {

const std::string& server_folder();  // the folder of the shared server's socket
pg::Connection& server_admin();      // the superuser, in none of the tests' databases

// Creates a database that no other test uses, and returns its name; the caller drops it. With a script it is
// a copy of a database in which the script ran once on this server, whichever test asked first. Roles,
// settings of the database (ALTER DATABASE … SET) and the counters of pg_stat_* views are not copied. Throws
// std::runtime_error.
std::string create_database(const std::string& script = "");
// For libpq.
std::string conninfo_of(const std::string& database, const std::string& user);

// A fresh database in the shared server, for one test.
class Database {
 public:
  Database() : Database("") {}
  explicit Database(const std::string& script);  // create_database(script)
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::string& name() const { return name_; }
  std::string conninfo(const std::string& user = "pgadvise_admin") const;
  pg::Connection connect(const std::string& user = "pgadvise_admin") const;
  // Creates a role that no other test uses, and returns its name: `name` and the database's. Dropped with the
  // database.
  std::string create_role(const std::string& name, const std::string& options = "LOGIN");
  // As superuser; a failure fails the test.
  void run(const std::string& script);
  // The first column of the first row.
  std::string value(const std::string& query);
  pg::Connection& admin() { return admin_; }

 private:
  std::string name_;
  pg::Connection admin_;
  std::vector<std::string> roles_;
};

}  // namespace pgadvise::live
