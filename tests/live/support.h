// Live tests share one sandbox a test program; each test makes a database of its own in it, so that order
// does not matter and nothing leaks from one to the next.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "pg/connection.h"
#include "pg/sandbox.h"

namespace pgadvise::live {

pg::Sandbox& sandbox();  // started at the first use, removed when the program ends

// A fresh database in the shared server, for one test.
class Database {
 public:
  Database();
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  std::string conninfo(const std::string& user = "pgadvise_admin") const;
  pg::Connection connect(const std::string& user = "pgadvise_admin") const;
  // As superuser; a failure fails the test.
  void run(const std::string& script);
  // The first column of the first row.
  std::string value(const std::string& query);
  pg::Connection& admin() { return admin_; }

 private:
  std::string name_;
  pg::Connection admin_;
};

}  // namespace pgadvise::live
