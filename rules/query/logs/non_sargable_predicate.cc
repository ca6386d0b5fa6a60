#include <algorithm>
#include <array>

#include "base/text/text.h"
#include "lint/queries/conditions.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "model/queries/rewrite.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::non_sargable_predicate {

static constexpr Option large_rows{"large_rows", 10000,
                                   "rows from which a search by a pattern that begins with % is a warning"};
static constexpr Option fast_ms{"fast_ms", 1,
                                "mean duration, in milliseconds, below which a statement is not reported"};
static constexpr Option slow_ms{
    "slow_ms", 20,
    "mean duration, in milliseconds, from which a search by a pattern that begins with % is a warning"};

namespace {

using Op = Predicate::Op;

struct Case {
  const Predicate* predicate = nullptr;
  const Table* table = nullptr;
  const Index* index = nullptr;  // would serve the column without the expression
  bool pattern = false;          // LIKE '%…'
};

bool in_text(const std::string& type) {
  return type == "text" || starts_with_nocase(type, "character") || type == "citext" || type == "name";
}

// Whether the column has so few distinct values that a text search index would not help.
bool has_few_values(const Column& column) {
  static constexpr std::array<std::string_view, 8> names = {"status", "state", "type",     "kind",
                                                            "role",   "level", "category", "method"};
  if (column.statistics) return column.statistics->n_distinct > 0 && column.statistics->n_distinct < 50;
  return ends_with_word(column.name, names);
}

// Whether another condition of the statement can use an index of the table.
bool other_condition_indexed(const QueryFacts& facts, const Case& found) {
  const Table& table = *found.table;
  return std::ranges::any_of(facts.predicates, [&](const Predicate& predicate) {
    if (&predicate == found.predicate) return false;
    const bool ours = predicate.column.table == table.name && predicate.wrapper.empty();
    const bool joined = predicate.value == Predicate::Value::column && predicate.other.table == table.name;
    if (predicate.under_or ||
        (predicate.op != Op::equality && predicate.op != Op::in_list && predicate.op != Op::range))
      return false;
    return (ours && !predicate.column.column.empty() && index_for(table, predicate.column.column, {})) ||
           (joined && index_for(table, predicate.other.column, {}));
  });
}

std::optional<Case> case_of(const Context& context, const Query& query, const Predicate& predicate) {
  const Table* table = context.table(predicate.column.table);
  const Column* column = table ? table->column(predicate.column.column) : nullptr;
  if (!column || predicate.value == Predicate::Value::column || !stores_rows(*table)) return std::nullopt;
  Case found{&predicate, table, nullptr, predicate.op == Op::like};
  if (found.pattern) {
    const bool bare =
        predicate.wrapper.empty() || predicate.wrapper == "lower" || predicate.wrapper == "upper";
    const bool negated = predicate.op_name.compare(0, 1, "!") == 0;
    return bare && !negated && predicate.leading_wildcard && in_text(column->type) &&
                   !has_few_values(*column) && !has_search_index(*table, column->name)
               ? std::optional(found)
               : std::nullopt;
  }
  found.index = bypassed_index(query.facts, *table, predicate);
  if (!found.index) return std::nullopt;
  return found;
}

std::string instead(const Case& found) {
  const std::string& column = found.predicate->column.column;
  return found.pattern ? "Create a trigram index: CREATE EXTENSION pg_trgm, then an index USING gin (" +
                             column + " gin_trgm_ops); or use full-text search"
                       : rewrite(*found.predicate, found.table->column(column)->type);
}

Severity severity_of(const Context& context, const Query& query, const Case& found) {
  if (other_condition_indexed(query.facts, found)) return Severity::note;
  if (!found.pattern) return Severity::warning;
  const auto rows = rows_of(context, found.table->name);
  const bool large = rows && *rows >= context.option(large_rows);
  const bool slow = query.timed_calls > 0 && query.mean_ms() >= context.option(slow_ms);
  return large || slow ? Severity::warning : Severity::note;
}

}  // namespace

static void check_query(const Context& context, Reporter& reporter, const Query& query) {
  for (const auto& predicate : query.facts.predicates) {
    const auto found = case_of(context, query, predicate);
    if (!found || known_small(context, found->table->name, context.option(small_rows))) continue;
    auto fixed = fixed_columns(query.facts, found->table->name);
    if (predicate.op == Op::equality && predicate.wrapper.empty()) std::erase(fixed, predicate.column.column);
    if (unique_among(*found->table, fixed, true)) continue;
    // A search among the rows of one owner is fast enough, unless the log shows otherwise.
    const bool slow = query.timed_calls > 0 && query.mean_ms() >= context.option(slow_ms);
    if (found->pattern && !slow && other_condition_indexed(query.facts, *found)) continue;
    const QualifiedName& table = found->table->name;
    const std::string message =
        found->pattern
            ? "A search in " + display(table) + "." + predicate.column.column +
                  " uses a pattern that begins with a wildcard: no B-tree index can serve the search."
            : "The condition on " + condition_text(predicate) + " prevents the use of the index " +
                  found->index->name + " on " + display(table) +
                  ": the statement checks the rows one by one.";
    Finding& finding = report(reporter, query, table, message, severity_of(context, query, *found));
    if (found->index)
      finding.evidence.push_back(catalog_fact(
          found->index->name + " begins with the column " + predicate.column.column, found->index->origin));
    finding.fix = manual_fix(instead(*found));
    finding.probe = Probe{Probe::Kind::statement, table, {}, query.fingerprint, std::nullopt};
    return;  // one finding a statement
  }
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& query : context.workload().queries) {
    const QueryFacts& facts = query.facts;
    if (!facts.parsed || !filters_rows(facts) || facts.catalog_query || by_tool_alone(query)) continue;
    if (query.timed_calls > 0 && query.mean_ms() < context.option(fast_ms)) continue;
    check_query(context, reporter, query);
  }
}

constinit const Rule rule{
    .id = "non-sargable-predicate",
    .severity = Severity::warning,
    .needs = all(Input::workload, Input::schema),
    .summary = "a condition that prevents the use of an index",
    .why =
        "An index on a column contains the values of the column, not the results of a function or cast. "
        "`date(created_at) = $1`, `lower(email) = $1` and `id::text = $1` scan the whole table even with an "
        "index on `created_at`, `email` or `id`. The same happens when an integer column is compared with a "
        "`numeric`. A pattern that begins with `%` has no prefix to look up.\n\n"
        "The rule reports a condition if an index on the plain column exists and no expression index serves "
        "the condition. It reports patterns if the log shows the `%`. The finding is a note if another "
        "condition of the statement has an index.",
    .fix =
        "Leave the column alone and change the value: use a range (`created_at >= $1 AND created_at < $1 + "
        "interval '1 day'`) or cast the value (`id = $1::uuid`). Or index the expression (`CREATE INDEX ON "
        "users (lower(email))`). For patterns, use pg_trgm or full-text search.",
    .when_to_ignore = "Other conditions leave few rows, or the table is small.",
    .options = {&small_rows, &large_rows, &fast_ms, &slow_ms},
    .check = check};

}  // namespace pgadvise::rules::non_sargable_predicate
