// The table of key words in src/base/text/identifier.cc against the server's own.
#include <gtest/gtest.h>

#include "base/text/identifier.h"
#include "live/support.h"

namespace pgadvise {
namespace {

TEST(KeyWords, AreQuotedAsTheServerQuotesThem) {
  live::Database database;
  const auto rows =
      database.admin().query("SELECT word, quote_ident(word) FROM pg_get_keywords() ORDER BY 1");
  ASSERT_TRUE(rows) << rows.error().line();
  ASSERT_GT(rows->size(), 400u);
  const int version = database.admin().server_version();
  for (const auto& row : *rows) {
    // pgadvise quotes what any supported version quotes: all that this server does, and on the newest no
    // more.
    if (*row[1] != *row[0] || version >= 170000) {
      EXPECT_EQ(quote_identifier(*row[0]), *row[1]);
    }
  }
}

}  // namespace
}  // namespace pgadvise
