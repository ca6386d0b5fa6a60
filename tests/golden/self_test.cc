// Completions and the manual page come from the options themselves.
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "support/paths.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Ran;
using testing_support::run;

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(Completion, OffersCommandsOptionsAndWords) {
  const testing_support::Folder folder;
  const auto script = folder.write("completion", run("completion bash").out);
  const auto complete = [&](const std::string& words) {
    const std::string program =
        ". " + script + "; COMP_WORDS=(" + words +
        "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _pgadvise; echo \"${COMPREPLY[*]}\"";
    EXPECT_EQ(
        std::system(("bash -c " + testing_support::quoted(program) + " > " + folder.path("out")).c_str()), 0);
    return read_file(folder.path("out")).value_or("");
  };
  EXPECT_EQ(complete("pgadvise dig"), "digest\n");
  EXPECT_EQ(complete("pgadvise check --format sa"), "sarif\n");
  EXPECT_TRUE(has(complete("pgadvise --base"), "--baseline")) << "without a command: check";
  EXPECT_TRUE(has(complete("pgadvise digest --"), "--compare"));
}

TEST(Completion, KnowsThreeShells) {
  EXPECT_TRUE(has(run("completion zsh").out, "#compdef pgadvise"));
  EXPECT_TRUE(has(run("completion fish").out, "complete -c pgadvise"));
  EXPECT_EQ(run("completion").exit_code, 2);
  EXPECT_EQ(run("completion tcsh").exit_code, 2);
}

TEST(Manual, NamesEveryCommandAndOption) {
  const Ran manual = run("manual");
  EXPECT_TRUE(manual.out.starts_with(".TH PGADVISE 1"));
  for (const std::string_view part : {".SS pgadvise check", ".SS pgadvise digest",
                                      ".SS pgadvise rules explain", "\\-\\-fail\\-on", ".SH EXIT STATUS"})
    EXPECT_TRUE(has(manual.out, part)) << part;
}

// How a value of --store begins; URL stands for each of them.
constexpr std::string_view stores[] = {"sqlite", "postgresql://", "clickhouse://", "env", "@", "URL"};

// Words such as --fail-on.
std::set<std::string> long_options(const std::string& text) {
  const auto in_name = [&](std::size_t at) {
    return at < text.size() && (std::islower(static_cast<unsigned char>(text[at])) || text[at] == '-');
  };
  std::set<std::string> out;
  for (auto at = text.find("--"); at != std::string::npos; at = text.find("--", at)) {
    auto end = at;
    while (in_name(end)) ++end;
    if (end > at + 2) out.insert(text.substr(at, end - at));
    at = end;
  }
  return out;
}

TEST(Manual, EachOptionIsInTheDocumentation) {
  const std::filesystem::path docs = std::filesystem::path(testing_support::source_dir) / "docs";
  std::string pages;
  for (const auto& entry : std::filesystem::directory_iterator(docs))
    if (entry.path().extension() == ".md") pages += read_file(entry.path().string()).value_or("");
  const auto documented = long_options(pages);
  const auto options = long_options(replace_all(run("manual").out, "\\-", "-"));
  EXPECT_TRUE(options.count("--fail-on"));
  for (const auto& option : options) EXPECT_TRUE(documented.count(option)) << option;
}

// The commands of the pages: lines of examples, and words in backticks.
std::vector<std::string> documented_commands() {
  const std::filesystem::path root = testing_support::source_dir;
  std::vector<std::filesystem::path> pages{root / "README.md"};
  for (const auto& entry : std::filesystem::directory_iterator(root / "docs"))
    if (entry.path().extension() == ".md") pages.push_back(entry.path());
  std::vector<std::string> out;
  for (const auto& page : pages) {
    const std::string text = read_file(page.string()).value_or("");
    for (const auto line : split(text, '\n')) {
      if (line.starts_with("    pgadvise ")) {
        const auto words = line.substr(4);
        out.emplace_back(words.substr(0, std::min(words.find("   "), words.find(" # "))));
        continue;
      }
      for (auto at = line.find("`pgadvise "); at != std::string_view::npos;
           at = line.find("`pgadvise ", at + 1))
        out.emplace_back(line.substr(at + 1, line.find('`', at + 1) - at - 1));
    }
  }
  return out;
}

