// How `pgadvise watch` starts its checks, what it refuses, and how a signal ends a running check.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files/input_file.h"
#include "support/fake_server.h"
#include "support/run.h"
#include "watch/watch_board.h"
#include "watch/watch_check.h"
#include "watch/watch_files.h"

namespace pgadvise {
namespace {

using testing_support::run;
using Variables = std::vector<std::pair<std::string, std::string>>;

std::string behind(const std::vector<std::string>& words, const std::string& option) {
  const auto found = std::find(words.begin(), words.end(), option);
  return found == words.end() || found + 1 == words.end() ? "(none)" : *(found + 1);
}

watch::WatchedCheck check_of(const std::string& db, const std::string& store) {
  watch::WatchedCheck out;
  out.database = {db, "shop"};
  out.store = store;
  return out;
}

TEST(WatchedCheck, HasNoConnectionStringAmongItsArguments) {
  const std::string db = "postgresql://u:first@h/d", store = "postgresql://u:second@h/s?retention=9";
  auto check = check_of(db, store);
  check.spool = "/spool";
  check.counters = "/spool/c";
  check.page = "/tmp/0.html";
  check.log_lines = "/spool/lines.csv";
  const auto command = watch::command_of(check);
  EXPECT_EQ(behind(command.words, "--db"), "env");
  EXPECT_EQ(behind(command.words, "--store"), "env");
  EXPECT_EQ(behind(command.words, "--store-as"), "shop");
  EXPECT_EQ(behind(command.words, "--spool"), "/spool");
  EXPECT_EQ(behind(command.words, "--counters"), "/spool/c");
  EXPECT_EQ(behind(command.words, "-o"), "/tmp/0.html");
  EXPECT_EQ(command.variables, (Variables{{"DATABASE_URL", db}, {"PGADVISE_STORE", store}}));
  const auto digest = watch::digest_command_of(check);
  EXPECT_EQ(digest.words[1], "/spool/lines.csv");
  EXPECT_EQ(behind(digest.words, "--store"), "env");
  EXPECT_EQ(behind(digest.words, "--store-as"), "shop");
  EXPECT_EQ(digest.variables, (Variables{{"PGADVISE_STORE", store}}));
  for (const auto* words : {&command.words, &digest.words})
    for (const auto& word : *words) {
      EXPECT_EQ(word.find("first"), std::string::npos) << word;
      EXPECT_EQ(word.find("second"), std::string::npos) << word;
    }
}

// watch itself sends them.
TEST(WatchedCheck, WritesTheBodiesOfOtlpIntoFiles) {
  auto check = check_of("@shop", "");
  check.otlp_logs = "/tmp/0.logs";
  check.otlp_metrics = "/tmp/0.metrics";
  const auto words = watch::command_of(check).words;
  for (const std::string file : {"/tmp/0.logs", "/tmp/0.metrics"}) {
    const auto at = std::find(words.begin(), words.end(), file);
    ASSERT_GE(at - words.begin(), 3) << file;
    ASSERT_NE(at, words.end()) << file;
    EXPECT_EQ(*(at - 1), "-o");
    EXPECT_EQ(*(at - 2), file == "/tmp/0.logs" ? "otlp-logs" : "otlp-metrics");
  }
  EXPECT_EQ(behind(words, "--otlp"), "(none)");
  EXPECT_EQ(words.back(), "openmetrics") << "the report for stdout";
}

TEST(WatchedCheck, GetsNamesAndEnvAsTheyAre) {
  const auto named = watch::command_of(check_of("@shop", "@team"));
  EXPECT_EQ(behind(named.words, "--db"), "@shop");
  EXPECT_EQ(behind(named.words, "--store"), "@team");
  EXPECT_EQ(named.variables, Variables{});
  const auto env = watch::command_of(check_of("env", ""));
  EXPECT_EQ(behind(env.words, "--db"), "env");
  EXPECT_EQ(behind(env.words, "--store"), "(none)");
  EXPECT_EQ(behind(env.words, "--counters"), "(none)");
  EXPECT_EQ(env.variables, Variables{});
}

TEST(WatchedCheck, HasTheNameOfItsDatabase) {
  EXPECT_EQ(watch::name_of("postgresql://joe@h/shop"), "shop");
  EXPECT_EQ(watch::name_of("host=h dbname=shop user=joe"), "shop");
  EXPECT_EQ(watch::name_of("host=h user=joe"), "joe");
}

TEST(WatchBoard, KeepsTheLastGoodMetricsOfEachDatabase) {
  watch::WatchBoard board({"eu", "us & co"}, false, [] { return report::metric_family("x", "X.", 7); });
  EXPECT_EQ(board.metrics(report::MetricsFormat::openmetrics).find("watch_up"), std::string::npos)
      << "nothing is known yet";
  const std::string one = "# HELP f F.\n# TYPE f gauge\nf{database=\"d\"} 1\n# EOF\n";
  board.add(0, one);
  board.add(0, std::nullopt);
  board.add(1, std::nullopt);
  const std::string text = board.metrics(report::MetricsFormat::openmetrics);
  for (const char* line : {"f{target=\"eu\",database=\"d\"} 1\n", "pgadvise_watch_up{target=\"eu\"} 0\n",
                           "pgadvise_watch_checks_total{target=\"eu\"} 2\n",
                           "pgadvise_watch_failed_checks_total{target=\"eu\"} 1\n",
                           "pgadvise_watch_up{target=\"us & co\"} 0\n", "pgadvise_x{} 7\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  EXPECT_TRUE(text.ends_with("# EOF\n"));
  EXPECT_EQ(text.find("f{target=\"us"), std::string::npos) << text;
}

// As promtool and OpenMetrics' parsers ask for it: only counters end in _total, and OpenMetrics names their
// family without it.
TEST(WatchBoard, CountsInCounters) {
  watch::WatchBoard board({"eu"}, false, [] { return report::metric_family("y_total", "Y.", 3); });
  board.add(0, std::nullopt);
  const std::string file = board.metrics(report::MetricsFormat::prometheus);
  const std::string page = board.page("/metrics").content;
  for (const char* name : {"pgadvise_watch_checks", "pgadvise_watch_failed_checks", "pgadvise_y"}) {
    for (const std::string word : {"# HELP ", "# TYPE "}) {
      EXPECT_NE(file.find(word + name + "_total "), std::string::npos) << file;
      EXPECT_NE(page.find(word + name + " "), std::string::npos) << page;
      EXPECT_EQ(page.find(word + name + "_total"), std::string::npos) << page;
    }
    EXPECT_NE(file.find("# TYPE " + std::string(name) + "_total counter\n" + name + "_total{"),
              std::string::npos)
        << file;
    EXPECT_NE(page.find("# TYPE " + std::string(name) + " counter\n" + name + "_total{"), std::string::npos)
        << page;
  }
  EXPECT_NE(page.find("# TYPE pgadvise_watch_up gauge\npgadvise_watch_up{"), std::string::npos) << page;
}

TEST(WatchBoard, HasAPageForEachDatabase) {
  watch::WatchBoard board({"eu", "us & co"}, true, {});
  EXPECT_EQ(board.page("/metrics").status, 200U);
  EXPECT_EQ(board.page("/report/eu").status, 503U) << "no check has succeeded yet";
  ASSERT_NE(board.page_file(1), "");
  std::ofstream(board.page_file(1)) << "<p>report";
  EXPECT_EQ(board.page("/report/us & co").content, "<p>report");
  const auto list = board.page("/");
  EXPECT_NE(list.content.find("<a href=\"/report/us%20%26%20co\">us &amp; co</a>"), std::string::npos)
      << list.content;
  EXPECT_EQ(board.page("/report/").status, 404U);
  EXPECT_EQ(board.page("/report/../etc/passwd").status, 404U);
  EXPECT_EQ(board.page("/favicon.ico").status, 404U);
}

TEST(WatchBoard, HasTheReportOfItsOnlyDatabaseAtTheRoot) {
  watch::WatchBoard board({"shop"}, true, {});
  EXPECT_EQ(board.page("/").status, 503U);
  std::ofstream(board.page_file(0)) << "<p>report";
  EXPECT_EQ(board.page("/").content, "<p>report");
  const watch::WatchBoard none({"shop"}, false, {});
  EXPECT_EQ(none.page("/").status, 404U);
}

// A $TMPDIR of its own, for this process.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    if (const char* before = std::getenv("TMPDIR")) before_ = before;
    ::setenv("TMPDIR", folder_.path().c_str(), 1);
  }
  ~TemporaryFolder() {
    if (before_) ::setenv("TMPDIR", before_->c_str(), 1);
    else ::unsetenv("TMPDIR");
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(const std::string& name) const { return folder_.path(name); }
  std::size_t folders() const {
    std::size_t out = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      out += entry.is_directory() && !entry.is_symlink();
    return out;
  }

 private:
  testing_support::Folder folder_;
  std::optional<std::string> before_;
};

TEST(WatchFiles, FoldersOfKilledRunsAreRemoved) {
  const TemporaryFolder temporary;
  const pid_t killed = ::fork();
  if (killed == 0) {
    const watch::WatchBoard board({"shop"}, true, {});
    std::ofstream(board.page_file(0)) << "<p>report";
    ::_exit(0);  // without destructors
  }
  ::waitpid(killed, nullptr, 0);
  ASSERT_EQ(temporary.folders(), 1U);
  const watch::WatchBoard board({"shop"}, true, {});
  EXPECT_EQ(temporary.folders(), 1U) << "only that of `board`";
  const watch::WatchBoard other({"shop"}, true, {});
  EXPECT_EQ(temporary.folders(), 2U) << "a run that lives keeps its folder";
  std::ofstream(board.page_file(0)) << "<p>report";
  EXPECT_EQ(board.page("/").status, 200U);
}

TEST(WatchFiles, NothingBehindALinkIsRemoved) {
  const TemporaryFolder temporary;
  const testing_support::Folder target;
  target.write("lock", "");
  target.write("0.html", "mine");
  std::filesystem::create_directory_symlink(target.path(), temporary.path("pgadvise-watch-ABCDEF"));
  std::filesystem::create_directory(temporary.path("pgadvise-watch-unlocked"));
  const watch::WatchBoard board({"shop"}, true, {});
  EXPECT_TRUE(std::filesystem::exists(target.path("0.html")));
  EXPECT_TRUE(std::filesystem::exists(target.path("lock")));
  EXPECT_TRUE(std::filesystem::exists(temporary.path("pgadvise-watch-unlocked"))) << "not known to be dead";
}

TEST(WatchFiles, LeftoversWithLiteralsAreRemoved) {
  const testing_support::Folder folder;
  const testing_support::Folder elsewhere;
  elsewhere.write("target", "mine");
  for (const char* name :
       {"aa.lines", "aa.lines.csv", "aa.lines.csv.x1Y2z3", "aa.position.x1Y2z3", "aa.counters.x1Y2z3",
        "aa.counters-next.x1Y2z3", "aa.position", "aa.counters", "aa.counters-next", "bb.lines", "notes"})
    folder.write(name, "x");
  std::filesystem::create_symlink(elsewhere.path("target"), folder.path("aa.lines.link"));
  watch::remove_leftovers(folder.path("aa"));
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    left.insert(entry.path().filename().string());
  EXPECT_EQ(left, (std::set<std::string>{"aa.position", "aa.counters", "aa.counters-next", "aa.lines.link",
                                         "bb.lines", "notes"}));
  EXPECT_TRUE(std::filesystem::exists(elsewhere.path("target")));
}

TEST(WatchFiles, HaveOneUser) {
  const testing_support::Folder folder;
  {
    const auto first = watch::lock_files(folder.path("aa"));
    ASSERT_TRUE(first.has_value());
    EXPECT_TRUE(watch::lock_files(folder.path("bb")).has_value()) << "another database";
    const auto second = watch::lock_files(folder.path("aa"));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().where, folder.path("aa.lock"));
  }
  EXPECT_TRUE(watch::lock_files(folder.path("aa")).has_value()) << "a dead one leaves the file";
  EXPECT_TRUE(watch::lock_files(folder.path("missing/aa")).has_value());
}

TEST(WatchedCheck, FindsANamedDatabase) {
  const testing_support::Folder folder;
  folder.write("config/pgadvise/config.toml", "[databases.shop]\nurl = \"host=/nonexistent dbname=shop\"\n");
  const auto ran = run("watch --db @shop --rounds 1 -o shop.prom", folder.path(),
                       "XDG_CONFIG_HOME=" + testing_support::quoted(folder.path("config")));
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_NE(ran.err.find("/nonexistent"), std::string::npos) << ran.err;
  EXPECT_EQ(ran.err.find("the next check"), std::string::npos) << "there is none: " << ran.err;
}

TEST(Watch, RefusesEmptyOptions) {
  for (const std::string words :
       {"--db '' -o /dev/null", "--db ' ' -o /dev/null", "--db env --store '' -o /dev/null"}) {
    const auto ran = run("watch --rounds 1 " + words);
    EXPECT_EQ(ran.exit_code, 2) << words;
    EXPECT_NE(ran.err.find("is empty"), std::string::npos) << words << ran.err;
  }
}

TEST(Watch, SamplesAreForAStore) {
  const auto ran = run("watch --db 'host=/nonexistent dbname=a' --rounds 1 -o /dev/null --sample-every 30s");
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_NE(ran.err.find("--sample-every needs --store"), std::string::npos) << ran.err;
}

TEST(Watch, RefusesWhatItCannotServe) {
  for (const std::string words : {"--serve 0.0.0.0:9790", "--serve example.com:80", "--serve x"}) {
    const auto ran = run("watch --rounds 1 --db 'host=/nonexistent dbname=a' " + words);
    EXPECT_EQ(ran.exit_code, 2) << words;
    EXPECT_NE(ran.err.find("not a loopback address"), std::string::npos) << ran.err;
  }
}

TEST(Watch, NamesEachDatabase) {
  const std::string two = "watch --rounds 1 -o /dev/null --db 'host=/nonexistent dbname=a' --db ";
  const auto same = run(two + "'host=/elsewhere dbname=a'");
  EXPECT_EQ(same.exit_code, 2);
  EXPECT_NE(same.err.find("two databases are named a"), std::string::npos) << same.err;
  EXPECT_EQ(run(two + "'host=/elsewhere dbname=a' --store-as x --store-as y").exit_code, 3);
  const auto few = run(two + "'host=/elsewhere dbname=b' --store-as x");
  EXPECT_EQ(few.exit_code, 2);
  EXPECT_NE(few.err.find("names 1 of 2 databases"), std::string::npos) << few.err;
  const testing_support::Folder folder;
  const auto log = run(two + "'host=/nonexistent dbname=b' --log app.log --store sqlite:s.db --spool spool",
                       folder.path());
  EXPECT_EQ(log.exit_code, 2);
  EXPECT_NE(log.err.find("is the log of one database"), std::string::npos) << log.err;
}

TEST(Watch, NamesDatabasesAsTheConfigurationDoes) {
  const testing_support::Folder folder;
  folder.write("config/pgadvise/config.toml",
               "[databases.eu]\nurl = \"host=/nonexistent dbname=shop\"\n"
               "[databases.us]\nurl = \"host=/elsewhere dbname=shop\"\n");
  const auto ran = run("watch --db @eu --db @us --rounds 1 -o shop.prom", folder.path(),
                       "XDG_CONFIG_HOME=" + testing_support::quoted(folder.path("config")));
  EXPECT_EQ(ran.exit_code, 3) << ran.err;
  const auto metrics = read_file(folder.path("shop.prom")).value_or("");
  EXPECT_NE(metrics.find("pgadvise_watch_up{target=\"eu\"} 0"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("pgadvise_watch_up{target=\"us\"} 0"), std::string::npos) << metrics;
}

TEST(Watch, ASignalEndsTheRunningCheck) {
  for (const int signal : {SIGTERM, SIGINT}) {
    std::atomic<bool> connected = false;
    const testing_support::FakeServer silent([&](testing_support::Peer& peer) {
      connected = true;
      peer.pause(std::chrono::hours(1));
    });
    testing_support::RunningProgram watch(
        {"watch", "--db", silent.conninfo() + " connect_timeout=600", "-o", "/dev/null"});
    for (int i = 0; i < 3000 && !connected; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(connected) << watch.wait(std::chrono::seconds(0)).err;
    watch.send(signal);
    const auto ran = watch.wait(std::chrono::seconds(30));  // the check would wait for 600 s
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    EXPECT_EQ(ran.err.find("the next check"), std::string::npos) << ran.err;
  }
}

// As in a container. The kernel drops a signal for process 1 that has no handler.
TEST(Watch, EndsBySigtermAsProcessOne) {
  if (std::system("unshare --pid --fork true >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "no PID namespace can be made here";
  const testing_support::Folder folder;
  const std::string words = "watch --db 'host=/nonexistent dbname=shop' --every 1h --serve 0 2>err";
  const std::string script =
      "(i=0; until grep -q serves err || test $i = 600; do sleep 0.1; i=$((i+1)); done; kill -TERM 1) & "
      "exec " +
      testing_support::quoted(testing_support::program) + " " + words;
  const int status =
      std::system(("cd " + testing_support::quoted(folder.path()) +
                   " && timeout -s KILL 300 unshare --pid --fork sh -c " + testing_support::quoted(script))
                      .c_str());
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
      << status << " " << read_file(folder.path("err")).value_or("");
}

}  // namespace
}  // namespace pgadvise
