#include <algorithm>
#include <deque>
#include <map>

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "report/text/paint.h"
#include "review/keys.h"
#include "review/lock_impact.h"
#include "review/session.h"
#include "sql/replay/replay.h"

namespace pgadvise::review {
namespace {

TEST(Keys, OneKeyAndWhatAPasteIs) {
  EXPECT_EQ(key_of("y").kind, Key::Kind::text);
  EXPECT_EQ(key_of("é").text, "é");
  EXPECT_EQ(key_of("\x1b[A").kind, Key::Kind::up);
  EXPECT_EQ(key_of("\x1bOB").kind, Key::Kind::down);
  EXPECT_EQ(key_of("\x1b[6~").kind, Key::Kind::page_down);
  EXPECT_EQ(key_of("\x1b").kind, Key::Kind::escape);
  EXPECT_EQ(key_of("\r").kind, Key::Kind::enter);
  EXPECT_EQ(key_of("\x04").kind, Key::Kind::no_more);
  EXPECT_EQ(key_of("").kind, Key::Kind::no_more);
  for (const char* paste :
       {"yy", "y\n", "\x1b[200~y\x1b[201~", "\x1b[200~", "yyyyyyyyyyw", "\x1b[Ay", "\x1by"})
    EXPECT_EQ(key_of(paste).kind, Key::Kind::several) << paste;
  EXPECT_EQ(key_of("\x1b[200~a reason\x1b[201~").text, "a reason");
  for (const char* nothing : {"\x1b[13;2u", "\x1b[M", "\x01", "\x1b["})
    EXPECT_EQ(key_of(nothing).kind, Key::Kind::resize) << nothing;
}

TEST(LockImpact, NamesTheLock) {
  Fix fix;
  fix.safety = Fix::Safety::safe;
  sql::Replayer replayer;
  replayer.run(
      "CREATE TABLE u (id int PRIMARY KEY); CREATE TABLE t (a int, u_id int); CREATE INDEX i ON t (u_id);",
      "a.sql");
  Catalog catalog = replayer.take();
  Table& table = catalog.tables.at({"public", "t"});
  const auto impact = [&](const char* sql) { return lock_impact({sql}, fix, &catalog, &table); };
  const auto first = [&](const char* sql) { return impact(sql).at(0); };
  EXPECT_EQ(first("CREATE INDEX j ON t (a)"),
            "SHARE lock: writes to the table wait during the build, reads continue.");
  EXPECT_TRUE(contains(first("CREATE INDEX CONCURRENTLY j ON t (a)"), "continue"));
  EXPECT_TRUE(contains(first("ALTER TABLE t ALTER COLUMN a TYPE bigint"), "rewrite of the table"));
  EXPECT_EQ(first("ALTER TABLE t VALIDATE CONSTRAINT c"), "The table's size is unknown without --db.");
  const auto key = impact("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (u_id) REFERENCES u NOT VALID");
  EXPECT_EQ(key.at(0),
            "SHARE ROW EXCLUSIVE lock: writes to the table wait for a short time, reads continue.");
  EXPECT_EQ(key.at(1),
            "SHARE ROW EXCLUSIVE lock on u: writes to the table wait for a short time, reads continue.");
  table.statistics = TableStatistics{.rows = 1'200'000, .bytes = 5'000'000'000};
  EXPECT_TRUE(contains(impact("DROP INDEX i").at(1), "1.2M rows, 5.0 GB"));
  EXPECT_TRUE(contains(impact("CREATE INDEX j ON t (a)").at(2), "The work takes about "));
}

// A terminal that is told its keys, and keeps what was shown.
class Scripted : public Console {
 public:
  explicit Scripted(std::deque<Key> keys, Size size = {80, 24}) : keys_(std::move(keys)), size_(size) {}
  Size size() const override { return size_; }
  Key next(bool) override {
    if (keys_.empty()) return {Key::Kind::no_more};
    Key key = keys_.front();
    keys_.pop_front();
    return key;
  }
  void show(const std::vector<std::string>& lines) override {
    ASSERT_LE(lines.size(), static_cast<std::size_t>(size_.rows));
    for (const auto& line : lines)
      ASSERT_LE(report::characters(line), static_cast<std::size_t>(size_.columns)) << line;
    screens.push_back(join(lines, "\n"));
  }
  std::vector<std::string> screens;

 private:
  std::deque<Key> keys_;
  Size size_;
};

std::deque<Key> keys(std::string_view text) {
  std::deque<Key> out;
  for (const char c : text)
    out.push_back(c == '\n'     ? Key{Key::Kind::enter}
                  : c == '\x1b' ? Key{Key::Kind::escape}
                                : Key{Key::Kind::text, std::string(1, c)});
  return out;
}

class Recorder : public Host {
 public:
  FixView fix(const Finding& finding) override {
    FixView out;
    if (!finding.fix) out.refused = "there is none";
    else out.sql = finding.fix->sql;
    return out;
  }
  std::optional<report::Source> source(const Finding&) override { return std::nullopt; }
  Result<std::string> plan(const Finding&, bool run, const Look&) override {
    if (run) return fail(Error::Kind::nonfatal, "", "there is no database to run the statement in");
    return std::string("Seq Scan");
  }
  Result<Pending> prepare(const Choices& choices) override {
    for (const auto* finding : choices.accepted)
      if (finding->rule == "impossible") return fail(Error::Kind::nonfatal, "", "the folder is read-only");
    Pending out;
    for (const auto* finding : choices.accepted)
      out.files.push_back({finding->id + ".sql", finding->fix->sql, std::nullopt});
    for (const auto& [finding, reason] : choices.ignored)
      out.files.push_back({"pgadvise.toml", finding->id + " " + reason, std::nullopt});
    return out;
  }
  Result<void> write(const Pending& pending) override {
    ++writes;
    for (const auto& file : pending.files) written[file.path] = file.content;
    return {};
  }
  int writes = 0;
  std::map<std::string, std::string> written;
};

Finding finding(const std::string& id, bool fix = true, const std::string& by = {},
                const std::string& rule = "unindexed-foreign-key") {
  Finding out;
  out.id = id;
  out.rule = rule;
  out.message = "message of " + id;
  if (fix) {
    out.fix.emplace();
    out.fix->sql = by.empty() ? "SQL of " + id : "";
    out.fix->proposed_by = by;
  }
  return out;
}

struct Walked {
  Recorder host;
  Ending ending;
  std::vector<std::string> screens;
  std::string last() const { return screens.empty() ? std::string() : screens.back(); }
};

Walked run(const std::vector<Finding>& findings, std::deque<Key> keys, Size size = {80, 24}) {
  Walked out;
  std::vector<const Finding*> list;
  for (const auto& one : findings) list.push_back(&one);
  Scripted console(std::move(keys), size);
  out.ending = walk(list, console, out.host, {});
  out.screens = console.screens;
  return out;
}

using How = Ending::How;
const std::vector<Finding> three = {finding("one"), finding("two"), finding("three", false)};

TEST(Walk, AcceptsSkipsAndWritesOnlyAtTheEnd) {
  const auto walked = run(three, keys("ynnw"));
  EXPECT_EQ(walked.ending.how, How::written);
  EXPECT_EQ(walked.host.writes, 1);
  EXPECT_EQ(walked.host.written, (std::map<std::string, std::string>{{"one.sql", "SQL of one"}}));
  EXPECT_TRUE(
      contains(walked.last(), "1 accepted, 0 ignored, 2 skipped, 0 not decided. Nothing is written yet."));
}

TEST(Walk, NothingIsWrittenWithoutAnAnswer) {
  EXPECT_EQ(run(three, keys("ynnq")).ending.how, How::left);
  EXPECT_EQ(run(three, keys("yqq")).ending.how, How::left);
  EXPECT_EQ(run(three, keys("yn")).ending.how, How::no_more_input);
  EXPECT_EQ(run(three, keys("yyn")).ending.how, How::no_more_input);
  EXPECT_EQ(run(three, {}).ending.how, How::no_more_input);
  EXPECT_EQ(run(three, keys("nnn")).ending.how, How::nothing);
  EXPECT_EQ(run(three, keys("q")).ending.how, How::nothing);
  for (const char* typed : {"ynnq", "yqq", "yyn", "nnn"})
    EXPECT_EQ(run(three, keys(typed)).host.writes, 0) << typed;
}

TEST(Walk, ControlCLeavesFromEverywhere) {
  for (const char* before : {"", "y", "yi", "?", "e", "yq", "i", "ynn", "l", "/", "#", "l/", "l#", "a"}) {
    auto typed = keys(before);
    typed.push_back({Key::Kind::interrupt, {}, 2});
    const auto walked = run(three, typed);
    EXPECT_EQ(walked.ending.how, How::interrupted) << before;
    EXPECT_EQ(walked.ending.signal, 2);
    EXPECT_EQ(walked.host.writes, 0);
  }
}

TEST(Walk, APasteDecidesNothing) {
  std::deque<Key> typed{{Key::Kind::several, "yyyyyyw\n"}, {Key::Kind::several, "w"}};
  const auto walked = run(three, typed);
  EXPECT_EQ(walked.ending.how, How::no_more_input);
  EXPECT_TRUE(walked.ending.choices.accepted.empty());
  EXPECT_TRUE(contains(walked.screens.at(1), "as an accidental paste"));
}

TEST(Walk, IgnoringAsksForAReason) {
  auto typed = keys("i");
  typed.push_back(
      {Key::Kind::several,
       "forty rows\nyyyw"});  // a pasted reason may hold spaces; its further lines are nobody's keys
  for (auto& key : keys("!\nnnw")) typed.push_back(key);
  const auto walked = run(three, typed);
  EXPECT_EQ(walked.host.written, (std::map<std::string, std::string>{{"pgadvise.toml", "one forty rows!"}}));
  EXPECT_EQ(run(three, keys("i\nq")).ending.how, How::nothing);  // no reason, no entry
  EXPECT_EQ(run(three, keys("i   \nq")).ending.how, How::nothing);
  EXPECT_EQ(run(three, keys("iabc\x1bq")).ending.how, How::nothing);  // Esc leaves it
}

TEST(Walk, AnIndexOfNoRuleIsAcceptedAndNotIgnored) {
  const std::vector<Finding> indexes = {finding("one", true, {}, "advise")};
  const auto walked = run(indexes, keys("ieyw"));
  EXPECT_TRUE(std::any_of(walked.screens.begin(), walked.screens.end(), [](const std::string& screen) {
    return screen.find("only a rule's findings can be ignored") != std::string::npos;
  }));
  EXPECT_EQ(walked.host.written.count("one.sql"), 1u);
  EXPECT_EQ(walked.host.written.count("pgadvise.toml"), 0u);
}

TEST(Walk, UndoGoesBackToTheLastChoice) {
  const auto walked = run(three, keys("ynuuiwhy\nnnw"));
  EXPECT_EQ(walked.host.written, (std::map<std::string, std::string>{{"pgadvise.toml", "one why"}}));
  const auto from_end = run(three, keys("ynnunw"));
  EXPECT_EQ(from_end.ending.how, How::written);
  EXPECT_TRUE(contains(run(three, keys("u")).last(), "no choice to undo"));
}

TEST(Walk, OneIndexForSeveralFindings) {
  const std::vector<Finding> findings = {finding("small", true, "wide"), finding("wide"),
                                         finding("other", true, "wide"), finding("lost", true, "elsewhere")};
  const auto walked = run(findings, keys("ynw"));
  EXPECT_EQ(walked.host.written, (std::map<std::string, std::string>{{"wide.sql", "SQL of wide"}}));
  EXPECT_TRUE(contains(walked.last(), "; 2 more"));
}

TEST(Walk, WhatCannotBeWrittenIsNotAccepted) {
  const std::vector<Finding> findings = {finding("one", true, {}, "impossible"), finding("two", false)};
  const auto walked = run(findings, keys("yny"));
  EXPECT_TRUE(contains(walked.screens.at(1), "the folder is read-only"));
  EXPECT_TRUE(contains(walked.last(), "the finding has no fix to accept"));
  EXPECT_TRUE(walked.ending.choices.accepted.empty());
}

TEST(Walk, PagesAreReadAndLeft) {
  const auto walked = run(three, keys("?q"
                                      "eq"
                                      "pq"
                                      "r"
                                      "q"));
  EXPECT_TRUE(contains(walked.screens.at(1), "accept the fix"));
  EXPECT_TRUE(contains(walked.screens.at(3), "pgadvise rules explain unindexed-foreign-key"));
  EXPECT_TRUE(contains(walked.screens.at(5), "Seq Scan"));
  EXPECT_TRUE(contains(walked.last(), "there is no database to run the statement in"));
}

TEST(Walk, TheEffectOfAFindingIsShown) {
  Finding one = finding("one");
  one.impact.effect = "saves 550 ms in 20 s of log";
  EXPECT_TRUE(contains(run({one}, keys("q")).screens.at(0), "- saves 550 ms in 20 s of log"));
}

// Two rules, tables and severities; the fourth has no fix.
std::vector<Finding> several() {
  std::vector<Finding> out = {finding("aaaa1111"), finding("bbbb2222", true, {}, "json-stored-as-text"),
                              finding("cccc3333"), finding("dddd4444", false)};
  for (auto& one : out) one.short_id = one.rule + ":" + one.id.substr(0, 4);
  out[1].severity = Severity::error;
  out[2].subject.schema = "billing", out[2].subject.table = "Invoices";
  return out;
}

TEST(Walk, ListsFindingsAndGoesToTheOneUnderTheCursor) {
  const auto walked = run(several(), keys("nljj\ny"));
  EXPECT_TRUE(contains(walked.screens.at(2), "4 findings, by impact")) << walked.screens.at(2);
  EXPECT_TRUE(contains(walked.screens.at(2), "  s 1 warning unindexed-foreign-key:aaaa message of aaaa1111"));
  EXPECT_TRUE(contains(walked.screens.at(2), ">   2 error   json-stored-as-text:bbbb message of bbbb2222"));
  EXPECT_TRUE(contains(walked.screens.at(4), ">   4 warning unindexed-foreign-key:dddd"));
  EXPECT_TRUE(contains(walked.screens.at(5), "4/4 ")) << walked.screens.at(5);
  EXPECT_TRUE(contains(walked.last(), "no fix to accept"));
  EXPECT_TRUE(contains(run(several(), keys("lGq")).last(), "1/4 ")) << "q leaves the list";
  EXPECT_TRUE(contains(run(several(), keys("lGkkg\n")).last(), "1/4 "));
  EXPECT_TRUE(contains(run(several(), keys("lG#2\n")).last(), "2/4 "));
  EXPECT_TRUE(contains(run(several(), keys("lx")).last(), "unknown key"));
}

TEST(Walk, FiltersByRuleSeverityTableAndText) {
  for (const auto& [text, at] : {std::pair{"json-", "2/4 "},
                                 {"ERROR", "2/4 "},
                                 {"billing.invoices", "3/4 "},
                                 {"of dddd4444", "4/4 "},
                                 {"foreign 3333", "3/4 "}}) {
    const auto walked = run(several(), keys("/" + std::string(text) + "\n"));
    EXPECT_TRUE(contains(walked.last(), at)) << text;
    EXPECT_TRUE(contains(walked.last(), "1 of 4 findings")) << text;
    EXPECT_TRUE(contains(walked.last(), "filter: ")) << text;
  }
  EXPECT_TRUE(contains(run(several(), keys("/json no\n")).last(), "no finding matches \"json no\""));
  EXPECT_TRUE(contains(run(several(), keys("/json\n/\n")).last(), "no filter: all findings"));
  EXPECT_FALSE(contains(run(several(), keys("/json\x1b")).last(), "filter: "));
  EXPECT_TRUE(contains(run(several(), keys("/json\nl")).last(), "1 of 4 findings, by impact; filter: json"));
  const auto decided = run(several(), keys("/json\ny"));
  EXPECT_TRUE(contains(decided.last(), "no filter any more")) << decided.last();
  EXPECT_TRUE(contains(decided.last(), "3/4 "));
}

TEST(Walk, GoesToANumberAnIdOrARule) {
  for (const char* wanted : {"2", "json-stored-as-text:bbbb", "json-stored-as-text:bbbb22", "bbbb2222",
                             "bbbb", "json-stored-as-text", " 2 "})
    EXPECT_TRUE(contains(run(several(), keys("#" + std::string(wanted) + "\n")).last(), "2/4 ")) << wanted;
  for (const char* wanted : {"0", "5", "bbb", "json", "unindexed-foreign-key:bbbb", ""}) {
    const auto walked = run(several(), keys("#" + std::string(wanted) + "\n"));
    EXPECT_TRUE(contains(walked.last(), "1/4 ")) << wanted;
    EXPECT_TRUE(contains(walked.last(), "no finding has the number, id or rule")) << wanted;
  }
  EXPECT_TRUE(contains(run(several(), keys("#2\x1b")).last(), "1/4 "));
  EXPECT_TRUE(contains(run(several(), keys("n#1\n")).last(), ", skipped"));
}

TEST(Walk, AcceptsAllOfARule) {
  const auto walked = run(several(), keys("a"));
  EXPECT_TRUE(contains(walked.last(), "accepted 2 of unindexed-foreign-key; 1 can't be accepted here"));
  EXPECT_TRUE(contains(walked.last(), "2/4 "));
  const auto written = run(several(), keys("anqw"));
  EXPECT_EQ(written.host.written, (std::map<std::string, std::string>{{"aaaa1111.sql", "SQL of aaaa1111"},
                                                                      {"cccc3333.sql", "SQL of cccc3333"}}));
  EXPECT_EQ(run(several(), keys("auq")).ending.how, How::nothing) << "u undoes all";
  EXPECT_EQ(run(several(), keys("/billing\naqw")).host.written,
            (std::map<std::string, std::string>{{"cccc3333.sql", "SQL of cccc3333"}}))
      << "only what the filter shows";
  const std::vector<Finding> impossible = {finding("one", true, {}, "impossible"),
                                           finding("two", true, {}, "impossible"), finding("three")};
  const auto refused = run(impossible, keys("a"));
  EXPECT_TRUE(contains(refused.last(), "accepted 0 of impossible; 2 can't be accepted here"));
  const std::vector<Finding> together = {finding("small", true, "wide"), finding("wide"),
                                         finding("other", true, "wide")};
  EXPECT_EQ(run(together, keys("aw")).host.written,
            (std::map<std::string, std::string>{{"wide.sql", "SQL of wide"}}));
}

TEST(Walk, SkipsAllOfARule) {
  const auto walked = run(several(), keys("syw"));
  EXPECT_EQ(walked.host.written, (std::map<std::string, std::string>{{"bbbb2222.sql", "SQL of bbbb2222"}}));
  EXPECT_TRUE(contains(walked.last(), "1 accepted, 0 ignored, 3 skipped, 0 not decided"));
  EXPECT_TRUE(contains(run(several(), keys("su")).last(), "1/4 "));
  EXPECT_EQ(run(several(), keys("suyqw")).host.written.size(), 1U);
  EXPECT_TRUE(contains(run(several(), keys("ynnnl")).last(), "4 findings")) << "also from the last screen";
}

TEST(Walk, FitsEveryTerminal) {
  for (const Size size : {Size{80, 24}, Size{40, 10}, Size{132, 50}, Size{20, 4}, Size{10, 3}, Size{1, 4}}) {
    const auto walked = run(three,
                            keys("?G q"
                                 "lGkjq/one\n/\n#1\nau"
                                 "e  gq"
                                 "jkGgb y"
                                 "ia reason that is longer than the narrow terminal is wide\n"
                                 "n w"),
                            size);
    EXPECT_EQ(walked.ending.how, How::written) << size.columns;
  }
}

}  // namespace
}  // namespace pgadvise::review
