#include "base/text/ci_commands.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/result.h"
#include "base/text/json_text.h"
#include "base/text/text.h"
#include "support/ci_commands.h"

namespace pgadvise {
namespace {

using testing_support::ci_commands;
using testing_support::hostile_names;

TEST(CiCommands, AreBrokenByAVisibleEscape) {
  EXPECT_EQ(without_ci_commands("a ##vso[task.x]"), "a \\x23#vso[task.x]");
  EXPECT_EQ(without_ci_commands("##[error]x ##TeamCity[x"), "\\x23#[error]x \\x23#TeamCity[x");
  EXPECT_EQ(without_ci_commands("x\n  ::warning file=a::b\ny"), "x\n  :\\x3awarning file=a::b\ny");
  EXPECT_EQ(without_ci_commands("\xc2\xa0\xe3\x80\x80::add-mask::e"),
            "\xc2\xa0\xe3\x80\x80:\\x3a"
            "add-mask::e");
  EXPECT_EQ(without_ci_commands("a\r::error::b"),
            "a\r:\\x3a"
            "error::b")
      << "a line ends there, too";
  EXPECT_EQ(without_ci_commands("###[x"), "#\\x23#[x");
  for (const auto& name : hostile_names) {
    const std::string broken = without_ci_commands(name);
    EXPECT_TRUE(ci_commands(broken).empty()) << broken;
    EXPECT_EQ(without_ci_commands(broken), broken);
  }
}

TEST(CiCommands, LeaveCastsAndOtherTextAlone) {
  for (const char* text :
       {"", "\n", "SELECT a::text, '1'::int::bigint\n", "  ::text", "a ## b", "# Title\n## [x]", "##",
        "a::b::c", "SELECT p ## '[(0,0),(1,1)]'::lseg", "#[", "#vso[", "\n\n  x\n"})
    EXPECT_EQ(without_ci_commands(text), text);
}

TEST(CiCommands, InPrintableTextAreBrokenOnce) {
  EXPECT_EQ(printable("t ##vso[x]"), "t \\x23#vso[x]");
  EXPECT_EQ(printable(printable("t ##vso[x]")), "t \\x23#vso[x]");
  EXPECT_EQ(printable("##\xc2\xad[x"), "##\\xad[x") << "services skip invisible characters";
  EXPECT_EQ(printable_block("a\n##[group]b"), "a\n\\x23#[group]b");
  EXPECT_EQ(printable("a ## b, x::text"), "a ## b, x::text");
  EXPECT_EQ(ellipsis("##[x]", 3), "\\x23#…");
  for (const auto& name : hostile_names)
    EXPECT_TRUE(ci_commands("pgadvise: " + Error{Error::Kind::usage, name, name, name}.line()).empty())
        << name;
}

TEST(CiCommands, InJsonAreEscapedAndTheValuesStay) {
  for (const auto& name : hostile_names) {
    const nlohmann::json value = {{name, name}, {"##", "["}, {"back\\", "\\##[x"}};
    const std::string text = escape_controls(value.dump(2));
    EXPECT_TRUE(ci_commands(text).empty()) << text;
    EXPECT_EQ(without_ci_commands(text), text);
    EXPECT_EQ(nlohmann::json::parse(text), value) << text;
  }
}

}  // namespace
}  // namespace pgadvise
