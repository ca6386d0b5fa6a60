// The shop's schema in its three forms gives the same catalog: live, replayed from SQL, and the drizzle-kit
// snapshot.
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text/text.h"
#include "live/support.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/schema_load.h"
#include "model/schema/ddl.h"
#include "pg/catalog/catalog_reader.h"
#include "support/paths.h"

namespace pgadvise {
namespace {

const std::string drizzle = std::string(testing_support::source_dir) + "/fixtures/shop/drizzle";

Catalog load(const std::string& path) {
  Diagnostics diagnostics;
  const auto found = migrations::find_schemas(path, diagnostics);
  EXPECT_TRUE(found && found->size() == 1) << path;
  auto catalog = migrations::load(found->front(), diagnostics);
  for (const auto& diagnostic : diagnostics) ADD_FAILURE() << diagnostic.line();
  return catalog ? std::move(*catalog) : Catalog{};
}

Catalog load_live(live::Database& database) {
  Diagnostics diagnostics;
  const auto found = migrations::find_schemas(drizzle, diagnostics);
  const auto scripts = migrations::schema_sql(found->front(), diagnostics);
  for (const auto& [file, text] : *scripts) database.run(text);
  auto catalog = pg::read_catalog(database.admin(), diagnostics);
  for (const auto& diagnostic : diagnostics) ADD_FAILURE() << diagnostic.line();
  return catalog ? std::move(*catalog) : Catalog{};
}

// One fact a line; expressions as the server deparses them on the live table, so that spelling does not
// count.
class Facts {
 public:
  // A snapshot does not name the columns of a check.
  explicit Facts(live::Database& database, bool check_columns = true)
      : database_(database), check_columns_(check_columns) {}

  std::set<std::string> of(const Catalog& catalog) {
    facts_.clear();
    for (const auto& [name, table] : catalog.tables) {
      const std::string at = name.schema + "." + name.name;
      add("{} kind {} partition of {} key {} bound {} security {}", at, static_cast<int>(table.kind),
          table.partition_of ? table.partition_of->name : "-", table.partition_key, table.partition_bound,
          table.row_security);
      for (const auto& column : table.columns)
        add("{} column {} {} not null {} identity {} default {} generated {}", at, column.name, column.type,
            column.not_null, static_cast<int>(column.identity),
            deparse(table, column.default_expression, column.type, true),
            deparse(table, column.generated_expression, column.type));
      for (const auto& constraint : table.constraints)
        add("{} constraint {} {} ({}) to {} ({}) delete {} update {} valid {} inherited {} check {}", at,
            static_cast<int>(constraint.kind), constraint.name,
            constraint.kind == Constraint::Kind::check && !check_columns_ ? ""
                                                                          : join(constraint.columns, ","),
            constraint.referenced_table.name, join(constraint.referenced_columns, ","), constraint.on_delete,
            constraint.on_update, constraint.validated, constraint.inherited,
            constraint.expression.empty() ? "-" : deparse(table, constraint.expression, "boolean"));
      for (const auto& index : table.indexes) add_index(at, table, index);
    }
    for (const auto& [name, type] : catalog.enums)
      add("enum {}.{} {}", name.schema, name.name, join(type.labels, ","));
    for (const auto& [name, sequence] : catalog.sequences)
      add("sequence {}.{} {} owner {} {}", name.schema, name.name, sequence.type,
          sequence.owner_table ? sequence.owner_table->name : "-", sequence.owner_column);
    return facts_;
  }

 private:
  template <class... Parts>
  void add(fmt::format_string<Parts...> format, Parts&&... parts) {
    facts_.insert(fmt::format(format, std::forward<Parts>(parts)...));
  }

  void add_index(const std::string& at, const Table& table, const Index& index) {
    std::string keys;
    for (const auto& key : index.keys)
      keys += fmt::format(" [{}{} desc {} nulls first {} {} {}]", key.column,
                          key.expression.empty() ? "" : deparse(table, key.expression, "text"),
                          key.descending, key.nulls_first, key.operator_class, key.collation);
    add("{} index {} {}{} include ({}) where {} unique {} valid {} constraint {} part of {}", at, index.name,
        index.method, keys, join(index.include, ","), deparse(table, index.predicate, "boolean"),
        index.unique, index.valid, index.constraint, index.attached_to);
  }

  std::string deparse(const Table& table, const std::optional<std::string>& expression,
                      const std::string& type, bool alone = false) {
    if (!expression) return "-";
    const std::string from = alone ? "" : " FROM " + quote_name(table.name);
    database_.run(fmt::format(
        "DROP VIEW IF EXISTS pg_temp.shown; CREATE TEMP VIEW shown AS SELECT CAST(({}) AS {}) AS x{}",
        *expression, type, from));
    return database_.value(
        "SELECT regexp_replace(pg_get_viewdef('pg_temp.shown'::regclass), '\\s+', ' ', 'g')");
  }

  live::Database& database_;
  bool check_columns_;
  std::set<std::string> facts_;
};

// What is in one and not in the other, without the facts that begin with one of `but`.
std::string difference(const std::set<std::string>& one, const std::set<std::string>& other,
                       const std::vector<std::string>& but = {}) {
  std::string out;
  for (const auto& fact : one) {
    const bool known = std::any_of(but.begin(), but.end(),
                                   [&](const std::string& start) { return fact.starts_with(start); });
    if (!other.count(fact) && !known) out += fact + "\n";
  }
  return out;
}

TEST(ShopCatalog, SqlIsAsLive) {
  live::Database database;
  const Catalog live = load_live(database);
  Facts facts(database);
  const auto expected = facts.of(live);
  const auto replayed = facts.of(load(drizzle));
  EXPECT_GT(expected.size(), 200u);
  // The type of what a view computes takes a server to tell.
  const std::vector<std::string> computed = {"public.order_totals column spent "};
  EXPECT_EQ(difference(expected, replayed, computed), "") << "only live";
  EXPECT_EQ(difference(replayed, expected, computed), "") << "only replayed";
}

TEST(ShopCatalog, SnapshotIsAsLiveButForWhatOnlySqlMakes) {
  live::Database database;
  const Catalog live = load_live(database);
  Facts facts(database, false);
  const auto expected = facts.of(live);
  const auto snapshot = facts.of(load(drizzle + "/meta/0007_snapshot.json"));
  // The partitioned table is a custom migration's, the index a line added by hand: no snapshot has them.
  EXPECT_EQ(difference(expected, snapshot,
                       {"public.events", "sequence public.events",
                        "public.addresses index addresses_customer_id_idx"}),
            "")
      << "only live";
  EXPECT_EQ(difference(snapshot, expected), "") << "only in the snapshot";
}

}  // namespace
}  // namespace pgadvise
