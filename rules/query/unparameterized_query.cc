#include "lint/loops.h"
#include "lint/queries.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static constexpr Option min_calls{
    .name = "calls", .fallback = 100, .meaning = "calls from which a statement is judged"};
static constexpr Option min_samples{
    .name = "samples",
    .fallback = 3,
    .meaning = "samples, each with other literals, from which the values are part of the text"};
static constexpr Option driver_share{
    .name = "driver_share",
    .fallback = 0.5,
    .meaning =
        "share of such calls among those that have values, from which the driver or pooler does it, "
        "and each finding is a note"};
static constexpr const Option* options[] = {&min_calls, &min_samples, &driver_share};

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
    if (!inlined(query) || query.facts.inlined < context.option(min_samples) || lint::by_tool_alone(query))
      continue;
    if (static_cast<double>(query.calls) < context.option(min_calls)) continue;
    const QualifiedName table = lint::main_table(query);
    Finding& finding = lint::report(
        reporter, query, table,
        "The statement" + lint::on_table(table) + " came " + std::to_string(query.calls) +
            " times with its values written into the text: each call is parsed and planned anew" +
            (driver ? "." : ", while others of this log have parameters. Were the values quoted?"),
        driver ? std::optional(Severity::note) : std::nullopt);
    if (driver)
      finding.evidence.push_back(
          {Evidence::Kind::statement,
           "most statements of the log come so: it is the driver or its configuration that puts values in",
           std::nullopt,
           {}});
    finding.fix = Fix{.title = "Hand the values over as parameters", .safety = Fix::Safety::manual};
  }
}

constinit const Rule unparameterized_query{
    .id = "unparameterized-query",
    .severity = Severity::warning,
    .needs = Input::workload,
    .summary = "a frequent statement whose values are part of its text",
    .why =
        "A statement that is put together with its values comes to the server as a new text each time: it is "
        "parsed and planned anew in every "
        "call, can't be prepared, and one place that forgets to quote lets an attacker write SQL.\n\n"
        "It is told where the log shows the same statement many times with other literals and no parameters. "
        "When most statements of the log are "
        "like that, the driver puts the values in (psycopg2, PDO's emulation, `prepared_statements: false` "
        "before a pooler): then it is a note.",
    .fix =
        "Hand values over as parameters ($1, `?`, `%s`: what the driver calls them), never by putting "
        "strings together.",
    .when_to_ignore =
        "The driver quotes the values, planning is cheap, and a pooler rules prepared statements out.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
