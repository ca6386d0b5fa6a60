// advise --candidate and --drop against a live server and in a sandbox.
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "live/support.h"
#include "support/run.h"
#include "support/schema.h"

namespace pgadvise {
namespace {

using nlohmann::json;
using testing_support::Folder;
using testing_support::quoted;
using testing_support::run;

constexpr const char* tables = R"(
  CREATE TABLE customers (id int PRIMARY KEY, email text, region text);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers, status text, note text,
                       placed_at timestamptz, total numeric, doc jsonb, closed_at timestamptz);
  CREATE TABLE log (id int, line text, level int);
  CREATE INDEX orders_status_placed ON orders (status, placed_at);
  CREATE INDEX orders_total ON orders (total);
  CREATE INDEX customers_region ON customers (region);
)";
constexpr const char* rows = R"(
  INSERT INTO customers SELECT g, 'user' || g || '@example.com', 'r' || g % 9 FROM generate_series(1, 20000) g;
  INSERT INTO orders SELECT g, 1 + g % 20000, CASE WHEN g % 50 = 0 THEN 'open' ELSE 'done' END, 'note ' || g,
    timestamptz '2026-01-01' + g * interval '1 minute', g % 30000, '{}',
    CASE WHEN g % 50 <> 0 THEN timestamptz '2026-02-01' END FROM generate_series(1, 60000) g;
  INSERT INTO log SELECT g, 'line ' || g, g % 5 FROM generate_series(1, 20000) g;
)";
constexpr const char* workload = R"(
  SELECT id, total FROM orders WHERE customer_id = 77;
  SELECT id FROM orders WHERE total = 12;
  SELECT id FROM orders WHERE note = 'note 5' AND closed_at IS NULL;
  SELECT id FROM customers WHERE email = 'user5@example.com' AND region = 'r5';
  INSERT INTO log SELECT g, 'x', 1 FROM generate_series(1, 1000) g;
)";
constexpr const char* proposals = R"(-- from a colleague
CREATE INDEX ON orders (customer_id, note, doc json_ops);
CREATE INDEX ON orders (status);
VACUUM orders;
CREATE INDEX by_level ON log (level);
CREATE INDEX ON orders (nothing);
CREATE INDEX ON orders ((date_trunc('day', placed_at)));
CREATE INDEX ON orders (note int4_ops);
CREATE UNIQUE INDEX ON orders (customer_id);
CREATE INDEX ON orders USING gin (doc);
CREATE INDEX ON customers (region, email);
CREATE INDEX ON customers (id);
CREATE INDEX orders_total ON orders (note);
CREATE INDEX ON orders (note);
CREATE INDEX ON nowhere (id);
)";

json evaluated(const std::string& command, int exit_code) {
  const auto ran = run(command + " --format json");
  EXPECT_EQ(exit_code, ran.exit_code) << ran.err;
  const json out = json::parse(ran.out, nullptr, false);
  EXPECT_TRUE(out.is_object()) << ran.out << ran.err;
  if (out.is_object()) {
    EXPECT_EQ("", testing_support::violations("evaluation.schema.json", out));
  }
  EXPECT_EQ(std::string::npos, ran.out.find("user5")) << "no literals of queries";
  return out;
}

// By line of the file.
std::map<int, json> by_line(const json& evaluation) {
  std::map<int, json> out;
  for (const auto& candidate : evaluation["candidates"]) {
    const std::string where = candidate["where"];
    const auto column = where.rfind(':');
    const auto line = where.rfind(':', column - 1);
    out[std::stoi(where.substr(line + 1, column - line - 1))] = candidate;
  }
  return out;
}

TEST(Evaluate, GivesEachCandidateAVerdict) {
  live::Database database(std::string("CREATE EXTENSION hypopg;") + tables + rows + "ANALYZE;");
  const Folder folder;
  const auto queries = folder.write("queries.sql", workload);
  const auto file = folder.write("proposals.sql", proposals);
  const std::string before =
      database.value("SELECT md5(string_agg(c::text, ',' ORDER BY c.oid)) FROM pg_class c");
  const std::string command = "advise --db " + quoted(database.conninfo()) + " --workload " + quoted(queries);
  const json all = evaluated(command + " --candidates " + quoted(file), 1);
  EXPECT_EQ(before, database.value("SELECT md5(string_agg(c::text, ',' ORDER BY c.oid)) FROM pg_class c"));
  EXPECT_EQ("0", database.value("SELECT count(*) FROM hypopg()"));
  auto found = by_line(all);
  ASSERT_EQ(13u, found.size()) << all.dump(1);
  const std::map<int, std::string> verdicts = {
      {2, "cannot-be-built"}, {3, "redundant"},        {5, "worse"},
      {6, "cannot-be-built"}, {7, "cannot-be-built"},  {8, "cannot-be-built"},
      {9, "cannot-be-built"}, {10, "not-costed"},      {11, "improves"},
      {12, "redundant"},      {13, "cannot-be-built"}, {14, "improves"},
      {15, "cannot-be-built"}};
  for (const auto& [line, verdict] : verdicts) {
    EXPECT_EQ(verdict, found[line]["verdict"].get<std::string>()) << found[line].dump(1);
  }
  EXPECT_EQ("orders_status_placed", found[3]["served_by"]);
  EXPECT_EQ(json({"customers_region"}), found[11]["replaces"]);
  EXPECT_GT(found[5]["maintenance_cost"].get<double>(), 900);
  EXPECT_GT(found[14]["cost_saved"].get<double>(), 100);
  EXPECT_NE(std::string::npos, found[6]["reason"].get<std::string>().find("nothing")) << found[6].dump();
  EXPECT_NE(std::string::npos, found[7]["reason"].get<std::string>().find("IMMUTABLE")) << found[7].dump();
  EXPECT_NE(std::string::npos, found[9]["reason"].get<std::string>().find("equal keys")) << found[9].dump();
  bool named = false;
  for (const auto& line : all["diagnostics"])
    named =
        named || line.get<std::string>().find("proposals.sql:4:1: is not CREATE INDEX") != std::string::npos;
  EXPECT_TRUE(named) << all["diagnostics"].dump();
}

