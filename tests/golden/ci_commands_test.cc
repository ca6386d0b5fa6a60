// Names of inputs that spell a command of a CI service (base/ci_commands.h), through the whole program: no
// line of standard output or standard error holds one, in no format of any command.
#include "support/ci_commands.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "report/report.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::ci_commands;
using testing_support::Folder;
using testing_support::quoted;
using testing_support::Ran;
using testing_support::run;

// hostile_names are tested with every format in tests/unit; a run of the program takes longer.
const std::vector<std::string> one_of_each_form = {"##vso[task.setvariable variable=PATH]x", "##[error]x",
                                                   "##teamcity[message text='x']", "::add-mask::e",
                                                   "a\n ::error::b"};

class CiLog : public testing::Test {
 protected:
  // Whether the run printed the part of the name that every form keeps.
  void expect_no_command(const std::string& arguments, const std::string& own = {}) {
    const Ran ran = run(arguments, folder.path(), "XDG_CONFIG_HOME=" + quoted(folder.path("home")));
    for (const auto& text : {ran.out, ran.err})
      for (const auto& line : ci_commands(text, own)) ADD_FAILURE() << arguments << "\n" << line;
    printed += ran.out + ran.err;
  }

  // What of the name a report shows.
  void write_inputs(const std::string& name) {
    const std::string table = "\"" + name + "\"";
    folder.write("db/schema.sql", "CREATE TABLE " + table + " (" + table + " int PRIMARY KEY, b char(3));\n" +
                                      "CREATE TABLE c (" + table + " int REFERENCES " + table +
                                      ", d timestamp DEFAULT '" + replace_all(name, "'", "") + "');\n" +
                                      "CREATE INDEX i ON c (d);\nCREATE INDEX i2 ON c (d);\nselect " + name +
                                      ";\n");
    std::string log;
    for (int i = 0; i < 20; ++i)
      log += "2026-03-01 10:00:0" + std::to_string(i % 10) +
             ".000 UTC [1] app@shop LOG:  duration: 900.0 ms  statement: SELECT * FROM c WHERE " +
             replace_all(table, "\n", "\n\t") + " = " + std::to_string(i) + "\n";
    log += "2026-03-01 10:00:11.000 UTC [1] app@shop ERROR:  " + replace_all(name, "\n", "\n\t") + "\n";
    folder.write("server.log", log);
    folder.write("plan.txt", "Seq Scan on " + name + "  (cost=0.00..14.50 rows=1000 width=4)\n  Filter: (" +
                                 name + " = 1)\n" + name + "\n");
  }

  Folder folder;
  std::string printed;
};

TEST_F(CiLog, HasNoCommandInAnyReport) {
  for (const std::string& name : one_of_each_form) {
    write_inputs(name);
    for (const auto* format : report::all_formats())
      expect_no_command(
          "check db --log server.log --show-literals --fail-on never --format " + std::string(format->name),
          format->has_ci_commands ? "::" : "");
    expect_no_command("check db --log server.log -v --fail-on never");
    expect_no_command("check db --log server.log --color always --fail-on never");
    for (const char* format : {"text", "json", "html"}) {
      const std::string chosen = " --format " + std::string(format);
      expect_no_command("digest --show-literals server.log" + chosen);
      expect_no_command("explain --plan plan.txt" + chosen);
    }
    const std::string store = " --store " + quoted("sqlite:" + folder.path("store.db"));
    const std::string as = " --store-as " + quoted(replace_all(name, "\n", " "));
    expect_no_command("check db -q --format json -o a.json" + store + as);
    for (const char* format : {"text", "json", "html"})
      expect_no_command("history --format " + std::string(format) + store);
    folder.write("empty/schema.sql", "CREATE TABLE x (id int PRIMARY KEY);\n");
    expect_no_command("check empty -q --format json -o b.json");
    for (const char* format : {"text", "json", "html"})
      expect_no_command("report a.json b.json --format " + std::string(format));
    expect_no_command("report a.json");
    folder.write("replaced.json", replace_all(read_file(folder.path("a.json")).value_or(""), "\\u0023", "#"));
    expect_no_command("report replaced.json");
    std::filesystem::remove(folder.path("store.db"));
  }
  EXPECT_TRUE(contains(printed, "x23#vso[task.setvariable")) << "names reach the output";
}

TEST_F(CiLog, HasNoCommandInAnErrorOrAMessage) {
  for (const std::string& name : one_of_each_form) {
    const std::string file = replace_all(name, "/", "_");
    folder.write(file + "/" + file + ".sql", "CREATE TABLE t (id int);\nnonsense;\n");
    const std::string word = quoted(name), path = quoted(file);
    for (const std::string& arguments :
         std::vector<std::string>{"check " + path,
                                  "check " + word,
                                  "check " + path + " -o " + path,
                                  "check --log " + path,
                                  word,
                                  "check --format " + word,
                                  "check --config " + word,
                                  "check --since " + word,
                                  "check --only " + word,
                                  "check --fail-on " + word,
                                  "check --schema " + word,
                                  quoted("--" + file),
                                  "rules explain " + word,
                                  "check --db " + quoted("@" + name),
                                  "check --db " + quoted("postgresql://127.0.0.1:1/" + name),
                                  "check --store " + word,
                                  "history --store " + word,
                                  "fleet " + word,
                                  "digest " + path,
                                  "explain --plan " + path,
                                  "explain --db " + quoted("host=127.0.0.1 port=1 dbname='" + name + "'"),
                                  "report " + path,
                                  "snapshot --db " + word,
                                  "watch --serve " + word,
                                  "init --ci " + word,
                                  "check " + path + " -o " + quoted(file + ".txt"),
                                  "check " + path + " --baseline " + word,
                                  "sandbox --load " + path + " -- " + word})
      expect_no_command(arguments);
  }
  EXPECT_TRUE(contains(printed, "x23#vso[task.setvariable")) << "names reach the output";
}

TEST_F(CiLog, HasNoCommandOfAConfiguration) {
  for (const std::string& name : one_of_each_form) {
    const std::string key = nlohmann::json(name).dump();
    for (const std::string& text : std::vector<std::string>{
             key + " = 1\n", "schema = " + key + "\n", "[rules." + key + "]\nseverity = \"error\"\n",
             "[databases." + key + "]\nurl = 1\n", "exclude = [" + key + ", 1]\n",
             "[rules.unqualified-write]\n" + key + " = 3\n", "extends = " + key + "\n",
             "fail-on = " + key + "\n", key + "\n"}) {
      folder.write("pgadvise.toml", text);
      folder.write("schema.sql", "CREATE TABLE t (id int);\n");
      expect_no_command("check .");
    }
  }
  EXPECT_TRUE(contains(printed, "x23#vso[task.setvariable")) << "names reach the output";
}

}  // namespace
}  // namespace pgadvise
