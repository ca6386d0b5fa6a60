#include "advisor/candidates/propose.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "advisor/candidates/merge.h"
#include "advisor/ddl/index_ddl.h"
#include "advisor/queries/referenced_columns.h"
#include "base/containers.h"

namespace pgadvise::advisor {
namespace {

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

// One index for several findings, on their table or on a partitioned table above it.
struct Member {
  IndexProposal index;
  std::optional<std::size_t> carrier;  // the finding whose fix has the DDL
};

// The members by finding; a finding that needs several indexes together has none.
class Members {
 public:
  Members(const std::vector<Finding>& findings, const std::vector<bool>& asks, const Catalog& catalog,
          const std::vector<IndexProposal>& chosen) {
    std::vector<IndexProposal> proposals;
    for (const auto& index : chosen)
      if (fits(index, catalog)) proposals.push_back(index);
    std::size_t number = proposals.size();
    for (std::size_t at = 0; at < findings.size(); ++at)
      if (asks[at] && findings[at].further_proposals.empty()) {
        proposals.push_back(*findings[at].proposal);
        of_.emplace(at, 0);
      }
    MergedProposals merged = merge_proposals(proposals);
    for (auto& [finding, member] : of_) member = merged.member[number++];
    for (auto& index : merged.indexes) members_.push_back({std::move(index), std::nullopt});
    for (auto& [finding, member] : of_) member = above(member, catalog);
    for (const auto& [finding, member] : of_) carry(finding, findings, members_[member]);
  }

  // REQUIRES that the finding asks for one index.
  const Member& of(std::size_t finding) const { return members_[of_.at(finding)]; }

 private:
  // Of the topmost partitioned table that has one, a member that serves this one.
  std::size_t above(std::size_t member, const Catalog& catalog) const {
    IndexProposal asked = members_[member].index;
    const auto tables = partitioned_above(asked.table, catalog);
    for (auto table = tables.rbegin(); table != tables.rend(); ++table) {
      asked.table = *table;
      for (std::size_t at = 0; at < members_.size(); ++at)
        if (serves(members_[at].index, asked)) return at;
    }
    return member;
  }

  // The first finding that asks for just this index, else the first one with the most keys.
  static void carry(std::size_t finding, const std::vector<Finding>& findings, Member& member) {
    const auto rank = [&](std::size_t at) {
      const IndexProposal& asked = *findings[at].proposal;
      return std::tuple(asked.table == member.index.table,
                        asked.keys == member.index.keys && asked.include == member.index.include,
                        asked.keys.size());
    };
    if (!member.carrier || rank(finding) > rank(*member.carrier)) member.carrier = finding;
  }

  std::map<std::size_t, std::size_t> of_;
  std::vector<Member> members_;
};

}  // namespace

bool fits(const IndexProposal& index, const Catalog& catalog) {
  const Table* table = catalog.table(index.table);
  return table &&
         std::ranges::all_of(
             index.keys,
             [&](const IndexKey& key) { return key.column.empty() || table->column(key.column); }) &&
         std::ranges::all_of(index.include, [&](const std::string& column) { return table->column(column); });
}

std::vector<IndexProposal> asked_indexes(const std::vector<Finding>& findings,
                                         const std::vector<plan::Confirmation>& confirmations) {
  std::vector<IndexProposal> out;
  const auto asks = asking(findings, confirmations);
  for (std::size_t at = 0; at < findings.size(); ++at)
    if (asks[at] && findings[at].further_proposals.empty()) out.push_back(*findings[at].proposal);
  return out;
}

std::vector<IndexProposal> all_asked_indexes(const std::vector<Finding>& findings,
                                             const std::vector<plan::Confirmation>& confirmations) {
  std::vector<IndexProposal> out = asked_indexes(findings, confirmations);
  const auto asks = asking(findings, confirmations);
  for (std::size_t at = 0; at < findings.size(); ++at) {
    const auto& further = findings[at].further_proposals;
    if (!asks[at] || further.empty()) continue;
    out.push_back(*findings[at].proposal);
    append(out, further);
  }
  return out;
}

std::vector<ProposedFix> propose(const std::vector<Finding>& findings,
                                 const std::vector<plan::Confirmation>& confirmations, const Catalog& catalog,
                                 const Project* project, const std::vector<IndexProposal>& chosen) {
  std::vector<ProposedFix> out;
  IndexNamer namer(catalog);
  const auto asks = asking(findings, confirmations);
  const Members members(findings, asks, catalog, chosen);
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
    if (!several && members.of(at).carrier != at) {
      proposed.served_by = members.of(at).carrier;
    } else {
      const IndexProposal& index = several ? *finding.proposal : members.of(at).index;
      const IndexDdl ddl = create_index(index, namer, catalog, project);
      fix.title = several ? "Create an index for each condition of the OR on " : "Create an index on ";
      fix.title += display(index.table);
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
  return fmt::format("Apply the fix of {}: its index solves this finding, too", id);
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
