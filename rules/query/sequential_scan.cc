#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.h"
#include "lint/context.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static constexpr Option slow_ms{.name = "slow_ms",
                                .fallback = 20,
                                .meaning = "mean duration, in milliseconds, from which a statement is slow"};
static constexpr Option frequent_calls{
    .name = "frequent_calls", .fallback = 100, .meaning = "calls from which a statement is frequent"};
static constexpr Option frequent_ms{
    .name = "frequent_ms",
    .fallback = 1,
    .meaning = "mean duration, in milliseconds, below which a frequent statement is not reported"};
static constexpr Option small_rows{
    .name = "small_rows",
    .fallback = 1000,
    .table_size = true,
    .meaning = "rows below which a table is not reported, where its statistics are known"};
static constexpr const Option* options[] = {&slow_ms, &frequent_calls, &frequent_ms, &small_rows};

namespace {

// How a statement filters and sorts one table.
struct TableUse {
  const Table* table = nullptr;
  std::vector<std::string> equal;  // columns compared with a value, or with another table's column
  std::vector<std::string> range;
  std::vector<SortKey> sort;  // empty unless every sort key is a column of this table
  bool narrows = false;       // a comparison with a value, or a LIMIT on sorted rows
};

void add(std::vector<std::string>& list, const std::string& column) {
  if (std::find(list.begin(), list.end(), column) == list.end()) list.push_back(column);
}

bool sorts_only(const QueryFacts& facts, const QualifiedName& table) {
  return facts.has_limit && !facts.sort.empty() &&
         std::all_of(facts.sort.begin(), facts.sort.end(),
                     [&](const SortKey& key) { return key.column.table == table; });
}

TableUse use_of(const QueryFacts& facts, const Table& table) {
  TableUse use{.table = &table};
  for (const auto& predicate : facts.predicates) {
    if (predicate.under_or || !predicate.wrapper.empty()) continue;
    const bool join =
        predicate.value == Predicate::Value::column && predicate.other.table != predicate.column.table;
    const bool value =
        predicate.value == Predicate::Value::parameter || predicate.value == Predicate::Value::constant;
    const bool equality = predicate.op == Predicate::Op::equality || predicate.op == Predicate::Op::in_list;
    if (join && equality && predicate.other.table == table.name) add(use.equal, predicate.other.column);
    if (predicate.column.table != table.name) continue;
    if (equality && (value || join)) add(use.equal, predicate.column.column);
    if (predicate.op == Predicate::Op::range && value) add(use.range, predicate.column.column);
    use.narrows = use.narrows || (value && (equality || predicate.op == Predicate::Op::range));
  }
  if (sorts_only(facts, table.name)) {
    use.sort = facts.sort;
    use.narrows = true;
  }
  return use;
}

bool has(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Whether the statement can use the first key of an index. Partial indexes count only if their predicate is
// IS NOT NULL: whether another predicate applies, only the planner can decide.
bool served(const TableUse& use) {
  return std::any_of(use.table->indexes.begin(), use.table->indexes.end(), [&](const Index& index) {
    if (!index.valid || index.keys.empty() || (index.predicate && index.predicate_not_null.empty()))
      return false;
    const std::string& first = index.keys.front().column;
    const bool sorted = !use.sort.empty() && use.sort.front().column.column == first;
    return has(use.equal, first) || has(use.range, first) || sorted;
  });
}

// Estimated distinct values; 0 if unknown. Equality columns are sorted by it, the highest first, and the
// first ones kept.
double distinct(const Table& table, const std::string& name) {
  const Column* column = table.column(name);
  if (!column || !column->statistics) return 0;
  const double value = column->statistics->n_distinct;
  const double rows = table.statistics ? std::max(0.0, table.statistics->rows) : 0;
  return value < 0 ? -value * rows : value;
}

std::vector<IndexKey> keys_for(TableUse use) {
  constexpr std::size_t widest = 3;
  std::stable_sort(use.equal.begin(), use.equal.end(), [&](const auto& a, const auto& b) {
    return distinct(*use.table, a) > distinct(*use.table, b);
  });
  std::vector<IndexKey> keys;
  for (const auto& column : use.equal)
    if (keys.size() < widest) keys.push_back({.column = column});
  if (!use.sort.empty()) {
    for (const auto& sort : use.sort)
      if (!has(use.equal, sort.column.column) && keys.size() <= widest)
        keys.push_back(
            {.column = sort.column.column, .descending = sort.descending, .nulls_first = sort.nulls_first});
  } else if (!use.range.empty()) {
    keys.push_back({.column = use.range.front()});
  }
  return keys;
}

bool slow_or_frequent(const Context& context, const Query& query) {
  const auto& facts = query.facts;
  // INSERT … SELECT, too.
  const bool reads = facts.kind == StatementKind::select || facts.kind == StatementKind::insert ||
                     facts.kind == StatementKind::update || facts.kind == StatementKind::delete_;
  if (!facts.parsed || !reads || facts.catalog_query) return false;
  if (query.timed_calls == 0) return true;  // no durations: the plan decides
  return query.mean_ms() >= context.option(slow_ms) ||
         (static_cast<double>(query.calls) >= context.option(frequent_calls) &&
          query.mean_ms() >= context.option(frequent_ms));
}

std::string what_it_does(const TableUse& use) {
  std::vector<std::string> filters = use.equal;
  for (const auto& column : use.range) add(filters, column);
  std::vector<std::string> sorts;
  for (const auto& key : use.sort)
    if (!key.column.column.empty()) sorts.push_back(key.column.column);
  std::string out;
  if (!filters.empty()) out += "filters or joins by " + join(filters, ", ");
  if (!sorts.empty()) out += std::string(out.empty() ? "" : " and ") + "sorts by " + join(sorts, ", ");
  return out;
}

bool any_resolved(const QueryFacts& facts) {
  return std::any_of(facts.predicates.begin(), facts.predicates.end(),
                     [](const Predicate& predicate) { return !predicate.column.table.name.empty(); });
}

}  // namespace

static void check_query(const Context& context, Reporter& reporter, const Query& query) {
  // Of several tables, the one with the most rows takes the time.
  TableUse worst;
  double worst_rows = -2;
  std::vector<QualifiedName> seen;
  for (const auto& relation : query.facts.relations) {
    const Table* table = context.catalog().table(relation.table);
    if (!table || (table->kind != Table::Kind::ordinary && table->kind != Table::Kind::partitioned)) continue;
    const double rows = table->statistics ? table->statistics->rows : -1;
    if (rows >= 0 && rows < context.option(small_rows)) continue;
    TableUse use = use_of(query.facts, *table);
    if (use.equal.empty() && use.range.empty() && use.sort.empty()) continue;
    if (served(use) || keys_for(use).empty()) continue;
    // A join counts only if something else limits the rows of the statement.
    const bool narrowed = use.narrows || any_resolved(query.facts);
    if (narrowed && rows > worst_rows) worst = std::move(use), worst_rows = rows;
  }
  if (!worst.table) return;
  const QualifiedName& table = worst.table->name;
  const std::string timing =
      query.timed_calls ? fmt::format(", {:.1f} ms on average,", query.mean_ms()) : std::string();
  Finding& finding = reporter.add(
      {.kind = "query", .schema = table.schema, .table = table.name, .fingerprint = query.fingerprint},
      fmt::format("A statement that ran {}{} {} on {} without a suitable index: it scans the whole table.",
                  query.calls == 1 ? "once" : fmt::format("{} times", query.calls), timing,
                  what_it_does(worst), display(table)));
  if (!query.samples.empty()) finding.location = query.samples.front().place;
  finding.evidence.push_back({Evidence::Kind::statement, query.text, finding.location,
                              query.samples.empty() ? std::string() : query.samples.front().statement});
  finding.probe = Probe{Probe::Kind::statement, table, {}, query.fingerprint};
  finding.proposal = IndexProposal{.table = table, .keys = keys_for(worst)};
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries)
    if (slow_or_frequent(context, query)) check_query(context, reporter, query);
}

constinit const Rule sequential_scan{
    .id = "sequential-scan",
    .severity = Severity::warning,
    .needs = all(Input::workload, Input::schema),
    .summary = "a slow or frequent statement that scans a whole table to keep a few rows",
    .why =
        "If no index serves a filter, join or sort, PostgreSQL reads every row of the table at each call. On "
        "a small table this is the fastest way. On a large table it is the most common cause of a slow page.",
    .fix =
        "Create the index that the finding proposes: equality columns first, then the sort columns or the "
        "range column.",
    .when_to_ignore =
        "The statement needs most rows of the table (a report), or runs rarely and nobody waits for it.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
