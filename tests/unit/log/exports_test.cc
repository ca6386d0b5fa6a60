// What is no server's log: Drizzle's own logger, and pg_stat_statements as files.
#include <gtest/gtest.h>

#include "log/workload/statistics_file.h"
#include "unit/log/log_support.h"

namespace pgadvise::log::testing {
namespace {

TEST(DrizzleLog, QueriesWithTheirParameters) {
  const auto read = read_text(
      "server started on 3000\n"
      "Query: select \"id\", \"name\" from \"users\" where \"users\".\"id\" = $1 limit $2 -- params: [7, 1]\n"
      "Query: select \"id\", \"name\" from \"users\" where \"users\".\"id\" = $1 limit $2 -- params: [\"it's "
      "-- params: [\", 1]\n"
      "Query: begin\n"
      "GET /users 200\n"
      "Query: select *\n"
      "  from orders\n"
      "  where note = $1 and x is $2 -- params: [\"a\", null]\n"
      "Query: commit\n");
  EXPECT_EQ(read.source().format, "drizzle");
  EXPECT_EQ(read.source().statements, 5U);
  EXPECT_EQ(read.source().continuation, 2U);
  EXPECT_EQ(read.source().other, 2U);
  const Query* users = nullptr;
  const Query* orders = nullptr;
  for (const auto& query : read.workload.queries) {
    if (query.text.find("\"users\"") != std::string::npos) users = &query;
    if (query.text.find("orders") != std::string::npos) orders = &query;
  }
  ASSERT_TRUE(users && orders);
  EXPECT_EQ(users->calls, 2U);
  ASSERT_EQ(users->samples.size(), 2U);
  EXPECT_EQ(users->samples[1].parameters, (Parameters{"it's -- params: [", "1"}));
  EXPECT_EQ(orders->samples.at(0).place.line, 6);
  EXPECT_EQ(orders->samples.at(0).parameters, (Parameters{"a", std::nullopt}));
}

TEST(DrizzleLog, ParametersOfEachKind) {
  const auto parameters = [](const std::string& list) {
    const auto read = read_text("Query: select 1 from \"t\" where \"id\" = $1 -- params: " + list + "\n");
    EXPECT_EQ(read.source().statements, 1U) << list;
    return read.query().samples.at(0).parameters.value_or(Parameters{"none"});
  };
  EXPECT_EQ(parameters(R"([0, -12,true,false, null, "", "it's", "a,b]"])"),
            (Parameters{"0", "-12", "true", "false", std::nullopt, "", "it's", "a,b]"}));
  EXPECT_EQ(parameters(R"(["a\"b\n", "é", 1.50, 1e3, [1, "x"], {"k": 2}])"),
            (Parameters{"a\"b\n", "é", "1.5", "1000.0", R"([1,"x"])", R"({"k":2})"}));
  EXPECT_EQ(parameters("[123456789012345678901234567890]").size(), 1U);
  EXPECT_EQ(parameters("[007]"), (Parameters{"none"}));
  EXPECT_EQ(parameters("[1,]"), (Parameters{"none"}));
  EXPECT_EQ(parameters("[nulls]"), (Parameters{"none"}));
  EXPECT_EQ(parameters("[-]"), (Parameters{"none"}));
  EXPECT_EQ(parameters("[]"), Parameters{});
}

TEST(DrizzleLog, BehindContainerNames) {
  const auto read = read_text(
      "api-1  | Query: select 1 from \"t\" where \"id\" = $1 -- params: [1]\n"
      "api-1  | Query: select 1 from \"t\" where \"id\" = $1 -- params: [2]\n");
  EXPECT_EQ(read.source().statements, 2U);
  EXPECT_EQ(read.query().calls, 2U);
}

Workload statistics(std::string_view text, Diagnostics& diagnostics) {
  EXPECT_TRUE(is_statistics_file(text));
  auto read = parse_statistics_file("s.csv", text, diagnostics);
  EXPECT_TRUE(read) << read.error().what;
  if (!read) return {};
  const LogSource& source = read->sources.at(0);
  EXPECT_EQ(source.lines, source.used + source.continuation + source.other + source.not_understood);
  return std::move(*read);
}

TEST(StatisticsFile, CsvOfTheView) {
  Diagnostics diagnostics;
  const auto workload = statistics(
      "userid,dbid,toplevel,queryid,query,plans,calls,total_exec_time,min_exec_time,max_exec_time,mean_exec_"
      "time,rows\n"
      "10,5,t,1,\"select \"\"a\"\", b\nfrom t where id = $1\",0,100,250.5,1.25,9,2.505,100\n"
      "10,5,t,2,update t set a = $1,0,3,9,3,3,3,3\n"
      "10,5,f,3,select nested,0,7,1,1,1,1,7\n"
      "10,5,t,4,<insufficient privilege>,0,7,1,1,1,1,7\n"
      "10,5,t,5,SELECT relname FROM pg_class /* pgadvise */,0,7,1,1,1,1,7\n",
      diagnostics);
  ASSERT_EQ(workload.queries.size(), 2U);
  EXPECT_EQ(workload.queries[0].text, "select \"a\", b\nfrom t where id = $1");
  EXPECT_EQ(workload.queries[0].calls, 100U);
  EXPECT_EQ(workload.queries[0].total_ms, 250.5);
  EXPECT_EQ(workload.queries[0].rows, 100U);
  ASSERT_EQ(diagnostics.size(), 1U);
}

TEST(StatisticsFile, OlderColumnsOtherSeparatorsAndJson) {
  Diagnostics diagnostics;
  const auto old =
      statistics("query;calls;total_time;rows\r\n\"select 1; select 2\";2;4.5;2\r\n", diagnostics);
  EXPECT_EQ(old.queries.at(0).total_ms, 4.5);
  const auto array = statistics(
      "[{\"query\":\"select a from t\",\"calls\":2,\"total_exec_time\":8.5,\"rows\":2},\n "
      "{\"query\":\"select a from t\",\"calls\":1,\"total_exec_time\":1.5,\"rows\":2}]",
      diagnostics);
  EXPECT_EQ(array.queries.at(0).calls, 3U);
  EXPECT_EQ(array.queries.at(0).total_ms, 10);
  const auto lines = statistics(
      "{\"query\":\"select a from "
      "t\",\"calls\":\"2\",\"total_exec_time\":8.5,\"rolname\":\"u\"}\n{\"query\":\"select b from "
      "t\",\"calls\":1,\"total_exec_time\":1}\n",
      diagnostics);
  EXPECT_EQ(lines.queries.size(), 2U);
  EXPECT_TRUE(lines.queries.at(0).users.contains("u"));
  EXPECT_TRUE(diagnostics.empty());
}

TEST(StatisticsFile, BrokenOnesAreNamed) {
  Diagnostics diagnostics;
  // psql's \\copy (select row_to_json(…)) to a file doubles the backslashes, and writes line ends between
  // rows as two characters.
  for (
      const auto* copied :
      {R"({"query":"select \\"A\\"\\n from t","calls":2,"total_exec_time":8.5}
{"query":"select b from t","calls":1,"total_exec_time":1}
)",
       R"([{"query":"select \\"A\\"\\n from t","calls":2,"total_exec_time":8.5}, \n {"query":"select b from t","calls":1,"total_exec_time":1}])",
       R"({"query":"select \\n\\ta from t","calls":2,"total_exec_time":8.5}
{"query":"select b from t","calls":1,"total_exec_time":1}
)"}) {
    const auto read = statistics(copied, diagnostics);
    EXPECT_EQ(read.queries.size(), 2u) << copied;
    EXPECT_EQ(read.sources.at(0).not_understood, 0u);
    for (const auto& query : read.queries) EXPECT_EQ(query.text.find('\\'), std::string::npos) << query.text;
  }
  const auto plain = statistics(
      R"({"query":"select a from t where a ~ '\\d'","calls":2,"total_exec_time":8.5})", diagnostics);
  EXPECT_EQ(plain.queries.size(), 1u);
  const auto unclosed =
      parse_statistics_file("s.csv", "query,calls,total_exec_time\n\"select,1,2\n", diagnostics);
  ASSERT_FALSE(unclosed);
  EXPECT_EQ(unclosed.error().where, "s.csv");
  EXPECT_FALSE(parse_statistics_file("s.json", "[{\"query\": \"calls\", \"total_exec_time\"", diagnostics));
  EXPECT_FALSE(is_statistics_file("2024-05-01 12:00:00 UTC [7] LOG:  query calls total_time"));
  EXPECT_FALSE(is_statistics_file(""));
}

}  // namespace
}  // namespace pgadvise::log::testing
