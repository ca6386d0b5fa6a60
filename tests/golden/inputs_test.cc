// Inputs without end and passwords in sight: what a repository names, what the command line names, what other
// processes see.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::run;

constexpr const char* limited = "timeout 60";  // a program that waits for a pipe would do so for ever

TEST(Inputs, OfARepositoryAreNoPipesOrDevices) {
  const Folder folder;
  folder.write("db/0001_a.sql", "CREATE TABLE t (id int PRIMARY KEY);\n");
  ASSERT_EQ(::mkfifo(folder.path("app.log").c_str(), 0600), 0);
  folder.write("pgadvise.toml",
               "[inputs]\npaths = [\"db\"]\nlogs = [\"app.log\",\n  \"/dev/zero\"]\nworkloads = "
               "\"/proc/self/environ\"\n");
  const auto outside = run("check", folder.path(), limited);
  EXPECT_EQ(outside.exit_code, 2);
  EXPECT_TRUE(contains(outside.err, "pgadvise.toml:4:3: logs: /dev/zero leaves the repository"))
      << outside.err;
  // A file of --config may name any folder, and still no device.
  const auto ran = run("check --config pgadvise.toml", folder.path(), limited);
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(contains(ran.err, "pgadvise.toml:4:3: /dev/zero is a device")) << ran.err;
  EXPECT_TRUE(
      contains(ran.err, "pgadvise.toml:5:13: /proc/self/environ belongs to a file system of the kernel"))
      << ran.err;
  folder.write("pgadvise.toml", "[inputs]\npaths = [\"db\"]\nlogs = [\"app.log\"]\n");
  const auto pipe = run("check", folder.path(), limited);
  EXPECT_EQ(pipe.exit_code, 2);
  EXPECT_TRUE(contains(pipe.err, "pgadvise.toml:3:9: app.log is a pipe")) << pipe.err;
}

// A folder with a pipe in it does not look clean: one warning, whatever walks through the folder.
TEST(Inputs, PipesInAFolderAreNamedOnce) {
  const Folder folder;
  folder.write("migrations/0001_a.up.sql", "CREATE TABLE t (id int PRIMARY KEY);\n");
  folder.write("package.json", "{}");
  ASSERT_EQ(::mkfifo(folder.path("migrations/0002_b.up.sql").c_str(), 0600), 0);
  const std::string file = "contains a file that pgadvise did not read, as it is not a regular file: ";
  for (const auto& [arguments, line] : std::initializer_list<std::pair<const char*, std::string>>{
           {"check", "pgadvise: .: " + file + "migrations/0002_b.up.sql (pipe)"},
           {"check migrations", "pgadvise: migrations: " + file + "0002_b.up.sql (pipe)"},
           {"check --schema migrations", "pgadvise: migrations: " + file + "0002_b.up.sql (pipe)"}}) {
    const auto ran = run(arguments, folder.path(), limited);
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    const auto at = ran.err.find(line);
    EXPECT_NE(at, std::string::npos) << arguments << "\n" << ran.err;
    EXPECT_EQ(ran.err.find(file, at == std::string::npos ? at : at + line.size()), std::string::npos)
        << arguments << "\n"
        << ran.err;
  }
  folder.write("pgadvise.toml", "[inputs]\nexclude = [\"*/0002_b.up.sql\"]\n");
  EXPECT_FALSE(contains(run("check", folder.path(), limited).err, file)) << "excluded";
}

// git is not started where it would wait, and the report goes on with one warning.
TEST(Inputs, APipeOfGitsIsNamedInsteadOfWaitedFor) {
  const Folder folder;
  folder.write("migrations/0001_a.up.sql", "CREATE TABLE t (id int PRIMARY KEY);\n");
  if (std::system(("git init -q '" + folder.path() + "'").c_str()) != 0) GTEST_SKIP() << "no git";
  ASSERT_EQ(::mkfifo(folder.path(".git/info/exclude2").c_str(), 0600), 0);
  folder.write("other/migrations/0001_b.up.sql", "CREATE TABLE u (id int PRIMARY KEY);\n");
  const auto ran = run("check . migrations other", folder.path(), limited);
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(
      ran.err,
      "pgadvise: .git/info/exclude2: is a pipe or a device, and git would wait for it: pgadvise can't tell "
      "which migrations are committed (remove it)\n");
  const auto changed = run("check . --changed", folder.path(), limited);
  EXPECT_EQ(changed.exit_code, 2);
  EXPECT_TRUE(contains(changed.err, ".git/info/exclude2: is a pipe or a device")) << changed.err;
}

