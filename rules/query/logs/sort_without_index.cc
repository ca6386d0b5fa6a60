#include <algorithm>

#include "lint/queries/loops.h"
#include "lint/queries/plans.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "model/queries/plan_inputs.h"
#include "model/schema/index_comparison.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::sort_without_index {

static constexpr Option min_rows{"rows", 10000,
                                 "rows sorted for one page from which a statement is reported"};
static constexpr Option fast_ms{"fast_ms", 5,
                                "mean duration, in milliseconds, below which a statement is not reported"};

namespace {

struct Sorted {
  const KnownPlan* plan = nullptr;
  const PlanNode* limit = nullptr;
  const PlanNode* sort = nullptr;
  double rows = 0;  // input rows of the sort
};

// The sort below the LIMIT, if no node in between changes the rows; otherwise nullptr.
const PlanNode* sort_below(const PlanNode& limit) {
  const PlanNode* node = first_input(limit);
  while (node && (node->type == "Gather Merge" || node->type == "Result" || node->type == "LockRows" ||
                  node->type == "Subquery Scan"))
    node = first_input(*node);
  return node && node->type == "Sort" ? node : nullptr;
}

// Whether the sort reads stored rows. No index can provide the order of grouped or computed rows,
// or of those of a CTE.
bool sorts_stored_rows(const PlanNode& sort) {
  bool stored = true;
  for (const PlanNode* node = &sort; node; node = first_input(*node))
    stored = stored && node->type.find("Aggregate") == std::string::npos && node->type != "Group" &&
             node->type != "WindowAgg" && node->type != "Unique" && node->type != "SetOp" &&
             node->type != "ProjectSet" && node->type != "CTE Scan" && node->type != "WorkTable Scan";
  return stored;
}

Sorted largest(const std::vector<KnownPlan>& plans) {
  Sorted worst;
  for (const auto& plan : plans)
    visit(plan.plan->root, [&](const PlanNode& node) {
      if (node.type != "Limit" || node.never_executed) return;
      const PlanNode* sort = sort_below(node);
      if (!sort || !first_input(*sort) || !sorts_stored_rows(*sort)) return;
      const double rows = input_rows(*sort) / std::max(1.0, node.loops);
      if (rows > worst.rows && rows >= 10 * std::max(1.0, node.actual_rows.value_or(node.plan_rows)))
        worst = {&plan, &node, sort, rows};
    });
  return worst;
}

// The table, if every sort key is a column of the same table, so that an index can provide the order.
const Table* sorted_table(const Context& context, const QueryFacts& facts) {
  if (facts.sort.empty() || facts.grouped) return nullptr;
  const QualifiedName& name = facts.sort.front().column.table;
  const bool one = std::ranges::all_of(
      facts.sort, [&](const SortKey& key) { return !key.column.column.empty() && key.column.table == name; });
  const Table* table = one ? context.table(name) : nullptr;
  return table && stores_rows(*table) ? table : nullptr;
}

IndexProposal proposal_of(const Table& table, const QueryFacts& facts) {
  constexpr std::size_t widest = 4;
  IndexProposal out{.table = table.name};
  for (const auto& column : fixed_columns(facts, table.name))
    if (!has_column(out.keys, column)) out.keys.push_back({.column = column});
  if (out.keys.size() >= widest) out.keys.resize(widest - 1);
  out.equality_keys = out.keys.size();
  for (const auto& sort : facts.sort)
    if (!has_column(out.keys, sort.column.column))
      out.keys.push_back(
          {.column = sort.column.column, .descending = sort.descending, .nulls_first = sort.nulls_first});
  return out;
}

// Whether an index already provides these keys, in forward or backward order. The planner then sorts for
// another reason.
bool index_exists(const Table& table, const std::vector<IndexKey>& keys) {
  return std::ranges::any_of(table.indexes, [&](const Index& index) {
    if (!index.valid || index.method != "btree" || index.predicate || index.keys.size() < keys.size())
      return false;
    const auto same = [&](bool backwards) {
      return std::equal(
          keys.begin(), keys.end(), index.keys.begin(), [&](const IndexKey& key, const IndexKey& other) {
            return key.column == other.column && (key.descending == other.descending) != backwards &&
                   (key.nulls_first == other.nulls_first) != backwards;
          });
    };
    return same(false) || same(true);
  });
}

// Refutes the finding if the current plan has no sort.
Conclusion conclude(const Plan& plan, double, double) {
  bool sorts = false;
  visit(plan.root, [&](const PlanNode& node) {
    sorts = sorts || node.type == "Sort" || node.type == "Incremental Sort";
  });
  if (sorts) return {};
  return {.verdict = Verdict::refuted, .reason = "the planner now has a plan without a sort"};
}

}  // namespace

static void check_query(const Context& context, Reporter& reporter, const Query& query) {
  if (query.timed_calls > 0 && query.mean_ms() < context.option(fast_ms)) return;
  const Sorted sorted = largest(context.plans_of(query));
  if (!sorted.sort || sorted.rows < context.option(min_rows)) return;
  // QueryFacts::sort is the ORDER BY of the outermost SELECT only.
  const Table* table =
      sorted.limit == &sorted.plan->plan->root ? sorted_table(context, query.facts) : nullptr;
  std::optional<IndexProposal> proposal;
  if (table) {
    proposal = proposal_of(*table, query.facts);
    if (index_exists(*table, proposal->keys)) return;
  }
  const QualifiedName name = table ? table->name : main_table(query);
  const bool actual = sorted.plan->plan->analyzed;
  Finding& finding = report(reporter, query, name,
                            "A statement" + on_table(name) + (actual ? " sorts " : " is expected to sort ") +
                                grouped(sorted.rows) + " rows to return " +
                                grouped(sorted.limit->actual_rows.value_or(sorted.limit->plan_rows)) + ".");
  finding.evidence.push_back(plan_fact(*sorted.plan, "Limit over Sort of " + grouped(sorted.rows) + " rows"));
  apply_plan(finding, *sorted.plan);
  if (proposal) {
    finding.proposal = std::move(proposal);
    finding.probe =
        Probe{.kind = Probe::Kind::plan,
              .table = name,
              .fingerprint = query.fingerprint,
              .from_plan = conclude,
              .without_gain = "the planner would still sort, or the index would not reduce the cost"};
  } else {
    finding.fix = manual_fix(
        "Create an index on the columns of the WHERE followed by those of the ORDER BY, if all are in one "
        "table; otherwise sort fewer rows");
  }
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries)
    if (of_application(query) && query.facts.limited && !query.facts.grouped)
      check_query(context, reporter, query);
}

constinit const Rule rule{
    .id = "sort-without-index",
    .severity = Severity::note,
    .needs = all(Input::workload, Input::plans),
    .summary = "an ORDER BY … LIMIT that sorts many rows to return a few",
    .why =
        "To return a page of twenty rows, the server reads and sorts every row that passes the WHERE. An "
        "index on the compared columns followed by the columns of the ORDER BY returns the first twenty rows "
        "directly. The time then stays the same as the table grows.",
    .fix =
        "Create the index that the finding proposes. If the sort keys have different directions, or NULLS "
        "FIRST is used, the index must have the same.",
    .when_to_ignore = "The statement runs rarely, or its order is one of many that users can choose.",
    .options = {&min_rows, &fast_ms},
    .check = check};

}  // namespace pgadvise::rules::sort_without_index
