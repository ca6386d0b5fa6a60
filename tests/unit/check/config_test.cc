// pgadvise.toml beyond rules and ignores: inputs, databases, extends; all its mistakes.
#include "check/config/config.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/text/text.h"
#include "check/config/ignore_entry.h"
#include "check/config/patterns.h"
#include "check/config/suppressions.h"
#include "support/temp_tree.h"

namespace pgadvise::check {
namespace {

using testing_support::TempTree;

Config config_of(const TempTree& tree, const std::string& name = "pgadvise.toml") {
  auto config = read_config(tree.path(name));
  if (config) return std::move(*config);
  ADD_FAILURE() << config.error().front().line();
  return {};
}

// Each as "name.toml:line:column: what", without the folder and the hint.
std::vector<std::string> errors_of(const TempTree& tree, const std::string& name = "pgadvise.toml") {
  std::vector<std::string> out;
  const auto config = read_config(tree.path(name));
  if (!config)
    for (const auto& error : config.error())
      out.push_back(replace_all(error.where + ": " + error.what, tree.path() + "/", ""));
  return out;
}

std::vector<std::string> errors_of(const std::string& text) {
  return errors_of(TempTree{{"pgadvise.toml", text}});
}

using Lines = std::vector<std::string>;

TEST(ConfigInputs, AreMeantFromTheFilesFolder) {
  const TempTree tree{{"pgadvise.toml",
                       "[inputs]\npaths = \".\"\nschema = [\"db/prod.json\", \"../schema.sql\"]\nlogs = "
                       "[\"/var/log/postgresql\"]\nworkloads = [\"fleet.json\"]\n"}};
  const Config config = read_config(tree.path("pgadvise.toml"), ConfigOrigin::command_line).value();
  EXPECT_EQ(config.inputs.paths, Lines{tree.path() + "/"});
  EXPECT_EQ(
      config.inputs.schema,
      (Lines{tree.path("db/prod.json"),
             std::filesystem::path(tree.path() + "/../schema.sql").lexically_normal().generic_string()}));
  EXPECT_EQ(config.inputs.logs, Lines{"/var/log/postgresql"});
  EXPECT_EQ(config.inputs.workloads, Lines{tree.path("fleet.json")});
  EXPECT_EQ(config_of(TempTree{{"pgadvise.toml", "[inputs]\nlogs = \"a.log\"\n"}}).inputs.paths.size(), 1u)
      << "a log alone does not stand for the project";
}

TEST(ConfigInputs, NamesAreFoundByStars) {
  const TempTree tree{{"a.log", ""}, {"b.log", ""}, {"c.txt", ""}, {"x*.log", ""}};
  Diagnostics diagnostics;
  EXPECT_EQ(expand({tree.path("?.log"), tree.path("none*"), tree.path("c.txt"), tree.path("x*.log")}, {},
                   diagnostics),
            (Lines{tree.path("a.log"), tree.path("b.log"), tree.path("none*"), tree.path("c.txt"),
                   tree.path("x*.log")}));
  EXPECT_TRUE(diagnostics.empty());
}

TEST(ConfigInputs, WhatIsExcludedIsPassedOverButWhenItIsNamed) {
  const TempTree tree{{"pgadvise.toml", "[inputs]\nexclude = [\"examples/\", \"*/legacy\", \"old*.sql\"]\n"}};
  const Config config = config_of(tree);
  const auto out = config.leave_out(tree.path());
  ASSERT_TRUE(out);
  for (const char* path : {"examples", "a/legacy", "a/b/legacy", "old1.sql"})
    EXPECT_TRUE(out(tree.path(path))) << path;
  for (const char* path : {"examples2", "legacy2", "a/legacy2", "src/examples", "new.sql"})
    EXPECT_FALSE(out(tree.path(path))) << path;
  EXPECT_FALSE(config.leave_out(tree.path("examples")) &&
               config.leave_out(tree.path("examples"))(tree.path("examples/a.sql")));
  EXPECT_FALSE(Config{}.leave_out(tree.path()));
}

TEST(ConfigInputs, LeavesFoldersOutOfARepository) {
  const TempTree tree{{"a/migrations/0001_x.up.sql", "CREATE TABLE t (id int);"},
                      {"b/migrations/0001_x.up.sql", "CREATE TABLE t (id int);"},
                      {"b/Dockerfile", "RUN npx drizzle-kit push"},
                      {"package.json", "{}"}};
  Config config;
  config.inputs.exclude = {{std::filesystem::absolute(tree.path("b")).generic_string(), {}}};
  Diagnostics diagnostics;
  const auto found = files::list_files(tree.path(), diagnostics, config.leave_out(tree.path()));
  EXPECT_EQ(found, (Lines{"a/migrations/0001_x.up.sql", "package.json"}));
}

TEST(ConfigInputs, ListsNoFilesOfPackagesThatAToolInstalls) {
  const TempTree tree{
      {"bower_components/ace/ace.js", ""}, {"node_modules/a/a.js", ""}, {"src/bower_components.js", ""}};
  Diagnostics diagnostics;
  EXPECT_EQ(files::list_files(tree.path(), diagnostics, {}), (Lines{"src/bower_components.js"}));
}

TEST(ConfigInputs, WhatFitsNothingIsTold) {
  const TempTree tree{{"pgadvise.toml",
                       "[inputs]\nexclude = [\"b\",\n  \"gone/\", \"a/x*.sql\"]\n[[ignore]]\nrule = "
                       "\"deep-offset\"\npath = \"drizle/*\"\nreason = \"x\"\n[[ignore]]\nrule = "
                       "\"deep-offset\"\npath = \"1.sql\"\nreason = \"x\"\n"},
                      {"a/1.sql", ""},
                      {"b/2.sql", ""}};
  const Config config = config_of(tree);
  const auto told = [&](const std::string& folder) {
    Lines out;
    for (const auto& error : config.fits_nothing({folder}))
      out.push_back(replace_all(error.where + ": " + error.what, tree.path() + "/", ""));
    return out;
  };
  EXPECT_EQ(told(tree.path()), (Lines{"pgadvise.toml:3:3: exclude matches none of the inputs",
                                      "pgadvise.toml:3:12: exclude matches none of the inputs",
                                      "pgadvise.toml:4:1: the path of this [[ignore]] matches no file"}));
  EXPECT_EQ(told(tree.path("a")), (Lines{"pgadvise.toml:3:12: exclude matches none of the inputs"}))
      << "of the rest nothing was looked at";
  EXPECT_EQ(told(tree.path("b")), Lines{}) << "an excluded folder that is named was meant to be read";
}

TEST(ConfigIgnores, GoIntoAListThatIsThere) {
  const std::string entry = "{ rule = \"deep-offset\", object = \"n\", reason = \"r\" }";
  const auto with = [&](const std::string& text) { return with_inline_ignores(text, {entry}); };
  for (const char* text :
       {"ignore = []\n",
        "ignore = [{ rule = \"order-by-random\", object = \"é\", reason = \"é]\" }]  # "
        "é\n[rules.deep-offset]\nrows = 5\n",
        "é = 1\n", "[[ignore]]\nrule = \"deep-offset\"\nobject = \"a\"\nreason = \"r\"\n",
        "ignore = [\n  # one, é\n  { rule = \"order-by-random\", object = \"a\", reason = \"r\" }, # two ]\n "
        " { rule = \"order-by-random\", object = \"b\", reason = \"r\" } # three,\n]\n",
        "ignore = [\r\n  { rule = \"order-by-random\", object = \"a\", reason = \"r\" },\r\n]\r\n"}) {
    const auto out = with(text);
    EXPECT_EQ(out.has_value(), std::string(text).starts_with("ignore")) << text;
    if (!out) continue;
    const auto read = parse_config("pgadvise.toml", *out);
    ASSERT_TRUE(read) << *out << read.error().front().line();
    EXPECT_EQ(read->ignores.back().object, "n") << *out;
    const auto before = parse_config("pgadvise.toml", text);
    EXPECT_EQ(read->ignores.size(), before->ignores.size() + 1) << *out;
  }
}

// Of a repository's file; a file that --config names reaches anywhere.
TEST(ConfigInputs, StayInsideTheRepository) {
  const TempTree tree{{"secret/a.sql", "SECRET"}, {"secret/x.toml", "SECRET = ["}, {"repo/.git/HEAD", ""},
                      {"repo/app/db/b.sql", ""},  {"repo/shared.toml", ""},        {"repo/logs/c.log", ""}};
  std::filesystem::create_directory_symlink("../../secret", tree.path("repo/app/link"));
  std::filesystem::create_symlink("../../secret/a.sql", tree.path("repo/logs/d.log"));
  std::filesystem::create_symlink("db/b.sql", tree.path("repo/app/inside.sql"));
  const auto refused = [&](const std::string& text, ConfigOrigin origin = ConfigOrigin::repository) {
    tree.add("repo/app/pgadvise.toml", text);
    Lines out;
    const auto config = read_config(tree.path("repo/app/pgadvise.toml"), origin);
    Diagnostics of_matches = config ? Diagnostics() : config.error();
    if (config)
      for (const auto* list :
           {&config->inputs.paths, &config->inputs.schema, &config->inputs.logs, &config->inputs.workloads})
        expand(*list, config->inputs, of_matches);
    for (const auto& error : of_matches) {
      out.push_back(error.what);
      EXPECT_EQ(error.where.substr(0, error.where.rfind("pgadvise.toml:")), tree.path("repo/app/"));
      EXPECT_EQ(error.line().find("SECRET"), std::string::npos);
    }
    return out;
  };
  for (const char* path : {"../../secret/a.sql", "/etc/passwd", "link/a.sql", "link", "../..",
                           "..//../secret", "../../s*/a.sql", "/*", "link/*.sql", "db/../../../secret/a.sql"})
    for (const char* key :
         {"inputs.paths", "inputs.schema", "inputs.logs", "inputs.workloads", "inputs.exclude", "extends"}) {
      const std::string text = std::string(key) + " = \"" + path + "\"\n";
      ASSERT_EQ(refused(text).size(), 1u) << text;
      EXPECT_NE(refused(text).front().find("leaves the repository"), std::string::npos)
          << text << refused(text).front();
      const bool any_folder = std::string_view(path) == "/*";  // also /proc
      if (!contains(key, "extends") && !any_folder) {
        EXPECT_EQ(refused(text, ConfigOrigin::command_line), Lines()) << text;
      }
    }
  for (const char* text : {"inputs.schema = \"l*/*.sql\"\n", "inputs.paths = \"l*\"\n",
                           "inputs.logs = \"../logs\"\n", "inputs.logs = \"../logs/*.log\"\n"}) {
    ASSERT_EQ(refused(text).size(), 1u) << text;
    EXPECT_NE(refused(text).front().find("leaves the repository through a symbolic link"), std::string::npos)
        << text;
    EXPECT_EQ(refused(text, ConfigOrigin::command_line), Lines()) << text;
  }
  for (const char* text : {"inputs.paths = \"..\"\n", "extends = \"../shared.toml\"\n",
                           "inputs.schema = [\"inside.sql\", \"*/*.sql\", \"none*\"]\n",
                           "inputs.exclude = \"*/legacy\"\n", "inputs.logs = \"../logs/c.log\"\n"})
    if (!contains(text, "*/*.sql")) {
      EXPECT_EQ(refused(text), Lines()) << text;
    }
  EXPECT_EQ(refused("inputs.schema = [\"inside.sql\", \"d*/*.sql\", \"none*\"]\n"), Lines());
}

TEST(ConfigInputs, AFoundFileThatIsALinkStaysInside) {
  const TempTree tree{{"secret.toml", "SECRET = [\n"}, {"repo/.git/HEAD", ""}, {"repo/shared.toml", ""}};
  std::filesystem::create_symlink("../secret.toml", tree.path("repo/pgadvise.toml"));
  const auto read = read_config(tree.path("repo/pgadvise.toml"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().front().what, "pgadvise.toml is a symbolic link that leaves the repository");
  std::filesystem::remove(tree.path("repo/pgadvise.toml"));
  std::filesystem::create_symlink("shared.toml", tree.path("repo/pgadvise.toml"));
  EXPECT_TRUE(read_config(tree.path("repo/pgadvise.toml")));
}

// A name with a `*` in the way to the repository is no pattern.
TEST(ConfigInputs, TheFoldersOwnNameIsNoPattern) {
  const TempTree tree{{"a*b/.git/HEAD", ""},
                      {"a*b/pgadvise.toml", "[inputs]\nlogs = \"x*.log\"\nschema = \"s.sql\"\n"}};
  EXPECT_TRUE(read_config(tree.path("a*b/pgadvise.toml")));
}

TEST(ConfigDatabases, SayWhereAndNeverHowToGetIn) {
  const TempTree tree{
      {"pgadvise.toml",
       "[databases.production]\nservice = \"shop\"\n[databases]\nci.url-env = \"CI_URL\"\nnear.url = "
       "\"postgresql://joe@localhost/shop?sslmode=require\"\n\"two words\".url = \"host=h dbname=d\"\n"}};
  const Config config = config_of(tree);
  EXPECT_EQ(config.databases.at("production").conninfo, "service='shop'");
  EXPECT_EQ(config.databases.at("ci").url_env, "CI_URL");
  EXPECT_EQ(config.databases.at("near").conninfo, "postgresql://joe@localhost/shop?sslmode=require");
  EXPECT_EQ(config.databases.at("two words").conninfo, "host=h dbname=d");
}

TEST(ConfigDatabases, RefusePasswordsAndShowNone) {
  for (const char* line :
       {"password = \"hidden\"", "url = \"postgresql://joe:hidden@h/x\"",
        "url = \"postgres://joe:hid@hidden@h/x\"", "url = \"postgres://h/x?password=hidden\"",
        "url = \"postgres://h/x?user=joe&sslpassword=hidden\"", "url = \"host=h password = 'hidden'\"",
        "url = \"host=h sslpassword=hidden\"", "url = \"postgres://h/x?my_password=hidden\"",
        "url = \"postgres://joe:hid den/hidden@h:x\"", "url-env = \"postgres://joe:hidden@h/x\"",
        "service = \"postgres://joe:hidden@h/x\"", "service = \"x password=hidden\"",
        "sslpassword = \"hidden\"", "url = [\"hidden\"]", "url = \"env\"", "url = \"hidden\""}) {
    const TempTree tree{{"pgadvise.toml", "[databases.p]\n" + std::string(line) + "\n"}};
    const auto config = read_config(tree.path("pgadvise.toml"));
    ASSERT_FALSE(config) << line;
    EXPECT_NE(config.error().back().where.find("pgadvise.toml:2:"), std::string::npos)
        << config.error().back().line();
    EXPECT_EQ(config.error().size(), contains(std::string_view(line).substr(0, 11), "password") ? 2u : 1u)
        << line << ": it does not say where the database is, either";
    for (const auto& error : config.error())
      EXPECT_EQ(error.line().find("hid"), std::string::npos) << error.line();
  }
  EXPECT_EQ(errors_of("[databases.p]\nservice = \"a\"\nurl-env = \"B\"\n"),
            Lines{"pgadvise.toml:1:12: a database is defined in two ways"});
  EXPECT_EQ(errors_of("[databases.p]\n"),
            Lines{"pgadvise.toml:1:12: a database's profile does not say how to connect"});
  EXPECT_EQ(errors_of("[databases.p]\nhost = \"h\"\n"),
            (Lines{"pgadvise.toml:1:12: a database's profile does not say how to connect",
                   "pgadvise.toml:2:1: unknown key host"}));
}

TEST(ConfigRules, AStatedConventionTurnsOnItsRule) {
  const auto config =
      config_of(TempTree{{"pgadvise.toml",
                          "[rules.inconsistent-naming]\ntables = \"singular\"\nnames = \"snake_case\"\n"
                          "[rules.inconsistent-key-type]\nkeys = \"uuid\"\nseverity = \"off\"\n"}});
  EXPECT_EQ(config.rules.at("inconsistent-naming").on, true);
  EXPECT_EQ(config.rules.at("inconsistent-naming").options.at("tables"), 2);
  EXPECT_EQ(config.rules.at("inconsistent-naming").options.at("names"), 1);
  EXPECT_EQ(config.rules.at("inconsistent-key-type").on, false) << "a stated severity counts";
}

TEST(ConfigRules, AConventionIsOneOfTheKnownWords) {
  EXPECT_EQ(errors_of("[rules.inconsistent-naming]\ntables = \"Singular\"\nnames = 1\n"
                      "[rules.inconsistent-key-type]\nkeys = [\"uuid\"]\nleast_keys = \"uuid\"\n"),
            (Lines{"pgadvise.toml:2:10: unknown value of tables: Singular",
                   "pgadvise.toml:3:9: names is not a string", "pgadvise.toml:5:8: keys is not a string",
                   "pgadvise.toml:6:14: least_keys is not a number of at least 0"}));
}

TEST(ConfigExtends, AStatedConventionIsASetting) {
  const TempTree tree{
      {"off.toml", "[rules.inconsistent-naming]\nseverity = \"off\"\n"},
      {"stated.toml", "[rules.inconsistent-naming]\ntables = \"plural\"\n"},
      {"a.toml", "extends = \"off.toml\"\n[rules.inconsistent-naming]\ntables = \"singular\"\n"},
      {"b.toml", "extends = \"stated.toml\"\n[rules.inconsistent-naming]\nseverity = \"off\"\n"},
      {"c.toml", "extends = \"stated.toml\"\n[rules.inconsistent-naming]\ntables = \"singular\"\n"}};
  const auto settings = [&](const std::string& file) {
    return config_of(tree, file).rules.at("inconsistent-naming");
  };
  EXPECT_EQ(settings("a.toml").on, false);
  EXPECT_EQ(settings("b.toml").on, false);
  EXPECT_EQ(settings("c.toml").on, true);
  EXPECT_EQ(settings("c.toml").options.at("tables"), 2);
}

TEST(ConfigExtends, LaterOnesWin) {
  const TempTree tree{
      {"base/one.toml",
       "extends = \"../shared.toml\"\n[rules.deep-offset]\nseverity = \"error\"\nrows = "
       "5\n[databases.a]\nservice = \"one\"\n[inputs]\npaths = [\"x\"]\n"},
      {"shared.toml",
       "[rules.deep-offset]\nrows = 1\n[rules.order-by-random]\nseverity = \"off\"\n[[ignore]]\nrule = "
       "\"deep-offset\"\nobject = \"a\"\nreason = \"b\"\n[databases.b]\nservice = \"b\"\n"},
      {"two.toml", "[rules.order-by-random]\nseverity = \"note\"\n"},
      {"pgadvise.toml",
       "extends = [\"base/one.toml\", \"two.toml\"]\n[rules.deep-offset]\nrows = 7\n[databases.a]\nurl-env = "
       "\"A\"\n[[ignore]]\nrule = \"deep-offset\"\nobject = \"b\"\nreason = \"b\"\n"}};
  const Config config = config_of(tree);
  EXPECT_EQ(config.rules.at("deep-offset").options.at("rows"), 7);
  EXPECT_EQ(config.rules.at("deep-offset").severity, Severity::error);
  EXPECT_EQ(config.rules.at("order-by-random").on, true);
  EXPECT_EQ(config.databases.at("a").url_env, "A");
  EXPECT_EQ(config.databases.at("a").conninfo, "");
  EXPECT_EQ(config.databases.at("b").conninfo, "service='b'");
  EXPECT_EQ(config.inputs.paths, Lines{tree.path("base/x")}) << "from the folder of the file that says it";
  ASSERT_EQ(config.ignores.size(), 2u);
  EXPECT_EQ(config.ignores[0].place.file, tree.path("shared.toml"));
  EXPECT_EQ(config.files.size(), 4u);
  EXPECT_EQ(config.path, tree.path("pgadvise.toml"));
}

TEST(ConfigExtends, MistakesAreToldWhereTheyAre) {
  const TempTree tree{
      {"pgadvise.toml",
       "# a\nextends = [\"gone.toml\",\n  \"loop.toml\", \"wrong.toml\", \".\"]\nnonsense = 1\n"},
      {"loop.toml", "extends = \"pgadvise.toml\"\n"},
      {"self.toml", "extends = [\"./self.toml\"]\n"},
      {"wrong.toml", "\nrulse = 1\n"}};
  EXPECT_EQ(errors_of(tree), (Lines{"loop.toml:1:11: extends pgadvise.toml, which extends this file",
                                    "wrong.toml:2:1: unknown key rulse",
                                    "pgadvise.toml:2:12: extends gone.toml, which does not exist",
                                    "pgadvise.toml:3:30: extends ., which does not exist",
                                    "pgadvise.toml:4:1: unknown key nonsense"}));
  EXPECT_EQ(errors_of(tree, "self.toml"),
            Lines{"self.toml:1:12: extends ./self.toml, which extends this file"});
  EXPECT_EQ(errors_of("extends = 5\n"),
            Lines{"pgadvise.toml:1:11: extends is neither a string nor a list of strings"});
}

TEST(ConfigExtends, AreBoundedInDepthAndNumber) {
  const TempTree chain{};
  for (int i = 0; i < 40; ++i)
    chain.add(std::to_string(i) + ".toml", "extends = \"" + std::to_string(i + 1) + ".toml\"\n");
  chain.add("40.toml", "");
  EXPECT_EQ(errors_of(chain, "0.toml"), Lines{"15.toml:1:11: is the 17th file in a chain of extends"});
  EXPECT_EQ(errors_of(chain, "30.toml"), Lines{});
  const TempTree tree{};
  for (int i = 0; i < 12; ++i)
    tree.add(std::to_string(i) + ".toml",
             replace_all("extends = [\"@.toml\", \"@.toml\", \"@.toml\"]\n", "@", std::to_string(i + 1)));
  tree.add("12.toml", "");
  EXPECT_NE(errors_of(tree, "0.toml").at(0).find("extends more than 64 files in all"), std::string::npos);
}

TEST(ConfigIgnore, AppliesUntilItsLastDay) {
  const TempTree tree{
      {"pgadvise.toml",
       "[[ignore]]\nrule = \"deep-offset\"\nobject = \"a\"\nreason = \"r\"\nowner = \"@joe\"\n"
       "until = \"2027-01-31\"\n[[ignore]]\nrule = \"deep-offset\"\nobject = \"b\"\nreason = "
       "\"r\"\nuntil = 2027-02-01\n[[ignore]]\nrule = \"deep-offset\"\nobject = \"c\"\nreason = "
       "\"r\"\n"}};
  const Config config = config_of(tree);
  const auto objects = [&](const std::string& today, Diagnostics& diagnostics) {
    std::string out;
    for (const auto& entry : in_force(config.ignores, today, diagnostics)) out += entry.object;
    return out;
  };
  Diagnostics none, one;
  EXPECT_EQ(objects("2027-01-31", none), "abc");
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(objects("2027-02-01", one), "bc");
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].where, tree.path("pgadvise.toml") + ":1:1");
  EXPECT_EQ(one[0].what,
            "this [[ignore]] applied until 2027-01-31, so pgadvise reports its findings again; its owner is "
            "@joe");
  for (const char* wrong : {"\"2027-02-29\"", "\"2027-2-1\"", "\"soon\"", "\"2027-01-31x\"", "20270131",
                            "2027-01-31T00:00:00Z", "\"-027-01-31\""}) {
    EXPECT_EQ(errors_of(std::string("[[ignore]]\nrule = \"deep-offset\"\nobject = \"a\"\nreason = "
                                    "\"r\"\nuntil = ") +
                        wrong + "\n"),
              Lines{"pgadvise.toml:5:9: until is not a date"})
        << wrong;
  }
}

TEST(ConfigOwner, NamesAnOwnerAndWhatItOwns) {
  const Config config = config_of(TempTree{
      {"pgadvise.toml", "[[owner]]\nowner = \" @a \"\nobject = \"billing.*\"\napplication = \"web\"\n"}});
  ASSERT_EQ(config.owners.size(), 1u);
  EXPECT_EQ(config.owners[0].owner, "@a");
  EXPECT_EQ(config.owners[0].application, "web");
  EXPECT_EQ(errors_of("[[owner]]\nowner = \"@a\"\n[[owner]]\nobject = \"a\"\nowners = 1\n[[owner]]\nowner = "
                      "5\npath = \"\"\n[owners]\n"),
            (Lines{"pgadvise.toml:1:1: an [[owner]] names neither an object nor a path nor an application",
                   "pgadvise.toml:3:1: an [[owner]] names no owner", "pgadvise.toml:5:1: unknown key owners",
                   "pgadvise.toml:7:9: owner is not a string", "pgadvise.toml:8:8: path is not a string",
                   "pgadvise.toml:9:2: unknown key owners"}));
  EXPECT_EQ(errors_of("owner = 1\n"), Lines{"pgadvise.toml:1:9: owner is not a list of tables"});
}

TEST(Config, AllMistakesAreToldInTheirOrder) {
  EXPECT_EQ(
      errors_of("[rules.nonsense]\n[inputs]\npathz = 1\nlogs = [1, \"\"]\nschema = "
                "\"postgres://joe:hidden@h/x\"\n[[ignore]]\nrule = \"nonsense\"\n[[ignore]]\nreason = "
                "\"x\"\nobject = \"y\"\n[[ignore]]\nrule = \"deep-offset\"\nobject = \"\"\nreason = "
                "\"x\"\n[databases]\nx = 1\n"),
      (Lines{"pgadvise.toml:1:8: unknown rule nonsense", "pgadvise.toml:3:1: unknown key pathz",
             "pgadvise.toml:4:9: logs is neither a string nor a list of strings",
             "pgadvise.toml:4:12: logs is neither a string nor a list of strings",
             "pgadvise.toml:5:10: is a connection string, not a file",
             "pgadvise.toml:6:1: an [[ignore]] names neither an object nor a path",
             "pgadvise.toml:6:1: an [[ignore]] gives no reason", "pgadvise.toml:7:8: unknown rule nonsense",
             "pgadvise.toml:8:1: an [[ignore]] names no rule",
             "pgadvise.toml:11:1: an [[ignore]] names neither an object nor a path",
             "pgadvise.toml:16:5: a database's profile must be a table"}));
  EXPECT_EQ(
      errors_of("[[ignore]]\nrulee = 1\npath = \"/a\"\nreason = 5\n[databases.a]\nsevice = "
                "\"x\"\n[databases.b]\nurl = 5\nservice = \"x\"\n"),
      (Lines{"pgadvise.toml:1:1: an [[ignore]] names no rule", "pgadvise.toml:1:1: path starts with /",
             "pgadvise.toml:2:1: unknown key rulee", "pgadvise.toml:4:10: reason is not a string",
             "pgadvise.toml:5:12: a database's profile does not say how to connect",
             "pgadvise.toml:6:1: unknown key sevice", "pgadvise.toml:7:12: a database is defined in two ways",
             "pgadvise.toml:8:7: url is not a string"}));
  EXPECT_EQ(errors_of("ignore = [1, { rule = \"deep-offset\" }, 2]\n").size(), 4u);
  EXPECT_EQ(errors_of("inputs = 1\ndatabases = 2\nrules = 3\nignore = 4\n").size(), 4u);
}

std::string listed(std::size_t count, const std::string& before, const std::string& after) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += before + std::to_string(i) + after;
  return out;
}

