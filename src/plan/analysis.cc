#include "plan/analysis.h"

#include <algorithm>
#include <functional>
#include <map>

namespace pgadvise::plan {
namespace {

constexpr std::size_t leader = static_cast<std::size_t>(-1);

// Below a Gather, where several processes run the same nodes: that which is followed, a worker's number or
// the leader. Outside of one: 1.
struct Section {
  std::size_t process = leader;
  double processes = 1;
};

// What the process waited for the node. Without the workers' own figures (VERBOSE) its share.
double inclusive(const PlanNode& node, const Section& section) {
  if (!node.actual_total_ms) return 0;
  const double all = *node.actual_total_ms * node.loops;
  if (section.processes <= 1) return all;
  if (node.workers.empty()) return all / section.processes;
  const std::size_t process = section.process;
  if (process != leader)
    return process < node.workers.size() ? node.workers[process].actual_total_ms * node.workers[process].loops
                                         : 0;
  double rest = all;
  for (const auto& worker : node.workers) rest -= worker.actual_total_ms * worker.loops;
  return std::max(0.0, rest);
}

// The process that a Gather waits for longest.
Section slowest(const PlanNode& gather, const PlanNode& below) {
  Section best{leader, gather.loops > 0 ? std::max(1.0, below.loops / gather.loops) : 1};
  double most = inclusive(below, best);
  for (std::size_t i = 0; i < below.workers.size(); ++i)
    if (const double ms = inclusive(below, {i, best.processes}); ms > most) {
      most = ms;
      best.process = i;
    }
  return best;
}

bool gathers(const PlanNode& node) { return node.type == "Gather" || node.type == "Gather Merge"; }

// "$1" but not "$12"; from 17 on "(InitPlan 1)".
bool mentions(const std::string& text, const std::string& name) {
  for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos; ++at) {
    const char next = at + name.size() < text.size() ? text[at + name.size()] : ' ';
    if (next < '0' || next > '9') return true;
  }
  return false;
}

bool mentions(const PlanNode& node, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return mentions(node.filter, name) || mentions(node.index_condition, name) ||
           std::any_of(node.conditions.begin(), node.conditions.end(),
                       [&](const auto& condition) { return mentions(condition.second, name); });
  });
}

// "InitPlan 1 (returns $0,$1)" -> "$0", "$1"; "InitPlan 1" -> "(InitPlan 1"
std::vector<std::string> names_of(const std::string& subplan) {
  std::vector<std::string> out{"(" + subplan.substr(0, subplan.find(" (returns"))};
  for (std::size_t at = 0; (at = subplan.find('$', at)) != std::string::npos; ++at) {
    const auto end = subplan.find_first_not_of("0123456789", at + 1);
    out.push_back(subplan.substr(at, end == std::string::npos ? end : end - at));
  }
  return out;
}

class Times {
 public:
  explicit Times(const Plan& plan) {
    add(plan.root, 0, {});
    charge_plans_elsewhere();
    for (std::size_t i = 0; i < out_.nodes.size(); ++i) settle(i);
    const double root = out_.nodes.empty() ? 0 : out_.nodes[0].total_ms;
    out_.outside_ms = std::max(0.0, plan.execution_ms - root);
  }

  PlanTimes take() { return std::move(out_); }

 private:
  std::size_t add(const PlanNode& node, std::size_t depth, const Section& section) {
    const std::size_t at = out_.nodes.size();
    out_.nodes.push_back(
        {&node, depth, inclusive(node, section), 0, node.actual_rows.value_or(0) * node.loops});
    charged_.emplace_back();
    for (const auto& child : node.children) {
      const bool gather = gathers(node) && child.relationship != "InitPlan";
      const std::size_t child_at = add(child, depth + 1, gather ? slowest(node, child) : section);
      if (child.relationship == "InitPlan") elsewhere_.push_back({child_at, at});
      else charged_[at].push_back(child_at);
    }
    end_.resize(out_.nodes.size());
    end_[at] = out_.nodes.size();
    return at;
  }

  // The reader of a CTE that took longest ran it; an InitPlan runs when the first node that has its value in
  // a condition asks.
  void charge_plans_elsewhere() {
    constexpr std::size_t many = 1000;  // of no statement of a person: each is looked for below its owner
    for (const auto& [plan, owner] : elsewhere_) {
      const std::string& name = out_.nodes[plan].node->subplan;
      const bool cte = name.starts_with("CTE ");
      const auto names = names_of(name);
      std::size_t reader = owner;
      bool found = false;
      for (std::size_t i = owner; i < end_[owner] && elsewhere_.size() <= many; ++i) {
        if (i >= plan && i < end_[plan]) continue;
        const PlanNode& node = *out_.nodes[i].node;
        const bool reads =
            cte ? node.cte == name.substr(4) && node.type == "CTE Scan" : mentions(node, names);
        if (!reads || (found && out_.nodes[i].total_ms <= out_.nodes[reader].total_ms)) continue;
        reader = i;
        found = true;
        if (!cte) break;
      }
      charged_[reader].push_back(plan);
    }
  }

  // Children took no more than their parent waited: averages over loops are rounded, and processes overlap.
  // Each node's share is settled before its children's.
  void settle(std::size_t at) {
    if (settled_.size() < out_.nodes.size()) settled_.resize(out_.nodes.size(), false);
    if (settled_[at]) return;
    settled_[at] = true;
    double below = 0;
    for (const std::size_t child : charged_[at]) below += out_.nodes[child].total_ms;
    const double scale = below > out_.nodes[at].total_ms ? out_.nodes[at].total_ms / below : 1;
    double taken = 0;
    for (const std::size_t child : charged_[at]) taken += out_.nodes[child].total_ms *= scale;
    out_.nodes[at].self_ms = std::max(0.0, out_.nodes[at].total_ms - taken);
    for (const std::size_t child : charged_[at]) settle(child);
  }

  PlanTimes out_;
  std::vector<std::vector<std::size_t>> charged_;  // by node: whose time its own contains
  std::vector<std::pair<std::size_t, std::size_t>>
      elsewhere_;                 // CTEs and InitPlans, and the node they are shown under
  std::vector<std::size_t> end_;  // by node: behind its last descendant
  std::vector<bool> settled_;
};

}  // namespace

PlanTimes self_times(const Plan& plan) { return Times(plan).take(); }

}  // namespace pgadvise::plan
