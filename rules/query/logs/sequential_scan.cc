#include <algorithm>

#include <fmt/format.h>

#include "base/text/text.h"
#include "lint/queries/conditions.h"
#include "lint/queries/plans.h"
#include "lint/queries/queries.h"
#include "lint/run/context.h"
#include "lint/schema/index_use.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::sequential_scan {

static constexpr Option slow_ms{"slow_ms", 20,
                                "mean duration, in milliseconds, from which a statement is slow"};
static constexpr Option frequent_calls{"frequent_calls", 100, "calls from which a statement is frequent"};
static constexpr Option frequent_ms{
    "frequent_ms", 1, "mean duration, in milliseconds, below which a frequent statement is not reported"};

namespace {

// How a statement filters and sorts one table.
struct TableUse {
  const Table* table = nullptr;
  std::optional<UnservedCondition> other;  // set if nothing below is
  // Columns compared with a value; also with another table's column, if the join can reduce the rows.
  std::vector<std::string> equal;
  std::vector<std::string> range;
  std::vector<SortKey> sort;  // empty unless every sort key is a column of this table
  bool narrows = false;       // a comparison with a value, or a LIMIT on sorted rows
  bool extreme = false;       // `sort` is c of min(c) or max(c)

  bool plain() const { return !equal.empty() || !range.empty() || !sort.empty(); }
};

void add(std::vector<std::string>& list, const std::string& column) {
  if (!contains(list, column)) list.push_back(column);
}

bool sorts_only(const QueryFacts& facts, const QualifiedName& table) {
  return facts.has_limit && !facts.sort.empty() &&
         std::ranges::all_of(facts.sort, [&](const SortKey& key) { return key.column.table == table; });
}

// c of min(c) and max(c); nullptr: of several columns, or of none.
const ColumnUse* only_extreme(const QueryFacts& facts) {
  const auto& all = facts.extremes;
  const bool one =
      !all.empty() && std::ranges::all_of(all, [&](const ColumnUse& use) { return use == all.front(); });
  return one ? &all.front() : nullptr;
}

// Whether something reduces the rows of the statement's other tables, so that a join leads from a few of them
// to this one's.
bool narrowed_elsewhere(const QueryFacts& facts, const QualifiedName& table) {
  const bool in_subquery = facts.from_derived || (facts.limited && !facts.has_limit);
  const bool first_rows = facts.has_limit && !facts.sort.empty() && !sorts_only(facts, table);
  return in_subquery || first_rows || std::ranges::any_of(facts.predicates, [&](const Predicate& predicate) {
           return predicate.column.table != table && predicate.value != Predicate::Value::column;
         });
}

TableUse use_of(const QueryFacts& facts, const Table& table) {
  TableUse use{.table = &table};
  std::vector<std::string> without_joins;
  for (const auto& predicate : facts.predicates) {
    if (predicate.under_or || !predicate.wrapper.empty()) continue;
    const bool join =
        predicate.value == Predicate::Value::column && predicate.other.table != predicate.column.table;
    const bool value =
        predicate.value != Predicate::Value::column && predicate.value != Predicate::Value::other;
    const bool equality = predicate.op == Predicate::Op::equality || predicate.op == Predicate::Op::in_list;
    if (join && equality && predicate.other.table == table.name) add(use.equal, predicate.other.column);
    const Column* column =
        predicate.column.table == table.name ? table.column(predicate.column.column) : nullptr;
    if (!column || widened(*column, predicate)) continue;
    if (equality && (value || join)) add(use.equal, predicate.column.column);
    if (equality && value) add(without_joins, predicate.column.column);
    if (predicate.op == Predicate::Op::range && value) add(use.range, predicate.column.column);
    use.narrows = use.narrows || (value && (equality || predicate.op == Predicate::Op::range));
  }
  if (use.narrows && !narrowed_elsewhere(facts, table.name)) use.equal = std::move(without_joins);
  if (sorts_only(facts, table.name)) {
    use.sort = facts.sort;
    use.narrows = true;
  } else if (const ColumnUse* extreme = only_extreme(facts); extreme && extreme->table == table.name) {
    use.sort = {{.column = *extreme}};
    use.narrows = use.extreme = true;
  }
  return use;
}

// Whether the statement can use the first key of an index. Partial indexes count only if their predicate is
// IS NOT NULL: whether another predicate applies, only the planner can decide.
bool served(const TableUse& use) {
  return std::ranges::any_of(use.table->indexes, [&](const Index& index) {
    if (!index.valid || index.keys.empty() || (index.predicate && index.predicate_not_null.empty()))
      return false;
    const std::string& first = index.keys.front().column;
    const bool sorted = !use.sort.empty() && use.sort.front().column.column == first;
    return contains(use.equal, first) || contains(use.range, first) || sorted;
  });
}

// Equality columns are sorted by their estimated distinct values (0: unknown), the highest first, and the
// first ones kept.
double distinct(const Table& table, const std::string& name) {
  const Column* column = table.column(name);
  return column ? distinct_values(table, *column) : 0;
}

std::vector<IndexKey> keys_for(TableUse use) {
  constexpr std::size_t widest = 3;
  std::ranges::stable_sort(use.equal, [&](const auto& a, const auto& b) {
    return distinct(*use.table, a) > distinct(*use.table, b);
  });
  std::vector<IndexKey> keys;
  for (const auto& column : use.equal)
    if (keys.size() < widest) keys.push_back({.column = column});
  if (!use.sort.empty()) {
    for (const auto& sort : use.sort)
      if (!contains(use.equal, sort.column.column) && keys.size() <= widest)
        keys.push_back(
            {.column = sort.column.column, .descending = sort.descending, .nulls_first = sort.nulls_first});
  } else if (!use.range.empty()) {
    keys.push_back({.column = use.range.front()});
  }
  return keys;
}

IndexProposal proposal_of(const TableUse& use) {
  IndexProposal out{.table = use.table->name, .keys = keys_for(use)};
  while (out.equality_keys < out.keys.size() && contains(use.equal, out.keys[out.equality_keys].column))
    ++out.equality_keys;
  return out;
}

Probe probe_of(const Query& query, const QualifiedName& table) {
  return {
      .kind = Probe::Kind::statement, .table = table, .fingerprint = query.fingerprint, .search_index = true};
}

bool slow_or_frequent(const Context& context, const Query& query) {
  const auto& facts = query.facts;
  // INSERT … SELECT, too.
  const bool reads = filters_rows(facts) || facts.kind == StatementKind::insert;
  if (!facts.parsed || !reads || facts.catalog_query) return false;
  if (query.timed_calls == 0) return true;  // no durations: the plan decides
  return query.mean_ms() >= context.option(slow_ms) ||
         (query.calls >= context.option(frequent_calls) && query.mean_ms() >= context.option(frequent_ms));
}

std::string what_it_does(const TableUse& use) {
  if (use.other) return use.other->what;
  std::vector<std::string> filters = use.equal;
  for (const auto& column : use.range) add(filters, column);
  std::vector<std::string> sorts;
  for (const auto& key : use.sort)
    if (!key.column.column.empty()) sorts.push_back(key.column.column);
  std::string out;
  if (!filters.empty()) out += "filters or joins by " + join(filters, ", ");
  if (!sorts.empty())
    out += std::string(out.empty() ? "" : " and ") +
           (use.extreme ? "returns the minimum or maximum of " : "sorts by ") + join(sorts, ", ");
  return out;
}

bool any_resolved(const QueryFacts& facts) {
  return std::ranges::any_of(facts.predicates,
                             [](const Predicate& predicate) { return !predicate.column.table.name.empty(); });
}

// Whether non-sargable-predicate reports the statement.
bool reported_elsewhere(const Context& context, const Query& query) {
  return std::ranges::any_of(query.facts.predicates, [&](const Predicate& predicate) {
    const Table* table = context.table(predicate.column.table);
    return table && (predicate.leading_wildcard || bypassed_index(query.facts, *table, predicate));
  });
}

}  // namespace