// A word of the command line that may hold a password is not repeated, whichever option it went to.
TEST(Inputs, NoMessageRepeatsAPassword) {
  const Folder folder;
  folder.write("a.sql", "SELECT 1;\n");
  for (const char* arguments :
       {"check a.sql --db @p --allow-host u:SECRETTOKEN@h:5432", "check --db @u:SECRETTOKEN@h",
        "check --db=u:SECRETTOKEN@h:5432", "check a.sql --format u:SECRETTOKEN@h:5432",
        "check u:SECRETTOKEN@h:5432", "check --baseline=u:SECRETTOKEN@h a.sql", "check --log u:SECRETTOKEN@h",
        "check a.sql --jobs u:SECRETTOKEN@h", "check --config u:SECRETTOKEN@h", "u:SECRETTOKEN@h:5432",
        "init postgresql://u:SECRETTOKEN@h/db", "snapshot --unknown u:SECRETTOKEN@h",
        "rules explain u:SECRETTOKEN@h", "advise --verify=u:SECRETTOKEN@h",
        "check --fail-on u:SECRETTOKENSECRETTOKENSECRETTOKENSECRETTOKENSECRETTOKENSECRETTOKEN@h a.sql"}) {
    const auto ran = run(arguments, folder.path(), limited);
    EXPECT_NE(ran.exit_code, 0) << arguments;
    EXPECT_FALSE(contains(ran.out + ran.err, "SECRETTOKEN")) << arguments << "\n" << ran.err << ran.out;
  }
}

TEST(Inputs, AConfigurationThatIsAPipeIsRefused) {
  const Folder folder;
  ASSERT_EQ(::mkfifo(folder.path("pgadvise.toml").c_str(), 0600), 0);
  const auto ran = run("check", folder.path(), limited);
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_TRUE(contains(ran.err, "pgadvise.toml: is a pipe")) << ran.err;
}

TEST(Inputs, OfTheCommandLineMayBePipes) {
  const Folder folder;
  folder.write(
      "a.sql",
      "CREATE TABLE a (id int PRIMARY KEY);\nCREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a);\n");
  ASSERT_EQ(::mkfifo(folder.path("schema").c_str(), 0600), 0);
  const auto schema =
      run("check --schema " + folder.path("schema") + " --fail-on warning -o " + folder.path("report") +
              " & cat " + folder.path("a.sql") + " > " + folder.path("schema") + "; wait $!",
          "", limited);
  EXPECT_FALSE(contains(schema.err, "pipe")) << schema.err;
  EXPECT_EQ(read_file(folder.path("report")).value_or("").find("unindexed-foreign-key") == std::string::npos,
            false);
  const auto null = run("check --log /dev/null", folder.path(), limited);
  EXPECT_FALSE(contains(null.err, "device")) << null.err;
  const auto zero = run("check --log /dev/zero", folder.path(), limited);
  EXPECT_EQ(zero.exit_code, 2);
  EXPECT_TRUE(contains(zero.err, "/dev/zero: is a device")) << zero.err;
}

// A server that accepts and never answers.
class Silent {
 public:
  Silent() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0 && ::listen(socket_, 8) == 0 &&
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0)
      port_ = ntohs(address.sin_port);
  }
  ~Silent() { ::close(socket_); }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;
  std::string port() const { return std::to_string(port_); }
  int accept() const { return ::accept(socket_, nullptr, nullptr); }

 private:
  int socket_;
  int port_ = 0;
};

// What /proc shows of the program while it waits for the server.
std::string seen_while_running(std::vector<std::string> words, const Silent& server) {
  std::vector<char*> argv{const_cast<char*>(testing_support::program)};
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execv(testing_support::program, argv.data());
    ::_exit(127);
  }
  const int connection = server.accept();  // it is running, and has read its words
  std::ifstream in("/proc/" + std::to_string(child) + "/cmdline", std::ios::binary);
  const std::string out{std::istreambuf_iterator<char>(in), {}};
  ::close(connection);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return out;
}

