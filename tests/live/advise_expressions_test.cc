// Indexes on expressions, as statements spell them: which are immutable the server says, and of a log only
// names are shown.
#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "live/support.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using nlohmann::json;
using testing_support::Folder;
using testing_support::quoted;
using testing_support::run;

class Expressions : public ::testing::Test {
 protected:
  static constexpr const char* schema =
      "CREATE EXTENSION hypopg;"
      "CREATE TABLE events (id bigserial PRIMARY KEY, place int NOT NULL, doc jsonb NOT NULL, at timestamptz "
      "NOT NULL, day timestamp NOT NULL, name text);"
      "INSERT INTO events (place, doc, at, day, name) SELECT g % 50, jsonb_build_object('user', g % 4000), "
      "now() - g * interval '1 min', timestamp '2026-01-01' + g * interval '1 min', 'N' || g "
      "FROM generate_series(1, 40000) g; ANALYZE";

  // Of one statement in a file, or logged.
  std::string indexes(const std::string& statement, bool logged = false) {
    const auto file =
        logged ? folder_.write(
                     "s.log",
                     "2026-05-01 12:00:00.000 UTC [1] LOG:  duration: 5.0 ms  statement: " + statement + "\n")
               : folder_.write("s.sql", statement + ";\n");
    const auto ran = run("advise --db " + quoted(database_.conninfo()) +
                         (logged ? " --log " : " --workload ") + quoted(file) + " --format json");
    EXPECT_EQ(0, ran.exit_code) << ran.err;
    std::string out;
    const json advice = json::parse(ran.out);
    for (const auto& index : advice["indexes"]) out += built_and_used(index, statement);
    return out;
  }

  // Its DDL, with what follows the table's name.
  std::string built_and_used(const json& index, const std::string& statement) {
    const std::string concurrently = " CONCURRENTLY";
    std::string up = index["sql"], down = index["down_sql"];
    up = up.substr(0, up.find('\n'));
    for (auto* sql : {&up, &down})
      if (const auto at = sql->find(concurrently); at != sql->npos) sql->erase(at, concurrently.size());
    database_.run(up);
    const std::string name = up.substr(13, up.find(" ON ") - 13);
    EXPECT_NE("", database_.value("SELECT 1 FROM pg_indexes WHERE indexname = '" + name + "'"));
    EXPECT_TRUE(uses(json::parse(database_.value("EXPLAIN (FORMAT JSON) " + statement))[0]["Plan"], name))
        << up;
    database_.run(down);
    return up + "\n";
  }

  static bool uses(const json& plan, const std::string& index) {
    if (plan.value("Index Name", "") == index) return true;
    if (!plan.contains("Plans")) return false;
    return std::any_of(plan["Plans"].begin(), plan["Plans"].end(),
                       [&](const json& part) { return uses(part, index); });
  }

  live::Database database_{schema};
  Folder folder_;
};

TEST_F(Expressions, AreUsedOnceTheyAreBuilt) {
  EXPECT_NE(std::string::npos,
            indexes("SELECT e.id FROM events e WHERE e.doc->>'user' = '77'").find("((doc ->> 'user'))"));
  EXPECT_NE(std::string::npos,
            indexes("SELECT id FROM events WHERE (at AT TIME ZONE 'Europe/Berlin')::date = '2026-01-05'")
                .find("timezone('Europe/Berlin', at)"));
  EXPECT_NE(std::string::npos, indexes("SELECT id FROM events WHERE date_trunc('day', day) = '2026-01-05'")
                                   .find("date_trunc('day', day)"));
  EXPECT_NE(std::string::npos,
            indexes("SELECT id FROM events WHERE place = 7 AND lower(name) = 'n7'").find("lower(name)"));
}

TEST_F(Expressions, WhatDependsOnASettingIsNotProposed) {
  EXPECT_EQ("", indexes("SELECT count(*) FROM events WHERE date_trunc('day', at) = '2026-01-05'"));
  EXPECT_EQ("", indexes("SELECT count(*) FROM events WHERE at::date = '2026-01-05'"));
  EXPECT_EQ("", indexes("SELECT count(*) FROM events WHERE to_char(day, 'YYYY-MM') = '2026-01'"));
}

TEST_F(Expressions, WhatFailsForARowIsNotProposed) {
  EXPECT_EQ("", indexes("SELECT id FROM events WHERE (doc->>'user')::int = 77"))
      << "an INSERT of another value would fail";
}

TEST_F(Expressions, OfOneCallAreNotThoseOfOthers) {
  std::string log;
  for (const auto* key : {"rare", "user", "user"})
    log +=
        "2026-05-01 12:00:00.000 UTC [1] LOG:  duration: 5.0 ms  statement: SELECT id FROM events WHERE "
        "doc->>'" +
        std::string(key) + "' = '77'\n";
  const auto ran = run("advise --db " + quoted(database_.conninfo()) + " --log " +
                       quoted(folder_.write("keys.log", log)) + " --format json");
  EXPECT_TRUE(json::parse(ran.out)["indexes"].empty()) << ran.out;
}

TEST_F(Expressions, OfALogOnlyNamesAreShown) {
  EXPECT_NE(std::string::npos,
            indexes("SELECT id FROM events WHERE doc->>'user' = '77'", true).find("doc ->> 'user'"));
  EXPECT_EQ("", indexes("SELECT count(*) FROM events WHERE coalesce(name, 'anna') = 'N7'", true));
  EXPECT_NE("", indexes("SELECT count(*) FROM events WHERE coalesce(name, 'anna') = 'N7'"));
}

}  // namespace
}  // namespace pgadvise
