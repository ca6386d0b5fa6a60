// Comments and pgadvise.toml entries that say which findings are not wanted.
#include "sql/parse/suppressions.h"

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "check/config/config.h"
#include "lint/run/suppress.h"
#include "support/temp_tree.h"

namespace pgadvise {
namespace {

using testing_support::TempTree;

// "rule 3-5" for each.
std::vector<std::string> read(std::string_view script) {
  std::vector<std::string> out;
  for (const auto& one : sql::suppressions(script, "a.sql"))
    out.push_back(join(one.rules, ",") + " " + std::to_string(one.first_line) + "-" +
                  std::to_string(one.last_line));
  return out;
}
using Lines = std::vector<std::string>;

TEST(Suppressions, InFrontOfAStatementSpeaksForAllOfIt) {
  EXPECT_EQ(read("SELECT 1;\n-- pgadvise: ignore a-b because\n-- more\n\nCREATE TABLE t (\n  a int\n);\n"),
            Lines{"a-b 5-7"});
  EXPECT_EQ(read("/* pgadvise: ignore a-b, c-d because */ SELECT\n 1;"), Lines{"a-b,c-d 1-2"});
}

TEST(Suppressions, BehindAStatementOnItsLineSpeaksForThat) {
  EXPECT_EQ(read("CREATE TABLE t (\n  a int\n); -- pgadvise: ignore a-b because\nSELECT 1;"),
            Lines{"a-b 1-3"});
  EXPECT_EQ(read("SELECT 1;\n-- pgadvise: ignore a-b nothing is behind it\n"), Lines{"a-b 2-2"});
}

TEST(Suppressions, InsideAStatementSpeakForALine) {
  EXPECT_EQ(read("CREATE TABLE t (\n  a text, -- pgadvise: ignore a-b because\n  b text\n);"),
            Lines{"a-b 2-2"});
  EXPECT_EQ(read("CREATE TABLE t (\n  -- pgadvise: ignore a-b because\n  -- really\n  b text\n);"),
            Lines{"a-b 4-4"});
}

// Each in a time that grows with the text: looking from each comment to the next column would take minutes.
TEST(Suppressions, ManyInOneStatement) {
  constexpr int many = 100'000;
  std::string script = "CREATE TABLE t (\n";
  for (int i = 0; i < many; ++i) script += "-- pgadvise: ignore a-b because\n";
  const auto found = sql::suppressions(script + "  b text);", "a.sql");
  ASSERT_EQ(found.size(), std::size_t{many});
  for (const auto& each : found) ASSERT_EQ(each.first_line, many + 2);
  const auto behind = sql::suppressions(script, "a.sql");
  ASSERT_EQ(behind.size(), std::size_t{many});
}

TEST(Suppressions, BehindAByteOrderMark) {
  EXPECT_EQ(read("\xef\xbb\xbf-- pgadvise: ignore a-b because\nCREATE TABLE t (\n a int);\n"),
            Lines{"a-b 2-3"});
  EXPECT_EQ(read("\xef\xbb\xbf/* pgadvise: ignore a-b because */ SELECT 1;\r\nSELECT 2;"), Lines{"a-b 1-1"});
  const auto found = sql::line_suppressions("\xef\xbb\xbf# pgadvise: ignore a-b x\nRUN b\n", "Dockerfile");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].first_line, 2);
}

TEST(Suppressions, OfAFile) {
  EXPECT_EQ(read("SELECT 1; -- pgadvise: ignore-file a-b because"), Lines{"a-b 0-0"});
}

TEST(Suppressions, ReasonIsTheRestOfTheLine) {
  const auto reason = [](std::string_view script) { return sql::suppressions(script, "a.sql").at(0).reason; };
  EXPECT_EQ(reason("-- pgadvise: ignore a-b the table is small\n"), "the table is small");
  EXPECT_EQ(reason("-- pgadvise: ignore a-b -- the table is small\n"), "the table is small");
  EXPECT_EQ(reason("/* pgadvise: ignore a-b: small */ SELECT 1"), "small");
  EXPECT_EQ(reason("-- pgadvise: ignore a-b"), "");
}

TEST(Suppressions, AreNotSeenInStringsAndData) {
  EXPECT_EQ(read("SELECT '-- pgadvise: ignore a-b x', $$ -- pgadvise: ignore a-b x\n$$;"), Lines{});
  EXPECT_EQ(
      read("COPY t FROM stdin;\nit's -- pgadvise: ignore a-b x\n\\.\n-- pgadvise: ignore c-d x\nSELECT 1;"),
      Lines{"c-d 5-5"});
}

TEST(Suppressions, OfOtherFiles) {
  const auto found = sql::line_suppressions(
      "RUN a # pgadvise: ignore a-b x\n# pgadvise: ignore c-d x\n## pgadvise: ignore e-f x\n\nRUN b\nsay "
      "pgadvise: ignore g-h x\n",
      "Dockerfile");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].first_line, 1);
  EXPECT_EQ(found[1].first_line, 5);
  EXPECT_EQ(found[2].first_line, 5);
}

