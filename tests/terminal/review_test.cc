// The review in a real terminal: tmux, driven by its keys, looked at through its screen. Screens are held
// against fixtures/review; PGADVISE_UPDATE_GOLDEN=1 writes them anew.
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "base/process/process.h"
#include "base/text/text.h"
#include "support/paths.h"
#include "support/run.h"
#include "terminal/tmux.h"

namespace pgadvise {
namespace {

using namespace std::chrono_literals;
using testing_support::Folder;
using testing_support::quoted;

std::string source(const std::string& name) { return std::string(testing_support::source_dir) + "/" + name; }

// A small project of Drizzle's, with a table whose key has no index.
void make_project(const Folder& folder) {
  std::filesystem::copy(source("fixtures/review/project"), folder.path("project"),
                        std::filesystem::copy_options::recursive);
}

class Tmux : public testing_support::Tmux {
 public:
  Tmux(const Folder& folder, int columns, int rows, const std::string& environment = "TERM=tmux-256color")
      : testing_support::Tmux(folder, "project", columns, rows,
                              "SOURCE_DATE_EPOCH=1767960000 " + environment) {
    type(quoted(testing_support::program) + " review 2>&1; echo \"exit $?\"");
    key("Enter");
  }
};

class ReviewTerminal : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto ran = run_program({"tmux", "-V"});
    if (!ran || ran->status != 0) GTEST_SKIP() << "tmux is not installed: apt-get install tmux";
    make_project(folder_);
  }

  // The screen as it is once it does not change any more; what is drawn anew may take a while.
  bool same(const std::string& name, Tmux& tmux) const {
    const std::string path = source("fixtures/review/screens/" + name + ".txt");
    const bool update = std::getenv("PGADVISE_UPDATE_GOLDEN");
    std::string screen;
    for (int i = 0; i < 200; ++i) {
      screen = tmux.screen();
      while (screen.ends_with("\n")) screen.pop_back();
      screen += "\n";
      if (update || screen == read_file(path).value_or("")) break;
      std::this_thread::sleep_for(50ms);
    }
    if (update) {
      std::filesystem::create_directories(source("fixtures/review/screens"));
      std::ofstream(path, std::ios::binary) << screen;
    }
    EXPECT_EQ(read_file(path).value_or(""), screen) << name;
    return true;
  }

  std::string file(const std::string& name) const {
    return read_file(folder_.path("project/" + name)).value_or("(missing)");
  }
  bool untouched() const {
    const auto differs =
        run_program({"diff", "-r", source("fixtures/review/project"), folder_.path("project")});
    return differs && differs->status == 0;
  }

  Folder folder_;
};

// Ignores the finding on the screen; what follows shows `next`.
bool ignores(testing_support::Tmux& tmux, const std::string& reason, const char* next) {
  return tmux.key_shows("i", "Reason:") && tmux.type_shows(reason, "Reason: " + reason) &&
         tmux.key_shows("Enter", next);
}

// From a finding to the summary, and writes all changes.
bool ends_and_writes(testing_support::Tmux& tmux) {
  return tmux.key_shows("q", "Write this") && tmux.key_shows("w", "exit 0");
}

constexpr const char* first = "1/3 ";
constexpr const char* prompt = "[y,n,a,s,i,e,p,r,l,/,#,u,q,?]?";

TEST_F(ReviewTerminal, WalksAndWritesAMigration) {
  Tmux tmux(folder_, 80, 24);
  ASSERT_TRUE(tmux.shows(prompt));
  same("finding", tmux);
  ASSERT_TRUE(tmux.key_shows("n", "2/3 "));
  ASSERT_TRUE(tmux.key_shows("n", "3/3 "));
  same("next", tmux);
  ASSERT_TRUE(tmux.key_shows("y", "Write this"));
  EXPECT_TRUE(untouched());
  same("summary", tmux);
  ASSERT_TRUE(tmux.key_shows("w", "exit 0"));
  EXPECT_TRUE(tmux.shows("To paste into src/schema.ts"));
  EXPECT_TRUE(contains(file("drizzle/0001_add_order_notes_order_id_idx.sql"),
                       "CREATE INDEX order_notes_order_id_idx ON public.order_notes (order_id);"));
  EXPECT_TRUE(contains(file("drizzle/meta/_journal.json"), "0001_add_order_notes_order_id_idx"));
  EXPECT_TRUE(contains(file("drizzle/meta/0001_snapshot.json"), "order_notes_order_id_idx"));
}