TEST(Inputs, APasswordIsNotInTheProcessList) {
  const Silent server;
  const std::string at = "127.0.0.1:" + server.port();
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"check", "--db", "postgresql://joe:hunter2@" + at + "/shop"},
           {"check", "--db=postgresql://joe:hunter2@" + at + "/shop"},
           {"check", "--db", "postgresql://joe:$hunter2@" + at + "/shop"},
           {"check", "--db", "postgresql://" + at + "/shop?user=joe&pass%77ord=hunter2"},
           {"check", "--db", "postgresql://joe@" + at + "/shop", "--store",
            "clickhouse://joe:hunter2@127.0.0.1:1/facts"},
           {"check", "--db=host=127.0.0.1 port=" + server.port() + " password='hunter2 x' user=joe"},
           {"digest", "--db", "host=127.0.0.1 port=" + server.port() + " sslpassword=hunter2"}}) {
    const auto seen = seen_while_running(words, server);
    EXPECT_TRUE(contains(seen, "--db")) << words.back();
    EXPECT_FALSE(contains(seen, "hunter2")) << seen;
  }
}

TEST(Inputs, AWarningNamesTheWayWithoutAPassword) {
  const auto ran = run("check --db postgresql://joe:hunter2@127.0.0.1:1/shop");
  EXPECT_EQ(ran.exit_code, 3);
  EXPECT_TRUE(contains(ran.err, "contains a password")) << ran.err;
  EXPECT_TRUE(contains(ran.err, "--db env")) << ran.err;
  EXPECT_FALSE(contains(ran.err, "hunter2")) << ran.err;
  EXPECT_FALSE(contains(run("check --db postgresql://joe@127.0.0.1:1/shop").err, "contains a password"));
}

TEST(Inputs, GitGetsNoPassword) {
  const Folder folder;
  folder.write("migrations/0001_a.sql", "CREATE TABLE t (id int PRIMARY KEY);\n");
  folder.write("bin/git", "#!/bin/sh\nenv >> '" + folder.path("seen") + "'\nexec /usr/bin/git \"$@\"\n");
  std::filesystem::permissions(folder.path("bin/git"), std::filesystem::perms::owner_all);
  run("check . --changed", folder.path(),
      "PATH='" + folder.path("bin") +
          "':$PATH PGPASSWORD=hunter2 DATABASE_URL=postgresql://joe:hunter2@x/y "
          "PGADVISE_STORE=clickhouse://joe:hunter2@x/y CLICKHOUSE_PASSWORD=hunter2");
  const std::string seen = read_file(folder.path("seen")).value_or("");
  EXPECT_TRUE(contains(seen, "PATH=")) << "git was not asked";
  EXPECT_FALSE(contains(seen, "hunter2"));
}

TEST(Inputs, AnIgnoreBehindAByteOrderMarkCounts) {
  const Folder folder;
  const std::string sql =
      "-- pgadvise: ignore unindexed-foreign-key it is small\nCREATE TABLE t (id int PRIMARY KEY, t_id int "
      "REFERENCES t);\n";
  folder.write("with.sql", "\xef\xbb\xbf" + sql);
  const auto ran = run("check with.sql --fail-on note,unindexed-foreign-key", folder.path());
  EXPECT_FALSE(contains(ran.out, "unindexed-foreign-key")) << ran.out;
}

TEST(Inputs, PathsThatCannotBeOpenedAreErrorsAndNoCrash) {
  const Folder folder;
  std::filesystem::create_symlink("b", folder.path("a"));
  std::filesystem::create_symlink("a", folder.path("b"));
  for (const std::string& path : {std::string("a"), std::string("a/x"), std::string(300, 'n')}) {
    const auto ran = run("check " + path, folder.path());
    EXPECT_EQ(ran.exit_code, 2) << path << "\n" << ran.err;
  }
}

TEST(Inputs, DigestHidesSecretsAlsoWithShowLiterals) {
  const Folder folder;
  folder.write(
      "one.log",
      "2026-01-01 10:00:00.000 UTC [1] joe@shop LOG:  duration: 9000.000 ms  statement: SELECT id FROM users "
      "WHERE password = 'hunter2' AND name = 'kept'\n");
  const auto text = run("digest one.log --show-literals", folder.path());
  EXPECT_FALSE(contains(text.out, "hunter2")) << text.out;
  EXPECT_TRUE(contains(text.out, "kept")) << text.out;
  EXPECT_FALSE(contains(run("digest one.log --show-literals --format json", folder.path()).out, "hunter2"));
}

}  // namespace
}  // namespace pgadvise
