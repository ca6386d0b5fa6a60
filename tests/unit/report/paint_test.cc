#include "report/text/paint.h"

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "report/pages/rule_page.h"
#include "report/report.h"

namespace pgadvise::report {
namespace {

using Lines = std::vector<std::string>;

const Look narrow{false, true, 40};

TEST(Paint, WrapsByColumnsAndBreaksWhatIsTooLong) {
  const Look look{false, true, 20};
  Lines out;
  add_paragraph(out, look, "- ", "  ", "one two three four five");
  EXPECT_EQ(out, (Lines{"- one two three four", "  five"}));
  out.clear();
  add_paragraph(out, look, "", "", std::string(45, 'x'));
  EXPECT_EQ(out, (Lines{std::string(20, 'x'), std::string(20, 'x'), std::string(5, 'x')}));
  out.clear();
  add_code(out, look, "  ", "CREATE INDEX a ON bbbbbbb (c)");
  EXPECT_EQ(out, (Lines{"  CREATE INDEX a ON", "      bbbbbbb (c)"}));
  EXPECT_EQ(characters("日本"), 4U);
  EXPECT_EQ(cut_line("日本語", 5), "日本");
  EXPECT_EQ(cut_line("\x1b[1mabcdef\x1b[0m", 3), "\x1b[1mabc\x1b[0m");
}

TEST(Paint, ControlCharactersNeverReachTheTerminal) {
  const Look look{false, true, 80};
  Lines out;
  add_paragraph(out, look, "", "",
                "a\x1b[2Jb\xc2\x9b"
                "c\r\n");
  add_code(out, look, "", "x\x1b]0;title\x07y");
  for (auto& line :
       excerpt(look, {{"one", "\x1b[31mtwo\x1b]8;;file:///etc/passwd\x1b\\", "\xff\xfe"}, 1, 2, 5, 3}))
    out.push_back(line);
  EXPECT_GE(out.size(), 4U);
  for (const auto& line : out) EXPECT_EQ(line.find_first_of("\x1b\x07\r\n"), std::string::npos) << line;
}

TEST(Excerpt, UnderlinesTheSpan) {
  EXPECT_EQ(excerpt(narrow, {{"  total numeric,"}, 19, 19, 2, 5}),
            (Lines{"19 | total numeric,", "   | ^^^^^"}));
  EXPECT_EQ(excerpt(narrow, {{"b", "  total numeric,", "d"}, 9, 10, 8, 7}),
            (Lines{"   9 | b", "> 10 |   total numeric,", "     |         ^^^^^^^", "  11 | d"}));
}

TEST(Excerpt, AWholeLineIsOneLine) {
  EXPECT_EQ(excerpt(narrow, {{"CREATE TABLE t ("}, 3, 3, 0, 0}), (Lines{"3 | CREATE TABLE t ("}));
}

TEST(Excerpt, OfALineThatIsNotThereNothing) {
  EXPECT_TRUE(excerpt(narrow, {{"a"}, 1, 7, 0, 0}).empty());
  EXPECT_TRUE(excerpt(narrow, {{}, 1, 1, 0, 0}).empty());
  EXPECT_EQ(excerpt(narrow, {{"ab"}, 1, 1, 90, 5}), (Lines{"1 | ab"}));
}

TEST(Excerpt, TabsAndWideCharactersAreUnderlinedWhereTheyStand) {
  EXPECT_EQ(excerpt(narrow, {{"\tname\ttext,"}, 1, 1, 6, 4}),
            (Lines{"1 | name    text,", "  |         ^^^^"}));
  EXPECT_EQ(excerpt(narrow, {{"\"日本\" text"}, 1, 1, 0, 8}), (Lines{"1 | \"日本\" text", "  | ^^^^^^"}));
  EXPECT_EQ(excerpt(narrow, {{"/* 日 */ id"}, 1, 1, 10, 2}), (Lines{"1 | /* 日 */ id", "  |          ^^"}));
  EXPECT_EQ(excerpt(narrow, {{"\x1b id"}, 1, 1, 2, 2}), (Lines{"1 | \\x1b id", "  |      ^^"}));
}

TEST(Excerpt, OfALongLineThePartAroundTheSpan) {
  const std::string line = std::string(200, 'x') + " here " + std::string(200, 'y');
  const auto lines = excerpt(narrow, {{line}, 1, 1, 201, 4});
  ASSERT_EQ(lines.size(), 2U);
  for (const auto& one : lines) EXPECT_LE(characters(one), 40U) << one;
  EXPECT_TRUE(lines[0].starts_with("1 | …x")) << lines[0];
  EXPECT_TRUE(lines[0].ends_with("y…")) << lines[0];
  const auto column = characters(lines[0].substr(0, lines[0].find("here")));
  EXPECT_EQ(lines[1], "  |" + std::string(column - 3, ' ') + "^^^^");
  for (int width = 1; width < 60; ++width) {
    const auto shown = excerpt({false, true, width}, {{line, "日本語" + line, "z"}, 99, 100, 205, 300});
    EXPECT_FALSE(shown.empty()) << width;
    for (const auto& one : shown)
      EXPECT_LE(characters(one), static_cast<std::size_t>(std::max(width, 22))) << one;
  }
}

TEST(Excerpt, ColoursAreClosed) {
  const auto lines = excerpt({true, true, 60}, {{"a b c"}, 1, 1, 2, 1});
  EXPECT_EQ(lines.size(), 2U);
  for (const auto& line : lines) {
    EXPECT_TRUE(contains(line, "\x1b[")) << line;
    EXPECT_EQ(line.rfind("\x1b[0m"), line.rfind('\x1b')) << line;
  }
}

TEST(Links, AreOscEightAndEncoded) {
  EXPECT_EQ(link("file://h/a", "a"), "\x1b]8;;file://h/a\x1b\\a\x1b]8;;\x1b\\");
  EXPECT_EQ(link("", "a"), "a");
  EXPECT_EQ(file_url("host", "/a b/é\x1b\\;.sql", 3), "file://host/a%20b/%C3%A9%1B%5C%3B.sql#3");
  EXPECT_EQ(file_url("ho\x1bst", "/a", 0), "file://host/a");
  EXPECT_EQ(file_url("host", "a.sql", 3), "") << "a relative path leads nowhere";
}

Report one_finding() {
  Finding finding;
  finding.rule = "unindexed-foreign-key";
  finding.location = SourceLocation{"drizzle/0001.sql", 3, 1};
  finding.message = "No index serves it.";
  finding.evidence.push_back(
      {Evidence::Kind::catalog, "no index", SourceLocation{"drizzle/0001.sql", 3, 1}, {}});
  finding.evidence.push_back(
      {Evidence::Kind::catalog, "elsewhere", SourceLocation{"drizzle/0001.sql", 4, 1}, {}});
  Report report;
  report.findings = {finding};
  report.diagnostics = {{Error::Kind::nonfatal, "a.sql:1:1", "syntax error", {}}};
  report.inputs = {{"stderr log", "shop.log", "3 statements"}};
  return report;
}

TEST(TextReport, ShowsTheSourceBelowTheMessage) {
  Options options;
  options.source = [](const Finding&, int around) -> std::optional<Source> {
    EXPECT_EQ(around, 0);
    return Source{{"ALTER TABLE t ADD c int"}, 3, 3, 6, 5};
  };
  const std::string text = render("text", one_finding(), options);
  EXPECT_TRUE(contains(text,
                       "  No index serves it.\n    3 | ALTER TABLE t ADD c int\n      |       ^^^^^\n  - no "
                       "index\n  - elsewhere  (drizzle/0001.sql:4:1)\n"))
      << text;
}

TEST(TextReport, LinksOnlyWhereTheyAreWanted) {
  Options options{.repository = {.root = {}, .folder = "/work"}};
  EXPECT_FALSE(contains(render("text", one_finding(), options), "\x1b"));
  options.links = true;
  options.host = "host";
  const std::string text = render("text", one_finding(), options);
  EXPECT_TRUE(contains(text, link("file://host/work/drizzle/0001.sql#3", "drizzle/0001.sql:3:1"))) << text;
  EXPECT_TRUE(contains(text, link("file://host/work/drizzle/0001.sql#3", "unindexed-foreign-key"))) << text;
  options.rules_url = "https://example.org/rules/";
  EXPECT_TRUE(contains(render("text", one_finding(), options),
                       link("https://example.org/rules/unindexed-foreign-key.md", "unindexed-foreign-key")));
}

TEST(TextReport, QuietIsFindingsAndOneLine) {
  Options options;
  options.quiet = true;
  options.width = 130;
  const std::string text = render("text", one_finding(), options);
  EXPECT_TRUE(contains(text, "unindexed-foreign-key"));
  EXPECT_FALSE(contains(text, "Not checked") || contains(text, "syntax error") || contains(text, "shop.log"))
      << text;
  EXPECT_TRUE(text.ends_with("0 rules run, 0 not run. 1 warning about the input.\n")) << text;
}

TEST(RuleLines, EveryRuleHasAnExampleAndFitsEightyColumns) {
  for (const auto& rule : lint::all_rules()) {
    const std::string page = join(rule_lines(rule, {false, true, 80}), "\n");
    EXPECT_TRUE(contains(page, "\nExample\n")) << rule.rule->id;
    EXPECT_FALSE(contains(page, "```") || contains(page, "\n## ") || contains(page, "-- Also:")) << page;
    for (const auto line : split(page, '\n'))
      EXPECT_LE(characters(line), 80U) << rule.rule->id << ": " << line;
    EXPECT_LE(split(page, '\n').size(), 110U) << rule.rule->id;
  }
}

}  // namespace
}  // namespace pgadvise::report
