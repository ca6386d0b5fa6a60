#include <gtest/gtest.h>

#include "base/json_text.h"
#include "base/mask.h"
#include "base/text.h"
#include "model/finding.h"

namespace pgadvise {
namespace {

TEST(Printable, EscapesTerminalSequencesAndInvalidUtf8) {
  EXPECT_EQ(printable("a\x1b[31mb\nc"), "a\\x1b[31mb c");
  EXPECT_EQ(printable("\xff ok é"), "\\xff ok é");
  EXPECT_EQ(printable("x\xe2\x80\xaey"), "x\\u{202e}y");
  EXPECT_EQ(printable_block("a\nb\x07"), "a\nb\\x07");
}

TEST(Printable, EscapesWhatIsInvisible) {
  EXPECT_EQ(printable("a\u061c\u00ad\u2060\U000e0041b"), "a\\u{61c}\\xad\\u{2060}\\u{e0041}b");
}

TEST(JsonText, ControlsThatALibraryLeavesAreEscaped) {
  EXPECT_EQ(escape_controls("[\"a\u009b31m \u202eb\x7f\u00e9\"]"), "[\"a\\u009b31m \\u202eb\\u007f\u00e9\"]");
}

TEST(Mask, TakesLinearTime) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "://";
  EXPECT_TRUE(mask_credentials(text) == text);
  EXPECT_TRUE(mask_credentials(text + " ://a:secret@b ://c:secret@d") == text + " ://a:***@b ://c:***@d");
}

TEST(Printable, EllipsisCountsCodePoints) {
  EXPECT_EQ(ellipsis("äöü", 3), "äöü");
  EXPECT_EQ(ellipsis("äöüx", 3), "äö…");
}

TEST(LineIndex, FindsLinesAndColumns) {
  const LineIndex index("ab\ncd\n");
  EXPECT_EQ(index.at(0).line, 1);
  EXPECT_EQ(index.at(4).line, 2);
  EXPECT_EQ(index.at(4).column, 2);
}

TEST(FindingId, DependsOnRuleAndSubjectOnly) {
  Subject subject{.kind = "foreign-key", .schema = "public", .table = "orders", .columns = {"customer_id"}};
  const auto id = finding_id("unindexed-foreign-key", subject);
  EXPECT_EQ(id.size(), 16u);
  EXPECT_EQ(id, finding_id("unindexed-foreign-key", subject));
  subject.columns = {"customer_", "id"};
  EXPECT_NE(id, finding_id("unindexed-foreign-key", subject));
}

TEST(ErrorLine, SaysWhereWhatAndWhatToDo) {
  EXPECT_EQ((Error{Error::Kind::input, "a.sql", "can't be read", "check the name"}.line()),
            "a.sql: can't be read (check the name)");
}

}  // namespace
}  // namespace pgadvise
