#include "check/run/loops_in_code.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "base/text/text.h"
#include "lint/queries/code.h"
#include "lint/queries/statement_source.h"
#include "model/project/code.h"

namespace pgadvise::check {
namespace {

constexpr std::size_t max_named = 3;  // lines that may make one statement

// The rule that reads logs, and the one that reads code.
struct Rules {
  std::string_view of_log, of_code;
};
constexpr std::array<Rules, 2> rules = {
    {{"n-plus-one-query", "n-plus-one-query-in-code"}, {"n-plus-one-write", "n-plus-one-write-in-code"}}};

class Union {
 public:
  Union(std::vector<Finding>& findings, const Workload& workload, const Project& project)
      : findings_(findings), workload_(workload), project_(project), code_(*project.code) {}

  std::set<std::string> run() {
    for (const auto& [of_log, of_code] : rules) {
      loops_.clear();
      for (const auto& made : code_.in_loops) find_loop(made, of_code);
      for (std::size_t at = 0; at < findings_.size(); ++at)
        if (findings_[at].rule == of_log) look_up(at);
    }
    for (const auto& [of_code, logged] : united_) confirm(findings_[of_code], logged);
    std::set<std::string> names;
    std::vector<Finding> kept;
    for (std::size_t at = 0; at < findings_.size(); ++at)
      if (gone_.count(at)) names.insert(findings_[at].rule + " " + findings_[at].subject.fingerprint);
      else kept.push_back(std::move(findings_[at]));
    findings_ = std::move(kept);
    return names;
  }

 private:
  // The finding about the loop: it names the loop and the query, or the call of the function that has it.
  void find_loop(const QueryInLoop& made, std::string_view rule) {
    const SourceLocation place = lint::located(project_, lint::place_in_loop(made));
    const SourceLocation loop = lint::located(project_, made.loop);
    for (std::size_t at = 0; at < findings_.size(); ++at) {
      const Finding& one = findings_[at];
      const auto names = [&](const SourceLocation& wanted) {
        return std::ranges::any_of(one.evidence,
                                   [&](const Evidence& evidence) { return evidence.place == wanted; });
      };
      if (one.rule == rule && names(loop) && (one.location == place || names(place)))
        loops_[at].push_back(&made);
    }
  }

  // Finds what makes the statement of a log's finding.
  void look_up(std::size_t logged) {
    const Query* query = workload_.query(findings_[logged].subject.fingerprint);
    if (!query) return;
    std::vector<std::size_t> loops;
    std::set<SourceLocation> in_loops, others;
    bool rows_before = false;
    for (const auto& [at, all] : loops_)
      for (const auto* made : all) {
        if (!lint::makes(made->query, query->facts)) continue;
        if (loops.empty() || loops.back() != at) loops.push_back(at);
        in_loops.insert(made->query.place);
        rows_before |= made->rows_table && read_before(*query, *made->rows_table);
      }
    for (const auto& one : code_.queries)
      if (!in_loops.count(one.place) && lint::makes(one, query->facts)) others.insert(one.place);
    if (loops.size() == 1 && workload_.has_events && (others.empty() || rows_before)) {
      united_[loops.front()].push_back(logged);
      gone_.insert(logged);
      return;
    }
    others.insert(in_loops.begin(), in_loops.end());
    name(findings_[logged], others);
    for (const std::size_t at : loops)
      findings_[at].verdict_reason =
          fmt::format("a log shows such a statement once for each row, but {} queries in the code make it",
                      others.size());
  }

  // Whether the log shows a query on the table before the loop.
  bool read_before(const Query& query, const QualifiedName& table) const {
    const auto reads = [&](const std::string& fingerprint) {
      const Query* before = workload_.query(fingerprint);
      return before && std::ranges::any_of(before->facts.relations,
                                           [&](const RelationUse& use) { return use.table == table; });
    };
    return std::ranges::any_of(workload_.repeats, [&](const RepeatedQuery& one) {
      if (!is_one_of(query.fingerprint, one.pattern)) return false;
      return reads(one.parent) || std::ranges::any_of(one.earlier, [&](const RepeatedQuery::Earlier& before) {
               return reads(before.fingerprint);
             });
    });
  }

  void name(Finding& logged, const std::set<SourceLocation>& places) const {
    if (places.size() > max_named) return;
    const std::string text = places.size() == 1
                                 ? "this query in the code makes the statement"
                                 : fmt::format("one of {} queries in the code that make it", places.size());
    for (const auto& place : places)
      logged.evidence.push_back({Evidence::Kind::project, text, lint::located(project_, place)});
  }

  void confirm(Finding& finding, const std::vector<std::size_t>& logged) const {
    finding.verdict = Verdict::confirmed;
    for (const std::size_t at : logged) {
      const Finding& log = findings_[at];
      if (finding.former_id.empty()) finding.former_id = log.id;
      finding.severity = std::max(finding.severity, log.severity);
      finding.evidence.push_back(
          {Evidence::Kind::statement, "the log confirms it: " + log.message, log.location});
      for (const auto& evidence : log.evidence)
        if (!evidence.text.starts_with("confidence ")) finding.evidence.push_back(evidence);
      if (finding.fix && log.fix && finding.fix->sql.empty()) finding.fix->sql = log.fix->sql;
    }
  }

  std::vector<Finding>& findings_;
  const Workload& workload_;
  const Project& project_;
  const CodeFacts& code_;
  std::map<std::size_t, std::vector<const QueryInLoop*>> loops_;  // of one rule, by the index of its finding
  std::map<std::size_t, std::vector<std::size_t>> united_;  // by index: the log's findings of the code's
  std::set<std::size_t> gone_;
};

}  // namespace

std::set<std::string> unite_loops(std::vector<Finding>& findings, const Workload& workload,
                                  const Project& project) {
  if (!project.code) return {};
  return Union(findings, workload, project).run();
}

}  // namespace pgadvise::check