TEST_F(ReviewTerminal, IgnoresWithAReasonAndUndoes) {
  Tmux tmux(folder_, 80, 24);
  ASSERT_TRUE(tmux.shows(first));
  ASSERT_TRUE(tmux.key_shows("y", "2/3 "));
  ASSERT_TRUE(tmux.key_shows("u", "undone"));
  ASSERT_TRUE(tmux.shows(first));
  ASSERT_TRUE(tmux.key_shows("i", "Reason:"));
  ASSERT_TRUE(tmux.type_shows("nobody asks what is in it", "Reason: nobody asks what is in it"));
  same("reason", tmux);
  ASSERT_TRUE(tmux.key_shows("Enter", "2/3 "));
  ASSERT_TRUE(ends_and_writes(tmux));
  EXPECT_EQ(file("pgadvise.toml"),
            "[[ignore]]\nrule = \"unindexed-foreign-key\"\nobject = "
            "\"public.orders.orders_customer_id_customers_id_fk\"\nreason = \"nobody asks what is in it\"\n");
  EXPECT_EQ(file("drizzle/0001_add_indexes.sql"), "(missing)");
}

TEST_F(ReviewTerminal, AConfigurationKeepsItsLineEndsAndItsMark) {
  const std::string before =
      "\xef\xbb\xbf# ours\r\n[[ignore]]\r\nrule = \"deep-offset\"\nobject = \"a\"\r\nreason = \"r\"\r\n";
  folder_.write("project/pgadvise.toml", before);
  Tmux tmux(folder_, 80, 24);
  ASSERT_TRUE(tmux.shows(first));
  ASSERT_TRUE(ignores(tmux, "known", "2/3 "));
  ASSERT_TRUE(ends_and_writes(tmux));
  EXPECT_EQ(file("pgadvise.toml"),
            before +
                "\r\n[[ignore]]\r\nrule = \"unindexed-foreign-key\"\r\nobject = "
                "\"public.orders.orders_customer_id_customers_id_fk\"\r\nreason = \"known\"\r\n");
}

// A fix for the folder with two heads is refused with that folder's name; what else is chosen is written.
TEST(ReviewTerminalAlembic, TwoHeadsAreAnErrorAboutTheirFolderAlone) {
  const auto tmux_there = run_program({"tmux", "-V"});
  if (!tmux_there || tmux_there->status != 0) GTEST_SKIP() << "tmux is not installed: apt-get install tmux";
  const Folder folder;
  const auto revision = [](const std::string& id, const std::string& before) {
    return "from alembic import op\nrevision: str = '" + id + "'\ndown_revision = " + before + "\n";
  };
  folder.write("project/api/alembic/versions/a.py", revision("aa", "None"));
  folder.write("project/api/alembic/versions/b.py", revision("bb", "'aa'"));
  folder.write("project/api/alembic/versions/c.py", revision("cc", "'aa'"));
  folder.write("project/schema.sql",
               "CREATE TABLE p (id int PRIMARY KEY);\n"
               "CREATE TABLE invoices (id int PRIMARY KEY, p_id int REFERENCES p);\n"
               "CREATE TABLE orders (id int PRIMARY KEY, p_id int REFERENCES p);\n");
  testing_support::Tmux tmux(folder, "project", 100, 40, "SOURCE_DATE_EPOCH=1767960000 TERM=tmux-256color");
  tmux.type(quoted(testing_support::program) + " review schema.sql 2>&1; echo \"exit $?\"");
  ASSERT_TRUE(tmux.key_shows("Enter", "1/2 "));
  ASSERT_TRUE(tmux.key_shows("y", "can't be: api/alembic/versions: has several last revisions"));
  ASSERT_TRUE(ignores(tmux, "known", "2/2 "));
  ASSERT_TRUE(tmux.key_shows("y", "Not written: api/alembic/versions: has several last revisions"));
  ASSERT_TRUE(tmux.key_shows("w", "exit 2"));
  const std::filesystem::directory_iterator all(folder.path("project/api/alembic/versions"));
  EXPECT_EQ(std::distance(begin(all), end(all)), 3);
  EXPECT_TRUE(contains(read_file(folder.path("project/pgadvise.toml")).value_or(""), "reason = \"known\""));
}

