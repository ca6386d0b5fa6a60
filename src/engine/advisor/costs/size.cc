#include "advisor/costs/size.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/text/text.h"

namespace pgadvise::advisor {
namespace {

constexpr double page = page_bytes;
constexpr double usable = page - 24 - 16;  // header, B-tree's own part
constexpr double fill = 0.9;
constexpr double item_pointer = 4;
constexpr double tuple_header = 8;
constexpr double row_pointer = 6;
constexpr double longest_posting_list = 808;  // of CREATE INDEX: a tenth of a page

double aligned(double bytes, double to) { return std::ceil(bytes / to) * to; }

// How the type is aligned: short strings are not.
double alignment(const std::string& type) {
  if (is_one_of(type, {"bigint", "double precision", "timestamp without time zone",
                       "timestamp with time zone", "time without time zone", "interval"}))
    return 8;
  if (is_one_of(type, {"integer", "real", "date", "oid"})) return 4;
  if (type == "smallint") return 2;
  return 1;
}

// Equal values of these may look different: they are not stored once.
bool deduplicates(const std::string& type) {
  return !type.starts_with("numeric") && type != "jsonb" && type != "real" && type != "double precision" &&
         !type.ends_with("[]");
}

double rows_of(const Table& table) {
  if (!table.statistics) return 0;
  return std::max(table.statistics->rows, static_cast<double>(table.statistics->live_rows));
}

struct Shape {
  double bytes = 0;     // of the keys and included columns
  double distinct = 1;  // combinations of the keys
  double nulls = 0;     // share of rows with a NULL among them, at least
  bool deduplicated = true;
};

void put(Shape& shape, const Column* column, double rows) {
  const double align = column ? alignment(column->type) : 1;
  const auto* known = column && column->statistics ? &*column->statistics : nullptr;
  shape.bytes = aligned(shape.bytes, align) + (known ? std::max(1, known->average_width) : 16);
  const double distinct = !known || known->n_distinct == 0 ? rows
                          : known->n_distinct < 0          ? -known->n_distinct * rows
                                                           : known->n_distinct;
  shape.distinct = std::min(std::max(1.0, shape.distinct * std::max(1.0, distinct)), std::max(1.0, rows));
  if (known) shape.nulls = std::max(shape.nulls, known->null_fraction);
  if (column && !deduplicates(column->type)) shape.deduplicated = false;
}

// The share of a table's rows that a partial index holds, where statistics tell.
double share(const IndexProposal& proposal, const Table& table) {
  if (!proposal.predicate) return 1;
  for (const auto& column : table.columns) {
    if (!column.statistics) continue;
    const std::string name = column.name;
    if (proposal.predicate == name + " IS NULL" || proposal.predicate == "\"" + name + "\" IS NULL")
      return column.statistics->null_fraction;
    if (proposal.predicate == name + " IS NOT NULL" || proposal.predicate == "\"" + name + "\" IS NOT NULL")
      return 1 - column.statistics->null_fraction;
  }
  // "c = 'x'": at most the share of the most common value.
  for (const auto& column : table.columns)
    if (column.statistics && (proposal.predicate->starts_with(column.name + " = ") ||
                              proposal.predicate->starts_with("\"" + column.name + "\" = ")))
      return std::clamp(std::max(column.statistics->most_common_freq,
                                 column.statistics->n_distinct > 0 ? 1 / column.statistics->n_distinct : 0.5),
                        0.001, 1.0);
  return 0.5;
}

double bytes_of(const IndexProposal& proposal, const Table& table, std::optional<double> selected) {
  const double rows = rows_of(table) * selected.value_or(share(proposal, table));
  Shape shape;
  for (const auto& key : proposal.keys)
    put(shape, key.column.empty() ? nullptr : table.column(key.column), rows);
  const double distinct = shape.distinct;
  for (const auto& name : proposal.include) put(shape, table.column(name), rows);
  const double header = shape.nulls > 0 ? tuple_header + 8 * shape.nulls : tuple_header;
  const double tuple = aligned(header, 1) + aligned(shape.bytes, 8) + item_pointer;
  double leaves = rows * tuple;
  if (shape.deduplicated && proposal.include.empty() && distinct < rows / 2) {
    const double each = std::max(2.0, std::floor((longest_posting_list - tuple) / row_pointer));
    const double lists = distinct * std::ceil(rows / distinct / each);
    leaves = std::min(leaves, lists * tuple + rows * row_pointer);
  }
  const double leaf_pages = std::max(1.0, std::ceil(leaves / (usable * fill)));
  const double inner_pages = std::ceil(leaf_pages * (tuple + 4) / (usable * 0.7));
  return (leaf_pages + inner_pages + 1) * page;
}

double bytes_of_brin(const Table& table) {
  if (!table.statistics) return 0;
  constexpr double entry = 40;
  constexpr double pages_of_a_range = 128;
  const double ranges = std::ceil(static_cast<double>(table.statistics->pages) / pages_of_a_range);
  return (2 + std::ceil(ranges * entry / usable)) * page;
}

// NULLs are not in it. Buckets are a page each, three quarters full when it is built; their number doubles up
// to 512, and grows by quarters from there.
double bytes_of_hash(const IndexProposal& proposal, const Table& table) {
  constexpr double entry = 20;
  constexpr double doubled = 512;
  const Column* column = table.column(proposal.keys.front().column);
  const double nulls = column && column->statistics ? column->statistics->null_fraction : 0;
  const double wanted = std::max(2.0, rows_of(table) * (1 - nulls) * entry / (page * 0.75));
  const double below = std::exp2(std::floor(std::log2(wanted)));
  const double step = wanted <= doubled ? below : below / 4;
  const double buckets = std::max(below, std::ceil(wanted / step) * step);
  return (buckets + 2) * page;
}

}  // namespace

std::int64_t index_size(const IndexProposal& proposal, const Catalog& catalog,
                        std::optional<double> selected) {
  const Table* table = catalog.table(proposal.table);
  if (!table) return 0;
  if (table->kind != Table::Kind::partitioned)
    return static_cast<std::int64_t>(proposal.method == "brin"   ? bytes_of_brin(*table)
                                     : proposal.method == "hash" ? bytes_of_hash(proposal, *table)
                                                                 : bytes_of(proposal, *table, selected));
  std::int64_t sum = 0;
  for (const auto& [name, part] : catalog.tables)
    if (part.partition_of && *part.partition_of == table->name) {
      IndexProposal own = proposal;
      own.table = name;
      sum += index_size(own, catalog, selected);
    }
  return sum;
}

}  // namespace pgadvise::advisor
