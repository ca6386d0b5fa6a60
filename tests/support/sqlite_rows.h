// What a SQLite store contains.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "store/sqlite/sqlite_connection.h"
#include "support/store_cases.h"

namespace pgadvise::store {

// All rows of all tables, one a line, with "|" between the values.
inline std::string rows_in(const std::string& path) {
  auto connection = SqliteConnection::open(path, false);
  EXPECT_TRUE(connection.has_value());
  std::string out;
  if (!connection) return out;
  for (const std::string table : store_tables) {
    Statement rows = connection->prepare("SELECT * FROM " + table);
    while (rows.row()) {
      out += table;
      for (int i = 0; i < rows.columns(); ++i) out += "|" + rows.text();
      out += "\n";
    }
    EXPECT_TRUE(rows.ok()) << table;
  }
  return out;
}

}  // namespace pgadvise::store
