#include "check/commands/explain.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "advisor/candidates/alternatives.h"
#include "advisor/candidates/propose.h"
#include "advisor/costs/entry_size.h"
#include "base/text/identifier.h"
#include "base/text/mask.h"
#include "check/findings/index_search.h"
#include "check/findings/short_id.h"
#include "check/load/inputs.h"
#include "check/load/plans.h"
#include "check/run/conflicts.h"
#include "lint/run/context.h"
#include "pg/catalog/catalog_reader.h"
#include "plan/read/reader.h"
#include "plan/run/confirm.h"
#include "plan/run/plan_set.h"
#include "plan/run/planner.h"
#include "sql/facts/facts.h"
#include "sql/parse/statement.h"

namespace pgadvise::check {
namespace {

class Explainer {
 public:
  Explainer(std::string statement, const ExplainInputs& inputs, const ExplainSettings& settings,
            Diagnostics& diagnostics)
      : statement_(std::move(statement)),
        catalog_(inputs.catalog),
        server_(*inputs.server),
        settings_(settings),
        diagnostics_(diagnostics),
        planner_(*inputs.server->plans, inputs.catalog,
                 {.analyze_budget = settings.analyze_budget, .timing = true, .stop = [stop = settings.stop] {
                    return stop.stop_requested();
                  }}) {}

  Result<Explained> explain() {
    TRY(out_.plan,
        observed(settings_.observer, settings_.analyze ? "planning and running the statement" : "planning",
                 [&] { return make_plan(); }));
    observed(settings_.observer, "checking, with plans from the server", [&] { find(); });
    name_findings();
    if (planner_.stopped()) warn(diagnostics_, "", "interrupted");
    return std::move(out_);
  }

 private:
  // As much as is known to be harmless: analyzed, else explained, else nothing.
  Result<Plan> make_plan() {
    plan::PlanRequest request{statement_, settings_.parameters, true, "as given"};
    request.parameters_known =
        !settings_.parameters.empty() || sql::query_facts(statement_, catalog_).parameters == 0;
    TRY(const auto decision, planner_.decide(request));
    if (decision.allowed == plan::Allowed::nothing)
      return fail(Error::Kind::usage, "explain",
                  "pgadvise did not send the statement to the server: " + decision.reason);
    auto gate = planner_.explain(request);
    if (gate && !request.parameters_known) plan_variants();
    if (!gate || !settings_.analyze) return gate;
    TRY(auto analyzed, planner_.analyze(request, decision, *gate));
    out_.limits = analyzed.limits;
    return std::move(analyzed.plan);
  }

  // The generic plan and those with values of pg_stats, one entry for each plan that differs.
  void plan_variants() {
    std::map<std::string, std::size_t> known;
    auto& variants = out_.variants;
    for (const auto& request : planner_.variants(statement_)) {
      const auto decision = planner_.decide(request);
      if (!decision || decision->allowed == plan::Allowed::nothing) return;
      auto plan = planner_.explain(request);
      if (!plan) continue;
      const auto [at, fresh] = known.emplace(plan::shape_of(*plan), variants.size());
      if (fresh) variants.push_back({request.origin, {}, std::move(*plan)});
      else variants[at->second].values += ", " + request.origin;
      if (!settings_.show_literals || !request.parameters_known) continue;
      std::string& shown = variants[at->second].shown;
      const auto secret = secret_parameters(statement_, request.parameters.size());
      for (std::size_t i = 0; i < request.parameters.size(); ++i)
        shown += fmt::format("{}${} = {}", shown.empty() ? "" : ", ", i + 1,
                             !request.parameters[i] ? "NULL"
                             : secret[i]            ? "'***'"
                                                    : quote_literal(*request.parameters[i]));
    }
    if (variants.size() == 1 && variants.front().values == "generic plan")
      variants.clear();  // no values at all
  }

