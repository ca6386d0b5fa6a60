// Completions and the manual page come from the options themselves.
#include <cctype>
#include <filesystem>
#include <set>

#include <gtest/gtest.h>

#include "base/input_file.h"
#include "base/text.h"
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

TEST(Help, OfASubcommandStatesItsExitCodes) {
  EXPECT_TRUE(has(run("check --help").out, "--fail-on, 1 findings"));
  EXPECT_FALSE(has(run("rules list --help").out, "--fail-on"));
  EXPECT_FALSE(has(run("completion bash --help").out, "--fail-on"));
}

}  // namespace
}  // namespace pgadvise
