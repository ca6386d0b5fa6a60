#include "check/findings/index_search.h"

#include <algorithm>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "advisor/candidates/alternatives.h"
#include "advisor/candidates/merge.h"
#include "advisor/candidates/propose.h"
#include "advisor/costs/entry_size.h"
#include "advisor/ddl/index_ddl.h"
#include "advisor/search/advise.h"
#include "base/containers.h"
#include "base/text/identifier.h"
#include "base/text/text.h"
#include "check/findings/short_id.h"
#include "check/load/plans.h"
#include "lint/run/context.h"
#include "model/schema/index_comparison.h"
#include "pg/plans/what_if.h"
#include "plan/run/confirm.h"
#include "plan/run/plan_set.h"
#include "sql/definitions/written_indexes.h"
#include "sql/facts/facts.h"

namespace pgadvise::check {
namespace {

constexpr std::chrono::seconds longest_search{20};

// The indexes that a script creates.
std::vector<sql::WrittenIndex> created_by(const std::string& sql, const Catalog& catalog) {
  if (!contains(sql, "INDEX")) return {};
  return sql::read_indexes(sql, "fix.sql", catalog, sql::default_path).indexes;
}

std::vector<QualifiedName> names_of_indexes(const std::string& sql, const Catalog& catalog) {
  std::vector<QualifiedName> out;
  for (const auto& written : created_by(sql, catalog))
    if (!written.index.name.empty()) out.push_back({written.table.schema, written.index.name});
  return out;
}

}  // namespace

std::vector<IndexProposal> asked_by_findings(const Workload& workload, const Catalog& catalog,
                                             plan::Planner& planner) {
  Diagnostics reported_by_the_search;
  PlanSet plans;
  plan::add_logged(plans, workload, &catalog, reported_by_the_search);
  const auto wanted = worth_planning(workload, [](const Query&) { return true; });
  plan::add_planned(plans, wanted, catalog, planner, reported_by_the_search);
  auto findings = lint::run({&catalog, &workload, nullptr, nullptr, {}, nullptr, &plans}).findings;
  // Other probes read values, and propose nothing.
  std::erase_if(findings, [](const Finding& finding) {
    return !finding.proposal && !(finding.probe && finding.probe->search_index);
  });
  advisor::EntrySizes sizes(catalog, &catalog, &planner);
  sizes.fit(findings);
  const auto confirmations = plan::confirm(findings, catalog, &workload, planner,
                                           advisor::confirm_options(catalog, sizes), reported_by_the_search);
  plan::take_found_indexes(confirmations, findings);
  // A statement that could not be planned: nothing shows that the planner would use the index.
  for (std::size_t at = 0; at < findings.size(); ++at)
    if (!findings[at].subject.fingerprint.empty() && !confirmations[at].cost_before)
      plan::withdraw_proposal(findings[at]);
  return advisor::asked_indexes(findings, confirmations);
}

std::optional<Advice> search_indexes(const Workload& workload, const Catalog& catalog, Server& server,
                                     std::vector<IndexProposal> asked, const Project* project,
                                     const std::stop_token& stop, Diagnostics& diagnostics) {
  if (!server.plans || !server.plans->what_if_missing().empty() || !server.connection().alive())
    return std::nullopt;
  auto what_if = pg::make_what_if(server.connection());
  if (!what_if) return std::nullopt;
  Workload resolved = workload;
  sql::resolve(resolved, catalog, server.plans->search_path());
  advisor::AdviseOptions options;
  options.time_limit = longest_search;
  options.stop = [&stop] { return stop.stop_requested(); };
  options.asked = std::move(asked);
  options.project = project;
  Diagnostics found;
  Advice out = advisor::advise(resolved, catalog, *server.plans, **what_if, options, found);
  std::ranges::copy_if(found, std::back_inserter(diagnostics),
                       [](const Error& error) { return error.kind == Error::Kind::database; });
  return out;
}

std::vector<AdvisedIndex> without_finding(const Advice& advice, const std::vector<IndexProposal>& asked) {
  std::vector<AdvisedIndex> out;
  for (const auto& index : advice.indexes)
    if (std::ranges::none_of(asked,
                             [&](const IndexProposal& one) { return advisor::serves(index.proposal, one); }))
      out.push_back(index);
  return out;
}

void leave_out_created(std::vector<AdvisedIndex>& indexes, const std::vector<const Fix*>& fixes,
                       const Catalog& catalog) {
  std::vector<sql::WrittenIndex> created;
  for (const Fix* fix : fixes) {
    const bool of_a_table = std::ranges::any_of(indexes, [&](const AdvisedIndex& index) {
      return contains(fix->sql, quote_identifier(index.table.name));
    });
    if (!of_a_table) continue;
    append(created, created_by(fix->sql, catalog));
  }
  std::erase_if(indexes, [&](const AdvisedIndex& index) {
    const auto own = created_by(index.sql, catalog);
    return !own.empty() && std::ranges::any_of(created, [&](const sql::WrittenIndex& other) {
      return other.table == own.front().table && same_index(other.index, own.front().index);
    });
  });
}

void rename_taken(std::vector<AdvisedIndex>& indexes, const std::vector<const Fix*>& fixes,
                  const Catalog& catalog, const Project* project) {
  std::set<QualifiedName> taken;
  for (const Fix* fix : fixes) append(taken, names_of_indexes(fix->sql, catalog));
  std::vector<AdvisedIndex*> to_rename;
  for (AdvisedIndex& index : indexes) {
    const auto names = names_of_indexes(index.sql, catalog);
    if (std::ranges::any_of(names, [&](const auto& name) { return taken.count(name) > 0; }))
      to_rename.push_back(&index);
    else taken.insert(names.begin(), names.end());
  }
  advisor::IndexNamer namer(catalog);
  for (const auto& name : taken) namer.reserve(name);
  for (AdvisedIndex* index : to_rename) {
    advisor::IndexDdl ddl = advisor::create_index(index->proposal, namer, catalog, project);
    index->sql = std::move(ddl.sql);
    index->down_sql = std::move(ddl.down_sql);
    index->drizzle = std::move(ddl.drizzle);
  }
}

std::vector<Finding> as_findings(const std::vector<AdvisedIndex>& indexes, double workload_cost) {
  std::vector<Finding> out;
  for (const AdvisedIndex& index : indexes) {
    Finding finding;
    finding.rule = "advise";
    finding.severity = Severity::note;
    finding.verdict = Verdict::confirmed;
    finding.subject = {
        .kind = "table", .schema = index.table.schema, .table = index.table.name, .entry = index.sql};
    finding.id = finding_id(finding.rule, finding.subject);
    finding.message = fmt::format(
        "The workload's statements on {} need an index that no other finding asks for: it "
        "saves {:.1f} % of the workload's planner cost.",
        display(index.table), workload_cost > 0 ? 100 * index.cost_saved / workload_cost : 0.0);
    const double megabytes = static_cast<double>(index.size_bytes) / 1e6;
    finding.evidence.push_back({Evidence::Kind::what_if,
                                fmt::format("HypoPG: {} statement{}, about {:.1f} MB", index.queries.size(),
                                            index.queries.size() == 1 ? " uses it" : "s use it", megabytes)});
    finding.proposal = index.proposal;
    finding.fix = Fix{.title = "Create an index on " + display(index.table),
                      .sql = index.sql,
                      .down_sql = index.down_sql,
                      .drizzle = index.drizzle,
                      .safety = Fix::Safety::safe};
    out.push_back(std::move(finding));
  }
  std::vector<Finding*> all;
  for (Finding& finding : out) all.push_back(&finding);
  set_short_ids(all);
  return out;
}

}  // namespace pgadvise::check