  // What the rules find in this statement alone.
  void find() {
    Diagnostics reported_already;
    Workload workload = read_sql_workload("the statement", statement_, reported_already);
    sql::resolve(workload, catalog_, planner_.search_path());
    PlanSet plans;
    plans.server = true;
    if (!workload.queries.empty())
      plans.plans[workload.queries.front().fingerprint].push_back(
          plan::known_plan(Plan(out_.plan), out_.plan.analyzed ? "EXPLAIN ANALYZE" : "EXPLAIN", &catalog_));
    auto outcome = lint::run({&catalog_, &workload, nullptr, nullptr, {}, nullptr, &plans});
    out_.findings = std::move(outcome.findings);
    keep_those_of_its_tables(workload);
    advisor::EntrySizes sizes(catalog_, &catalog_, &planner_);
    sizes.fit(out_.findings);
    plan::apply_confirmations(plan::confirm(out_.findings, catalog_, &workload, planner_,
                                            advisor::confirm_options(catalog_, sizes), diagnostics_),
                              out_.findings);
    const auto advice = search(workload);
    std::vector<IndexProposal> chosen;
    if (advice)
      for (const auto& index : advice->indexes) chosen.push_back(index.proposal);
    auto fixes = advisor::propose(out_.findings, {}, catalog_, nullptr, chosen);
    resolve_conflicts(out_.findings, fixes, catalog_, nullptr);
    advisor::apply_fixes(fixes, out_.findings);
    copy_fixes_of_others(fixes);
    std::erase_if(out_.findings, [](const Finding& finding) {
      return finding.verdict == Verdict::refuted || finding.subject.fingerprint.empty();
    });
    if (!advice) return;
    take_advice(*advice);
    add_plans_of_advice(*advice, workload, catalog_, planner_, out_.plans);
  }

  // The search of check and advise, with this statement as the workload.
  std::optional<Advice> search(const Workload& workload) {
    if (workload.queries.empty() || planner_.stopped()) return std::nullopt;
    return observed(settings_.observer, "searching for indexes", [&] {
      return search_indexes(workload, catalog_, server_, advisor::asked_indexes(out_.findings, {}), nullptr,
                            settings_.stop, diagnostics_);
    });
  }

  // The costs with all proposed indexes, and the indexes that the statement uses and none of its findings
  // has.
  void take_advice(const Advice& advice) {
    if (advice.queries.empty()) return;
    const AdvisedQuery& query = advice.queries.front();
    for (auto& finding : out_.findings)
      if (finding.fix && finding.fix->cost_before)
        finding.fix->cost_before = query.cost_before, finding.fix->cost_after = query.cost_after;
    auto others = without_finding(advice, advisor::all_asked_indexes(out_.findings, {}));
    std::erase_if(others, [](const AdvisedIndex& index) { return index.queries.empty(); });
    for (auto& finding : as_findings(others, advice.cost_before)) {
      finding.message = "The statement needs an index on " + display(finding.proposal->table) + ".";
      finding.fix->cost_before = query.cost_before;
      finding.fix->cost_after = query.cost_after;
      out_.findings.push_back(std::move(finding));
    }
  }

  // The short ids; fixes refer to them.
  void name_findings() {
    std::vector<Finding*> all;
    for (Finding& finding : out_.findings) all.push_back(&finding);
    set_short_ids(all);
    for (Finding* served : all)
      for (const Finding* carrier : all)
        if (served->fix && served->fix->proposed_by == carrier->id)
          served->fix->title = advisor::title_of_served(carrier->short_id);
  }

  // Those about the statement, and the proposals for its tables, whose indexes may serve the statement, too.
  void keep_those_of_its_tables(const Workload& workload) {
    std::set<QualifiedName> tables;
    for (const auto& query : workload.queries)
      for (const auto& relation : query.facts.relations) tables.insert(relation.table);
    std::erase_if(out_.findings, [&](const Finding& finding) {
      return finding.subject.fingerprint.empty() &&
             (!finding.proposal || !tables.count(finding.proposal->table));
    });
  }

