#include <gtest/gtest.h>

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
