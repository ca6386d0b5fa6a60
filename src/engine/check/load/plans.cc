#include "check/load/plans.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "advisor/ddl/index_ddl.h"
#include "advisor/queries/planned_queries.h"
#include "base/containers.h"
#include "base/text/text.h"
#include "lint/queries/plans.h"
#include "lint/queries/queries.h"
#include "lint/run/suppress.h"
#include "log/record/logged_plan.h"
#include "plan/insights/analysis.h"
#include "plan/insights/insights.h"
#include "plan/read/reader.h"
#include "plan/run/confirm.h"

namespace pgadvise::check {

PlanReaders::PlanReaders(const lint::Settings& settings, const std::vector<Suppression>& suppressions,
                         const std::string& folder, const Catalog* catalog)
    : suppressions_(suppressions), folder_(folder), catalog_(catalog) {
  // Without any input, all rules that are on are skipped.
  for (const auto& skipped : lint::run({.settings = &settings}).skipped)
    if (const auto* found = lint::find_rule(skipped.rule); found->rule->needs.names(lint::Input::plans))
      rules_.push_back(found->rule);
}

bool PlanReaders::want(const Query& query) const {
  return std::ranges::any_of(rules_, [&](const lint::Rule* rule) { return !suppressed(*rule, query); });
}

bool PlanReaders::suppressed(const lint::Rule& rule, const Query& query) const {
  std::vector<Finding> possible;
  lint::Reporter reporter(rule, possible);
  const bool about_tables = rule.needs.met_by({lint::Input::plans});  // it needs no statements
  for (const auto& relation : query.facts.relations) {
    const QualifiedName& table = relation.table;
    if (!about_tables) lint::report(reporter, query, table, {});
    else if (scans_itself(table))
      reporter.add({.kind = "table", .schema = table.schema, .table = table.name}, {});
    else return false;
  }
  lint::UsedSuppressions unused;
  lint::suppress(possible, suppressions_, unused, folder_);
  return possible.empty();
}

bool PlanReaders::scans_itself(const QualifiedName& relation) const {
  const Table* table = catalog_ ? catalog_->table(relation) : nullptr;
  if (!table || table->kind != Table::Kind::ordinary) return false;
  return std::ranges::none_of(catalog_->tables, [&](const auto& entry) {
    const auto& parents = entry.second.inherits;
    return std::ranges::find(parents, relation) != parents.end();
  });
}

std::vector<const Query*> worth_planning(const Workload& workload,
                                         const std::function<bool(const Query&)>& wanted) {
  constexpr std::size_t max_by_total = 20, max_by_others = 5;
  std::vector<const Query*> candidates;
  for (const auto& query : workload.queries)
    if (query.facts.kind == StatementKind::select && lint::of_application(query) &&
        !query.facts.relations.empty() && !query.samples.empty() && wanted(query))
      candidates.push_back(&query);
  std::vector<const Query*> out;
  std::set<const Query*> known;
  const auto take = [&](std::size_t limit, const auto& measure) {
    std::ranges::stable_sort(candidates,
                             [&](const Query* a, const Query* b) { return measure(*a) > measure(*b); });
    for (std::size_t i = 0; i < std::min(limit, candidates.size()); ++i)
      if (known.insert(candidates[i]).second) out.push_back(candidates[i]);
  };
  take(max_by_total, [](const Query& query) { return query.total_ms; });
  take(max_by_others, [](const Query& query) { return query.mean_ms(); });
  take(max_by_others, [](const Query& query) { return static_cast<double>(query.calls); });
  return out;
}

void report_bypassed_policies(const plan::PlanSource& source, const pg::Connection& connection,
                              Diagnostics& diagnostics) {
  constexpr std::size_t shown = 3;
  const auto& tables = source.rls_bypassed();
  if (tables.empty()) return;
  const std::string& role = connection.session_settings().role;
  warn(
      diagnostics, connection.where(),
      fmt::format("{} bypasses row-level security on {}: the plans differ from those of an application under "
                  "these policies",
                  role.empty() ? "this user" : "the role " + role, join_first(tables, shown)),
      "use --role with the application's role");
}

// With '...' for each constant; nullopt if the text is not read as a plan.
static std::optional<ReportPlan> report_plan(const std::string& fingerprint, const std::string& origin,
                                             const std::string& text, const Catalog* catalog) {
  const std::string redacted = log::redact_plan(LoggedPlan::Format::json, text);
  const auto plan = plan::read_json(redacted);
  if (!plan) return std::nullopt;
  ReportPlan out{fingerprint, origin, redacted, plan->root.total_cost, plan->execution_ms, {}};
  for (auto& insight : plan::insights(*plan, plan::self_times(*plan), catalog)) {
    insight.node = nullptr;
    out.insights.push_back(std::move(insight));
  }
  return out;
}

std::vector<ReportPlan> plans_for_report(const PlanSet& set, const Catalog* catalog) {
  constexpr std::size_t most = 200;
  std::vector<ReportPlan> out;
  for (const auto& [fingerprint, plans] : set.plans)
    for (const auto& known : plans) {
      if (known.place || out.size() == most) continue;  // the workload has the logged ones
      if (auto plan = report_plan(fingerprint, known.origin, known.plan->text, catalog))
        out.push_back(std::move(*plan));
    }
  return out;
}

// HypoPG's names of indexes begin with a number that differs from run to run: "<13543>btree_orders_status".
static std::string without_numbers(std::string text) {
  constexpr std::string_view begin = "\"Index Name\": \"<";
  for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
    at += begin.size();
    const auto end = text.find('>', at);
    if (end == std::string::npos) break;
    text.replace(at - 1, end - at + 2, "hypothetical ");
  }
  return text;
}