Finding finding(std::string rule, Subject subject, std::optional<SourceLocation> place = {}) {
  Finding out;
  out.rule = std::move(rule);
  out.subject = std::move(subject);
  out.location = std::move(place);
  return out;
}

bool meets(const Suppression& suppression, Finding finding) {
  std::vector<Finding> findings = {std::move(finding)};
  lint::UsedSuppressions used;
  const auto suppressed = lint::suppress(findings, {suppression}, used);
  EXPECT_EQ(suppressed.size() == 1, findings.empty());
  EXPECT_EQ(suppressed.size(), used.size());
  return !suppressed.empty();
}

Suppression comment(std::string file, int first, int last);

TEST(Suppressions, ManyForManyFindings) {
  constexpr int many = 50'000;
  std::vector<Suppression> suppressions;
  std::vector<Finding> findings;
  for (int i = 1; i <= many; ++i) {
    suppressions.push_back(comment("a.sql", i, i));
    suppressions.push_back(comment("a.sql", many + 2, many + 9));
    findings.push_back(finding("a", {}, SourceLocation{"a.sql", 2 * i, 3}));
    findings.push_back(finding("a", {}, SourceLocation{"a.sql", many + 3, 3}));
  }
  lint::UsedSuppressions used;
  const auto out = lint::suppress(findings, suppressions, used);
  EXPECT_EQ(out.size(), std::size_t{many / 2 + 4 + many});
  EXPECT_EQ(used.size(), std::size_t{many / 2 + many});
}

Suppression entry(std::string object, std::string path) {
  Suppression out;
  out.rules = {"a"};
  out.object = std::move(object);
  out.path = std::move(path);
  return out;
}

Suppression comment(std::string file, int first, int last) {
  Suppression out;
  out.rules = {"a"};
  out.place.file = std::move(file);
  out.first_line = first;
  out.last_line = last;
  return out;
}

TEST(Suppressions, ByObject) {
  Subject key;
  key.kind = "foreign-key";
  key.schema = "public";
  key.table = "orders";
  key.columns = {"customer_id"};
  key.constraint = "orders_customer_id_fkey";
  for (const char* object : {"orders", "public.orders", "orders.customer_id", "public.orders.customer_id",
                             "orders_customer_id_fkey", "public.ord*", "*"})
    EXPECT_TRUE(meets(entry(object, ""), finding("a", key))) << object;
  for (const char* object : {"order", "orders.customer", "shop.orders", "ublic.orders", "orders*x"})
    EXPECT_FALSE(meets(entry(object, ""), finding("a", key))) << object;
  EXPECT_FALSE(meets(entry("orders", ""), finding("b", key)));
  key.schema = "shop";
  EXPECT_FALSE(meets(entry("orders", ""), finding("a", key))) << "a schema other than public has to be named";
}

TEST(Suppressions, OfOneStatementOfALineLeaveTheOthersAlone) {
  const std::string_view script =
      "CREATE TABLE a (x int); CREATE TABLE b (x int); -- pgadvise: ignore a because";
  const auto found = sql::suppressions(script, "a.sql");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_FALSE(meets(found[0], finding("a", {}, SourceLocation{"a.sql", 1, 1})));
  EXPECT_TRUE(meets(found[0], finding("a", {}, SourceLocation{"a.sql", 1, 25})));
}

TEST(Suppressions, CommentsDontSpeakForAWholeSchema) {
  Subject schema;
  schema.kind = "schema";
  schema.schema = "public";
  EXPECT_FALSE(meets(comment("a.sql", 7, 9), finding("a", schema, SourceLocation{"a.sql", 7, 1})));
  EXPECT_TRUE(meets(entry("public", ""), finding("a", schema, SourceLocation{"a.sql", 7, 1})));
}

TEST(Suppressions, ByPathAndLine) {
  const auto at = finding("a", {}, SourceLocation{"db/migrations/1.sql", 7, 1});
  EXPECT_TRUE(meets(entry("", "migrations/*"), at));
  EXPECT_FALSE(meets(entry("", "igrations/*"), at));
  EXPECT_TRUE(meets(comment("db/migrations/1.sql", 7, 9), at));
  EXPECT_TRUE(meets(comment("db/migrations/1.sql", 0, 0), at));
  EXPECT_FALSE(meets(comment("db/migrations/1.sql", 8, 9), at));
  EXPECT_FALSE(meets(comment("db/migrations/2.sql", 0, 0), at));
}

std::string error_of(const std::string& text) {
  const TempTree tree{{"pgadvise.toml", text}};
  const auto config = check::read_config(tree.path("pgadvise.toml"));
  if (config) return "";
  const auto line = config.error().front().line();
  return line.substr(line.find("pgadvise.toml:") + 14);
}

