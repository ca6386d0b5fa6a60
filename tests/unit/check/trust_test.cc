// What a repository's configuration may reach, and what only the user's own allows.
#include "check/config/trust.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text/text.h"
#include "check/config/host.h"
#include "support/temp_tree.h"

namespace pgadvise::check {
namespace {

using testing_support::TempTree;
using Lines = std::vector<std::string>;

// The user's own configuration, in a folder of its own; the environment is as it was when the test ends.
class UserConfig {
 public:
  explicit UserConfig(const std::string& text)
      : mask_(::umask(022)),
        tree_{{"pgadvise/config.toml", text}},
        before_(std::getenv("XDG_CONFIG_HOME") ? std::getenv("XDG_CONFIG_HOME") : "") {
    ::setenv("XDG_CONFIG_HOME", tree_.path().c_str(), 1);
    for (const char* variable : {"PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"}) ::unsetenv(variable);
  }
  ~UserConfig() {
    ::umask(mask_);
    before_.empty() ? ::unsetenv("XDG_CONFIG_HOME") : ::setenv("XDG_CONFIG_HOME", before_.c_str(), 1);
  }
  std::string path() const { return tree_.path("pgadvise/config.toml"); }

 private:
  mode_t mask_;  // a file that a group may write is refused
  TempTree tree_;
  std::string before_;
};

// Of [databases.p] with this line in a repository: the connection string, or "refused: " and why.
std::string conninfo_of(const std::string& line, const Lines& allowed = {}, std::string* hint = nullptr) {
  const TempTree tree{{"pgadvise.toml", "[databases.p]\n" + line + "\n"}};
  const auto config = read_config(tree.path("pgadvise.toml"));
  if (!config) return "wrong: " + config.error().front().what;
  auto user = read_user_config("");
  EXPECT_TRUE(user);
  Config known = user.value_or(Config{});
  known.hosts_of_run = allowed;
  const auto found = repository_conninfo("p", config->databases.at("p"), known);
  if (found) return *found;
  EXPECT_EQ(found.error().where, tree.path("pgadvise.toml:1:12"));
  if (hint) *hint = found.error().hint;
  return "refused: " + found.error().what;
}

bool refused(const std::string& line, const Lines& allowed = {}) {
  return conninfo_of(line, allowed).starts_with("refused: ");
}

TEST(Trust, HostsAreWrittenInOneWay) {
  for (const auto& [text, plain] : std::initializer_list<std::pair<const char*, const char*>>{
           {"DB.Example.com:5432", "db.example.com:5432"},
           {" h:1 ", "h:1"},
           {"[::1]:5432", "[::1]:5432"},
           {"[FE80::1%eth0]:1", "[fe80::1%eth0]:1"},
           {"/var/run/postgresql:5432", "/var/run/postgresql:5432"},
           {"10.0.0.1:6543", "10.0.0.1:6543"}})
    EXPECT_EQ(allowed_host(std::string_view(text)).value_or("none"), plain);
  for (const char* text :
       {"", "h", "h:", ":5432", "h:x", "h:123456", "::1:5432", "*:5432", "h.*:1", "postgresql://h:1", "a,b:1",
        "h\":1", "h\n:1", "d\u0430tabase:1", "a b:1", "/tmp/\"x:1", "user@h:1"})
    EXPECT_FALSE(allowed_host(std::string_view(text))) << text;
  EXPECT_EQ(allowed_host(pg::Address{"::1", "5432"}).value_or(""), "[::1]:5432");
}

TEST(Trust, AHostThatOnlyTheRepositoryNamesIsRefused) {
  const UserConfig none("");
  std::string hint;
  EXPECT_EQ(conninfo_of("url = \"postgresql://app@db.evil.com:6543/shop\"", {}, &hint),
            "refused: the database p is on db.evil.com:6543, which is not allowed: pgadvise would send your "
            "password there");
  EXPECT_EQ(
      hint,
      "to allow it: --allow-host db.evil.com:6543, or add the line allow-hosts = [\"db.evil.com:6543\"] in " +
          none.path());
  EXPECT_EQ(conninfo_of("url = \"postgresql://app@DB.evil.com:6543/shop\"", {"db.evil.com:6543"}),
            "postgresql://app@DB.evil.com:6543/shop");
  for (const char* line : {"url = \"host=localhost\"",
                           "url = \"host=/var/run/postgresql\"",
                           "url = \"host=h\"",
                           "url = \"host=h,evil port=1\"",
                           "url = \"host=h port=1 hostaddr=6.6.6.6\"",
                           "url = \"hostaddr=6.6.6.6 port=1\"",
                           "url = \"postgresql://h:1,evil:1/d\"",
                           "url = \"postgresql://h:1,h:2/d\"",
                           "url = \"postgresql://%65vil:1/d\"",
                           "url = \"postgresql:///d?host=evil&port=1\"",
                           "url = \"postgresql://h:1/d?host=evil\"",
                           "url = \"postgresql://h:1/d?hostaddr=6.6.6.6\"",
                           "url = \"dbname=d\"",
                           "url = \"port=1\"",
                           "url = \"host=h. port=1\"",
                           "url = \"host=h port=01\"",
                           "url = \"host='h ' port=1\"",
                           "url = \"host=h,, port=1\"",
                           "url = \"host=@h port=1\"",
                           "url = \"host=h port=' 1'\"",
                           "url = \"postgresql://[::1]:1/d\""})
    EXPECT_TRUE(refused(line, {"h:1"})) << line << ": " << conninfo_of(line, {"h:1"});
  for (const char* line : {"url = \"host=h port=1\"",
                           "url = \"postgresql://joe@h:1/d?connect_timeout=3&target_session_attrs=any\"",
                           "url = \"host=H,h port=1,1\"", "url = \"host=h hostaddr=10.0.0.1 port=1\""})
    EXPECT_FALSE(refused(line, {"h:1", "10.0.0.1:1"}))
        << line << ": " << conninfo_of(line, {"h:1", "10.0.0.1:1"});
}

TEST(Trust, TheEnvironmentsServerIsComparedToo) {
  const UserConfig none("");
  const auto with = [&](const char* variable, const char* value, const char* line, const Lines& allowed) {
    ::setenv(variable, value, 1);
    const bool out = refused(line, allowed);
    ::unsetenv(variable);
    return out;
  };
  EXPECT_TRUE(with("PGHOST", "db", "url = \"port=6666\"", {"db:5432"}));
  EXPECT_FALSE(with("PGHOST", "db", "url = \"dbname=x\"", {"db:5432"}));
  EXPECT_TRUE(with("PGHOSTADDR", "6.6.6.6", "url = \"host=h port=1\"", {"h:1"}));
  EXPECT_TRUE(with("PGPORT", "2", "url = \"host=h\"", {"h:5432"}));
}

TEST(Trust, ARepositorysUrlSetsNothingElse) {
  const UserConfig none("");
  for (const char* keyword :
       {"passfile", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslcompression", "gssencmode",
        "krbsrvname", "gsslib", "options", "service", "requirepeer", "channel_binding", "replication",
        "keepalives", "fallback_application_name", "ssl_min_protocol_version"})
    for (const std::string form : {"host=h port=1 @=1", "postgresql://h:1/d?@=1"}) {
      const std::string line = "url = \"" + replace_all(form, "@", keyword) + "\"";
      EXPECT_EQ(conninfo_of(line, {"h:1"}),
                std::string("refused: the database p: a repository's url may not set ") + keyword)
          << line;
    }
  EXPECT_EQ(conninfo_of("url = \"postgresql://h:1/d?ssl=true\"", {"h:1"}),
            "refused: the database p: a repository's url may not set sslmode");
}

TEST(Trust, ServicesAndVariablesAreTheUsers) {
  const UserConfig none("");
  EXPECT_EQ(conninfo_of("service = \"shop\""), "service='shop'");
  ::setenv("PGADVISE_TEST_URL", "host=anywhere", 1);
  EXPECT_EQ(conninfo_of("url-env = \"PGADVISE_TEST_URL\""), "host=anywhere");
  ::unsetenv("PGADVISE_TEST_URL");
  EXPECT_EQ(conninfo_of("url-env = \"PGADVISE_TEST_URL\""),
            "refused: the database p refers to the environment variable PGADVISE_TEST_URL, which is not set");
  for (const char* variable : {"GITHUB_HEAD_REF", "CI_COMMIT_TITLE", "CI_COMMIT_REF_NAME", "CHANGE_BRANCH",
                               "BUILDKITE_MESSAGE", "PR_TITLE"}) {
    ::setenv(variable, "postgresql://evil/x", 1);
    EXPECT_TRUE(refused("url-env = \"" + std::string(variable) + "\"")) << variable;
    ::unsetenv(variable);
  }
  ::setenv("CI_DATABASE_URL", "host=h", 1);
  EXPECT_FALSE(refused("url-env = \"CI_DATABASE_URL\""));
  ::unsetenv("CI_DATABASE_URL");
}

TEST(Trust, TheUsersOwnConfigurationAllows) {
  const UserConfig own(
      "allow-hosts = [\"db.example.com:5432\", \"[::1]:1\"]\nallow-commands = "
      "true\n[databases.production]\nurl = \"host=prod sslmode=verify-full\"\n[stores.team]\nurl-env = "
      "\"STORE\"\n");
  const auto user = read_user_config("");
  ASSERT_TRUE(user) << user.error().front().line();
  EXPECT_EQ(user->allowed_hosts, (Lines{"db.example.com:5432", "[::1]:1"}));
  EXPECT_TRUE(user->allow_commands);
  EXPECT_EQ(trusted_conninfo("production", user->databases.at("production")).value_or(""),
            "host=prod sslmode=verify-full");
  EXPECT_EQ(user->stores.at("team").url_env, "STORE");
  std::string hint;
  EXPECT_TRUE(conninfo_of("url = \"host=a,b\"", {}, &hint)
                  .starts_with("refused: the database p is on a:5432 and b:5432, which are not allowed"));
  EXPECT_EQ(hint,
            "to allow it: --allow-host a:5432 --allow-host b:5432, or add the line allow-hosts = "
            "[\"db.example.com:5432\", \"[::1]:1\", \"a:5432\", \"b:5432\"] in " +
                own.path());
}

TEST(Trust, TheUsersOwnConfigurationIsChecked) {
  const auto errors = [](const std::string& text) {
    const UserConfig own(text);
    const auto user = read_user_config("");
    Lines out;
    if (!user)
      for (const auto& error : user.error())
        out.push_back(replace_all(error.where, own.path(), "") + " " + error.what);
    return out;
  };
  EXPECT_EQ(errors(""), Lines());
  EXPECT_EQ(errors("allow-hosts = [\"h\", 5]\nallow-commands = \"yes\"\nallow-host = \"h:1\"\n"),
            (Lines{":1:16 allow-hosts: h has no port number",
                   ":1:21 allow-hosts is neither a string nor a list of strings",
                   ":2:18 allow-commands is neither true nor false", ":3:1 unknown key allow-host"}));
  EXPECT_EQ(errors("[rules.deep-offset]\n[inputs]\n"),
            (Lines{":1:2 rules is a setting of repositories only",
                   ":2:2 inputs is a setting of repositories only"}));
  EXPECT_EQ(errors("[stores.a]\npassword = \"x\"\n[databases.b]\nurl = \"host=h password=hidden\"\n"),
            (Lines{":1:9 a database's profile does not say how to connect",
                   ":2:1 a configuration must not contain a password", ":4:7 url contains a password"}));
}

TEST(Trust, AFileThatARepositoryCouldHaveWrittenIsNotTheUsers) {
  const UserConfig own("");
  const auto inside =
      read_user_config(std::filesystem::canonical(own.path()).parent_path().parent_path().generic_string());
  ASSERT_FALSE(inside);
  EXPECT_NE(inside.error().front().what.find("is in the repository"), std::string::npos);
  for (const auto others : {std::filesystem::perms::others_write, std::filesystem::perms::group_write}) {
    ASSERT_TRUE(read_user_config(""));
    std::filesystem::permissions(own.path(), others, std::filesystem::perm_options::add);
    const auto writable = read_user_config("");
    ASSERT_FALSE(writable);
    EXPECT_EQ(writable.error().front().what, "is writable by other users");
    std::filesystem::permissions(own.path(), others, std::filesystem::perm_options::remove);
  }
  if (::geteuid() == 0) {  // only root can give a file away
    ASSERT_EQ(0, ::chown(own.path().c_str(), 65534, 65534));
    const auto foreign = read_user_config("");
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().front().what, "belongs to another user, who may not grant permissions");
    ASSERT_EQ(0, ::chown(own.path().c_str(), 0, 0));
  }
  ::setenv("XDG_CONFIG_HOME", ".config", 1);
  const std::string home = std::getenv("HOME") ? std::getenv("HOME") : "";
  ::setenv("HOME", "/nowhere", 1);
  EXPECT_EQ(user_config_path(), "/nowhere/.config/pgadvise/config.toml")
      << "a folder of the current one is no user's";
  ::setenv("HOME", "relative", 1);
  EXPECT_EQ(user_config_path(), "");
  ::setenv("HOME", home.c_str(), 1);
}

TEST(Trust, ARepositoryNamesNoStoreNoCommandAndAllowsNothing) {
  const UserConfig own("");
  const TempTree tree{{"pgadvise.toml",
                       "allow-hosts = [\"evil:1\"]\nallow-commands = true\n[stores.team]\nurl = "
                       "\"host=h\"\n[hooks]\ncommand = \"rm\"\n"}};
  for (const auto origin : {ConfigOrigin::repository, ConfigOrigin::command_line}) {
    const auto config = read_config(tree.path("pgadvise.toml"), origin);
    ASSERT_FALSE(config);
    Lines lines;
    for (const auto& error : config.error())
      lines.push_back(replace_all(error.line(), tree.path("pgadvise.toml:"), ""));
    EXPECT_EQ(
        lines,
        (Lines{"1:1: allow-hosts has no effect in a repository's configuration: only the user can allow "
               "this (--allow-host, or the line allow-hosts = [\"evil:1\"] in " +
                   own.path() + ")",
               "2:1: allow-commands has no effect in a repository's configuration: only the user can "
               "allow this (--allow-commands, or the line allow-commands = true in " +
                   own.path() + ")",
               "3:9: a repository's configuration may not name a store: team (the line stores.team.url "
               "= \"postgresql://…\" in " +
                   own.path() + ")",
               "5:2: hooks: a repository's configuration may not name a command (the only command is that of "
               "[migrate], which needs --allow-commands)"}));
  }
}

TEST(Trust, TheMigrateCommandIsReadAndHasNoPassword) {
  const UserConfig own("");
  const TempTree tree{{"pgadvise.toml", "[migrate]\ncommand = \"npx knex migrate:latest\"\n"}};
  const auto config = read_config(tree.path("pgadvise.toml"));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->migrate.command, "npx knex migrate:latest");
  EXPECT_EQ(config->migrate.place.line, 2);
  for (const char* wrong :
       {"migrate = \"rm\"\n", "[migrate]\ncommand = 5\n", "[migrate]\ncommand = \" \"\n",
        "[migrate]\ncommands = \"x\"\n", "[migrate]\ncommand = \"x postgres://u:SECRET@h/d\"\n"}) {
    const TempTree other{{"pgadvise.toml", wrong}};
    const auto refused = read_config(other.path("pgadvise.toml"));
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().front().line().find("SECRET"), std::string::npos);
  }
}

