// What the command line says besides reports: excerpts of sources, traces, what was perhaps meant.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include "base/text/text.h"
#include "cli/options/usage.h"
#include "cli/output/sources.h"
#include "cli/process/verbosity.h"
#include "support/run.h"

namespace pgadvise::cli {
namespace {

using testing_support::Folder;

std::string meant(const std::string& line, const std::string& at, Language written = Language::sql) {
  const std::size_t from = line.find(at);
  const std::size_t bytes = span(line, from, written);
  return bytes ? line.substr(from, bytes) : "(line)";
}

TEST(Span, IsANameOrAClauseOfSql) {
  EXPECT_EQ(meant("  \"rules\" text DEFAULT '[]' NOT NULL,", "\"rules"), "\"rules\"");
  EXPECT_EQ(meant("ALTER TABLE t ADD CONSTRAINT \"t fk\" FOREIGN KEY (a) REFERENCES p;", "CONSTRAINT"),
            "CONSTRAINT \"t fk\"");
  EXPECT_EQ(meant("  a int, FOREIGN KEY (a, b) REFERENCES p (x, y), c int", "FOREIGN"),
            "FOREIGN KEY (a, b) REFERENCES p (x, y)");
  EXPECT_EQ(meant("ALTER TABLE t ALTER c SET NOT NULL, ADD x int; -- why", "ADD"), "ADD x int");
  EXPECT_EQ(meant("CREATE TABLE t (a int, UNIQUE (a)) ;", "UNIQUE"), "UNIQUE (a)");
  EXPECT_EQ(meant("BEGIN; DROP TABLE t; COMMIT;", "DROP"), "DROP TABLE t");
  EXPECT_EQ(meant("BEGIN; COMMENT ON TABLE t IS 'it''s; open", "COMMENT"),
            "COMMENT ON TABLE t IS 'it''s; open");
  EXPECT_EQ(meant("CREATE INDEX i ON t (a);--> statement-breakpoint", "CREATE"), "(line)")
      << "what it would underline is all there is";
  EXPECT_EQ(meant("CREATE TABLE t (", "CREATE"), "(line)");
  EXPECT_EQ(meant("a int, CHECK (a > 0 /* , not less */), b int", "CHECK"), "CHECK (a > 0 /* , not less */)");
  EXPECT_EQ(meant("é int", "int"), "int");
  EXPECT_EQ(span("abc", 3, Language::sql), 0U);
  EXPECT_EQ(span("abc", 99, Language::commands), 0U);
}

TEST(Span, IsAWordInCode) {
  EXPECT_EQ(meant("  await pushSchema(schema, db);", "pushSchema", Language::code), "pushSchema");
}

TEST(Span, IsTheCommandWhereCommandsAre) {
  const auto command = [](const std::string& line, const std::string& at) {
    return meant(line, at, Language::commands);
  };
  EXPECT_EQ(command("  \"start\": \"drizzle-kit push --force\",", "drizzle"), "drizzle-kit push --force");
  EXPECT_EQ(command("  \"start\": \"npx drizzle-kit push --force && node .\",", "npx"),
            "npx drizzle-kit push --force");
  EXPECT_EQ(command("  \"start\": \"a && sh -c \\\"npx drizzle-kit push; b\\\" && c\",", "sh -c"),
            "sh -c \\\"npx drizzle-kit push; b\\\"");
  EXPECT_EQ(command("      - run: npx drizzle-kit push --force  # why", "npx"),
            "npx drizzle-kit push --force");
  EXPECT_EQ(command("      - run: 'npx drizzle-kit push'", "npx"), "npx drizzle-kit push");
  EXPECT_EQ(command("        command: [\"npx\", \"drizzle-kit\", \"push\"]", "["),
            "[\"npx\", \"drizzle-kit\", \"push\"]");
  EXPECT_EQ(command("        command: [\"npx\", \"drizzle-kit\", \"push\"]", "npx"),
            "npx\", \"drizzle-kit\", \"push");
  EXPECT_EQ(command("CMD [\"npx\"]", "["), "[\"npx\"]");
  EXPECT_EQ(command("CMD [\"sh\", \"-c\", \"npx drizzle-kit push && node .\"]", "npx drizzle"),
            "npx drizzle-kit push");
  EXPECT_EQ(command("RUN a && npx drizzle-kit push \\", "npx"), "npx drizzle-kit push");
  EXPECT_EQ(command("  run: npx drizzle-kit push", "run"), "(line)");
  EXPECT_EQ(command("\tnpx drizzle-kit push", "npx"), "(line)");
  EXPECT_EQ(command("{\"max\": 10, \"min\": 2}", "10"), "10");
  EXPECT_EQ(command("a [\"x", "x"), "x");
  EXPECT_EQ(command("a \"", "\""), "\"");
}

class SourcesTest : public ::testing::Test {
 protected:
  Finding at(const std::string& name, const std::string& content, int line, int column,
             const std::string& fingerprint = "") {
    Finding out;
    out.location = SourceLocation{folder_.write(name, content), line, column};
    out.subject.fingerprint = fingerprint;
    return out;
  }
  // Of a run that began when the file was there.
  static std::optional<report::Source> around(const Finding& finding, int lines) {
    return Sources().around(finding, lines);
  }