TEST(Config, IsRead) {
  const TempTree tree{
      {"pgadvise.toml",
       "[rules.unbounded-result]\nseverity = \"note\"\nrows = 5000\n[rules.missing-timestamps]\nseverity = "
       "\"warning\"\n[rules.order-by-random]\nseverity = \"off\"\n"
       "[[ignore]]\nrule = [\"unindexed-foreign-key\", \"missing-primary-key\"]\nobject = \"a.*\"\nreason = "
       "\"old\"\n"}};
  const auto config = check::read_config(tree.path("pgadvise.toml"));
  ASSERT_TRUE(config) << config.error().front().line();
  EXPECT_EQ(config->rules.at("unbounded-result").options.at("rows"), 5000);
  EXPECT_EQ(config->rules.at("unbounded-result").severity, Severity::note);
  EXPECT_EQ(config->rules.at("missing-timestamps").on, true);
  EXPECT_EQ(config->rules.at("order-by-random").on, false);
  ASSERT_EQ(config->ignores.size(), 1u);
  EXPECT_EQ(config->ignores[0].rules.size(), 2u);
  EXPECT_EQ(config->ignores[0].place.line, 8);
}

TEST(Config, MistakesAreToldWithTheirLineAndWhatIsNear) {
  EXPECT_EQ(error_of("[rules.unindexed-foreign-keys]\n"),
            "1:8: unknown rule unindexed-foreign-keys (did you mean unindexed-foreign-key?)");
  EXPECT_NE(error_of("[rules.deep-offset]\nseverty = \"note\"\n")
                .find("2:1: unknown key severty (did you mean severity?)"),
            std::string::npos);
  EXPECT_NE(error_of("[rules.deep-offset]\nseverity = \"loud\"\n").find("unknown severity loud"),
            std::string::npos);
  EXPECT_NE(error_of("[rules.deep-offset]\nrows = \"many\"\n").find("rows is not a number of at least 0"),
            std::string::npos);
  EXPECT_NE(error_of("[rules.deep-offset]\nrows = -1\n").find("of at least 0"), std::string::npos);
  EXPECT_NE(error_of("[rules.deep-offset]\nrows = nan\n").find("rows is not a number of at least 0"),
            std::string::npos);
  EXPECT_NE(error_of("[[ignore]]\nrule = \"deep-offset\"\nobject = \"x\"\n").find("gives no reason"),
            std::string::npos);
  EXPECT_NE(error_of("[[ignore]]\nrule = \"deep-offset\"\nreason = \"x\"\n")
                .find("names neither an object nor a path"),
            std::string::npos);
  EXPECT_NE(error_of("[ignore]\nrule = \"deep-offset\"\n").find("two brackets"), std::string::npos);
  EXPECT_TRUE(error_of("[ignore\n").starts_with("1:8: is no TOML")) << error_of("[ignore\n");
  EXPECT_NE(error_of(std::string(100'000, '[')).find("is no TOML"), std::string::npos);
  EXPECT_NE(error_of("[rules.\x1b[31m]\n").find("is no TOML"), std::string::npos);
}

TEST(Config, IsFoundAboveUpToTheRepositorysRoot) {
  const TempTree tree{
      {"pgadvise.toml", ""}, {"app/.git/HEAD", ""}, {"app/db/x.sql", ""}, {"lib/db/x.sql", ""}};
  EXPECT_EQ(check::find_config(tree.path("app/db")), "");
  EXPECT_EQ(std::filesystem::canonical(check::find_config(tree.path("app/../lib/db/.."))),
            std::filesystem::canonical(tree.path("pgadvise.toml")));
  EXPECT_EQ(std::filesystem::canonical(check::find_config(tree.path("lib/db/x.sql"))),
            std::filesystem::canonical(tree.path("pgadvise.toml")));
}

TEST(Settings, DecideWhetherHowLoudAndByWhatNumberARuleRuns) {
  Catalog catalog;
  Table table;
  table.name = {"public", "t"};
  table.columns.resize(1);
  table.columns[0].name = "a";
  table.columns[0].type = "integer";
  catalog.tables[table.name] = table;
  lint::Settings settings;
  lint::Inputs inputs;
  inputs.catalog = &catalog;
  inputs.settings = &settings;
  const auto severity = [&]() -> std::optional<Severity> {
    for (const auto& finding : lint::run(inputs).findings)
      if (finding.rule == "missing-primary-key") return finding.severity;
    return std::nullopt;
  };
  EXPECT_EQ(severity(), Severity::warning);
  settings["missing-primary-key"].severity = Severity::error;
  EXPECT_EQ(severity(), Severity::error);
  settings["missing-primary-key"].on = false;
  EXPECT_EQ(severity(), std::nullopt);
}

}  // namespace
}  // namespace pgadvise
