#include "check/run/run.h"

#include <algorithm>

#include <fmt/format.h>

#include "advisor/candidates/alternatives.h"
#include "advisor/costs/entry_size.h"
#include "base/containers.h"
#include "check/changes/changes.h"
#include "check/config/suppressions.h"
#include "check/findings/index_search.h"
#include "check/load/plans.h"
#include "check/run/conflicts.h"
#include "check/run/declared_locations.h"
#include "check/run/fixes.h"
#include "check/run/loops_in_code.h"
#include "lint/migrations/migration_forecast.h"
#include "lint/run/context.h"
#include "plan/run/confirm.h"
#include "plan/run/plan_set.h"
#include "sql/facts/facts.h"

namespace pgadvise::check {
namespace {

class Runner {
 public:
  Runner(const Inputs& inputs, plan::Planner* planner, const Settings& settings)
      : inputs_(inputs),
        planner_(planner),
        folder_(below_config(inputs.config.path)),
        user_paths_(settings.user_paths),
        stop_(settings.stop) {
    out_.suppressions = inputs.suppressions;
  }

  Outcome run() {
    std::vector<const Project*> checked;
    for (const auto& schema : inputs_.schemas)
      if (!stopped(schema.path)) checked.push_back(check(&schema, project_of(inputs_, schema.path)));
    if (inputs_.schemas.empty() && !stopped({})) checked.push_back(check(nullptr, project_of(inputs_, {})));
    for (const auto& project : inputs_.projects)
      if (std::ranges::find(checked, &project) == checked.end() && !stopped(project.root))
        check(nullptr, &project);
    const auto chosen = search();
    for (auto& one : out_.checked) fix(one, chosen);
    if (planner_) {
      report_left_out(*planner_, out_.diagnostics);
      out_.planned = planner_->planned();
      out_.analyzed = planner_->run();
      out_.analyze_seconds = planner_->spent().count();
    }
    return std::move(out_);
  }

 private:
  bool stopped(const std::string& input) {
    if (planner_ || !stop_.stop_requested()) return false;
    out_.stopped = true;
    warn(out_.diagnostics, input.empty() ? "the workload" : input, "interrupted: no rule checked this input");
    return true;
  }

  // Gives the project back.
  const Project* check(const Schema* schema, const Project* project) {
    const Catalog* catalog = schema && schema->catalog ? &*schema->catalog : nullptr;
    const auto* plans = inputs_.database.server ? inputs_.database.server->plans.get() : nullptr;
    Workload workload = inputs_.workload;
    if (inputs_.has_workload)
      sql::resolve(workload, catalog ? *catalog : Catalog{},
                   plans ? plans->search_path() : sql::default_path);
    const PlanSet known = plans_of(workload, catalog);
    const lint::Inputs given{catalog,
                             inputs_.has_workload ? &workload : nullptr,
                             project,
                             schema && schema->migrations ? &*schema->migrations : nullptr,
                             schema ? schema->comparisons : std::vector<lint::SchemaComparison>(),
                             &inputs_.config.rules,
                             &known,
                             schema ? schema->declared : std::vector<lint::DeclaredSchema>()};
    auto outcome = lint::run(given);
    if (catalog && schema) add_declared_locations(outcome.findings, *catalog, schema->declared);
    if (project && inputs_.has_workload) {
      auto united = unite_loops(outcome.findings, workload, *project);
      if (!united.empty()) lint::sort_findings(outcome.findings);
      out_.found_in_code.merge(std::move(united));
    }
    Checked out{.schema = schema,
                .project = project,
                .suppressed = suppress(outcome.findings),
                .lock_forecasts = lint::forecast_locks(lint::Context(given)),
                .rules_run = std::move(outcome.ran),
                .skipped = std::move(outcome.skipped)};
    keep_caused(out, outcome.findings);
    if (schema && !inputs_.database.live) suspect_uncertain(outcome.findings, *schema);
    if (inputs_.database.live && !inputs_.database.sandbox()) confirm_facts(outcome.findings);
    out.findings = std::move(outcome.findings);
    const Catalog* live = inputs_.database.live ? &*inputs_.database.live : nullptr;
    const Catalog none;
    advisor::EntrySizes sizes(catalog ? *catalog : none, live, planner_);
    sizes.fit(out.findings);
    if (planner_) {
      out.confirmations = plan::confirm(out.findings, *live, &workload, *planner_,
                                        advisor::confirm_options(*live, sizes), out_.diagnostics);
      plan::take_found_indexes(out.confirmations, out.findings);
    }
    out_.checked.push_back(std::move(out));
    return project;
  }