  // A finding of the statement whose index a finding about the table has: that one is not reported.
  void copy_fixes_of_others(const std::vector<advisor::ProposedFix>& fixes) {
    for (const auto& fix : fixes) {
      Finding& finding = out_.findings[fix.finding];
      if (!fix.served_by || finding.subject.fingerprint.empty()) continue;
      const Finding& carrier = out_.findings[*fix.served_by];
      if (!carrier.fix || !carrier.subject.fingerprint.empty()) continue;
      finding.fix->title = carrier.fix->title + ", which " + carrier.rule + " asks for, too";
      finding.fix->sql = carrier.fix->sql;
      finding.fix->down_sql = carrier.fix->down_sql;
      finding.fix->proposed_by.clear();
    }
  }

  std::string statement_;
  const Catalog& catalog_;
  Server& server_;
  const ExplainSettings& settings_;
  Diagnostics& diagnostics_;
  plan::Planner planner_;
  Explained out_;
};

}  // namespace

Result<ExplainInputs> load_for_explain(const std::string& conninfo, const ExplainSettings& settings,
                                       Diagnostics& diagnostics) {
  TRY(auto server, observed(settings.observer, "connecting",
                            [&] { return open_server(conninfo, settings.observer.sent); }));
  TRY(auto catalog, observed(settings.observer, "reading the catalog",
                             [&] { return pg::read_catalog(server->connection(), diagnostics); }));
  if (auto made = server->make_plans(settings.session_settings); !made) {
    if (made.error().kind == Error::Kind::nonfatal) made.error().kind = Error::Kind::database;
    return tl::unexpected(made.error());
  }
  report_bypassed_policies(*server->plans, server->connection(), diagnostics);
  return ExplainInputs{std::move(server), std::move(catalog)};
}

Result<std::string> only_statement(const std::string& text) {
  const auto statements = sql::split(text);
  if (statements.size() != 1)
    return fail(Error::Kind::usage, "explain",
                fmt::format("takes one statement, but {} were given", statements.size()),
                statements.empty() ? "pgadvise explain 'SELECT …' --db CONN"
                                   : "keep one; pgadvise check --workload FILE --db CONN checks many");
  return std::string(statements.front().text);
}

Result<Explained> explain(const std::string& text, const ExplainInputs& inputs,
                          const ExplainSettings& settings, Diagnostics& diagnostics) {
  TRY(auto statement, only_statement(text));
  inputs.server->connection().set_stop(settings.stop);
  return Explainer(std::move(statement), inputs, settings, diagnostics).explain();
}

Result<LoggedExplained> explain_logged(const std::string& log, const std::string& statement,
                                       const Observer& observer, Diagnostics& diagnostics,
                                       const UserPaths& user_paths) {
  log::Options options;
  options.progress = observer.log;
  options.user_paths = user_paths;
  const auto workloads = read_logs({log}, options, false, diagnostics);
  if (workloads.empty()) return fail(Error::Kind::nonfatal, log, "the input is empty");
  const auto fingerprint = sql::fingerprint(statement);
  const Query* found = nullptr;
  std::size_t plans = 0;
  for (const auto& workload : workloads)
    for (const auto& query : workload.queries) {
      if (!query.plan) continue;
      ++plans;
      const bool wanted = statement.empty() || query.fingerprint == statement ||
                          (fingerprint && query.fingerprint == *fingerprint);
      if (wanted && (!found || query.plan->duration_ms > found->plan->duration_ms)) found = &query;
    }
  if (!found)
    return fail(Error::Kind::usage, log,
                plans ? fmt::format("has {} auto_explain plans, but none of this statement", plans)
                      : "has no auto_explain plans",
                plans ? "pgadvise digest lists statements and their fingerprints"
                      : "set session_preload_libraries = 'auto_explain', auto_explain.log_min_duration and "
                        "auto_explain.log_analyze");
  Diagnostics incomplete;
  auto plan = plan::read(found->plan->text, incomplete);
  if (!plan) return fail(Error::Kind::input, found->plan->place.str(), plan.error().what, plan.error().hint);
  for (auto& warning : incomplete) {
    warning.where = found->plan->place.str();
    diagnostics.push_back(std::move(warning));
  }
  return LoggedExplained{std::move(*plan), *found, !incomplete.empty()};
}

}  // namespace pgadvise::check
