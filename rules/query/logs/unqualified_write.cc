#include <algorithm>
#include <set>

#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::unqualified_write {

static constexpr Option small_rows{"small_rows", 1000,
                                   "rows below which it is a note, where the statistics of the table or the "
                                   "affected rows of the calls are known"};

namespace {

// Whether the text is truncated, so that its WHERE may be missing: the log ends within the statement, or the
// server truncates long statements.
bool truncated(const Workload& workload, const Query& query) {
  return query.calls == 1 && std::ranges::any_of(workload.queries, [&](const Query& other) {
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
    if (temporary.count(facts.target->name) || by_tool_alone(query)) continue;
    if (truncated(context.workload(), query)) continue;
    const Table* table = context.table(*facts.target);
    // A table that the schema does not have was usually created by the session itself.
    if ((context.has_catalog() && !table) || (table && table->temporary)) continue;
    const Table named{.name = *facts.target};
    // The table may be empty because of this statement.
    const auto rows = rows_of(context, *facts.target);
    const bool few = (rows && *rows < small && (*rows > 0 || !deletes)) ||
                     (query.rows_calls > 0 &&
                      static_cast<double>(query.rows) < small * static_cast<double>(query.rows_calls));
    const bool short_lived = deletes && named_like_log(named);
    Finding& finding =
        report(reporter, query, *facts.target,
               std::string(deletes ? "DELETE" : "UPDATE") + " on " + display(*facts.target) +
                   " has no WHERE: it " + (deletes ? "deletes" : "updates") + " every row of the table.",
               few || short_lived ? std::optional(Severity::note) : std::nullopt);
    if (few) finding.evidence.push_back(log_fact("the table has few rows"));
    finding.fix = manual_fix(deletes ? "Add the missing WHERE; if the table should be emptied, use TRUNCATE"
                                     : "Add the missing WHERE");
  }
}

constinit const Rule rule{
    .id = "unqualified-write",
    .severity = Severity::warning,
    .harm = Harm::data,
    .needs = Input::workload,
    .summary = "UPDATE or DELETE without WHERE",
    .why =
        "The statement changes every row. It locks all rows until the transaction ends, leaves a second "
        "version of the whole table for vacuum to remove, and writes WAL for every row. If the WHERE was "
        "forgotten, the old data is lost.\n\n"
        "The finding is a note for tables that are known to be small, or whose names suggest short-lived "
        "rows (staging, cache, queue).",
    .fix =
        "Restrict the rows: `WHERE changed IS DISTINCT FROM …` for an UPDATE, batches by key for a large "
        "table, `TRUNCATE` to empty a table.",
    .when_to_ignore = "The purpose of the job is to empty or rewrite the table.",
    .options = {&small_rows},
    .check = check};

}  // namespace pgadvise::rules::unqualified_write