// Two services with a table of the same name, for which one query wants a different statement in each.
TEST_F(ReviewTerminal, EachServiceGetsItsOwnIndex) {
  const std::string parent = "-- +goose Up\nCREATE TABLE parent (id integer PRIMARY KEY);\n";
  folder_.write("services/package.json", "{}");
  folder_.write(
      "services/pgadvise.toml",
      "[rules.missing-primary-key]\nseverity = \"off\"\n[rules.missing-foreign-key]\nseverity = \"off\"\n"
      "[rules.untracked-migration]\nseverity = \"off\"\n");
  folder_.write("services/one/migrations/00001_init.sql",
                parent + "CREATE TABLE child (id integer PRIMARY KEY, parent_id integer);\n");
  folder_.write("services/two/migrations/00001_init.sql",
                parent + "CREATE TABLE child (id integer, parent_id integer) PARTITION BY RANGE (id);\n");
  folder_.write("q.sql", "SELECT * FROM child WHERE parent_id = 3;\n");
  testing_support::Tmux tmux(folder_, "services", 100, 40, "SOURCE_DATE_EPOCH=1767960000 TERM=tmux-256color");
  tmux.type(quoted(testing_support::program) + " review . --workload ../q.sql 2>&1; echo \"exit $?\"");
  ASSERT_TRUE(tmux.key_shows("Enter", "1/2 "));
  ASSERT_TRUE(tmux.key_shows("y", "2/2 "));
  ASSERT_TRUE(tmux.key_shows("y", "Write this"));
  ASSERT_TRUE(tmux.key_shows("w", "exit 0"));
  const auto written = [&](const std::string& service) {
    std::string out;
    for (const auto& entry :
         std::filesystem::directory_iterator(folder_.path("services/" + service + "/migrations")))
      if (entry.path().filename() != "00001_init.sql") out += read_file(entry.path().string()).value_or("");
    return out;
  };
  EXPECT_TRUE(contains(written("one"), " ON public.child (parent_id)")) << written("one");
  EXPECT_FALSE(contains(written("one"), "ON ONLY")) << written("one");
  EXPECT_TRUE(contains(written("two"), "ON ONLY public.child (parent_id)")) << written("two");
}

TEST_F(ReviewTerminal, AMigrationUnderReviewIsSplit) {
  folder_.write("goose/migrations/00001_init.sql",
                "-- +goose Up\nCREATE TABLE users (id integer PRIMARY KEY);\n"
                "CREATE TABLE events (id integer PRIMARY KEY, user_id integer);\n");
  folder_.write(
      "goose/migrations/00002_key.sql",
      "-- +goose Up\nALTER TABLE events ADD CONSTRAINT events_user FOREIGN KEY (user_id) REFERENCES "
      "users (id);\n");
  testing_support::Tmux tmux(folder_, "goose", 100, 40, "SOURCE_DATE_EPOCH=1767960000 TERM=tmux-256color");
  tmux.type(quoted(testing_support::program) + " review . --only blocking-constraint 2>&1; echo \"exit $?\"");
  tmux.key("Enter");
  ASSERT_TRUE(tmux.shows("1/1 "));
  EXPECT_TRUE(tmux.shows("adds a migration after the last"));
  tmux.key("y");
  ASSERT_TRUE(tmux.shows("Write this"));
  tmux.key("w");
  ASSERT_TRUE(tmux.shows("exit 0"));
  EXPECT_TRUE(contains(read_file(folder_.path("goose/migrations/00002_key.sql")).value_or(""), "NOT VALID;"));
  bool validates = false;
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path("goose/migrations")))
    validates = validates ||
                (entry.path().filename().string().starts_with("00003_") &&
                 contains(read_file(entry.path().string()).value_or(""), "VALIDATE CONSTRAINT events_user;"));
  EXPECT_TRUE(validates);
}

TEST_F(ReviewTerminal, ListsFiltersAndGoesToAFinding) {
  Tmux tmux(folder_, 80, 24);
  ASSERT_TRUE(tmux.shows(prompt));
  ASSERT_TRUE(tmux.key_shows("l", "3 findings, by impact"));
  ASSERT_TRUE(tmux.key_shows("j", "> "));
  same("list", tmux);
  ASSERT_TRUE(tmux.key_shows("Enter", "2/3 "));
  ASSERT_TRUE(tmux.key_shows("/", "Filter:"));
  ASSERT_TRUE(tmux.type_shows("json", "Filter: json"));
  ASSERT_TRUE(tmux.key_shows("Enter", "1 of 3 findings"));
  same("filtered", tmux);
  ASSERT_TRUE(tmux.key_shows("#", "Go to:"));
  ASSERT_TRUE(tmux.type_shows("3", "Go to: 3"));
  ASSERT_TRUE(tmux.key_shows("Enter", "3/3 "));
  ASSERT_TRUE(tmux.key_shows("C-c", "exit 130"));
  EXPECT_TRUE(untouched());
}

TEST_F(ReviewTerminal, AcceptsAndSkipsAllOfARule) {
  Tmux tmux(folder_, 80, 24);
  ASSERT_TRUE(tmux.shows(first));
  ASSERT_TRUE(tmux.key_shows("a", "accepted 2 of unindexed-foreign-key"));
  ASSERT_TRUE(tmux.key_shows("u", "undone"));
  ASSERT_TRUE(tmux.key_shows("s", "skipped 2 of unindexed-foreign-key"));
  ASSERT_TRUE(tmux.key_shows("q", "nothing was written"));
  EXPECT_TRUE(untouched());
}

