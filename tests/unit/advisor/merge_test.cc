#include "advisor/candidates/merge.h"

#include <gtest/gtest.h>

#include "advisor/candidates/candidates.h"
#include "advisor/costs/size.h"
#include "advisor/search/withdraw.h"
#include "model/schema/ddl.h"

namespace pgadvise::advisor {
namespace {

IndexKey up(const std::string& column) { return {.column = column}; }
IndexKey down(const std::string& column) {
  return {.column = column, .descending = true, .nulls_first = true};
}

IndexProposal on_orders(std::vector<IndexKey> keys, std::size_t equality_keys = 0) {
  return {.table = {"public", "orders"}, .keys = std::move(keys), .equality_keys = equality_keys};
}

std::vector<std::string> merged(const std::vector<IndexProposal>& proposals) {
  std::vector<std::string> out;
  for (const auto& index : merge_proposals(proposals).indexes)
    out.push_back(ddl::index_definition(ddl::index_of(index)));
  return out;
}

using Definitions = std::vector<std::string>;

TEST(MergeProposals, OfBothDirectionsAfterAnEqualityOneServesBoth) {
  EXPECT_EQ((Definitions{"(status, placed_at)"}), merged({on_orders({up("status"), up("placed_at")}, 1),
                                                          on_orders({up("status"), down("placed_at")}, 1)}));
  // ORDER BY status, placed_at DESC is neither direction of (status, placed_at).
  EXPECT_EQ(2u,
            merged({on_orders({up("status"), up("placed_at")}), on_orders({up("status"), down("placed_at")})})
                .size());
}

TEST(MergeProposals, AReversedIndexIsScannedBackward) {
  EXPECT_EQ((Definitions{"(total DESC)"}), merged({on_orders({down("total")}), on_orders({up("total")})}));
  EXPECT_EQ((Definitions{"(a, b DESC)"}),
            merged({on_orders({up("a"), down("b")}), on_orders({down("a"), up("b")})}));
  const IndexKey nulls_last{.column = "total", .descending = true, .nulls_first = false};
  EXPECT_EQ(2u, merged({on_orders({nulls_last}), on_orders({up("total")})}).size());
}

TEST(MergeProposals, APrefixIsServedByTheLongerOne) {
  EXPECT_EQ((Definitions{"(a, b)", "(b)"}),
            merged({on_orders({up("a")}), on_orders({up("a"), up("b")}), on_orders({up("b")})}));
  const auto members =
      merge_proposals({on_orders({up("a")}), on_orders({up("c")}), on_orders({up("a"), up("b")})});
  EXPECT_EQ((std::vector<std::size_t>{0, 1, 0}), members.member);
}

TEST(MergeProposals, KeysComparedByEqualityMayChangeTheirOrder) {
  EXPECT_EQ((Definitions{"(b, a)"}), merged({on_orders({up("a"), up("b")}, 2), on_orders({up("b")}, 1)}));
  EXPECT_EQ((Definitions{"(b, a, c)"}),
            merged({on_orders({up("a"), up("b"), up("c")}, 2), on_orders({up("b")}, 1)}));
  // A range on b needs b behind all columns that are compared by =.
  EXPECT_EQ(2u, merged({on_orders({up("a"), up("b")}, 1), on_orders({up("b")}, 1)}).size());
}

TEST(MergeProposals, IncludedColumnsAreUnited) {
  auto covering = on_orders({up("a")});
  covering.include = {"x"};
  auto other = on_orders({up("a")});
  other.include = {"y"};
  EXPECT_EQ((Definitions{"(a) INCLUDE (x, y)"}), merged({covering, other}));
  EXPECT_EQ((Definitions{"(a) INCLUDE (x)"}), merged({on_orders({up("a")}), covering}));
  EXPECT_EQ((Definitions{"(a, x)"}), merged({covering, on_orders({up("a"), up("x")})}));
  for (int column = 0; column < 8; ++column) other.include.push_back("more" + std::to_string(column));
  EXPECT_EQ(2u, merged({covering, other}).size()) << "too many columns";
}

TEST(MergeProposals, APartialIndexIsServedByAFullOneThatFindsItsRows) {
  auto open = on_orders({up("placed_at")});
  open.predicate = "status = 'open'";
  EXPECT_EQ((Definitions{"(status, placed_at DESC)"}),
            merged({open, on_orders({up("status"), down("placed_at")}, 1)}));
  auto known = on_orders({up("shipped_at")});
  known.predicate = "shipped_at IS NOT NULL";
  EXPECT_EQ((Definitions{"(shipped_at)"}), merged({known, on_orders({up("shipped_at")})}));
  EXPECT_EQ(2u, merged({open, on_orders({up("placed_at")})}).size()) << "it does not find the open ones";
  EXPECT_EQ(1u, merged({open, open}).size());
}

TEST(MergeProposals, ExpressionsAndMethodsMustBeEqual) {
  const auto lower = on_orders({{.expression = "lower(email)"}});
  EXPECT_EQ((Definitions{"((lower(email)), a)"}),
            merged({lower, on_orders({{.expression = "lower(email)"}, up("a")})}));
  EXPECT_EQ(2u, merged({lower, on_orders({up("email")})}).size());
  auto hash = on_orders({up("token")});
  hash.method = "hash";
  EXPECT_EQ((Definitions{"(token, a)"}), merged({hash, on_orders({up("token"), up("a")})}));
  auto gin = on_orders({up("doc")});
  gin.method = "gin";
  EXPECT_EQ(2u, merged({gin, on_orders({up("doc")})}).size());
}

TEST(MergeProposals, TablesStayApart) {
  auto other = on_orders({up("a")});
  other.table.name = "items";
  EXPECT_EQ(2u, merged({on_orders({up("a")}), other}).size());
}

Catalog with_hash_index() {
  Catalog catalog;
  Table& table = catalog.tables[{"public", "orders"}];
  table.name = {"public", "orders"};
  table.columns.push_back({.name = "token", .type = "text"});
  table.columns.back().statistics = ColumnStatistics{.n_distinct = -1};
  table.indexes.push_back({.name = "by_token", .method = "hash", .keys = {up("token")}});
  return catalog;
}

TEST(HashServes, ABTreeBesideAHashIndexIsNoCandidate) {
  const Catalog catalog = with_hash_index();
  EXPECT_TRUE(hash_serves(on_orders({up("token")}), {}, catalog));
  EXPECT_TRUE(hash_serves(on_orders({up("token"), up("id")}), {}, catalog));
  EXPECT_FALSE(hash_serves(on_orders({up("token")}), {{{"public", "orders"}, "token"}}, catalog))
      << "a statement sorts by it";
  EXPECT_FALSE(hash_serves(on_orders({up("id")}), {}, catalog));
}

TEST(IndexSize, OfAPartialIndexIsThatOfItsValue) {
  Catalog catalog;
  Table& table = catalog.tables[{"public", "orders"}];
  table.name = {"public", "orders"};
  table.statistics.emplace();
  table.statistics->rows = 1'000'000;
  table.columns.push_back({.name = "status", .type = "text"});
  table.columns.back().statistics = ColumnStatistics{.n_distinct = 3, .most_common_freq = 0.98};
  table.columns.push_back({.name = "id", .type = "bigint"});
  auto rare = on_orders({up("id")});
  rare.predicate = "status = 'failed'";
  EXPECT_GT(index_size(rare, catalog), 10'000'000) << "nothing known: the most common value's";
  EXPECT_LT(index_size(rare, catalog, 0.001), 100'000);
}

TEST(WithdrawSlower, TakesBackWhatMadeItsQueriesSlower) {
  Advice advice;
  advice.cost_after = 10;
  AdvisedIndex slow{{"public", "orders"}, "CREATE INDEX a ON orders (a);", "", 0, 5, 0, {"one", "two"}};
  AdvisedIndex fast{{"public", "orders"}, "CREATE INDEX b ON orders (b);", "", 0, 7, 0, {"three"}};
  advice.indexes = {slow, fast};
  Verification seen;
  seen.queries = {{"one", "select 1", 10, 2, 1, 10.0, 14.3, {}},
                  {"two", "select 2", 1, 2, 1, 5.0, 4.0, {}},
                  {"three", "select 3", 1, 2, 1, 9.0, 1.0, {}}};
  const auto withdrawn = withdraw_slower(advice, seen);
  ASSERT_EQ(1u, withdrawn.size());
  EXPECT_EQ("CREATE INDEX a ON orders (a); 10.00 ms before, 14.30 ms with the indexes: select 1",
            withdrawn.front());
  ASSERT_EQ(1u, advice.indexes.size());
  EXPECT_EQ(fast.sql, advice.indexes.front().sql);
  EXPECT_EQ(15, advice.cost_after);
  seen.queries[0].ms_after = 10.5;
  EXPECT_TRUE(withdraw_slower(advice, seen).empty()) << "within the noise";
}

}  // namespace
}  // namespace pgadvise::advisor
