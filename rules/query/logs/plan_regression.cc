#include <fmt/format.h>

#include "base/text/number_format.h"
#include "lint/queries/plan_changes.h"
#include "lint/queries/plans.h"
#include "lint/queries/queries.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::plan_regression {

static constexpr Option cost_ratio{"cost_ratio", 2,
                                   "cost after the change, divided by the cost before it, from which a plan "
                                   "is reported whose structure is not worse"};
static constexpr Option error_ratio{"error_ratio", 10, "the same ratio, from which the finding is an error"};
static constexpr Option least_cost{"least_cost", 100,
                                   "increase of the planner cost of one call, below which nothing is "
                                   "reported: 100 is about the cost of reading 100 pages"};
static constexpr Option share_percent{
    "share_percent", 1,
    "share of the workload, in percent, after the change, below which the finding is a note"};
static constexpr Option new_rows{
    "new_rows", 10'000,
    "rows that a new statement reads to return a tenth of them or fewer, from which it is reported"};

namespace {

bool worse_structure(const PlanChange& change) {
  return !change.differences.empty() && change.differences.front().worse();
}

std::string statement(const Query& query) { return "A statement (" + ran(query) + ")"; }

std::string times(double ratio) { return ratio >= 10 ? short_count(ratio) : fmt::format("{:.1f}", ratio); }

QualifiedName table_of(const Query& query, const PlanChange& change) {
  for (const auto& one : change.differences)
    if (!one.table.name.empty()) return one.table;
  if (change.cause) return change.cause->table;
  return query.facts.relations.empty() ? QualifiedName{} : query.facts.relations.front().table;
}

}  // namespace

static void report_slower(const Context& context, Reporter& reporter, const Query& query,
                          const PlanChange& change) {
  const double ratio = change.ratio();
  const bool matters =
      ratio >= context.option(cost_ratio) || (worse_structure(change) && ratio > 1 + cost_noise);
  if (!matters || change.cost_after - change.cost_before < context.option(least_cost)) return;
  const bool rare = 100 * change.share < context.option(share_percent);
  const Severity severity = rare                                   ? Severity::note
                            : ratio >= context.option(error_ratio) ? Severity::error
                                                                   : Severity::warning;
  std::string message = fmt::format("{} costs the planner {} times as much as under {} ({} instead of {})",
                                    statement(query), times(ratio), context.comparison().against,
                                    short_count(change.cost_after), short_count(change.cost_before));
  if (!change.differences.empty()) message += ": " + difference_text(change.differences.front());
  if (change.cause) message += (change.differences.empty() ? ": " : "; ") + cause_text(*change.cause);
  Finding& finding = report(reporter, query, table_of(query, change), message + ".", severity);
  if (change.cause)
    if (auto place = place_of(context, *change.cause)) finding.location = std::move(place);
  for (const auto& one : change.differences) finding.evidence.push_back(difference_fact(one));
  if (!change.origin.empty())
    finding.evidence.push_back({Evidence::Kind::plan, "planned with " + change.origin});
  apply_comparison(finding, context.comparison());
  using Cause = PlanCause::Kind;
  const bool index = change.cause && (change.cause->kind == Cause::dropped_index ||
                                      change.cause->kind == Cause::changed_index);
  finding.fix = manual_fix(index ? "Keep the index " + change.cause->object + " " + change.cause->before +
                                       ", or create one that serves the statement"
                           : change.cause && change.cause->kind == Cause::changed_type
                               ? "Give both sides of the comparison the same type, or create an index on the "
                                 "expression that the statement compares"
                               : "Create an index that serves the statement");
}

static void report_new(const Context& context, Reporter& reporter, const Query& query,
                       const PlanChange& change) {
  const PlanDifference& scan = change.unserved;
  constexpr double kept = 0.1;
  if (scan.rows_before < context.option(new_rows) || scan.rows_after > kept * scan.rows_before) return;
  Finding& finding = report(
      reporter, query, scan.table,
      fmt::format("{} that {} rejects has no suitable index here: it reads {} rows of {} to return {}.",
                  statement(query), context.comparison().against, short_count(scan.rows_before),
                  display(scan.table), short_count(scan.rows_after)));
  finding.evidence.push_back({Evidence::Kind::plan, scan.after});
  apply_comparison(finding, context.comparison());
  finding.fix = manual_fix("Create an index that serves the statement, in the same migration");
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& [fingerprint, change] : context.comparison().changes) {
    const Query* query = context.query(fingerprint);
    if (!query) continue;
    if (change.outcome == PlanChange::Outcome::planned) report_slower(context, reporter, *query, change);
    if (change.outcome == PlanChange::Outcome::new_statement) report_new(context, reporter, *query, change);
  }
}

constinit const Rule rule{
    .id = "plan-regression",
    .severity = Severity::warning,
    .needs = all(Input::workload, Input::plan_changes),
    .summary = "a statement whose plan is worse under the changed schema",
    .why =
        "A migration that drops an index, reorders its columns or changes a column's type can make a "
        "statement read a whole table that found its rows by an index before. Tests with few rows do not "
        "show it.\n\n"
        "`check --against REV` plans the statements of the workload under the schema of both versions, with "
        "production's statistics and the same values. The rule reports a plan that costs at least "
        "`cost_ratio` times as much, or that costs more and has a worse structure: a sequential scan in "
        "place of an index scan, an index whose first columns are not compared any more, a new sort, or a "
        "nested loop over at least ten times as many rows. Changes of the cost up to 10 % are never "
        "reported. It also reports a statement that only the new schema accepts, and that reads a large "
        "table without a suitable index.",
    .fix =
        "Keep the index, or create one that serves the statement before the old one is dropped. After a "
        "change of type: compare values of the same type.",
    .when_to_ignore = "The statement is about to be removed, or runs so rarely that nobody waits for it.",
    .options = {&cost_ratio, &error_ratio, &least_cost, &share_percent, &new_rows},
    .check = check};

}  // namespace pgadvise::rules::plan_regression
