// Completions and the manual page come from the options themselves.
#include <gtest/gtest.h>

#include "base/input_file.h"
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

}  // namespace
}  // namespace pgadvise
