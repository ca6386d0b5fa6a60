// action.yml, .pre-commit-hooks.yaml and scripts/action, as far as they go without GitHub: with programs of
// our own in PATH.
#include <set>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "files/yaml_file.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise {
namespace {

namespace fs = std::filesystem;
using testing_support::Folder;
using testing_support::quoted;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

YAML::Node yaml(const std::string& name) {
  const auto parsed =
      files::parse_yaml(read_file(std::string(testing_support::source_dir) + "/" + name).value_or(""), name);
  EXPECT_TRUE(parsed) << name;
  return parsed ? *parsed : YAML::Node();
}

struct Ran {
  int exit_code;
  std::string out;
};

// A folder with programs that say how they were called, in front of PATH.
class Stage {
 public:
  Stage() {
    for (const char* name : {"sudo", "apt-get", "pgadvise"})
      program(name, "echo " + std::string(name) + " \"$@\" >>\"$CALLS\"");
    program("sudo", "shift; exec \"$@\"");
    program("dpkg", "echo amd64");
    program("dpkg-deb", "grep -q package \"$2\"");
    folder.write("os-release", "ID=debian\nVERSION_CODENAME=trixie\n");
    fs::create_directory(folder.path("work"));
  }
  void program(const std::string& name, const std::string& body) const {
    const auto path = folder.write("bin/" + name, "#!/bin/bash\n" + body + "\n");
    fs::permissions(path, fs::perms::owner_all);
  }
  Ran run(const std::string& step, const std::string& environment = "",
          const std::string& script = std::string(testing_support::source_dir) + "/scripts/action") const {
    const std::string command = "cd " + folder.path("work") + " && env -i PATH=" + folder.path("bin") +
                                ":/usr/bin:/bin CALLS=" + folder.path("calls") +
                                " OS_RELEASE=" + folder.path("os-release") +
                                " FOLDER=" + folder.path("kept") + " " + environment + " " + quoted(script) +
                                " " + step + " >" + folder.path("out") + " 2>&1";
    const int status = std::system(command.c_str());
    return {WEXITSTATUS(status), read_file(folder.path("out")).value_or("")};
  }
  // A copy of scripts/action in a folder of its own, as a runner checks it out.
  std::string own_script(const std::string& of) const {
    const auto path = folder.path(of + "/scripts/action");
    fs::create_directories(fs::path(path).parent_path());
    fs::copy_file(std::string(testing_support::source_dir) + "/scripts/action", path);
    return path;
  }
  std::string calls() const { return read_file(folder.path("calls")).value_or(""); }
  Folder folder;
};

TEST(Action, ItsScriptsAreSound) {
  const auto action = yaml("action.yml");
  int scripts = 0;
  for (const auto& step : action["runs"]["steps"]) {
    if (!step["run"]) {
      EXPECT_TRUE(has(step["uses"].as<std::string>(), "@v"));
      continue;
    }
    ++scripts;
    EXPECT_EQ(step["shell"].as<std::string>(), "bash");
    EXPECT_FALSE(has(step["run"].as<std::string>(), "${{"))
        << "what others write comes by the environment, not into the script";
    EXPECT_EQ(std::system(("bash -n -c " + quoted(step["run"].as<std::string>())).c_str()), 0);
  }
  EXPECT_EQ(scripts, 3);
  EXPECT_EQ(std::system(("bash -n " + std::string(testing_support::source_dir) + "/scripts/action").c_str()),
            0);
}

TEST(Action, ShellcheckFindsNothing) {
  if (std::system("command -v shellcheck >/dev/null") != 0) GTEST_SKIP() << "shellcheck is not installed";
  EXPECT_EQ(std::system(("cd " + std::string(testing_support::source_dir) +
                         " && shellcheck -x scripts/action scripts/package")
                            .c_str()),
            0);
}

// Each input that action.yml declares is used, and each that it uses is declared.
TEST(Action, ItsInputsAreUsed) {
  const std::string text = read_file(std::string(testing_support::source_dir) + "/action.yml").value_or("");
  std::set<std::string> declared, used;
  const auto action = yaml("action.yml");
  for (const auto& input : action["inputs"]) declared.insert(input.first.as<std::string>());
  for (auto at = text.find("inputs."); at != std::string::npos; at = text.find("inputs.", at + 1))
    used.insert(text.substr(at + 7, text.find(' ', at) - at - 7));
  EXPECT_EQ(declared, used);
}

TEST(Action, TheKeyTellsReleaseArchitectureAndSources) {
  const Stage stage;
  const Ran ran = stage.run("key", "REF=v0.1.0");
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_TRUE(has(ran.out, "folder=" + stage.folder.path("kept") + "\nkey=pgadvise-trixie-amd64-v0.1.0-"))
      << ran.out;
  EXPECT_TRUE(has(stage.run("key", "REF=main").out, "trixie-amd64--"));
  EXPECT_TRUE(has(stage.run("key", "REF=v1 VERSION=source").out, "trixie-amd64--"));
  EXPECT_EQ(stage.run("nonsense").exit_code, 2);
}

TEST(Action, InstallsARelease) {
  const Stage stage;
  stage.program("curl",
                "echo curl \"$@\" >>\"$CALLS\"; while [[ $1 != -o ]]; do shift; done; echo package >\"$2\"");
  const Ran ran = stage.run("install", "REF=v0.1.0 REPOSITORY=me/pgadvise SERVER=https://example.org");
  EXPECT_EQ(ran.exit_code, 0) << ran.out;
  EXPECT_TRUE(has(stage.calls(),
                  "https://example.org/me/pgadvise/releases/download/v0.1.0/pgadvise_0.1.0_trixie_amd64.deb"))
      << stage.calls();
  EXPECT_TRUE(has(stage.calls(),
                  "apt-get -qq install -y --no-install-recommends " + stage.folder.path("kept/pgadvise.deb")))
      << stage.calls();
  fs::remove(stage.folder.path("calls"));
  EXPECT_EQ(stage.run("install", "REF=v0.1.0 REPOSITORY=me/pgadvise SERVER=https://example.org").exit_code,
            0);
  EXPECT_FALSE(has(stage.calls(), "curl")) << "kept from the run before";
}

TEST(Action, ARunnersCheckoutTellsItsRepositoryAndRelease) {
  const Stage stage;
  stage.program("curl",
                "echo \"$@\" >>\"$CALLS\"; while [[ $1 != -o ]]; do shift; done; echo package >\"$2\"");
  const auto script = stage.own_script("_actions/me/pgadvise/v2");
  EXPECT_EQ(stage.run("install", "SERVER=https://example.org", script).exit_code, 0);
  EXPECT_TRUE(
      has(stage.calls(), "https://example.org/me/pgadvise/releases/download/v2/pgadvise_2_trixie_amd64.deb"))
      << stage.calls();
}

TEST(Action, BuildsWhereThereIsNoRelease) {
  const Stage stage;
  stage.program("curl", "exit 22");
  const auto script = stage.own_script("own");
  stage.folder.write("made.deb", "package");
  const auto package = stage.folder.write(
      "own/scripts/package", "#!/bin/bash\necho building\necho " + stage.folder.path("made.deb") + "\n");
  fs::permissions(package, fs::perms::owner_all);
  for (const char* environment :
       {"REF=main REPOSITORY=me/pgadvise", "REF=v1 REPOSITORY=me/pgadvise SERVER=https://example.org",
        "VERSION=source REF=v1 REPOSITORY=me/pgadvise"}) {
    fs::remove_all(stage.folder.path("kept"));
    const Ran ran = stage.run("install", environment, script);
    EXPECT_EQ(ran.exit_code, 0) << ran.out;
    EXPECT_EQ(read_file(stage.folder.path("kept/pgadvise.deb")).value_or(""), "package") << environment;
  }
  fs::remove_all(stage.folder.path("kept"));
  const Ran asked =
      stage.run("install", "VERSION=v9 REF=v1 REPOSITORY=me/pgadvise SERVER=https://example.org", script);
  EXPECT_EQ(asked.exit_code, 2) << "another release than the action's own can't be built from it";
  EXPECT_TRUE(has(asked.out, "there is no package for trixie at")) << asked.out;
}

TEST(Action, ChecksWithTheInputs) {
  const Stage stage;
  stage.program("pgadvise",
                "printf '<%s>' \"$@\" >>\"$CALLS\"; echo \"$GIT_CONFIG_VALUE_0\" >>\"$CALLS\"; exit 1");
  const auto check = [&](const std::string& environment) {
    fs::remove(stage.folder.path("calls"));
    EXPECT_EQ(stage.run("check", environment).exit_code, 1) << "the exit code is pgadvise's";
    return stage.calls();
  };
  EXPECT_EQ(check("GITHUB_WORKSPACE=/w"), "<check><--format><github>/w\n");
  EXPECT_TRUE(has(
      check("CHECK_PATH='my drizzle\n\ndump.sql\n' FAIL_ON=warning,confirmed SARIF=a.sarif"),
      "<check><my "
      "drizzle><dump.sql><--fail-on><warning,confirmed><--format><sarif><-o><a.sarif><--format><github>"));
  EXPECT_TRUE(has(check("AGAINST=origin/main ARGS='--schema prod.json'"),
                  "<check><--against><origin/main><--format><github><--schema><prod.json>"))
      << stage.calls();
  EXPECT_TRUE(has(check("ARGS=\"--changed --log 'my log' \\\"a b\\\" c\\\\ d\""),
                  "<--format><github><--changed><--log><my log><a b><c d>"))
      << stage.calls();
  EXPECT_TRUE(has(check("ARGS='--format text \\$(touch x) ; `touch x` *'"),
                  "<check><--format><text><$(touch><x)><;><`touch><x`><*>"))
      << stage.calls();
  EXPECT_FALSE(fs::exists(stage.folder.path("work/x")));
  check("GITHUB_OUTPUT=" + stage.folder.path("output"));
  EXPECT_EQ(read_file(stage.folder.path("output")).value_or(""), "exit-code=1\n");
}

TEST(PreCommit, ItsHooksRunCheck) {
  const auto hooks = yaml(".pre-commit-hooks.yaml");
  ASSERT_EQ(hooks.size(), 2u);
  for (const auto& hook : hooks) {
    EXPECT_EQ(hook["language"].as<std::string>(), "system");
    EXPECT_TRUE(hook["entry"].as<std::string>().starts_with("pgadvise check"));
  }
  const std::string pattern = hooks[0]["files"].as<std::string>();
  const auto meets = [&](const std::string& file) {
    return std::system(("printf '%s' " + quoted(file) + " | grep -qP " + quoted(pattern)).c_str()) == 0;
  };
  for (const char* file :
       {"drizzle/0001_a.sql", "drizzle/meta/_journal.json", "drizzle/meta/0001_snapshot.json",
        "a/package.json", "Dockerfile", "web/Dockerfile.prod", "compose.yaml", "docker-compose.prod.yml",
        ".github/workflows/ci.yml", "prisma/schema.prisma", "docker-entrypoint.sh"})
    EXPECT_TRUE(meets(file)) << file;
  for (const char* file : {"README.md", "src/index.ts", "tsconfig.json", "my-package.json.bak"})
    EXPECT_FALSE(meets(file)) << file;
}

}  // namespace
}  // namespace pgadvise