  Folder folder_;
};

TEST_F(SourcesTest, GivesTheLineAndThoseAround) {
  const Finding finding = at("a.sql", "CREATE TABLE t (\r\n  id int,\r\n  b text\r\n);\r\n", 2, 3);
  Sources sources;
  const auto one = sources.around(finding, 0);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->lines, std::vector<std::string>{"  id int,"});
  EXPECT_EQ(one->from, 2U);
  EXPECT_EQ(one->bytes, 2U);
  const auto three = sources.around(finding, 1);
  ASSERT_TRUE(three);
  EXPECT_EQ(three->lines.size(), 3U);
  EXPECT_EQ(three->first, 1);
}

TEST_F(SourcesTest, AByteOrderMarkIsNoPartOfTheLine) {
  const auto source = around(at("a.sql", "\xef\xbb\xbfTABLE x;\n", 1, 10), 0);
  ASSERT_TRUE(source);
  EXPECT_EQ(source->lines.front(), "TABLE x;");
  EXPECT_EQ(source->from, 6U);
}

TEST_F(SourcesTest, NothingOfWhatIsNotThereOrNoText) {
  EXPECT_FALSE(around(at("a.sql", "a\n", 9, 1), 0));
  EXPECT_FALSE(around(at("b.sql", "a\n", 0, 0), 0));
  EXPECT_FALSE(around(at("c.sql.gz", std::string("\x1f\x8b\0\0abc\n", 8), 1, 1), 0));
  Finding gone;
  gone.location = SourceLocation{folder_.path("gone.sql"), 1, 1};
  EXPECT_FALSE(around(gone, 0));
  gone.location = SourceLocation{folder_.path(), 1, 1};
  EXPECT_FALSE(around(gone, 0));
  gone.location.reset();
  EXPECT_FALSE(around(gone, 0));
}

TEST_F(SourcesTest, AFileThatChangedIsNotTheOneThatWasRead) {
  const Finding finding = at("a.sql", "CREATE TABLE t (id int);\n", 1, 1);
  Sources sources;
  std::filesystem::last_write_time(finding.location->file,
                                   std::filesystem::file_time_type::clock::now() + std::chrono::seconds(5));
  EXPECT_FALSE(sources.around(finding, 0));
}

TEST_F(SourcesTest, NothingOfAWorkload) {
  const Finding of_log = at("shop.log", "LOG:  SELECT 'secret'\n", 1, 1);
  const Finding of_query = at("queries.sql", "SELECT 'secret';\n", 1, 1, "0123456789abcdef");
  Sources sources;
  EXPECT_TRUE(sources.around(of_query, 0)) << "with --show-literals";
  sources.hide({of_log.location->file});
  EXPECT_FALSE(sources.around(of_log, 0));
  EXPECT_FALSE(sources.around(of_query, 0));
}

TEST_F(SourcesTest, PasswordsAreMaskedOrNotShown) {
  const auto url =
      around(at("compose.yml", "  DATABASE_URL: postgres://app:hunter2@db/shop?sslmode=disable\n", 1, 17), 0);
  ASSERT_TRUE(url);
  EXPECT_EQ(url->lines.front(), "  DATABASE_URL: postgres://app:***@db/shop?sslmode=disable");
  int number = 0;
  for (const char* line : {"  POSTGRES_PASSWORD: hunter2", "  \"dbPassword\": \"hunter2\",",
                           "  DB_PWD : hunter2", "ALTER ROLE app ENCRYPTED PASSWORD 'hunter2';"}) {
    const bool sql = contains(line, "ROLE");
    EXPECT_FALSE(around(
        at("f" + std::to_string(++number) + (sql ? ".sql" : ".yml"), std::string(line) + "\n", 1, 3), 0))
        << line;
    const auto near = around(
        at("g" + std::to_string(number) + (sql ? ".sql" : ".yml"), std::string(line) + "\nnext\n", 2, 1), 1);
    ASSERT_TRUE(near);
    EXPECT_FALSE(near->lines.empty());
    for (const auto& shown : near->lines) EXPECT_FALSE(contains(shown, "hunter2")) << shown;
  }
  EXPECT_TRUE(around(at("t.sql", "CREATE TABLE users (password_hash text);\n", 1, 21), 0))
      << "a column's name is none";
}

TEST_F(SourcesTest, AVeryLongLineIsCutAroundThePlace) {
  const std::string left(3'000'000, 'x');
  const auto source = around(at("a.sql", left + " here " + left, 1, 3'000'002), 0);
  ASSERT_TRUE(source);
  EXPECT_LT(source->lines.front().size(), 10'000U);
  EXPECT_EQ(source->lines.front().substr(source->from, source->bytes), "here");
}

TEST(Trace, MasksConstantsAndComments) {
  EXPECT_EQ(traced("EXPLAIN SELECT *\n FROM t WHERE a = 'it''s' AND b = $1 AND c > 42.5 AND d = $q$x$q$ AND "
                   "e = E'a\\'b' /* trace 7 */ -- last",
                   false),
            "EXPLAIN SELECT * FROM t WHERE a = ? AND b = $1 AND c > ? AND d = ? AND e = ?");
  EXPECT_EQ(traced("SELECT 'a'\n  || 1", true), "SELECT 'a' || 1");
  EXPECT_EQ(traced("SELECT 'never closed", false), "SELECT ?");
  EXPECT_FALSE(contains(traced("SELECT \"a\x1b[2J\"", false), "\x1b"));
  EXPECT_LT(traced(std::string(1'000'000, 'x') + "'secret'", false).size(), 3000U);
}

std::string said(std::vector<std::string> words) {
  CLI::App app{"test"};
  std::string format;
  auto* check = app.add_subcommand("check", "");
  check->add_option("--format", format)->check(CLI::IsMember({"text", "json"}));
  check->add_option("--fail-on", format);
  int number = 0;
  check->add_option("--top", number);
  check->add_option("--width", number)->check(CLI::Range(1, 8));
  check->add_option("--rows", number)->check(CLI::NonNegativeNumber);
  auto* digest = app.add_subcommand("digest", "");
  auto* compare = digest->add_option("--compare", format);
  digest->add_option("--db", format)->excludes(compare);
  auto* rules = app.add_subcommand("rules", "")->require_subcommand(1);
  rules->add_subcommand("explain", "")->add_option("ID", format)->required();
  std::reverse(words.begin(), words.end());
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return explained(app, error).line();
  }
  return {};
}

TEST(Usage, SaysWhatWasPerhapsMeant) {
  EXPECT_EQ(said({"check", "--fial-on", "error"}),
            "check: unknown option --fial-on (did you mean --fail-on?)");
  EXPECT_EQ(said({"check", "--formt=json"}), "check: unknown option --formt (did you mean --format?)");
  EXPECT_EQ(said({"check", "--compare", "a"}), "check: unknown option --compare (pgadvise digest has it)");
  EXPECT_EQ(said({"check", "--zzzzzzzzzzzz"}),
            "check: unknown option --zzzzzzzzzzzz (pgadvise check --help lists the options)");
  EXPECT_EQ(said({"check", "--tpo", "1"}), "check: unknown option --tpo (did you mean --top?)");
  EXPECT_EQ(said({"check", "--tar"}), "check: unknown option --tar (pgadvise check --help lists the options)")
      << "nothing is near";
  EXPECT_EQ(said({"chekc"}), "unknown command chekc (did you mean check?)");
  EXPECT_EQ(said({"rules", "explian", "x"}), "rules: unknown command explian (did you mean explain?)");
  EXPECT_EQ(
      said({"rules", "sequential-scan"}),
      "rules: unknown command sequential-scan (pgadvise rules explain sequential-scan describes this rule)");
  EXPECT_EQ(said({"rules", "explain"}), "rules explain: ID is required (pgadvise rules explain --help)");
  EXPECT_EQ(said({"check", "--format", "jsno"}), "check: --format: there is no jsno (did you mean json?)");
  EXPECT_EQ(said({"check", "--format", "nonsense"}), "check: --format: there is no nonsense (text, json)");
  EXPECT_EQ(said({"check", "--top", "x"}), "check: --top: x is not a whole number (pgadvise check --help)");
  EXPECT_EQ(said({"check", "--width", "99"}),
            "check: --width: 99 is not a number from 1 to 8 (pgadvise check --help)");
  EXPECT_EQ(said({"check", "--rows", "-1"}),
            "check: --rows: -1 is not a number from 0 on (pgadvise check --help)");
  EXPECT_EQ(said({"rules"}), "rules: needs one more argument (explain)");
  EXPECT_EQ(said({"digest", "--db", "x", "--compare", "a"}),
            "digest: --compare and --db can't be combined (remove one of them)");
  EXPECT_EQ(said({"check", "--format"}), "check: --format needs a value (text, json)");
}

TEST(Verbosity, IsMovedBehindTheCommand) {
  std::vector<std::string> words{"--color", "never", "-q", "check", "a"};
  move_verbosity_behind(words, {"check"});
  EXPECT_EQ(words, (std::vector<std::string>{"check", "--color", "never", "-q", "a"}));
  words = {"--quiet", "folder"};
  move_verbosity_behind(words, {"check"});
  EXPECT_EQ(words, (std::vector<std::string>{"--quiet", "folder"}));
}

}  // namespace
}  // namespace pgadvise::cli
