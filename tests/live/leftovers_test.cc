// What a killed run leaves: the next run names it, --cleanup removes it, and nothing else goes with it.
#include "pg/verify/leftovers.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/lone_database.h"
#include "support/paths.h"
#include "support/run.h"
#include "support/sandbox_processes.h"

namespace pgadvise {
namespace {

using namespace std::chrono_literals;
using live::Lone;
using testing_support::Folder;
using testing_support::quoted;
using testing_support::run;

bool eventually(const std::function<bool()>& condition) {
  for (int n = 0; n < 400; ++n) {
    if (condition()) return true;
    std::this_thread::sleep_for(50ms);
  }
  return false;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// The program as it is, so that a signal reaches it and no shell.
class Started {
 public:
  Started(const std::string& arguments, const std::string& out, const std::string& environment = "") {
    pid_ = fork();
    if (pid_ == 0) {
      const std::string command = environment + " exec " + quoted(testing_support::program) + " " +
                                  arguments + " >" + quoted(out) + " 2>&1 </dev/null";
      execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      _exit(127);
    }
  }
  ~Started() { end(SIGKILL); }
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
  void send(int signal) const { ::kill(pid_, signal); }
  int wait() {
    int status = -1;
    if (pid_ > 0) waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  void end(int signal) {
    if (pid_ <= 0) return;
    send(signal);
    wait();
  }

 private:
  pid_t pid_ = -1;
};

constexpr const char* count_ours = "SELECT count(*) FROM pg_class WHERE relname LIKE 'pgadvise\\_verify\\_%'";
constexpr const char* slow_workload =
    "SELECT id, note FROM orders WHERE customer_id = 77;\n"
    "SELECT count(*) FROM orders a JOIN orders b ON a.customer_id = b.customer_id JOIN orders c ON "
    "b.customer_id = c.customer_id JOIN orders d ON d.customer_id = c.customer_id;\n";

class Leftovers : public testing::Test {
 protected:
  Leftovers() { queries_ = folder_.write("queries.sql", slow_workload); }

  std::string advise() const {
    return "advise --db " + quoted(database_.conninfo()) + " --workload " + quoted(queries_);
  }
  std::string verify() const { return advise() + " --verify --disposable " + database_.name(); }
  testing_support::Ran cleanup(const std::string& more = "") const {
    return run("advise --cleanup --db " + quoted(database_.conninfo()) + " --disposable " + database_.name() +
               " " + more);
  }

  // Until --verify has committed an index; a session before its start would keep it from starting.
  bool built() const {
    return eventually([&] { return locks() != "0"; }) &&
           eventually([&] { return database_.value(count_ours) != "0"; });
  }
  // Held by runs on the database.
  std::string locks() const {
    const auto rows = live::server_admin().query(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = " +
        std::to_string(pg::lock_class) + " AND database = (SELECT oid FROM pg_database WHERE datname = '" +
        database_.name() + "')");
    return rows ? rows->front()[0].value_or("") : rows.error().line();
  }
  void kill_after_build() {
    Started program(verify(), folder_.path("out"));
    ASSERT_TRUE(built()) << read_file(folder_.path("out")).value_or("");
    program.end(SIGKILL);
    ASSERT_NE("0", database_.value(count_ours)) << read_file(folder_.path("out")).value_or("");
  }
  // CREATE INDEX takes `seconds` here; `deaf`: on a server that does not notice that its client is gone.
  void make_builds_slow(bool deaf, int seconds = 600) {
    database_.run(std::string("CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN ") +
                  (deaf ? "PERFORM set_config('client_connection_check_interval', '0', false); " : "") +
                  "PERFORM pg_sleep(" + std::to_string(seconds) +
                  "); END $$; CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('CREATE INDEX') "
                  "EXECUTE FUNCTION slow();");
  }
  void kill_while_building() {
    Started program(verify(), folder_.path("out"));
    ASSERT_TRUE(eventually([&] {
      return database_.sessions("query LIKE '%CREATE INDEX%' AND wait_event = 'PgSleep'") == "1";
    })) << read_file(folder_.path("out")).value_or("");
    program.end(SIGKILL);
  }

  Folder folder_;
  Lone database_;
  std::string queries_;
};

TEST_F(Leftovers, TheNextRunNamesTheIndexesAndCleanupDropsThem) {
  kill_after_build();
  const std::string name =
      database_.value("SELECT relname FROM pg_class WHERE relname LIKE 'pgadvise\\_verify\\_%' LIMIT 1");
  const std::string comment = database_.value("SELECT obj_description('public." + name + "'::regclass)");
  const auto mark = pg::read_mark(comment);
  ASSERT_TRUE(mark) << comment;
  EXPECT_EQ(mark->id, pg::run_of_index(name));
  for (const auto& command : {advise(), "check --db " + quoted(database_.conninfo())}) {
    const auto next = run(command);
    EXPECT_TRUE(has(next.err, "a killed run of advise --verify (") &&
                has(next.err, ") left index public." + name + " on orders"))
        << next.err;
    EXPECT_TRUE(has(next.err, "pgadvise advise --cleanup --db CONNECTION --disposable '" + database_.name() +
                                  "' drops it"))
        << next.err;
    EXPECT_TRUE(has(next.err, mark->started)) << next.err;
  }
  const auto before = database_.indexes();
  const auto asked = cleanup();
  EXPECT_EQ(2, asked.exit_code);
  EXPECT_TRUE(has(asked.out, name)) << asked.out;
  EXPECT_TRUE(has(asked.err, "without a terminal")) << asked.err;
  const auto other =
      run("advise --cleanup --yes --db " + quoted(database_.conninfo()) + " --disposable postgres");
  EXPECT_EQ(2, other.exit_code);
  EXPECT_TRUE(has(other.err, "--disposable names")) << other.err;
  EXPECT_EQ(2, run("advise --cleanup --yes --db " + quoted(database_.conninfo())).exit_code);
  EXPECT_EQ(before, database_.indexes());
  const auto done = cleanup("--yes");
  EXPECT_EQ(0, done.exit_code) << done.err;
  EXPECT_TRUE(has(done.out, "Dropped index public." + name)) << done.out;
  EXPECT_EQ("1", database_.indexes()) << "the primary key stays";
  EXPECT_TRUE(has(cleanup().out, "No leftovers")) << "nothing left to ask about";
  EXPECT_EQ("0", locks());
}

TEST_F(Leftovers, ARunThatGoesOnKeepsItsIndexes) {
  Started program(verify(), folder_.path("out"));
  ASSERT_TRUE(built()) << read_file(folder_.path("out")).value_or("");
  program.send(SIGSTOP);
  const auto there = database_.value(count_ours);
  const auto tried = cleanup("--yes");
  EXPECT_EQ(0, tried.exit_code) << tried.err;
  EXPECT_TRUE(has(tried.out, "No leftovers")) << tried.out;
  EXPECT_TRUE(has(tried.out, "its run is still active")) << tried.out;
  EXPECT_EQ(there, database_.value(count_ours));
  EXPECT_FALSE(has(run(advise()).err, "a killed run of advise --verify"));
  program.send(SIGCONT);
  EXPECT_EQ(0, program.wait()) << read_file(folder_.path("out")).value_or("");
  EXPECT_EQ("1", database_.indexes());
}

TEST_F(Leftovers, TheServerGivesUpABuildWhoseClientWasKilled) {
  if (live::server_admin().server_version() < 140000)
    GTEST_SKIP() << "client_connection_check_interval came with 14";
  make_builds_slow(false);
  kill_while_building();
  EXPECT_TRUE(eventually([&] { return database_.sessions() == "0"; }));
  EXPECT_EQ("1", database_.indexes()) << "index and comment are one transaction";
}

TEST_F(Leftovers, ABuildThatGoesOnIsNamedAndCancelled) {
  make_builds_slow(true);
  kill_while_building();
  const auto next = run(verify());
  EXPECT_EQ(2, next.exit_code) << "somebody is connected";
  EXPECT_TRUE(has(next.err, "the server still builds an index for a killed run of advise --verify"))
      << next.err;
  const auto asked = cleanup();
  EXPECT_EQ(2, asked.exit_code);
  EXPECT_TRUE(has(asked.out, "CREATE INDEX in backend")) << asked.out;
  EXPECT_EQ("1", database_.sessions());
  const auto done = cleanup("--yes");
  EXPECT_EQ(0, done.exit_code) << done.err;
  EXPECT_TRUE(has(done.out, "Cancelled the CREATE INDEX in backend")) << done.out;
  EXPECT_TRUE(eventually([&] { return database_.sessions() == "0"; }));
  EXPECT_EQ("1", database_.indexes());
}

// A mark can be read by anybody, and so written by anybody.
class ForgedMarks : public Leftovers {
 protected:
  static pg::VerifyRun dead_run(const std::string& id = "0123456789abcdef") {
    return {id, 4711, "1", "00000000000000ff", "elsewhere", "2026-01-02T03:04:05Z"};
  }
  static std::string comment(const std::string& index, const std::string& text) {
    return "COMMENT ON INDEX " + index + " IS '" + text + "';";
  }
};

TEST_F(ForgedMarks, NothingGoesThatVerifyCannotHaveMade) {
  const auto mark = pg::mark(dead_run());
  const std::string ours = "pgadvise_verify_0123456789abcdef_";
  database_.run(
      comment("orders_pkey", mark) +  // a primary key with our comment
      "ALTER TABLE log ADD CONSTRAINT " + ours + "1 UNIQUE (id);" +
      comment(ours + "1", mark) +  // a constraint with name and comment
      "CREATE UNIQUE INDEX " + ours + "2 ON log (id);" + comment(ours + "2", mark) +  // unique
      "CREATE INDEX " + ours + "3 ON log (id);" +                                     // no comment
      "CREATE INDEX " + ours + "4 ON log (id);" +
      comment(ours + "4", pg::mark(dead_run("fedcba9876543210"))) +                  // another run's comment
      "CREATE INDEX " + ours + "5 ON log (id);" + comment(ours + "5", mark + " ") +  // not the exact text
      "CREATE INDEX " + ours + "6 ON log (id);" +
      comment(ours + "6",
              "pgadvise advise --verify: run=0''; DROP TABLE log; --") +  // injection in the run's id
      "CREATE INDEX \"pgadvise_verify_\"\"; DROP TABLE log; --_1\" ON log (said);" +
      comment("\"pgadvise_verify_\"\"; DROP TABLE log; --_1\"", mark) + "CREATE INDEX " + ours +
      "7 ON log (said);" + comment(ours + "7", mark) + "ALTER TABLE log CLUSTER ON " + ours + "7;" +
      "CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO "
      "(9); CREATE INDEX theirs ON p1 (a);"
      "CREATE INDEX " +
      ours + "8 ON p (a);" + comment(ours + "8", mark) +  // takes theirs along
      "CREATE TABLE q (a int) PARTITION BY RANGE (a); CREATE TABLE q1 PARTITION OF q FOR VALUES FROM (0) TO "
      "(9); CREATE INDEX q_a ON q (a);"
      "ALTER INDEX q1_a_idx RENAME TO " +
      ours + "9;" + comment(ours + "9", mark) +  // a part of theirs
      "CREATE INDEX " + ours + "10 ON log (id, said);" +
      comment(ours + "10", mark));  // this one is as --verify makes them
  const int before = std::stoi(database_.indexes());
  const auto done = cleanup("--yes");
  EXPECT_EQ(0, done.exit_code) << done.out << done.err;
  EXPECT_TRUE(has(done.out, "Dropped index public." + ours + "10 on public.log")) << done.out;
  EXPECT_EQ(before - 1, std::stoi(database_.indexes())) << done.out;
  EXPECT_TRUE(has(done.out, "a constraint needs it")) << done.out;
  EXPECT_TRUE(has(done.out, "was not written by a run of --verify")) << done.out;
  EXPECT_TRUE(has(done.out, "belong to different runs")) << done.out;
  EXPECT_FALSE(has(done.out, "orders_pkey")) << done.out;
  EXPECT_EQ("1000", database_.value("SELECT count(*) FROM log"));
}

TEST_F(ForgedMarks, AnotherIndexOfThatNameStays) {
  const std::string name = "pgadvise_verify_0123456789abcdef_1";
  database_.run("CREATE INDEX " + name + " ON log (id);" + comment(name, pg::mark(dead_run())));
  auto connection = pg::Connection::open(database_.conninfo());
  ASSERT_TRUE(connection);
  const auto found = pg::find_leftovers(*connection);
  ASSERT_TRUE(found);
  ASSERT_EQ(1u, found->indexes.size());
  database_.run("ALTER INDEX " + name + " RENAME TO other; CREATE INDEX " + name + " ON log (said);");
  const auto dropped = pg::drop_leftover(*connection, found->indexes.front());
  ASSERT_FALSE(dropped);
  EXPECT_TRUE(has(dropped.error().what, "another index has this name now")) << dropped.error().what;
  EXPECT_EQ("2", database_.value("SELECT count(*) FROM pg_class WHERE relname IN ('other', '" + name + "')"));
  // A lock on the table: it gives up soon, and says why.
  database_.run("DROP INDEX " + name + "; ALTER INDEX other RENAME TO " + name);
  auto locker = pg::Connection::open(database_.conninfo());
  ASSERT_TRUE(locker && locker->query("BEGIN") && locker->query("LOCK TABLE log IN ACCESS SHARE MODE"));
  const auto refused = pg::drop_leftover(*connection, found->indexes.front());
  ASSERT_FALSE(refused);
  EXPECT_TRUE(has(refused.error().what, "lock timeout")) << refused.error().what;
  EXPECT_FALSE(connection->in_transaction());
  // A session that holds the run's lock: the run goes on.
  ASSERT_TRUE(locker->query("ROLLBACK") &&
              locker->query("SELECT pg_advisory_lock(" + std::to_string(pg::lock_class) + ", " +
                            std::to_string(pg::lock_number("0123456789abcdef")) + ")"));
  EXPECT_FALSE(pg::drop_leftover(*connection, found->indexes.front()));
  ASSERT_TRUE(locker->query("SELECT pg_advisory_unlock_all()"));
  EXPECT_TRUE(pg::drop_leftover(*connection, found->indexes.front()));
}

// A session that looks like a killed run's build: its process lives, or can't be seen from here.
TEST_F(ForgedMarks, ASessionIsCancelledOnlyWhereItsProcessIsKnownToBeGone) {
  make_builds_slow(false, 3);
  for (const auto& forged : {pg::new_verify_run(), dead_run()}) {
    auto session = pg::Connection::open(database_.conninfo());
    ASSERT_TRUE(session);
    ASSERT_TRUE(session->query("SELECT pg_advisory_lock(" + std::to_string(pg::lock_class) + ", " +
                               std::to_string(pg::lock_number(forged.id)) + ")"));
    pgadvise::Result<pg::Rows> built;
    std::thread building([&] {
      built = session->query(pg::statement_mark(forged) + "CREATE INDEX " + pg::index_name(forged, 1) +
                             " ON log (id)");
    });
    EXPECT_TRUE(eventually([&] { return database_.sessions("wait_event = 'PgSleep'") == "1"; }));
    const auto done = cleanup("--yes");
    EXPECT_TRUE(has(done.out, "CREATE INDEX in backend")) << done.out;
    EXPECT_FALSE(has(done.out, "Cancelled")) << done.out;
    building.join();
    EXPECT_TRUE(built) << built.error().line();
  }
}

TEST_F(ForgedMarks, TheQuestionOnATerminal) {
  const std::string name = "pgadvise_verify_0123456789abcdef_1";
  database_.run("CREATE INDEX " + name + " ON log (id);" + comment(name, pg::mark(dead_run())));
  for (const std::string answer : {"n", "", "y"}) {
    int terminal = -1;
    const pid_t child = forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child == 0) {
      execl(testing_support::program, "pgadvise", "advise", "--cleanup", "--disposable",
            database_.name().c_str(), "--db", database_.conninfo().c_str(), nullptr);
      _exit(127);
    }
    std::string seen;
    char buffer[512];
    bool answered = false;
    for (ssize_t got = 0; (got = read(terminal, buffer, sizeof buffer)) > 0;) {
      seen.append(buffer, static_cast<std::size_t>(got));
      if (!answered && has(seen, "Drop 1 index? [y/N]")) {
        const std::string line = answer + "\n";
        answered = write(terminal, line.data(), line.size()) > 0;
      }
    }
    int status = 0;
    waitpid(child, &status, 0);
    close(terminal);
    EXPECT_TRUE(answered) << seen;
    EXPECT_EQ(0, WEXITSTATUS(status)) << seen;
    EXPECT_EQ(answer == "y" ? "0" : "1", database_.value(count_ours)) << seen;
  }
}

TEST(VerifyPartitions, LeavesTheIndexesOfPartitionsThatWereThere) {
  const Lone database;
  database.run(
      "CREATE TABLE events (id int, kind int) PARTITION BY RANGE (id); CREATE TABLE e1 PARTITION OF events "
      "FOR VALUES FROM (0) TO (50000); "
      "CREATE TABLE e2 PARTITION OF events FOR VALUES FROM (50000) TO (200000); INSERT INTO events SELECT g, "
      "g % 3000 FROM generate_series(1, 100000) g; "
      "CREATE INDEX theirs ON e1 (kind); ANALYZE;");
  const auto before = database.value(
      "SELECT string_agg(oid || relname, ' ' ORDER BY oid) FROM pg_class WHERE relkind IN ('i', 'I')");
  const Folder folder;
  const auto ran = run("advise --db " + quoted(database.conninfo()) + " --workload " +
                       quoted(folder.write("q.sql", "SELECT count(*) FROM events WHERE kind = 42;")) +
                       " --verify --disposable " + database.name() + " --format json");
  ASSERT_EQ(0, ran.exit_code) << ran.err;
  EXPECT_TRUE(has(ran.out, "ATTACH PARTITION")) << ran.out;
  EXPECT_TRUE(has(ran.out, "\"not_built\": []")) << ran.out;
  EXPECT_EQ(
      before,
      database.value(
          "SELECT string_agg(oid || relname, ' ' ORDER BY oid) FROM pg_class WHERE relkind IN ('i', 'I')"))
      << ran.err;
}

// The program, its guardian and the remover killed: the server ends, and the next sandbox removes the folder
// and says so. A process that ended stays a zombie where process 1 does not wait for it, as in some
// containers.
bool ended(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  const std::string text((std::istreambuf_iterator<char>(status)), {});
  return text.empty() || has(text, "State:\tZ");
}

// The socket's name has the port, which `sandbox --` chooses.
bool has_socket(const std::string& folder) {
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder, code))
    if (entry.path().filename().string().starts_with(".s.PGSQL.") && entry.is_socket(code)) return true;
  return false;
}

TEST(KilledSandbox, TheNextOneRemovesAndNamesIt) {
  const Folder folder;
  ASSERT_EQ(0, chmod(folder.path().c_str(), 0777)) << "the server's user has to enter it";
  const std::string environment = "TMPDIR=" + quoted(folder.path());
  const auto schema = folder.write("s.sql", "CREATE TABLE t (id int);");
  const auto command = "sandbox --schema " + quoted(schema) + " -- ";
  Started program(command + "sleep 30", folder.path("out"), environment);
  std::string sandbox;
  pid_t server = 0;
  ASSERT_TRUE(eventually([&] {
    for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
      if (has(entry.path().filename().string(), "pgadvise-sandbox-")) sandbox = entry.path().string();
    if (!sandbox.empty()) server = testing_support::server_of(sandbox);
    return !sandbox.empty() && server > 0 && has_socket(sandbox);
  }));
  const auto others = testing_support::guards_of(sandbox);
  ASSERT_GE(others.size(), 2u);
  for (const auto& [pid, words] : others) ASSERT_EQ(0, kill(pid, SIGSTOP)) << "neither sees the other's end";
  for (const auto& [pid, words] : others) ASSERT_EQ(0, kill(pid, SIGKILL));
  program.end(SIGKILL);
  if (std::system("setpriv --pdeathsig QUIT true 2>/dev/null") == 0) {
    EXPECT_TRUE(eventually([&] { return ended(server); })) << "the server ends without its guardian";
  }
  ASSERT_TRUE(std::filesystem::exists(sandbox));
  const auto next = run(command + "true", "", environment);
  EXPECT_EQ(0, next.exit_code) << next.err;
  EXPECT_TRUE(has(next.err, sandbox + ": removed this sandbox, which a killed run left")) << next.err;
  EXPECT_FALSE(std::filesystem::exists(sandbox));
}

// A command that outlived pgadvise would go on without its server.
TEST(KilledSandbox, ItsCommandEnds) {
  for (const int signal : {SIGKILL, SIGTERM}) {
    const Folder folder;
    ASSERT_EQ(0, chmod(folder.path().c_str(), 0777)) << "the server's user has to enter it";
    const std::string file = folder.path("pid");
    Started program("sandbox -- sh -c " + quoted("echo $$ > '" + file + "'; exec sleep 300"),
                    folder.path("out"), "TMPDIR=" + quoted(folder.path()));
    pid_t command = 0;
    ASSERT_TRUE(eventually([&] {
      std::ifstream(file) >> command;
      return command > 0;
    })) << read_file(folder.path("out")).value_or("");
    program.end(signal);
    EXPECT_TRUE(eventually([&] { return ended(command); })) << signal;
  }
}

}  // namespace
}  // namespace pgadvise