// A condition that the facts do not explain, but whose scan a plan shows.
static void check_plans(const Context& context, Reporter& reporter, const Query& query) {
  if (reported_elsewhere(context, query)) return;
  for (const auto& plan : context.plans_of(query))
    for (const auto& insight : plan.insights) {
      if (insight.kind != Insight::Kind::slow_scan) continue;
      const PlanNode& scan = *insight.node;
      const QualifiedName table = table_of(query, scan);
      if (!context.table(table)) continue;
      const double kept = rows_of(scan);
      const std::string fact = "Seq Scan on " + display(table) + " reads " +
                               grouped(kept + scan.rows_removed_by_filter * scan.loops) + " rows and keeps " +
                               grouped(kept);
      Finding& finding =
          report(reporter, query, table,
                 "A statement (" + ran(query) + ") filters " + display(table) +
                     " by a condition that no index serves: it reads all of " + table.name + ".");
      finding.evidence.push_back(plan_fact(plan, fact));
      apply_plan(finding, plan);
      finding.probe = probe_of(query, table);
      finding.fix = manual_fix(
          "Rewrite the condition so that it compares a column with a value, and index that column; or create "
          "an index on the expression, if it is immutable");
      return;
    }
}

static void check_query(const Context& context, Reporter& reporter, const Query& query) {
  // Of several tables, the one with the most rows takes the time.
  TableUse worst;
  double worst_rows = -2;
  for (const auto& relation : query.facts.relations) {
    const Table* table = context.table(relation.table);
    if (!table || table->kind == Table::Kind::view || table->kind == Table::Kind::foreign) continue;
    const double rows = table->statistics ? table->statistics->rows : -1;
    if (rows >= 0 && rows < context.option(small_rows)) continue;
    TableUse use = use_of(query.facts, *table);
    if (served(use)) continue;
    if (!use.plain()) use.other = unserved_condition(context, query.facts, *table);
    if (!use.plain() && !use.other) continue;
    // A join counts only if something else limits the rows of the statement.
    const bool narrowed = use.other || use.narrows || any_resolved(query.facts);
    if (narrowed && rows > worst_rows) worst = std::move(use), worst_rows = rows;
  }
  if (!worst.table) return check_plans(context, reporter, query);
  const QualifiedName& table = worst.table->name;
  Finding& finding =
      reporter.add(query_subject(query, table), place_of(query),
                   fmt::format("A statement {} on {} without a suitable index: it {}, and reads all of {}.",
                               what_it_does(worst), display(table), ran(query), table.name));
  finding.evidence.push_back(log_fact(
      query.text, finding.location, query.samples.empty() ? std::string() : query.samples.front().statement));
  finding.probe = probe_of(query, table);
  if (!worst.other) {
    finding.proposal = proposal_of(worst);
    return;
  }
  if (!worst.other->rewrite.empty()) finding.fix = manual_fix(worst.other->rewrite);
  auto& proposals = worst.other->proposals;
  if (proposals.empty()) return;
  finding.proposal = std::move(proposals.front());
  finding.further_proposals.assign(proposals.begin() + 1, proposals.end());
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries)
    if (slow_or_frequent(context, query)) check_query(context, reporter, query);
}