  // Fixes, once all schemas are checked: the indexes are those of the whole workload.
  void fix(Checked& out, const std::vector<IndexProposal>& chosen) const {
    const Schema* schema = out.schema;
    const Catalog* catalog = schema && schema->catalog ? &*schema->catalog : nullptr;
    if (catalog) {
      out.proposals = advisor::propose(out.findings, out.confirmations, *catalog, out.project, chosen);
      resolve_conflicts(out.findings, out.proposals, *catalog, out.project, chosen);
    }
    const bool own_schema = inputs_.database.sandbox() && inputs_.database.live && catalog;
    try_fixes(out.findings, out.proposals, own_schema ? &inputs_.database.server->connection() : nullptr,
              stop_);
    const bool of_server =
        inputs_.database.live && !inputs_.database.sandbox() && schema && schema->path.empty();
    if (!inputs_.placeholders.empty() && !of_server)
      put_back_placeholders(out.findings, out.proposals, inputs_.placeholders);
  }

  // The indexes for the workload, among them those that findings ask for. Without a workload and HypoPG:
  // none. None either if all findings that ask for indexes are suppressed: statements of suppressed findings
  // are not sent.
  std::vector<IndexProposal> search() {
    if (!planner_ || !inputs_.has_workload || stop_.stop_requested()) return {};
    std::vector<IndexProposal> asked;
    for (const auto& checked : out_.checked)
      append(asked, advisor::asked_indexes(checked.findings, checked.confirmations));
    const bool suppressed =
        std::ranges::any_of(out_.checked, [](const Checked& checked) { return !checked.suppressed.empty(); });
    if (asked.empty() && suppressed) return {};
    out_.advice = search_indexes(inputs_.workload, *inputs_.database.live, *inputs_.database.server,
                                 std::move(asked), project_of(inputs_, ""), stop_, out_.diagnostics);
    std::vector<IndexProposal> out;
    if (!out_.advice) return out;
    for (const auto& index : out_.advice->indexes) out.push_back(index.proposal);
    for (auto& checked : out_.checked) cost_as_a_set(checked.confirmations, checked.findings);
    return out;
  }

  // The costs of statements with all proposed indexes, not with their own alone.
  void cost_as_a_set(std::vector<plan::Confirmation>& confirmations,
                     const std::vector<Finding>& findings) const {
    for (std::size_t at = 0; at < confirmations.size(); ++at) {
      if (!confirmations[at].cost_before || findings[at].subject.fingerprint.empty()) continue;
      const auto& queries = out_.advice->queries;
      const auto* query = find_first(queries, [&](const AdvisedQuery& one) {
        return one.fingerprint == findings[at].subject.fingerprint;
      });
      if (!query) continue;
      confirmations[at].cost_before = query->cost_before;
      confirmations[at].cost_after = query->cost_after;
    }
  }

  // The plans that rules see: those that auto_explain logged, then the server's. They are made before any
  // finding exists, so suppressions apply to what the rules could report.
  PlanSet plans_of(const Workload& workload, const Catalog* catalog) {
    PlanSet out;
    out.comparison = inputs_.comparison;
    Diagnostics found;
    plan::add_logged(out, workload, catalog, found);
    if (out_.checked.empty()) append(out_.diagnostics, found);  // alike for each schema
    if (!planner_) return out;
    const PlanReaders readers(inputs_.config.rules, out_.suppressions.entries, folder_, catalog);
    const auto wanted = worth_planning(workload, [&](const Query& query) { return readers.want(query); });
    plan::add_planned(out, wanted, *inputs_.database.live, *planner_, out_.diagnostics);
    if (out_.checked.empty()) out_.plans = plans_for_report(out, catalog);
    return out;
  }

  // Findings about tables that a statement may have changed whose effects are unknown.
  static void suspect_uncertain(std::vector<Finding>& findings, const Schema& schema) {
    for (auto& finding : findings) {
      const auto* at =
          find_value(schema.uncertain, QualifiedName{finding.subject.schema, finding.subject.table});
      if (!at || !finding.verdict_reason.empty()) continue;
      finding.verdict = Verdict::suspected;
      finding.verdict_reason = "the statement at " + *at + " names this table, and its effects are unknown";
    }
  }

  // Removes what the chosen migrations do not cause.
  void keep_caused(Checked& checked, std::vector<Finding>& findings) const {
    const Schema* schema = checked.schema;
    std::set<std::string> caused;
    if (schema)
      for (const auto& change : schema->changes)
        caused.merge(caused_findings(change, checked.project, inputs_.config.rules));
    const auto left_out = [&](const Finding& finding) {
      const bool of_schema = about_schema_alone(finding.rule) && finding.subject.fingerprint.empty();
      if (of_schema && caused.count(finding.id)) return false;
      if (not_asked_for(finding, schema) || differed_before(finding)) return true;
      if (!schema) return false;
      const bool in_chosen = std::ranges::any_of(schema->changes, [&](const SchemaChange& change) {
        return finding.location && change.files.count(finding.location->file) > 0;
      });
      return of_schema && !schema->changes.empty() && !in_chosen;
    };
    std::erase_if(findings, left_out);
    std::erase_if(checked.suppressed, [&](const SuppressedFinding& one) { return left_out(one.finding); });
  }

