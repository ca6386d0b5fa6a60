#include <algorithm>
#include <set>

#include "lint/queries.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static constexpr Option small_rows{
    .name = "small_rows",
    .fallback = 1000,
    .meaning =
        "rows below which it is a note, where the table's statistics or the rows of the calls are "
        "known"};
static constexpr const Option* options[] = {&small_rows};

namespace {

// A log that ends in the middle of a statement, or a server that cuts long ones, leaves one that only seems
// to have no WHERE.
bool cut_short(const Workload& workload, const Query& query) {
  return query.calls == 1 &&
         std::any_of(workload.queries.begin(), workload.queries.end(), [&](const Query& other) {
           return other.text.size() > query.text.size() &&
                  other.text.compare(0, query.text.size(), query.text) == 0;
         });
}

}  // namespace

static void check(const Context& context, Reporter& reporter) {
  std::set<std::string> temporary;
  for (const auto& query : context.workload().queries)
    if (!query.facts.creates_temporary.empty()) temporary.insert(query.facts.creates_temporary);
  const double small = context.option(small_rows);
  for (const auto& query : context.workload().queries) {
    const QueryFacts& facts = query.facts;
    const bool deletes = facts.kind == StatementKind::delete_;
    if ((!deletes && facts.kind != StatementKind::update) || facts.has_where || facts.from_derived ||
        !facts.target || facts.catalog_query)
      continue;
    if (temporary.count(facts.target->name) || lint::by_tool_alone(query)) continue;
    if (cut_short(context.workload(), query)) continue;
    const Table* table = context.has_catalog() ? context.catalog().table(*facts.target) : nullptr;
    // What the schema does not have was made by the session itself, as a rule.
    if ((context.has_catalog() && !table) || (table && table->temporary)) continue;
    const Table named{.name = *facts.target};
    // That a table is empty now may be this statement's work.
    const auto rows = lint::rows_of(context, *facts.target);
    const bool few = (rows && *rows < small && (*rows > 0 || !deletes)) ||
                     (query.rows_calls > 0 &&
                      static_cast<double>(query.rows) < small * static_cast<double>(query.rows_calls));
    const bool passing = deletes && lint::named_like_log(named);
    Finding& finding = lint::report(reporter, query, *facts.target,
                                    std::string(deletes ? "DELETE" : "UPDATE") + " on " +
                                        display(*facts.target) + " has no WHERE: it " +
                                        (deletes ? "removes" : "rewrites") + " every row of the table.",
                                    few || passing ? std::optional(Severity::note) : std::nullopt);
    if (few)
      finding.evidence.push_back({Evidence::Kind::statement, "the table has few rows", std::nullopt, {}});
    finding.fix =
        Fix{.title = deletes ? "Add the WHERE that was meant; TRUNCATE if the table is to be emptied"
                             : "Add the WHERE that was meant",
            .safety = Fix::Safety::manual};
  }
}

constinit const Rule unqualified_write{
    .id = "unqualified-write",
    .severity = Severity::warning,
    .needs = Input::workload,
    .summary = "UPDATE or DELETE without WHERE",
    .why =
        "It changes every row: locks on all of them until the transaction ends, a second version of the "
        "whole table to vacuum away, WAL for "
        "everything, and, when the WHERE was forgotten, nothing left to go back to.\n\n"
        "A note for tables that are known to be small, or by their name hold passing rows (staging, cache, "
        "queue).",
    .fix =
        "Say which rows: `WHERE changed IS DISTINCT FROM …` for an UPDATE, batches by key for a large table, "
        "`TRUNCATE` to empty one.",
    .when_to_ignore = "Emptying or rewriting the table is what the job is for.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