constinit const Rule rule{
    .id = "sequential-scan",
    .severity = Severity::warning,
    .needs = all(Input::workload, Input::schema),
    .summary = "a slow or frequent statement that scans a whole table to keep a few rows",
    .why =
        "If no index serves a filter, join or sort, PostgreSQL reads every row of the table at each call. On "
        "a small table this is the fastest way. On a large table it is the most common cause of a slow "
        "page.\n\n"
        "The rule also reports conditions that no plain index on a column serves: expressions such as "
        "`date(at)` or `payload->>'id'`, `IS NOT NULL`, an OR of several columns, `@>`, and `max(at)`. An "
        "index can contain an expression only if the result does not depend on settings: `date_trunc('day', "
        "at)` of a `timestamptz` depends on the time zone.\n\n"
        "In a join, an index on the join's column serves if another condition reduces the rows of the other "
        "table. If the only condition is on this table, its own columns need the index.\n\n"
        "With a server, the finding is refuted if the table is small, the statement needs most of the rows, "
        "or a write's own maintenance of the index would cost more than the index saves. Otherwise the "
        "finding is confirmed, and says which index reduces the planner's cost, or that none does.",
    .fix =
        "Create the index that the finding proposes: equality columns first, then the sort columns or the "
        "range column; an index on an expression; a partial index; one index for each part of an OR. If the "
        "finding has a rewrite instead, no index serves the condition as it is written: compare the column "
        "itself, for example with a range of times.",
    .when_to_ignore =
        "The statement needs most rows of the table (a report), or runs rarely and nobody waits for it.",
    .options = {&slow_ms, &frequent_calls, &frequent_ms, &small_rows},
    .check = check};

}  // namespace pgadvise::rules::sequential_scan
