#include "advisor/propose.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "advisor/index_ddl.h"
#include "advisor/referenced_columns.h"

namespace pgadvise::advisor {
namespace {

// Whether an index made for `wide`, of the same table or a partitioned table above it, serves what `narrow`
// asks for.
bool serves(const IndexProposal& wide, const IndexProposal& narrow) {
  return wide.predicate == narrow.predicate && wide.method == narrow.method &&
         wide.keys.size() >= narrow.keys.size() &&
         std::equal(narrow.keys.begin(), narrow.keys.end(), wide.keys.begin()) &&
         (narrow.include.empty() || wide.include == narrow.include);
}

// The findings whose proposal stands: neither refuted nor withdrawn.
std::vector<bool> asking(const std::vector<Finding>& findings,
                         const std::vector<plan::Confirmation>& confirmations) {
  std::vector<bool> out;
  for (std::size_t at = 0; at < findings.size(); ++at) {
    const auto* confirmation = at < confirmations.size() ? &confirmations[at] : nullptr;
    const Verdict verdict =
        confirmation && confirmation->verdict ? *confirmation->verdict : findings[at].verdict;
    out.push_back(findings[at].proposal && verdict != Verdict::refuted &&
                  !(confirmation && confirmation->without_gain));
  }
  return out;
}

using FindingsOfTable = std::map<QualifiedName, std::vector<std::size_t>>;

// Of the findings of its table, or of the topmost partitioned table that has one, the first one whose
// proposal is the widest that serves this one.
std::size_t carrier(const std::vector<Finding>& findings, const FindingsOfTable& of_table,
                    const Catalog& catalog, std::size_t asking) {
  const IndexProposal& asked = *findings[asking].proposal;
  std::vector<QualifiedName> tables{asked.table};
  const auto above = partitioned_above(asked.table, catalog);
  tables.insert(tables.end(), above.begin(), above.end());
  for (auto table = tables.rbegin(); table != tables.rend(); ++table) {
    const auto found = of_table.find(*table);
    if (found == of_table.end()) continue;
    std::optional<std::size_t> best;
    for (const std::size_t at : found->second) {
      const IndexProposal& proposal = *findings[at].proposal;
      if (!serves(proposal, asked)) continue;
      if (!best || proposal.keys.size() > findings[*best].proposal->keys.size()) best = at;
    }
    if (best) return *best;
  }
  return asking;
}

}  // namespace

std::vector<ProposedFix> propose(const std::vector<Finding>& findings,
                                 const std::vector<plan::Confirmation>& confirmations, const Catalog& catalog,
                                 const Project* project) {
  std::vector<ProposedFix> out;
  IndexNamer namer(catalog);
  const auto asks = asking(findings, confirmations);
  FindingsOfTable of_table;
  for (std::size_t at = 0; at < findings.size(); ++at)
    if (asks[at]) of_table[findings[at].proposal->table].push_back(at);
  for (std::size_t at = 0; at < findings.size(); ++at) {
    const Finding& finding = findings[at];
    if (!asks[at]) continue;
    ProposedFix proposed{at, finding.fix.value_or(Fix{}), std::nullopt};
    Fix& fix = proposed.fix;
    fix.safety = Fix::Safety::safe;
    if (at < confirmations.size() && confirmations[at].cost_before) {
      fix.cost_before = confirmations[at].cost_before;
      fix.cost_after = confirmations[at].cost_after;
    }
    const bool several = !finding.further_proposals.empty();
    const std::size_t from = several ? at : carrier(findings, of_table, catalog, at);
    if (from != at) {
      proposed.served_by = from;
    } else {
      const IndexDdl ddl = create_index(*finding.proposal, namer, catalog, project);
      fix.title = several ? "Create an index for each condition of the OR on " : "Create an index on ";
      fix.title += display(finding.proposal->table);
      fix.sql = ddl.sql;
      fix.down_sql = ddl.down_sql;
      fix.drizzle = ddl.drizzle;
      for (const auto& further : finding.further_proposals) {
        const IndexDdl more = create_index(further, namer, catalog, project);
        fix.sql += "\n" + more.sql;
        fix.down_sql += "\n" + more.down_sql;
        if (!more.drizzle.empty()) fix.drizzle += ",\n" + more.drizzle;
      }
    }
    out.push_back(std::move(proposed));
  }
  return out;
}

std::string title_of_served(std::string_view id) {
  return fmt::format("The fix of finding {} fixes this one, too", id);
}

void apply_fixes(const std::vector<ProposedFix>& fixes, std::vector<Finding>& findings) {
  for (const auto& proposed : fixes) {
    Fix& fix = findings[proposed.finding].fix.emplace(proposed.fix);
    if (!proposed.served_by) continue;
    fix.proposed_by = findings[*proposed.served_by].id;
    fix.title = title_of_served(fix.proposed_by);
  }
}

}  // namespace pgadvise::advisor
