#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <regex>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process/isolated_process.h"
#include "base/process/process.h"
#include "pg/sandbox/sandbox.h"
#include "pg/sandbox/server_process.h"
#include "support/run.h"
#include "support/sandbox_processes.h"

namespace pgadvise {
namespace {

using namespace std::chrono_literals;
using testing_support::guards_of;
using testing_support::server_of;

bool exists(const std::string& path) {
  struct stat info{};
  return lstat(path.c_str(), &info) == 0;
}

// A zombie is gone as well: in a container nobody may be there to reap it.
bool gone(pid_t process) {
  if (kill(process, 0) != 0) return true;
  std::ifstream in("/proc/" + std::to_string(process) + "/stat");
  std::string number, name, state;
  return (in >> number >> name >> state) && state == "Z";
}

bool eventually(const std::function<bool()>& condition) {
  for (int n = 0; n < 200; ++n) {
    if (condition()) return true;
    std::this_thread::sleep_for(50ms);
  }
  return false;
}

std::string diagnostics_text(const Diagnostics& diagnostics) {
  std::string out;
  for (const auto& each : diagnostics) out += each.line() + "\n";
  return out;
}

// Drivers that are not libpq take no Unix socket's folder as a host.
TEST(PgSandbox, ACommandGetsUrlsOfTcpWithAPassword) {
  const testing_support::Folder folder;
  const auto schema = folder.write("s.sql", "CREATE TABLE t (id int);");
  const auto script =
      folder.write("run.sh",
                   "psql -X -At \"$DATABASE_URL\" -c 'SELECT inet_server_addr(), count(*) FROM t'\n"
                   "psql -X -At -c 'SELECT inet_server_addr() IS NULL'\n"
                   "echo \"$JDBC_DATABASE_URL\"\n"
                   "for host in 127.0.0.1 \"$PGHOST\"; do for user in pgadvise pgadvise_admin postgres; do\n"
                   "env -u PGPASSWORD psql -X -w -h $host -U $user -c 'SELECT 1' || echo refused\n"
                   "done; done\n"
                   "psql -X -w -U pgadvise_admin -c 'SELECT 1' || echo refused\n"
                   "psql -X -w -d template1 -c 'SELECT 1' || echo refused\n");
  const auto ran = testing_support::run("sandbox --schema " + schema + " -- sh " + script);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_NE(ran.out.find("127.0.0.1|0\nt\njdbc:postgresql://127.0.0.1:"), std::string::npos)
      << ran.out << ran.err;
  EXPECT_NE(ran.out.find("&password="), std::string::npos);
  std::string refused;
  for (int i = 0; i < 8; ++i) refused += "refused\n";
  EXPECT_TRUE(ran.out.ends_with(refused)) << "without the role's password\n" << ran.out;
}

TEST(PgSandbox, AdmitsTwoRolesWithTheirPasswords) {
  auto sandbox = pg::Sandbox::start();
  ASSERT_TRUE(sandbox) << sandbox.error().line();
  ASSERT_TRUE(sandbox->admin().run_script("CREATE ROLE other LOGIN SUPERUSER PASSWORD 'x'"));
  EXPECT_TRUE(pg::Connection::open(sandbox->conninfo()));
  const std::string at = "host=" + sandbox->folder() + " options='' passfile=/dev/null ";
  const std::string password = " password=" + sandbox->password();
  for (const auto& refused :
       {at + "dbname=sandbox user=pgadvise_admin", at + "dbname=sandbox user=pgadvise_admin" + password,
        at + "dbname=sandbox user=pgadvise", at + "dbname=template1 user=pgadvise" + password,
        at + "dbname=sandbox user=postgres" + password, at + "dbname=sandbox user=other password=x",
        at + "dbname=sandbox replication=true user=pgadvise" + password,
        at + "dbname=sandbox replication=database user=pgadvise" + password,
        at + "dbname=sandbox replication=true user=other password=x"})
    EXPECT_FALSE(pg::Connection::open(refused)) << refused;
}

TEST(PgSandbox, ItsPasswordsAreInNoFileAndNoArgument) {
  auto sandbox = pg::Sandbox::start();
  ASSERT_TRUE(sandbox) << sandbox.error().line();
  const auto found = run_program({"grep", "-rlaF", sandbox->password(), sandbox->folder()});
  ASSERT_TRUE(found) << found.error().line();
  EXPECT_EQ(found->out, "");
  std::ifstream stat_file("/proc/" + std::to_string(server_of(sandbox->folder())) + "/stat");
  std::string guardian;
  if (!(stat_file >> guardian >> guardian >> guardian >> guardian)) GTEST_SKIP() << "no /proc";
  for (const char* file : {"/cmdline", "/environ"}) {
    std::ifstream in("/proc/" + guardian + file);
    const std::string text((std::istreambuf_iterator<char>(in)), {});
    EXPECT_FALSE(std::regex_search(text, std::regex("[0-9a-f]{32}"))) << text;
  }
  std::ifstream rules(sandbox->folder() + "/data/pg_hba.conf");
  const std::string text((std::istreambuf_iterator<char>(rules)), {});
  EXPECT_EQ(text.find("trust"), std::string::npos) << text;
}

// What its superuser could do, if a script became that.
TEST(PgSandbox, ItsServerIsIsolated) {
  if (const auto possible = can_isolate(); !possible) GTEST_SKIP() << possible.error().line();
  const testing_support::Folder mine;
  ASSERT_EQ(0, chmod(mine.path().c_str(), 0777));
  for (const bool tcp : {false, true}) {
    Diagnostics diagnostics;
    auto sandbox = pg::Sandbox::start(diagnostics, {}, 20, tcp);
    ASSERT_TRUE(sandbox) << sandbox.error().line();
    const auto kind = [](const std::string& process, const std::string& name) {
      return std::filesystem::read_symlink("/proc/" + process + "/ns/" + name).string();
    };
    const auto server = std::to_string(server_of(sandbox->folder()));
    for (const char* name : {"mnt", "pid", "ipc", "uts"}) EXPECT_NE(kind(server, name), kind("self", name));
    EXPECT_EQ(kind(server, "net") == kind("self", "net"), tcp) << "clients reach the port of this machine";
    auto& admin = sandbox->admin();
    const auto shell = [&](const std::string& command) {
      (void)admin.query("CREATE TEMP TABLE IF NOT EXISTS said (line text)");
      (void)admin.query("TRUNCATE said");
      const auto ran = admin.query("COPY said FROM PROGRAM $$" + command + "$$");
      if (!ran) return ran.error().what;
      const auto rows = admin.query("SELECT coalesce(string_agg(line, ' '), '') FROM said");
      return rows ? rows->front()[0].value_or("") : rows.error().what;
    };
    EXPECT_EQ(shell("cat /proc/1/environ 2>/dev/null | wc -c"), "0");
    EXPECT_EQ(shell("(echo x >" + mine.path() + "/x) 2>/dev/null || echo read-only"), "read-only");
    EXPECT_EQ(shell("unshare --user true 2>/dev/null || echo refused"), "refused");
    EXPECT_EQ(shell("sed -n 's/^Seccomp:[^0-9]*//p' /proc/self/status"), "2");
    EXPECT_EQ(shell("ls ~postgres | wc -l"), "0") << "the data of another server";
    // Parallel queries have their shared memory.
    ASSERT_TRUE(
        admin.run_script("CREATE TABLE public.many AS SELECT g FROM generate_series(1, 200000) g; SET "
                         "min_parallel_table_scan_size = 0; "
                         "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0"));
    const auto sum = admin.query("SELECT count(*) FROM public.many a JOIN public.many b USING (g)");
    EXPECT_TRUE(sum) << sum.error().line();
  }
}

// The installation script of an extension resolves names in its schema.
TEST(PgSandbox, TheSuperuserInstallsNoExtensionBesideTheScriptsFunctions) {
  auto sandbox = pg::Sandbox::start();
  ASSERT_TRUE(sandbox) << sandbox.error().line();
  Diagnostics diagnostics;
  sandbox->build(
      {"one.sql",
       "CREATE SCHEMA other; CREATE EXTENSION cube; CREATE FUNCTION public.f() RETURNS int LANGUAGE sql "
       "AS 'SELECT 1'; CREATE EXTENSION dblink; CREATE EXTENSION earthdistance; CREATE EXTENSION "
       "earthdistance /* /* */ SCHEMA other */ SCHEMA public; CREATE EXTENSION IF NOT EXISTS xml2 WITH "
       "SCHEMA \"other\";"},
      diagnostics);
  const auto rows = sandbox->admin().query(
      "SELECT string_agg(e.extname || ' in ' || n.nspname, ', ' ORDER BY extname) FROM pg_extension e JOIN "
      "pg_namespace n ON n.oid = e.extnamespace WHERE e.extname NOT IN ('plpgsql', 'hypopg', 'cube')");
  ASSERT_TRUE(rows) << rows.error().line();
  EXPECT_EQ(rows->front()[0].value_or(""), "dblink in public, xml2 in other");
  EXPECT_EQ(2, std::count_if(diagnostics.begin(), diagnostics.end(), [](const Error& one) {
              return one.what.find("the script has functions in the schema public") != std::string::npos;
            }));
}

TEST(PgSandbox, ItsRoleGetsNoPrivileges) {
  auto sandbox = pg::Sandbox::start();
  ASSERT_TRUE(sandbox) << sandbox.error().line();
  for (const char* statement : {"SET ROLE pgadvise_admin",
                                "SET SESSION AUTHORIZATION pgadvise_admin",
                                "ALTER ROLE pgadvise SUPERUSER",
                                "ALTER ROLE pgadvise_admin PASSWORD 'x'",
                                "ALTER ROLE pgadvise_admin RENAME TO other",
                                "CREATE ROLE other SUPERUSER",
                                "GRANT pgadvise_admin TO pgadvise",
                                "GRANT pg_execute_server_program TO pgadvise",
                                "SELECT rolpassword FROM pg_authid",
                                "SELECT passwd FROM pg_shadow",
                                "UPDATE pg_authid SET rolsuper = true",
                                "COPY (SELECT 1) TO PROGRAM 'true'",
                                "COPY (SELECT 1) TO '/tmp/x'",
                                "SELECT pg_read_file('PG_VERSION')",
                                "SELECT pg_read_file('/etc/passwd')",
                                "SELECT pg_ls_dir('.')",
                                "SELECT lo_import('/etc/passwd')",
                                "ALTER SYSTEM SET archive_command = 'true'",
                                "LOAD '/tmp/x.so'",
                                "SELECT pg_reload_conf()",
                                "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x', 'y'",
                                "CREATE EXTENSION dblink",
                                "CREATE EXTENSION postgres_fdw",
                                "CREATE EXTENSION file_fdw",
                                "CREATE EXTENSION adminpack",
                                "CREATE EXTENSION plpython3u",
                                "CREATE EXTENSION plperlu",
                                "CREATE EXTENSION pageinspect",
                                "CREATE SUBSCRIPTION s CONNECTION 'host=/tmp' PUBLICATION p",
                                "SELECT * FROM pg_hba_file_rules",
                                "DO $$ BEGIN EXECUTE $q$COPY (SELECT 1) TO PROGRAM 'true'$q$; END $$"})
    EXPECT_FALSE(sandbox->connection().query(statement)) << statement;
}

TEST(PgSandbox, EndsWithItsObject) {
  std::string folder;
  pid_t pid = 0;
  {
    auto sandbox = pg::Sandbox::start();
    ASSERT_TRUE(sandbox) << sandbox.error().line();
    folder = sandbox->folder();
    pid = server_of(folder);
    ASSERT_GT(pid, 0);
    EXPECT_EQ(0, kill(pid, 0));
    struct stat info{};
    ASSERT_EQ(0, stat(folder.c_str(), &info));
    EXPECT_EQ(0700u, info.st_mode & 07777u);
  }
  EXPECT_FALSE(exists(folder));
  EXPECT_NE(0, kill(pid, 0));
}

TEST(PgSandbox, TwoAtOnceDoNotMeet) {
  auto one = pg::Sandbox::start();
  auto two = pg::Sandbox::start();
  ASSERT_TRUE(one && two);
  EXPECT_NE(one->folder(), two->folder());
  ASSERT_TRUE(one->connection().query("CREATE TABLE only_here (id integer)"));
  EXPECT_FALSE(two->connection().query("SELECT * FROM only_here"));
  EXPECT_TRUE(exists(one->folder()));
}

// Owners that end without a word: the guardian ends the server and removes the folder.
class OwnerDies : public testing::TestWithParam<int> {};

TEST_P(OwnerDies, NothingStays) {
  int pipes[2];
  ASSERT_EQ(0, pipe(pipes));
  const pid_t owner = fork();
  if (owner == 0) {
    close(pipes[0]);
    signal(GetParam(), SIG_DFL);
    auto sandbox = pg::Sandbox::start();
    if (!sandbox) _exit(1);
    const auto text = sandbox->folder() + "\n";
    if (write(pipes[1], text.data(), text.size()) < 0) _exit(1);
    for (;;) pause();
  }
  close(pipes[1]);
  std::string folder;
  char c = 0;
  while (read(pipes[0], &c, 1) == 1 && c != '\n') folder += c;
  close(pipes[0]);
  ASSERT_FALSE(folder.empty());
  const pid_t server = server_of(folder);
  ASSERT_GT(server, 0);
  ASSERT_EQ(0, kill(owner, GetParam()));
  ASSERT_EQ(owner, waitpid(owner, nullptr, 0));
  EXPECT_TRUE(eventually([&] { return kill(server, 0) != 0 && !exists(folder); })) << folder;
}

INSTANTIATE_TEST_SUITE_P(PgSandbox, OwnerDies, testing::Values(SIGKILL, SIGTERM, SIGINT, SIGHUP));

// Until the end of its scope TMPDIR is a folder of its own, so that no other test's sandbox sweeps what the
// test wants to see swept.
class OwnTmpdir {
 public:
  OwnTmpdir()
      : before_(std::getenv("TMPDIR") ? std::optional<std::string>(std::getenv("TMPDIR")) : std::nullopt) {
    EXPECT_EQ(0, chmod(folder_.path().c_str(), 0777)) << "the server's user has to enter it";
    setenv("TMPDIR", folder_.path().c_str(), 1);
  }
  ~OwnTmpdir() { before_ ? setenv("TMPDIR", before_->c_str(), 1) : unsetenv("TMPDIR"); }
  OwnTmpdir(const OwnTmpdir&) = delete;
  OwnTmpdir& operator=(const OwnTmpdir&) = delete;
  std::string path() const { return folder_.path(); }

