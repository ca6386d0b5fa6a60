#include <cmath>

#include "base/identifier.h"
#include "lint/index_sql.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option least_bytes{.name = "least_bytes",
                             .fallback = 104857600,
                             .table_size = true,
                             .meaning = "bytes that must be lost before it is worth a rebuild"};
constexpr Option min_share{
    .name = "share", .fallback = 0.5, .meaning = "share of the index that must be lost"};
constexpr const Option* options[] = {&least_bytes, &min_share};

// Pages that a fresh B-tree over these rows would take, from the average widths that ANALYZE found; 0: can't
// be told. Equal keys stored once (from 13 on) make the real one smaller: the estimate errs towards silence.
double fresh_pages(const Table& table, const Index& index) {
  constexpr double page = 8192 - 24 - 16;  // less the page header and the B-tree's own
  constexpr double fill = 0.9;
  double width = 0;
  const auto add = [&](const std::string& name) {
    const Column* column = table.column(name);
    if (!column || !column->statistics || column->statistics->average_width <= 0) return false;
    width += column->statistics->average_width;
    return true;
  };
  for (const auto& key : index.keys)
    if (key.column.empty() || !add(key.column)) return 0;
  for (const auto& column : index.include)
    if (!add(column)) return 0;
  const double entry = 8 + std::ceil(width / 8) * 8 + 4;  // header, aligned key, line pointer
  return std::ceil(table.statistics->rows * entry / (page * fill)) + 1;
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, table] : context.catalog().tables) {
    // Of partitioned tables the partitions have the pages.
    if (table.kind != Table::Kind::ordinary || table.temporary || !table.statistics ||
        table.statistics->rows < 1)
      continue;
    for (const auto& index : table.indexes) {
      if (index.method != "btree" || index.predicate || !index.valid || !index.statistics) continue;
      const double expected = fresh_pages(table, index);
      const double pages = static_cast<double>(index.statistics->pages);
      const double lost = pages - expected;
      if (expected <= 0 || lost < pages * context.option(min_share) ||
          lost * 8192 < context.option(least_bytes))
        continue;
      Finding& finding = reporter.add(
          {.kind = "index", .schema = name.schema, .table = name.name, .index = index.name},
          "The index " + index.name + " on " + display(name) + " takes " + bytes_text(pages * 8192) +
              ", where a fresh one would take about " + bytes_text(expected * 8192) + ".");
      finding.location = index.origin;
      finding.evidence.push_back(
          catalog_fact(grouped(table.statistics->rows) + " rows, " + definition(index), index.origin));
      Fix fix;
      fix.title = "Build it anew; nothing is blocked meanwhile";
      fix.sql = "REINDEX INDEX CONCURRENTLY " + quote_name(name.schema, index.name) + ";";
      finding.fix = std::move(fix);
    }
  }
}

}  // namespace

constinit const Rule bloated_index{
    .id = "bloated-index",
    .severity = Severity::note,
    .needs = Input::statistics,
    .summary = "an index that is mostly empty space",
    .why =
        "Pages that deletions and updates left nearly empty stay in the index: it takes more of the cache "
        "and more reads than its entries need. The size that a fresh "
        "index would have is estimated from the rows and the average widths of the columns; only large "
        "losses are reported, because that is an estimate.\n\n"
        "Whole B-trees over plain columns.",
    .fix = "REINDEX INDEX CONCURRENTLY (from 12 on).",
    .when_to_ignore =
        "The table is being filled again, or keys come in random order, which leaves a third of each page "
        "free by nature.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
