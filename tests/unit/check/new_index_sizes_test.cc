// Sizes of indexes that production does not have.
#include "check/load/new_index_sizes.h"

#include <map>

#include <gtest/gtest.h>

namespace pgadvise::check {
namespace {

constexpr std::int64_t page = 8192;

Catalog catalog(const std::vector<std::pair<std::string, std::string>>& indexes) {
  Table table;
  table.name = {"public", "t"};
  table.columns = {{.name = "a", .type = "bigint"}, {.name = "b", .type = "bigint"}};
  table.statistics = TableStatistics{.rows = 1e6};
  for (const auto& [name, column] : indexes)
    table.indexes.push_back({.name = name, .keys = {{.column = column}}});
  Catalog out;
  out.tables.emplace(table.name, table);
  return out;
}

std::map<std::string, std::int64_t> bytes(const Catalog& built) {
  const std::vector<RelationSize> known = {{{"public", "t"}, 10'000 * page, 10'000, 1e6, 0},
                                           {{"public", "by_a"}, 77 * page, 77, 1e6, 0}};
  std::map<std::string, std::int64_t> out;
  for (const auto& size : with_new_indexes(known, catalog({{"by_a", "a"}}), built))
    out[size.name.name] = size.bytes;
  return out;
}

TEST(NewIndexSizes, AnUnchangedIndexKeepsItsSize) {
  EXPECT_EQ(bytes(catalog({{"by_a", "a"}})),
            (std::map<std::string, std::int64_t>{{"by_a", 77 * page}, {"t", 10'000 * page}}));
}

TEST(NewIndexSizes, ARenamedIndexHasTheSizeOfTheOldOne) {
  EXPECT_EQ(bytes(catalog({{"renamed", "a"}}))["renamed"], 77 * page);
}

TEST(NewIndexSizes, ANewIndexIsEstimated) {
  const auto sizes = bytes(catalog({{"by_a", "a"}, {"by_b", "b"}}));
  EXPECT_EQ(sizes.at("by_a"), 77 * page);
  EXPECT_GT(sizes.at("by_b"), 1'000 * page);
  EXPECT_LT(sizes.at("by_b"), 10'000 * page);
}

TEST(NewIndexSizes, AnIndexWithAnotherDefinitionIsEstimated) {
  EXPECT_GT(bytes(catalog({{"by_a", "b"}}))["by_a"], 1'000 * page);
}

TEST(NewIndexSizes, WithoutProductionsSizesThereAreNone) {
  EXPECT_TRUE(with_new_indexes({}, catalog({}), catalog({{"by_a", "a"}})).empty());
}

}  // namespace
}  // namespace pgadvise::check
