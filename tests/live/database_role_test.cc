// The SQL of docs/database-role.md suffices for a check without warnings.
#include <string>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "live/support.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::quoted;
using testing_support::run;

// The page's SQL, with a role of this test.
std::string sql_of_the_page(const std::string& role) {
  const std::string page =
      read_file(std::string(testing_support::source_dir) + "/docs/database-role.md").value_or("");
  const std::string begin = "```sql\n";
  const auto at = page.find(begin);
  if (at == std::string::npos) return {};
  const auto from = at + begin.size();
  return replace_all(page.substr(from, page.find("```", from) - from), "pgadvise_reader", role);
}

TEST(DatabaseRole, OfThePageReadsAllThatCheckWants) {
  live::Database database;
  const std::string role = database.create_role("reader");
  std::string sql = sql_of_the_page(role);
  ASSERT_TRUE(sql.starts_with("CREATE ROLE ")) << sql;
  sql = "ALTER" + sql.substr(std::string("CREATE").size());
  database.run(
      "CREATE TABLE customers (id serial PRIMARY KEY, email text); INSERT INTO customers (email) SELECT 'c' "
      "|| "
      "g FROM generate_series(1, 100000) g; ANALYZE;");
  const Folder folder;
  const auto log = folder.write("one.log",
                                "2026-03-01 10:00:00.100 UTC [101] LOG:  duration: 85.100 ms  statement: "
                                "select * from customers where email = 'c7'\n");
  const auto check = [&] {
    return run("check --db " + quoted(database.conninfo(role)) + " --log " + quoted(log) +
               " --fail-on never");
  };
  const auto before = check();
  EXPECT_NE(before.err.find("column statistics are hidden"), std::string::npos) << before.err;
  database.run(sql);
  database.run(
      "CREATE TABLE later (id serial PRIMARY KEY, note text); INSERT INTO later (note) SELECT 'n' || g "
      "FROM generate_series(1, 1000) g; ANALYZE;");
  const auto after = check();
  EXPECT_EQ(after.exit_code, 0) << after.err;
  EXPECT_EQ(after.err.find("hidden"), std::string::npos) << after.err;
  EXPECT_NE(after.out.find("1 statement planned, 1 of them run"), std::string::npos) << after.out;
}

}  // namespace
}  // namespace pgadvise
