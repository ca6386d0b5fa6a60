// The SQL of fixes in schemas with templates' placeholders.
#include "check/run/fixes.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sql/parse/placeholders.h"

namespace pgadvise::check {
namespace {

// A safe fix after its placeholders were put back.
Fix put_back(const std::string& sql, const sql::PlaceholderNames& names) {
  std::vector<Finding> findings(1);
  std::vector<advisor::ProposedFix> none;
  findings[0].fix = Fix{.title = "x", .sql = sql, .down_sql = sql, .safety = Fix::Safety::safe};
  put_back_placeholders(findings, none, names);
  return *findings[0].fix;
}

TEST(Fixes, WithPlaceholdersAreNotSafe) {
  sql::Placeholders placeholders;
  placeholders.fill(
      "CREATE TABLE ${app}.t (a int); CREATE TABLE {{ .p }}_u (a int); CREATE TABLE ${tenant} ();");
  const auto& names = placeholders.names();
  EXPECT_EQ(put_back("CREATE INDEX ON public.t (a)", names).safety, Fix::Safety::safe);
  const Fix qualified = put_back("CREATE INDEX ON app.t (a)", names);
  EXPECT_EQ(qualified.safety, Fix::Safety::review);
  EXPECT_EQ(qualified.down_sql, "CREATE INDEX ON ${app}.t (a)");
  EXPECT_EQ(put_back("CREATE INDEX ON public.p_u (a)", names).safety, Fix::Safety::review);
  const Fix whole = put_back("CREATE INDEX ON public.tenant (a)", names);
  EXPECT_EQ(whole.safety, Fix::Safety::manual) << "it may be several tables";
  EXPECT_EQ(whole.sql, "CREATE INDEX ON ${tenant} (a)");
}

}  // namespace
}  // namespace pgadvise::check