TEST(Manual, TheCommandsOfTheDocumentationAreValid) {
  const auto commands = documented_commands();
  EXPECT_GT(commands.size(), 100U);
  std::map<std::string, std::set<std::string>> options;
  for (const auto& command : commands) {
    const auto words = split(command, ' ');
    if (words.size() < 2) continue;
    const std::string name(words[1]);
    if (name.empty() || name.starts_with("-") || name == "COMMAND") continue;
    if (!options.count(name)) {
      const Ran help = run(name + " --help");
      EXPECT_EQ(help.exit_code, 0) << command;
      options[name] = long_options(help.out);
    }
    const auto& valid = options[name];
    for (const auto& option : long_options(command.substr(0, command.find(" -- "))))
      EXPECT_TRUE(valid.count(option)) << option << ": " << command;
    const auto store = std::find(words.begin(), words.end(), "--store");
    if (store == words.end() || store + 1 == words.end()) continue;
    const std::string url = replace_all(std::string(store[1]), "'", "");
    const bool any = std::any_of(std::begin(stores), std::end(stores),
                                 [&](std::string_view one) { return url.starts_with(one); });
    EXPECT_TRUE(any) << url << ": " << command;
  }
}

std::string in_one_line(const std::string& text) {
  std::string out;
  for (const char c : replace_all(text, "\n", " "))
    if (c != ' ' || !out.ends_with(' ')) out += c;
  return out;
}

TEST(Help, OfADatabaseAndAStoreSaysThatOthersSeeAPassword) {
  std::size_t databases = 0, of_stores = 0;
  for (const std::string command : {"advise", "check", "digest", "explain", "fleet", "history", "review",
                                    "sandbox", "snapshot", "watch"}) {
    const std::string help = in_one_line(run(command + " --help").out);
    for (const auto& [option, advice, count] :
         {std::tuple{" --db CONN", "use env, a service file or ~/.pgpass", &databases},
          {" --db TEXT", "use env, a service file or ~/.pgpass", &databases},
          {" --store URL", "use env or @NAME", &of_stores}}) {
      const auto at = help.find(option);
      if (at == std::string::npos) continue;
      ++*count;
      const std::string text = help.substr(at, help.find(" --", at + 12) - at);
      EXPECT_TRUE(
          has(help.substr(at), std::string("Other users can see a password in it for a moment: ") + advice))
          << command << text;
    }
  }
  EXPECT_EQ(databases, 7u);
  EXPECT_EQ(of_stores, 6u);
}

TEST(Help, OfManyOptionsShowsTheMostUsedOrAllInGroups) {
  for (const std::string command : {"advise", "check", "digest", "explain", "fleet", "review", "watch"}) {
    const std::string brief = run(command + " -h").out, whole = run(command + " --help").out;
    const auto lines = split(brief, '\n');
    const auto shown = std::count_if(lines.begin(), lines.end(),
                                     [](std::string_view line) { return line.starts_with("  -"); });
    EXPECT_GE(shown, 3) << command;
    EXPECT_LE(shown, 10) << command << brief;
    EXPECT_TRUE(has(brief, "pgadvise " + command + " --help lists all ")) << brief;
    std::size_t before = 0;
    for (const char* group : {"\nInputs:", "\nOutput:"}) {
      const auto at = whole.find(group);
      EXPECT_NE(at, std::string::npos) << command << group;
      EXPECT_GT(at, before) << command << group;
      before = at;
    }
  }
  for (const std::string command : {"history", "init", "report", "rules list"})
    EXPECT_EQ(run(command + " -h").out, run(command + " --help").out) << command;
}

TEST(Help, OfASubcommandStatesItsExitCodes) {
  EXPECT_TRUE(has(run("check --help").out, "--fail-on, 1 findings"));
  EXPECT_FALSE(has(run("rules list --help").out, "--fail-on"));
  EXPECT_FALSE(has(run("completion bash --help").out, "--fail-on"));
}

}  // namespace
}  // namespace pgadvise
