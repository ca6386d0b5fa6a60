#include <gtest/gtest.h>

#include "advisor/drops.h"
#include "advisor/evaluate.h"
#include "model/evaluation.h"
#include "model/index_comparison.h"
#include "report/evaluation_json.h"
#include "report/evaluation_text.h"
#include "sql/written_indexes.h"
#include "support/schema.h"

namespace pgadvise::advisor {
namespace {

Catalog shop() {
  Catalog catalog;
  Table orders;
  orders.name = {"public", "orders"};
  orders.columns = {{.name = "id", .type = "integer"}, {.name = "status", .type = "text", .collation = "C"}};
  orders.indexes.push_back(
      {.name = "orders_pkey", .keys = {{.column = "id"}}, .unique = true, .constraint = true});
  orders.indexes.push_back({.name = "orders_status", .keys = {{.column = "status"}}});
  orders.indexes.push_back(
      {.name = "orders_key", .keys = {{.column = "status"}, {.column = "id"}}, .unique = true});
  orders.constraints.push_back(
      {.kind = Constraint::Kind::primary_key, .name = "orders_pkey", .columns = {"id"}});
  Table other;
  other.name = {"billing", "orders"};
  other.indexes.push_back({.name = "orders_status", .keys = {{.column = "status"}}});
  catalog.tables.emplace(orders.name, orders);
  catalog.tables.emplace(other.name, other);
  return catalog;
}

TEST(WrittenIndexes, ReadsCreateIndexAndNamesEverythingElse) {
  const auto read = sql::read_indexes(
      "CREATE UNIQUE INDEX CONCURRENTLY x ON orders (status COLLATE \"C\" DESC) INCLUDE (id) WHERE id > 1;\n"
      "DROP TABLE orders;\n  CREATE INDEX ON;\nCREATE INDEX ON billing.orders (status)",
      "p.sql", shop(), {"public"});
  ASSERT_EQ(2u, read.indexes.size());
  EXPECT_EQ((QualifiedName{"public", "orders"}), read.indexes[0].table);
  EXPECT_TRUE(read.indexes[0].concurrently);
  EXPECT_TRUE(read.indexes[0].index.unique);
  EXPECT_EQ("", read.indexes[0].index.keys[0].collation) << "the column's own";
  EXPECT_EQ("p.sql:4:1", read.indexes[1].index.origin.str());
  ASSERT_EQ(2u, read.refused.size());
  EXPECT_EQ("p.sql:2:1: is not CREATE INDEX", read.refused[0].line());
  EXPECT_EQ(Error::Kind::nonfatal, read.refused[0].kind);
  EXPECT_EQ("p.sql:3:3", read.refused[1].where);
  EXPECT_EQ(Error::Kind::input, read.refused[1].kind);
}

TEST(WrittenIndexes, TakesDeepExpressionsForAnError) {
  const std::string deep(200'000, '(');
  const auto read = sql::read_indexes("CREATE INDEX ON orders (" + deep, "p.sql", shop(), {"public"});
  EXPECT_TRUE(read.indexes.empty());
  EXPECT_EQ(1u, read.refused.size());
}

TEST(ProposedDrop, RefusesWhatIsNeededAndAsksForTheSchema) {
  const auto catalog = shop();
  const auto key = proposed_drop("orders_pkey", catalog, {"public"});
  ASSERT_TRUE(key);
  EXPECT_EQ(EvaluatedDrop::Verdict::refused, key->verdict);
  EXPECT_EQ("the index belongs to the primary key", key->reason);
  EXPECT_EQ("", key->sql);
  EXPECT_EQ(EvaluatedDrop::Verdict::refused, proposed_drop("orders_key", catalog, {"public"})->verdict);
  const auto found = proposed_drop("orders_status", catalog, {"public"});
  ASSERT_TRUE(found);
  EXPECT_EQ("DROP INDEX CONCURRENTLY public.orders_status;", found->sql);
  EXPECT_EQ("billing", proposed_drop("billing.orders_status", catalog, {"public"})->table.schema);
  EXPECT_FALSE(proposed_drop("orders_status", catalog, {"elsewhere"})) << "two schemas have one";
  EXPECT_FALSE(proposed_drop("nothing", catalog, {"public"}));
}

TEST(IndexComparison, KnowsPrefixesReverseOrderAndOtherMethods) {
  const Index narrow{.keys = {{.column = "a"}}};
  const Index wide{.keys = {{.column = "a", .descending = true, .nulls_first = true}, {.column = "b"}}};
  EXPECT_TRUE(serves_instead(wide, narrow));
  EXPECT_FALSE(serves_instead(narrow, wide));
  Index hash{.method = "hash", .keys = {{.column = "a"}}};
  EXPECT_TRUE(serves_instead(hash, hash));
  EXPECT_FALSE(serves_instead(wide, hash));
}

Evaluation evaluation() {
  Evaluation out;
  out.cost_before = 1000;
  out.cost_after = 700;
  EvaluatedIndex index;
  index.where = "p.sql:1:1";
  index.table = {"public", "orders"};
  index.sql = "CREATE INDEX ON public.orders (a, b)";
  index.verdict = EvaluatedIndex::Verdict::improves;
  index.size_bytes = 1'000'000;
  index.cost_saved = 300;
  index.queries = {"aa"};
  index.replaces = {"old\x1b[31m"};
  index.smaller =
      SmallerIndex{"CREATE INDEX ON public.orders (a)", "without the last key column", 500'000, 290};
  out.candidates.push_back(index);
  out.better.push_back({"aa", "select 1", 3, 200, 100});
  return out;
}

TEST(EvaluationReport, ShowsTheVerdictAndMatchesItsSchema) {
  Evaluation all = evaluation();
  EXPECT_FALSE(objectionable(all));
  const auto text = report::evaluation_text(all, {});
  for (const char* part :
       {"p.sql:1:1: improves", "Relative cost 70.0%", "CREATE INDEX ON public.orders (a)\n"}) {
    EXPECT_NE(std::string::npos, text.find(part)) << text;
  }
  EXPECT_EQ(std::string::npos, text.find('\x1b')) << text;
  using Verdict = EvaluatedIndex::Verdict;
  for (const auto verdict : {Verdict::improves, Verdict::no_gain, Verdict::redundant, Verdict::worse,
                             Verdict::cannot_be_built, Verdict::not_costed}) {
    all.candidates[0].verdict = verdict;
    const bool wrong =
        verdict == Verdict::redundant || verdict == Verdict::worse || verdict == Verdict::cannot_be_built;
    EXPECT_EQ(wrong, objectionable(all)) << name(verdict);
    EXPECT_EQ("", testing_support::violations("evaluation.schema.json",
                                              nlohmann::json::parse(report::evaluation_json(all, {}))));
  }
}

}  // namespace
}  // namespace pgadvise::advisor