TEST(ConfigBounds, OfEntriesAreNamed) {
  for (const auto& [text, error] : std::initializer_list<std::pair<std::string, const char*>>{
           {"[inputs]\nschema = [" + listed(100'000, "\"a", "\",") + "]\n",
            "schema has 100000 entries, and the limit is 1000"},
           {"[inputs]\nexclude = [" + listed(201, "\"*a", "\",") + "]\n",
            "exclude has 201 entries, and the limit is 200"},
           {"[inputs]\nexclude = [\"" + std::string(1001, 'a') + "\"]\n",
            "exclude: a pattern of 1001 characters with 0 *, and the limits are 1000 and 20"},
           {"[[ignore]]\nrule = \"deep-offset\"\nobject = \"" + listed(21, "*a", "") + "\"\nreason = \"r\"\n",
            "object: a pattern of 74 characters with 21 *, and the limits are 1000 and 20"},
           {listed(100'000, "[databases.d", "]\nservice = \"x\"\n"),
            "databases has 100000 entries, and the limit is 1000"},
           {listed(2001, "[[ignore]]\nrule = \"deep-offset\"\nobject = \"o", "\"\nreason = \"r\"\n"),
            "ignore has 2001 entries, and the limit is 2000"},
           {listed(1001, "[rules.r", "]\n"), "rules has 1001 entries, and the limit is 1000"},
           {listed(1001, "[stores.r", "]\n"), "stores has 1001 entries, and the limit is 1000"},
           {"[[ignore]]\nrule = [" + listed(1001, "\"r", "\",") + "]\nobject = \"o\"\nreason = \"r\"\n",
            "rule has 1001 entries, and the limit is 1000"}}) {
    const auto config = parse_config("pgadvise.toml", text);
    ASSERT_FALSE(config) << error;
    ASSERT_EQ(config.error().size(), 1u) << error;
    EXPECT_EQ(config.error().front().what, error);
    EXPECT_EQ(config.error().front().kind, Error::Kind::usage);
  }
  EXPECT_TRUE(parse_config("pgadvise.toml", "[inputs]\nschema = [" + listed(1000, "\"a", "\",") + "]\n"));
}

TEST(ConfigStores, MayBeSqliteFiles) {
  const auto config =
      parse_config("config.toml", "[stores.team]\nurl = \"sqlite:/srv/store.db\"\n", ConfigOrigin::user);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->stores.at("team").conninfo, "sqlite:/srv/store.db");
  EXPECT_FALSE(
      parse_config("config.toml", "[databases.team]\nurl = \"sqlite:/srv/store.db\"\n", ConfigOrigin::user));
  EXPECT_FALSE(parse_config("pgadvise.toml", "[stores.team]\nurl = \"sqlite:/srv/store.db\"\n"));
}

TEST(ConfigStores, MayBeClickHouseDatabasesWithoutAPassword) {
  const auto config =
      parse_config("config.toml", "[stores.fleet]\nurl = \"clickhouse://joe@host/db\"\n", ConfigOrigin::user);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->stores.at("fleet").conninfo, "clickhouse://joe@host/db");
  const auto refused = parse_config(
      "config.toml", "[stores.fleet]\nurl = \"clickhouse://joe:geheim@host/db\"\n", ConfigOrigin::user);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().front().what, "url contains a password");
  EXPECT_EQ(refused.error().front().line().find("geheim"), std::string::npos);
  EXPECT_FALSE(parse_config("config.toml", "[databases.fleet]\nurl = \"clickhouse://joe@host/db\"\n",
                            ConfigOrigin::user));
}

TEST(ConfigBounds, OfAKeysPartsIsNamed) {
  std::string key = "a";
  for (int i = 0; i < 1'000'000; ++i) key += ".a";
  for (const auto& text : {"[" + key + "]\n", key + " = 1\n", "a = {" + key + " = 1}\n"}) {
    const auto config = parse_config("pgadvise.toml", text);
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().front().what, "has a key of more than 256 parts: not read");
  }
}

TEST(ConfigBounds, OfErrorsAreNamed) {
  const auto config = parse_config("pgadvise.toml", listed(5000, "k", " = 1\n"));
  ASSERT_FALSE(config);
  ASSERT_EQ(config.error().size(), 101u);
  EXPECT_EQ(config.error().front().where, "pgadvise.toml:1:1");
  EXPECT_EQ(config.error().back().what, "4900 more errors are not shown");
}

}  // namespace
}  // namespace pgadvise::check