 private:
  const testing_support::Folder folder_;
  const std::optional<std::string> before_;
};

// Owner and guardian both killed: the next start clears up, and leaves the living alone.
TEST(PgSandbox, SweepsWhatADeadRunLeft) {
  const OwnTmpdir tmpdir;
  auto living = pg::Sandbox::start();
  ASSERT_TRUE(living) << living.error().line();
  int pipes[2];
  ASSERT_EQ(0, pipe(pipes));
  const pid_t owner = fork();
  if (owner == 0) {
    auto sandbox = pg::Sandbox::start();
    if (!sandbox) _exit(1);
    const auto text = sandbox->folder() + "\n";
    if (write(pipes[1], text.data(), text.size()) < 0) _exit(1);
    for (;;) pause();
  }
  close(pipes[1]);
  std::string folder;
  char c = 0;
  while (read(pipes[0], &c, 1) == 1 && c != '\n') folder += c;
  close(pipes[0]);
  ASSERT_FALSE(folder.empty());
  const pid_t server = server_of(folder);
  const auto others = guards_of(folder);
  ASSERT_GE(others.size(), 2u);
  for (const auto& [pid, words] : others) kill(pid, SIGSTOP);  // none sees the other's end
  for (const auto& [pid, words] : others) ASSERT_EQ(0, kill(pid, SIGKILL));
  ASSERT_EQ(0, kill(owner, SIGKILL));
  ASSERT_EQ(owner, waitpid(owner, nullptr, 0));
  for (const auto& [pid, words] : others)
    ASSERT_TRUE(eventually([&] { return gone(pid); })) << "a signal takes a while on a busy machine";
  ASSERT_TRUE(exists(folder));
  Diagnostics diagnostics;
  const auto next = pg::Sandbox::start(diagnostics);
  ASSERT_TRUE(next);
  EXPECT_NE(std::string::npos,
            diagnostics_text(diagnostics).find(folder + ": removed this sandbox, which a killed run left"))
      << diagnostics_text(diagnostics);
  EXPECT_FALSE(exists(folder));
  EXPECT_TRUE(eventually([&] { return gone(server); }));
  EXPECT_TRUE(living->connection().query("SELECT 1"));
}

// What has a sandbox's name and is none of ours, or may be written by others, stays.
TEST(PgSandbox, SweepsOnlyItsOwnFolders) {
  namespace fs = std::filesystem;
  const OwnTmpdir tmpdir;
  const std::string base = tmpdir.path();
  const auto make = [&](const char* name, mode_t mode) {
    const std::string path = base + "/" + name;
    EXPECT_EQ(0, mkdir(path.c_str(), 0700));
    std::ofstream(path + "/lock") << "";
    EXPECT_EQ(0, chmod(path.c_str(), mode));
    return path;
  };
  const auto precious = make("precious", 0700);
  fs::create_directory_symlink(precious, base + "/pgadvise-sandbox-link");
  const auto open_to_all = make("pgadvise-sandbox-others", 0755);
  const auto young = make("pgadvise-new-young", 0700);
  const auto dead = make("pgadvise-sandbox-dead", 0700);
  fs::create_directory_symlink(precious, dead + "/data");
  Diagnostics diagnostics;
  const auto user = pg::server_user();
  ASSERT_TRUE(user);
  pg::sweep(*user, diagnostics);
  EXPECT_TRUE(exists(precious + "/lock"));
  EXPECT_TRUE(exists(base + "/pgadvise-sandbox-link"));
  EXPECT_TRUE(exists(open_to_all));
  EXPECT_TRUE(exists(young)) << "its owner may just be making it";
  EXPECT_FALSE(exists(dead)) << diagnostics_text(diagnostics);
  EXPECT_NE(std::string::npos, diagnostics_text(diagnostics).find(dead)) << diagnostics_text(diagnostics);
}

TEST(PgSandbox, RunsManyStatementsAsOneAndAWrongOneAlone) {
  int sent = 0;
  Diagnostics started;
  auto sandbox = pg::Sandbox::start(started, [&](const auto&) { ++sent; });
  ASSERT_TRUE(sandbox) << sandbox.error().line();
  std::string script, wrong;
  for (int i = 0; i < 120; ++i) {
    script += "CREATE TABLE a" + std::to_string(i) + " (id int PRIMARY KEY);  -- one\n";
    wrong += i == 7 ? std::string("CREATE INDEX ON nowhere (id);\n")
                    : "CREATE TABLE b" + std::to_string(i) + " (id int);\n";
  }
  Diagnostics diagnostics;
  sent = 0;
  sandbox->build({"right.sql", script}, diagnostics);
  EXPECT_LT(sent, 20) << "three queries for 120 statements, and settings";
  EXPECT_TRUE(diagnostics.empty()) << diagnostics_text(diagnostics);
  sandbox->build({"wrong.sql", wrong}, diagnostics);
  ASSERT_EQ(diagnostics.size(), 1U) << diagnostics_text(diagnostics);
  EXPECT_TRUE(diagnostics[0].where.ends_with("wrong.sql:8")) << diagnostics[0].line();
  const auto made = sandbox->connection().query(
      "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^[ab]\\d+$'");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->front()[0], "239");
}

TEST(PgSandbox, StandsInForWhatTheServerLacks) {
  auto sandbox = pg::Sandbox::start();
  ASSERT_TRUE(sandbox);
  Diagnostics diagnostics;
  sandbox->build({"dump.sql", R"(SET setting_of_a_later_server = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA extensions;
CREATE TABLE public.docs (
  id uuid DEFAULT public.uuid_generate_v9() NOT NULL PRIMARY KEY,
  slug text DEFAULT public.nanoid(12),
  embedding public.vector(1536),
  place public.geometry(Point,4326),
  email public.citext2 UNIQUE,
  score integer DEFAULT public.made_up(),
  user_id uuid REFERENCES auth.users (id) ON DELETE CASCADE
);
ALTER TABLE public.docs OWNER TO somebody;
CREATE INDEX docs_embedding ON public.docs USING hnsw (embedding public.vector_cosine_ops);
CREATE INDEX docs_slug ON public.docs USING gin (slug extensions.gin_trgm_ops);
ALTER TABLE public.docs ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON public.docs TO authenticated, service_role USING ((auth.uid() = user_id));
CREATE POLICY admin ON public.docs TO authenticated USING (public.is_boss(user_id));
CREATE TRIGGER t BEFORE UPDATE ON public.docs FOR EACH ROW EXECUTE FUNCTION public.touch();
BEGIN;
CREATE TABLE public.after_error (id integer);
SELECT 1/0;
CREATE TABLE public.same_transaction (id integer);
COMMIT;
GRANT SELECT ON public.docs TO anon;
CREATE INDEX CONCURRENTLY docs_email ON public.docs (email);
)"},
                 diagnostics);
  const auto text = diagnostics_text(diagnostics);
  auto& admin = sandbox->admin();
  const auto columns = sandbox->connection().query(
      "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'public.docs'::regclass "
      "AND attnum > 0"
      " ORDER BY attnum");
  ASSERT_TRUE(columns) << text;
  std::vector<std::string> types;
  for (const auto& row : *columns) types.push_back(*row[0]);
  EXPECT_EQ(
      (std::vector<std::string>{"uuid", "text", "vector(1536)", "geometry", "citext2", "integer", "uuid"}),
      types)
      << text;
  const auto count = [&](const std::string& query) {
    const auto rows = admin.query("SELECT count(*) FROM " + query);
    return rows ? *rows->front().front() : rows.error().line();
  };
  EXPECT_EQ("2", count("pg_policy")) << text;
  EXPECT_EQ("1", count("pg_trigger WHERE NOT tgisinternal")) << text;
  EXPECT_EQ("4", count("pg_index WHERE indrelid = 'public.docs'::regclass")) << text;
  EXPECT_EQ("2", count("pg_class WHERE relname IN ('after_error', 'same_transaction')")) << text;
  EXPECT_NE(std::string::npos, text.find("dump.sql:1: ")) << text;
  EXPECT_NE(std::string::npos, text.find("dump.sql:15: CREATE INDEX: ")) << text;
  EXPECT_NE(std::string::npos, text.find("dump.sql:23: SELECT 1: division by zero")) << text;
  EXPECT_EQ(std::string::npos, text.find("dump.sql:14: ")) << "ownership goes without a word\n" << text;
}

// SQL from a repository must not reach the machine.
TEST(PgSandbox, ScriptsStayInside) {
  auto sandbox = pg::Sandbox::start();
  ASSERT_TRUE(sandbox);
  const auto target = sandbox->folder() + "/escaped";
  Diagnostics diagnostics;
  sandbox->build(
      {"evil.sql", "COPY (SELECT 1) TO PROGRAM 'touch " + target + "';\n" + "COPY (SELECT 1) TO '" + target +
                       "';\n" + "CREATE EXTENSION adminpack;\nSELECT pg_file_write('" + target +
                       "', 'x', false);\n" +
                       "GRANT pg_execute_server_program TO pgadvise;\nSET ROLE pgadvise_admin;\n" +
                       "DO $$ BEGIN COPY (SELECT 1) TO PROGRAM 'touch " + target + "'; END $$;\n" +
                       "SELECT lo_export(lo_from_bytea(0, 'x'), '" + target +
                       "');\n"
                       "ALTER ROLE pgadvise SUPERUSER;\nALTER SYSTEM SET archive_command = 'x';\n"},
      diagnostics);
  EXPECT_FALSE(exists(target)) << diagnostics_text(diagnostics);
  EXPECT_GE(diagnostics.size(), 7u) << diagnostics_text(diagnostics);
}

}  // namespace
}  // namespace pgadvise
