#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::unparameterized_query {

static constexpr Option min_calls{"calls", 100, "calls below which a statement is not reported"};
static constexpr Option min_samples{
    "samples", 3, "samples with different literals from which the values count as part of the text"};
static constexpr Option driver_share{"driver_share", 0.5,
                                     "share of such calls among the calls with values, from which the driver "
                                     "or pooler is the cause and each finding is a note"};

static void check(const Context& context, Reporter& reporter) {
  const auto inlined = [&](const Query& query) {
    return query.facts.parsed && query.facts.kind != StatementKind::utility && !query.facts.catalog_query &&
           query.facts.inlined > 0;
  };
  double with_values = 0;
  double with_literals = 0;
  for (const auto& query : context.workload().queries) {
    if (query.facts.parameters == 0 || query.facts.catalog_query) continue;
    with_values += static_cast<double>(query.calls);
    if (inlined(query)) with_literals += static_cast<double>(query.calls);
  }
  const bool driver = with_literals >= context.option(driver_share) * with_values;
  for (const auto& query : context.workload().queries) {
    if (!inlined(query) || query.facts.inlined < context.option(min_samples) || by_tool_alone(query))
      continue;
    if (query.calls < context.option(min_calls)) continue;
    const QualifiedName table = main_table(query);
    Finding& finding = report(
        reporter, query, table,
        "The statement" + on_table(table) + " ran " + std::to_string(query.calls) +
            " times with its values in the text: the server parses and plans each call again" +
            (driver ? "."
                    : ". Other statements of this log use parameters: check that the values are quoted."),
        driver ? std::optional(Severity::note) : std::nullopt);
    if (driver)
      finding.evidence.push_back(
          log_fact("most statements of the log have their values in the text: the driver or its "
                   "configuration puts them there"));
    finding.fix = manual_fix("Pass the values as parameters");
  }
}

constinit const Rule rule{
    .id = "unparameterized-query",
    .severity = Severity::warning,
    .needs = Input::workload,
    .summary = "a frequent statement whose values are part of its text",
    .why =
        "A statement that is concatenated with its values has a new text each time. The server parses and "
        "plans every call again and cannot prepare the statement. One place that forgets to quote a value "
        "allows SQL injection.\n\n"
        "The rule reports a statement that the log shows many times with different literals and no "
        "parameters. If most statements of the log are like that, the driver puts the values in (psycopg2, "
        "PDO's emulation, `prepared_statements: false` with a pooler). The finding is then a note.",
    .fix =
        "Pass values as parameters (`$1`, `?` or `%s`, depending on the driver). Never concatenate strings.",
    .when_to_ignore =
        "The driver quotes the values, planning is cheap, and a pooler does not allow prepared statements.",
    .options = {&min_calls, &min_samples, &driver_share},
    .check = check};

}  // namespace pgadvise::rules::unparameterized_query