TEST(Trust, KeysThatWouldNameACommandAreRefusedByName) {
  const UserConfig own("");
  for (const auto& [text, key] : std::initializer_list<std::pair<const char*, const char*>>{
           {"command = \"rm\"\n", "command"},
           {"[databases.p]\nurl-command = [\"sh\", \"-c\", \"rm\"]\n", "url-command"},
           {"[inputs]\nschema_cmd = \"rm\"\n", "schema_cmd"},
           {"[hooks]\nbefore = \"rm\"\n", "hooks"}}) {
    const TempTree tree{{"pgadvise.toml", text}};
    const auto config = read_config(tree.path("pgadvise.toml"));
    ASSERT_FALSE(config) << text;
    const auto refused = std::find_if(config.error().begin(), config.error().end(), [&](const Error& error) {
      return error.what == std::string(key) + ": a repository's configuration may not name a command";
    });
    ASSERT_NE(refused, config.error().end()) << text << config.error().front().line();
    EXPECT_NE(refused->hint.find("--allow-commands"), std::string::npos) << refused->hint;
  }
}

TEST(Trust, NoErrorAboutAHostShowsAPassword) {
  for (const char* text : {"u:SECRET@h:5432", "SECRET@h:1", "postgresql://u:SECRET@h:5432/x", "u:SECRET@h"}) {
    const auto host = allowed_host(text);
    ASSERT_FALSE(host) << text;
    EXPECT_EQ(host.error().line().find("SECRET"), std::string::npos) << host.error().line();
  }
  EXPECT_TRUE(allowed_host("@abstract:5432")) << "a socket without a file";
}

TEST(Trust, ADiagnosticDoesNotQuoteAFileOutside) {
  const TempTree tree{{"repo/.git/HEAD", ""}, {"repo/a.sql", ""}, {"secret.sql", ""}};
  std::filesystem::create_symlink("../secret.sql", tree.path("repo/link.sql"));
  const auto shown = [&](const std::string& where) {
    return without_outside_text(
               {Error::Kind::nonfatal, where, "syntax error at or near \"SECRET\"", "SECRET"})
        .line();
  };
  for (const char* place : {"", ":3", ":3:14"}) {
    EXPECT_EQ(shown(tree.path("repo/link.sql") + place).find("SECRET"), std::string::npos) << place;
    EXPECT_NE(shown(tree.path("repo/a.sql") + place).find("SECRET"), std::string::npos) << place;
    EXPECT_NE(shown(tree.path("secret.sql") + place).find("SECRET"), std::string::npos)
        << "named by the user";
  }
  EXPECT_NE(shown("").find("SECRET"), std::string::npos);
  EXPECT_NE(shown("no such file:1").find("SECRET"), std::string::npos);
}

}  // namespace
}  // namespace pgadvise::check