TEST_F(ReviewTerminal, QuitAndControlCLeaveNothingBehind) {
  {
    Tmux tmux(folder_, 80, 24);
    ASSERT_TRUE(tmux.shows(first));
    ASSERT_TRUE(tmux.key_shows("q", "nothing was written"));
    EXPECT_TRUE(tmux.shows("exit 0"));
  }
  Tmux tmux(folder_, 80, 24);
  ASSERT_TRUE(tmux.shows(first));
  ASSERT_TRUE(tmux.key_shows("y", "2/3 "));
  ASSERT_TRUE(tmux.key_shows("C-c", "exit 130"));
  EXPECT_TRUE(contains(tmux.screen(), "interrupted: nothing was written"));
  EXPECT_TRUE(untouched());
  // The terminal echoes again, and takes lines.
  ASSERT_TRUE(tmux.type_shows("echo as be''fore", "echo as be''fore"));
  EXPECT_TRUE(tmux.key_shows("Enter", "as before"));
}

TEST_F(ReviewTerminal, StopsAndGoesOn) {
  Tmux tmux(folder_, 80, 24);
  ASSERT_TRUE(tmux.shows(first));
  ASSERT_TRUE(tmux.key_shows("y", "2/3 "));
  const std::string before = tmux.screen();
  ASSERT_TRUE(tmux.key_shows("C-z", "Stopped"));
  tmux.type("echo be''tween");
  ASSERT_TRUE(tmux.key_shows("Enter", "between"));
  tmux.type("fg");
  ASSERT_TRUE(tmux.key_shows("Enter", "2/3 "));
  EXPECT_EQ(tmux.screen(), before);
  EXPECT_TRUE(tmux.key_shows("u", "undone"));
}

TEST_F(ReviewTerminal, FollowsTheSize) {
  Tmux tmux(folder_, 80, 24);
  ASSERT_TRUE(tmux.shows(prompt));
  tmux.resize(40, 12);
  ASSERT_TRUE(tmux.shows("Accept this fix"));
  ASSERT_TRUE(tmux.shows("space shows"));
  same("narrow", tmux);
  tmux.resize(132, 40);
  ASSERT_TRUE(tmux.shows("Safe: no data and no query results change"));
  same("wide", tmux);
  tmux.resize(80, 24);
  ASSERT_TRUE(tmux.shows(prompt));
  same("finding", tmux);
}

TEST_F(ReviewTerminal, ColoursOnlyWhereTheyAreWanted) {
  {
    Tmux tmux(folder_, 80, 24);
    ASSERT_TRUE(tmux.shows(prompt));
    EXPECT_TRUE(contains(tmux.screen(true), "\x1b["));
  }
  for (const char* environment : {"NO_COLOR=1 TERM=tmux-256color", "NO_COLOR=1 TERM=dumb"}) {
    Tmux tmux(folder_, 80, 24, environment);
    ASSERT_TRUE(tmux.shows(prompt)) << environment;
    EXPECT_FALSE(contains(tmux.screen(true), "\x1b[")) << environment;
    if (!contains(environment, "dumb")) same("finding", tmux);
    EXPECT_TRUE(tmux.key_shows("q", "exit 0")) << environment;
  }
}

TEST_F(ReviewTerminal, APasteAcceptsNothing) {
  Tmux tmux(folder_, 80, 24);
  ASSERT_TRUE(tmux.shows(first));
  tmux.paste("yyyyyyyyyyyyyyyyqww\nyyyww");
  ASSERT_TRUE(tmux.shows("as an accidental paste"));
  EXPECT_TRUE(contains(tmux.screen(), first));
  tmux.type("yyyqw");                                    // as fast as no hand is
  std::this_thread::sleep_for(std::chrono::seconds(1));  // what comes at once with it is part of it
  ASSERT_TRUE(tmux.key_shows("C-d", "nothing was written"));
  EXPECT_TRUE(tmux.shows("exit 2"));
  EXPECT_TRUE(untouched());
}

TEST_F(ReviewTerminal, ExplainsRulesAndKeys) {
  Tmux tmux(folder_, 80, 24);
  ASSERT_TRUE(tmux.shows(first));
  ASSERT_TRUE(tmux.key_shows("?", "Several keys at once"));
  same("keys", tmux);
  ASSERT_TRUE(tmux.key_shows("q", prompt));
  ASSERT_TRUE(tmux.key_shows("e", "pgadvise rules explain"));
  ASSERT_TRUE(tmux.key_shows("G", "q goes back"));
  ASSERT_TRUE(tmux.key_shows("q", prompt));
  EXPECT_TRUE(tmux.key_shows("r", "there is no database to run the statement in"));
}

}  // namespace
}  // namespace pgadvise
