// The schema of fixtures/drizzle as four versions of drizzle-kit wrote it: SQL and snapshot tell the same.
#include <filesystem>

#include <gtest/gtest.h>

#include "base/text/text.h"
#include "lint/schema/schema_difference.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/schema_load.h"
#include "support/paths.h"

namespace pgadvise {
namespace {

namespace fs = std::filesystem;

const fs::path fixtures = fs::path(testing_support::source_dir) / "fixtures/drizzle";

Catalog load(const std::string& path) {
  Diagnostics diagnostics;
  const auto found = migrations::find_schemas(path, diagnostics);
  EXPECT_TRUE(found && found->size() == 1) << path;
  auto catalog = migrations::load(found->front(), diagnostics);
  for (const auto& diagnostic : diagnostics) ADD_FAILURE() << diagnostic.line();
  return catalog ? std::move(*catalog) : Catalog{};
}

std::string snapshot_of(const fs::path& folder) {
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().filename().string().ends_with("snapshot.json")) return entry.path().string();
  return {};
}

std::string told(const std::vector<lint::SchemaDifference>& differences) {
  std::string out;
  for (const auto& difference : differences)
    out += std::to_string(static_cast<int>(difference.kind)) + " " + difference.name + " " + difference.what +
           "\n";
  return out;
}

class DrizzleVersion : public testing::TestWithParam<const char*> {};

TEST_P(DrizzleVersion, SqlAndSnapshotAgree) {
  const fs::path folder = fixtures / GetParam();
  const Catalog sql = load(folder.string());
  const Catalog snapshot = load(snapshot_of(folder));
  EXPECT_EQ(told(lint::schema_differences(sql, snapshot)), "");
  const bool later = std::string(GetParam()) > "v6";
  EXPECT_EQ(sql.tables.size(), later ? 7u : 4u);
  EXPECT_EQ(snapshot.tables.size(), sql.tables.size());
  EXPECT_EQ(snapshot.enums.size(), 2u);
  EXPECT_EQ(snapshot.sequences.size(), sql.sequences.size());
  for (const auto& [name, table] : snapshot.tables) {
    EXPECT_GT(table.origin.line, 0) << display(name);
    for (const auto& index : table.indexes) EXPECT_GT(index.origin.line, 0) << index.name;
    const Table* other = sql.table(name);
    ASSERT_TRUE(other);
    EXPECT_EQ(table.indexes.size(), other->indexes.size()) << display(name);
    EXPECT_EQ(table.constraints.size(), other->constraints.size()) << display(name);
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, DrizzleVersion, testing::Values("v5", "v6", "v7", "v8"));

// What the comparison is worth: each change of one thing is one difference.
TEST(SchemaDifference, EachChangeIsOneDifference) {
  const Catalog whole = load((fixtures / "v8").string());
  const auto changed = [&](auto change) {
    Catalog other = whole;
    change(other, *other.table({"public", "notes"}), *other.table({"public", "orders"}));
    return told(lint::schema_differences(whole, other));
  };
  EXPECT_EQ(changed([](Catalog& c, Table&, Table&) { c.tables.erase({"public", "order_lines"}); }),
            "0 table order_lines \n");
  EXPECT_EQ(changed([](Catalog& c, Table& t, Table&) {
              c.tables[{"public", "x"}] = t;
              c.tables[{"public", "x"}].name = {"public", "x"};
            }),
            "1 table x \n");
  EXPECT_EQ(changed([](Catalog& c, Table& t, Table&) {
              c.tables[{"other", "x"}] = t;
              c.tables[{"other", "x"}].name = {"other", "x"};
            }),
            "");
  EXPECT_EQ(changed([](Catalog& c, Table& t, Table&) {
              c.tables[{"public", "_prisma_migrations"}] = t;
              c.tables[{"public", "_prisma_migrations"}].name.name = "_prisma_migrations";
            }),
            "");
  EXPECT_EQ(changed([](Catalog&, Table& t, Table&) { t.columns[2].type = "integer"; }),
            "2 column notes.body is integer instead of text\n");
  EXPECT_EQ(changed([](Catalog&, Table& t, Table&) { t.columns[2].not_null = false; }),
            "2 column notes.body is nullable instead of NOT NULL\n");
  EXPECT_EQ(changed([](Catalog&, Table& t, Table&) { t.columns[4].default_expression.reset(); }),
            "2 column notes.at has no default\n");
  EXPECT_EQ(changed([](Catalog&, Table&, Table& t) { t.columns.pop_back(); }), "0 column orders.number \n");
  EXPECT_EQ(changed([](Catalog&, Table&, Table& t) { t.indexes[1].name = "other"; }), "");
  EXPECT_EQ(changed([](Catalog&, Table&, Table& t) { t.indexes[1].unique = false; }),
            "2 unique index orders_number_key on orders (customer_id, number) is btree (customer_id, "
            "number) instead of unique btree (customer_id, number)\n");
  EXPECT_EQ(changed([](Catalog&, Table&, Table& t) { t.indexes.erase(t.indexes.begin() + 1); }),
            "0 unique index orders_number_key on orders (customer_id, number) \n");
  EXPECT_EQ(changed([](Catalog&, Table&, Table& t) {
              t.indexes.push_back({.name = "i", .keys = {{.column = "total"}}});
            }),
            "1 index i on orders (total) \n");
  EXPECT_EQ(changed([](Catalog&, Table&, Table& t) { t.constraints.back().on_delete = "RESTRICT"; }),
            "2 foreign key orders (customer_id -> customers (id)) is ON DELETE RESTRICT ON UPDATE CASCADE "
            "instead of ON DELETE CASCADE ON UPDATE CASCADE\n");
  EXPECT_EQ(changed([](Catalog&, Table& t, Table&) { t.row_security = false; }),
            "2 table notes has no row-level security\n");
  EXPECT_EQ(changed([](Catalog&, Table& t, Table&) { t.policies.clear(); }),
            "0 policy notes_read on notes \n");
  EXPECT_EQ(changed([](Catalog& c, Table&, Table&) { c.enums.begin()->second.labels.push_back("CHF"); }),
            "2 enum billing.currency has EUR, USD, CHF instead of EUR, USD\n");
  EXPECT_EQ(changed([](Catalog& c, Table&, Table&) {
              c.enums.begin()->second.labels.clear();
              c.enums.begin()->second.labels_known = false;
            }),
            "");
}

}  // namespace
}  // namespace pgadvise