TEST(Evaluate, FindsASmallerIndex) {
  live::Database database(std::string("CREATE EXTENSION hypopg;") + tables + rows + "ANALYZE;");
  const Folder folder;
  const auto queries = folder.write("queries.sql", workload);
  const std::string command = "advise --db " + quoted(database.conninfo()) + " --workload " + quoted(queries);
  const json wide = evaluated(
      command + " --candidate 'CREATE INDEX ON orders (customer_id, placed_at, note) INCLUDE (status)'", 0);
  ASSERT_TRUE(wide["candidates"][0]["smaller"].is_object()) << wide.dump(1);
  EXPECT_EQ("CREATE INDEX ON public.orders (customer_id)", wide["candidates"][0]["smaller"]["sql"]);
  EXPECT_LE(1u, wide["better"].size());
  const json partial = evaluated(command + " --candidate 'CREATE INDEX ON orders (note)'", 0);
  EXPECT_EQ("CREATE INDEX ON public.orders (note) WHERE closed_at IS NULL",
            partial["candidates"][0]["smaller"]["sql"])
      << partial.dump(1);
  const auto text = run(command + " --candidate 'CREATE INDEX ON orders (note)'");
  EXPECT_NE(std::string::npos, text.out.find("A smaller index saves nearly as much")) << text.out;
}

TEST(Evaluate, RefusesWhatIsNoProposal) {
  live::Database database(std::string("CREATE EXTENSION hypopg;") + tables);
  const Folder folder;
  const auto queries = folder.write("queries.sql", workload);
  const std::string command = "advise --db " + quoted(database.conninfo()) + " --workload " + quoted(queries);
  for (const char* wrong : {" --candidate 'DROP TABLE orders'", " --candidate 'CREATE INDEX ON'",
                            " --candidate ''", " --candidates nowhere.sql", " --drop nowhere",
                            " --candidate 'CREATE INDEX ON orders (id)' --budget 5MB"}) {
    EXPECT_EQ(2, run(command + wrong).exit_code) << wrong;
  }
  const json refused = evaluated(command + " --drop orders_pkey", 1);
  EXPECT_EQ("refused", refused["drops"][0]["verdict"]);
  EXPECT_EQ("the index belongs to the primary key", refused["drops"][0]["reason"]);
}

TEST(Evaluate, HidesAnIndexOfAServerOnlyWhereHypopgCan) {
  live::Database database(std::string("CREATE EXTENSION hypopg;") + tables + rows + "ANALYZE;");
  const Folder folder;
  const auto queries = folder.write("queries.sql", workload);
  const auto ran = run("advise --db " + quoted(database.conninfo()) + " --workload " + quoted(queries) +
                       " --drop orders_total");
  const bool hides =
      database.value("SELECT count(*) FROM pg_proc WHERE proname = 'hypopg_hide_index'") != "0";
  EXPECT_EQ(hides ? 1 : 2, ran.exit_code) << ran.out << ran.err;
  EXPECT_NE(std::string::npos, (hides ? ran.out : ran.err).find(hides ? "worse" : "HypoPG 1.4")) << ran.err;
}

TEST(Evaluate, ASandboxBuildsAndDrops) {
  const Folder folder;
  const auto queries = folder.write("queries.sql", workload);
  const auto schema = folder.write("schema.sql", tables);
  const auto data = folder.write("data.sql", rows);
  const std::string command = "advise --sandbox --schema " + quoted(schema) + " --load " + quoted(data) +
                              " --workload " + quoted(queries);
  const json dropped = evaluated(command + " --drop orders_total --drop orders_status_placed", 1);
  ASSERT_EQ(2u, dropped["drops"].size());
  EXPECT_EQ("worse", dropped["drops"][0]["verdict"]) << dropped.dump(1);
  EXPECT_EQ(1u, dropped["drops"][0]["queries"].size());
  EXPECT_EQ("harmless", dropped["drops"][1]["verdict"]);
  EXPECT_EQ(1u, dropped["worse"].size());
  const json replaced =
      evaluated(command + " --drop orders_total --candidate 'CREATE INDEX ON orders (total, id)'", 0);
  EXPECT_EQ("harmless", replaced["drops"][0]["verdict"]) << replaced.dump(1);
  EXPECT_EQ("improves", replaced["candidates"][0]["verdict"]) << replaced.dump(1);
  const json built = evaluated(command +
                                   " --candidate 'CREATE UNIQUE INDEX ON orders (customer_id, status)'"
                                   " --candidate 'CREATE INDEX ON orders (customer_id)'",
                               1);
  EXPECT_EQ("cannot-be-built", built["candidates"][0]["verdict"]);
  EXPECT_EQ("improves", built["candidates"][1]["verdict"]) << built.dump(1);
}

}  // namespace
}  // namespace pgadvise