// The place of the plan, which is added unless there is an equal one. `finding`: "" for none.
static std::size_t add_plan(ReportPlan plan, const std::string& finding, std::vector<ReportPlan>& plans) {
  auto at = std::ranges::find_if(plans, [&](const ReportPlan& known) {
    return known.fingerprint == plan.fingerprint && known.statement == plan.statement &&
           known.before == plan.before && known.json == plan.json;
  });
  if (at == plans.end()) at = plans.insert(plans.end(), std::move(plan));
  if (!finding.empty()) at->findings.push_back(finding);
  return static_cast<std::size_t>(at - plans.begin());
}

static void add_pair(const WhatIfPlans& both, const std::string& fingerprint, const std::string& finding,
                     const Catalog* catalog, std::vector<ReportPlan>& plans) {
  auto plan = report_plan(fingerprint, both.origin, both.before, catalog);
  auto with = report_plan(fingerprint, "HypoPG, with an index on " + both.indexes,
                          without_numbers(both.after), catalog);
  if (!plan || !with) return;
  plan->statement = with->statement = both.statement;
  with->before = add_plan(std::move(*plan), finding, plans);
  add_plan(std::move(*with), finding, plans);
}

void add_plans_of_findings(const std::vector<Finding>& findings, const Catalog* catalog,
                           std::vector<ReportPlan>& plans) {
  std::size_t left = 100;
  for (const auto& finding : findings) {
    if (!finding.plans || left == 0) continue;
    --left;
    const WhatIfPlans& both = *finding.plans;
    const std::string fingerprint = finding.probe && both.statement.empty() ? finding.probe->fingerprint : "";
    add_pair(both, fingerprint, finding.id, catalog, plans);
  }
}

// The plans of the first of the query's statements that the indexes make cheaper; nullopt: none.
static std::optional<WhatIfPlans> plans_with(const std::vector<IndexProposal>& indexes, const Query& query,
                                             const Catalog& catalog, plan::Planner& planner) {
  std::vector<std::string> sql;
  for (const auto& index : indexes) append(sql, advisor::hypothetical_indexes(index, catalog));
  for (const auto& statement : advisor::statements_of(query)) {
    plan::PlanRequest request{
        statement.sql, statement.parameters, !statement.generic, {}, plan::Names::session};
    const auto decision = planner.decide(request);
    if (!decision || decision->allowed == plan::Allowed::nothing) continue;
    const auto before = planner.explain(request);
    if (!before) continue;
    const auto after = planner.explain_with(request, sql);
    if (!after || after->root.total_cost >= before->root.total_cost) continue;
    const char* values = statement.generic              ? "generic plan"
                         : statement.parameters.empty() ? "as logged"
                                                        : "parameters from the log";
    return WhatIfPlans{.before = before->text,
                       .origin = std::string("EXPLAIN, ") + values,
                       .after = after->text,
                       .indexes = plan::index_names(indexes)};
  }
  return std::nullopt;
}

void add_plans_of_advice(const Advice& advice, const Workload& workload, const Catalog& catalog,
                         plan::Planner& planner, std::vector<ReportPlan>& plans) {
  std::size_t left = 100;
  for (const auto& advised : advice.queries) {
    const Query* query = workload.query(advised.fingerprint);
    if (!query || advised.cost_after >= advised.cost_before) continue;
    std::vector<IndexProposal> indexes;
    for (const auto& index : advice.indexes) {
      // A built index of a type that HypoPG does not support has no proposal.
      if (!index.proposal.keys.empty() && is_one_of(advised.fingerprint, index.queries))
        indexes.push_back(index.proposal);
    }
    if (indexes.empty()) continue;
    if (left-- == 0 || planner.stopped()) return;
    if (const auto both = plans_with(indexes, *query, catalog, planner))
      add_pair(*both, advised.fingerprint, {}, &catalog, plans);
  }
}

void report_left_out(const plan::Planner& planner, Diagnostics& diagnostics) {
  if (planner.stopped())
    warn(diagnostics, "", "interrupted: the server was not asked about the remaining findings");
  if (const auto& lost = planner.lost(); !lost.empty() && lost.size() < planner.sources())
    warn(diagnostics, lost.front().where,
         fmt::format("{} of {} connections {} lost, pgadvise continued with the other{}: {}", lost.size(),
                     planner.sources(), lost.size() == 1 ? "was" : "were",
                     planner.sources() - lost.size() == 1 ? "" : "s", lost.front().what));
  if (planner.left_out() == 0) return;
  warn(diagnostics, "",
       fmt::format("{} planned but not run: EXPLAIN ANALYZE used up its {:g} seconds",
                   planner.left_out() == 1 ? "1 statement was"
                                           : fmt::format("{} statements were", planner.left_out()),
                   static_cast<double>(planner.budget().count()) / 1000),
       "increase --max-analyze-time");
}

}  // namespace pgadvise::check