  // What a server's catalog, statistics and settings show needs no further proof.
  void confirm_facts(std::vector<Finding>& findings) const {
    for (auto& finding : findings) {
      const auto* found = lint::find_rule(finding.rule);
      if (!found || found->rule->guesses || finding.probe || finding.verdict != Verdict::suspected ||
          !finding.verdict_reason.empty() || !finding.subject.fingerprint.empty())
        continue;
      using lint::Input;
      const QualifiedName table{finding.subject.schema, finding.subject.table};
      if (found->rule->needs.met_by({Input::schema, Input::statistics, Input::settings}) &&
          (table.name.empty() || inputs_.database.live->table(table)))
        finding.verdict = Verdict::confirmed;
    }
  }

  // Where changes alone are asked for: whether an older migration made the difference to another schema.
  bool differed_before(const Finding& finding) const {
    if (!inputs_.chosen.changes_alone || !finding.location ||
        (!rule_reads(finding.rule, lint::Input::comparison) &&
         !rule_reads(finding.rule, lint::Input::declared)))
      return false;
    const std::string& file = finding.location->file;
    return !inputs_.chosen.migrations.contains(file) &&
           std::ranges::any_of(inputs_.schema_inputs, [&](const auto& input) {
             return input.kind == migrations::SchemaKind::migrations &&
                    std::ranges::any_of(input.files, [&](const auto& one) { return one.path == file; });
           });
  }

  // Whether the caller asked for others: for single migrations, or for what a branch changes.
  bool not_asked_for(const Finding& finding, const Schema* schema) const {
    const auto replayed = [&](const SourceLocation& place) {
      return schema && schema->replayed_only.count(place.file) > 0;
    };
    if ((finding.location && replayed(*finding.location)) ||
        std::ranges::any_of(finding.other_locations, replayed))
      return true;
    return inputs_.chosen.changed_code && rule_reads(finding.rule, lint::Input::code) &&
           !inputs_.chosen.changed_code->touches(finding);
  }

  std::vector<SuppressedFinding> suppress(std::vector<Finding>& findings) {
    const auto read = [&](const SourceLocation& place) {
      if (!place.live()) read_comments(place.file, out_.suppressions, out_.diagnostics, user_paths_);
    };
    for (const auto& finding : findings) {
      if (finding.location) read(*finding.location);
      for (const auto& place : finding.other_locations) read(place);
    }
    return lint::suppress(findings, out_.suppressions.entries, out_.used, folder_);
  }

  const Inputs& inputs_;
  plan::Planner* planner_;
  std::string folder_;
  const UserPaths& user_paths_;
  const std::stop_token& stop_;
  Outcome out_;
};

}  // namespace

const Project* project_of(const Inputs& inputs, const std::string& schema) {
  const Project* best = nullptr;
  for (const auto& project : inputs.projects) {
    const bool holds =
        project.root == "." || schema == project.root || schema.starts_with(project.root + "/");
    if (holds && (!best || best->root == "." || project.root.size() > best->root.size())) best = &project;
  }
  return best || !schema.empty() || inputs.projects.size() != 1 ? best : &inputs.projects.front();
}

std::unique_ptr<plan::Planner> make_planner(Inputs& inputs, const Settings& settings) {
  if (!inputs.database.server || !inputs.database.server->plans || !inputs.database.live) return nullptr;
  Server* server = inputs.database.server.get();
  server->connection().set_stop(settings.stop);
  plan::PlannerOptions options{
      .analyze_budget = settings.analyze_budget,
      .progress =
          [counted = settings.observer.counted](std::size_t begun, std::size_t all) {
            if (counted) counted(fmt::format("planning {} of {} statements", begun, all));
          },
      .stop = [stop = settings.stop] { return stop.stop_requested(); },
      .more_sources = [server, jobs = settings.jobs] { return server->more_plans(jobs); }};
  return std::make_unique<plan::Planner>(*server->plans, *inputs.database.live, std::move(options));
}

Outcome run(const Inputs& inputs, plan::Planner* planner, const Settings& settings) {
  const ObservedPhase observed(settings.observer,
                               planner ? "checking, with plans from the server" : "checking",
                               planner && settings.observer.counted);
  Outcome out = Runner(inputs, planner, settings).run();
  if (planner && settings.observer.detail)
    settings.observer.detail(fmt::format("requested plans on {} connection{}", planner->sources(),
                                         planner->sources() == 1 ? "" : "s"));
  return out;
}

}  // namespace pgadvise::check
