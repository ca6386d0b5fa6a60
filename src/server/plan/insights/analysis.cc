#include "plan/insights/analysis.h"

#include <algorithm>
#include <string>
#include <utility>

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
  return std::ranges::any_of(names, [&](const std::string& name) {
    return mentions(node.filter, name) || mentions(node.index_condition, name) ||
           std::ranges::any_of(node.conditions,
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

// Runs at the end of the statement, too, and whether or not somebody reads it.
bool runs_on(const PlanNode& node) { return node.type == "ModifyTable" && node.subplan.starts_with("CTE "); }

class Times {
 public:
  explicit Times(const Plan& plan) {
    add(plan.root, 0, {});
    waited_.resize(out_.nodes.size());
    for (std::size_t at = 0; at < out_.nodes.size(); ++at)
      for (const std::size_t child : below_[at]) contain(at, child, out_.nodes[child].total_ms);
    for (const auto& [subplan, owner] : elsewhere_) find_readers(subplan, owner);
    settle();
    for (const auto& time : out_.nodes) out_.all_ms += time.self_ms;
    out_.outside_ms = std::max(0.0, plan.execution_ms - out_.all_ms);
  }

  PlanTimes take() { return std::move(out_); }

 private:
  // Of a node's time, that which it waited for another one.
  struct Part {
    std::size_t node = 0;
    double ms = 0;
  };

  std::size_t add(const PlanNode& node, std::size_t depth, const Section& section) {
    const std::size_t at = out_.nodes.size();
    out_.nodes.push_back(
        {&node, depth, inclusive(node, section), 0, node.actual_rows.value_or(0) * node.loops});
    below_.emplace_back();
    parts_.emplace_back();
    for (const auto& child : node.children) {
      const bool gather = gathers(node) && child.relationship != "InitPlan";
      const std::size_t child_at = add(child, depth + 1, gather ? slowest(node, child) : section);
      if (child.relationship == "InitPlan") elsewhere_.push_back({child_at, at});
      else below_[at].push_back(child_at);
    }
    end_.resize(out_.nodes.size());
    end_[at] = out_.nodes.size();
    return at;
  }

  void contain(std::size_t at, std::size_t other, double ms) {
    parts_[at].push_back({other, ms});
    ++waited_[other];
  }

  // An InitPlan runs when the first node that has its value in a condition asks. A CTE runs for each of its
  // readers until that one has its rows: what the one who took longest did not wait for, the next one did.
  void find_readers(std::size_t subplan, std::size_t owner) {
    const PlanNode& node = *out_.nodes[subplan].node;
    const bool cte = node.subplan.starts_with("CTE ");
    auto readers = readers_of(subplan, owner);
    if (!cte && readers.size() > 1) readers.erase(readers.begin() + 1, readers.end());
    if (readers.empty() && runs_on(node)) return;
    if (readers.empty() || !cte)
      return contain(readers.empty() ? owner : readers.front(), subplan, out_.nodes[subplan].total_ms);
    std::ranges::stable_sort(readers, [&](std::size_t a, std::size_t b) {
      return out_.nodes[a].total_ms > out_.nodes[b].total_ms;
    });
    double rest = out_.nodes[subplan].total_ms;
    for (const std::size_t reader : readers) {
      const double part = std::min(rest, out_.nodes[reader].total_ms);
      contain(reader, subplan, part);
      rest -= part;
    }
  }

  std::vector<std::size_t> readers_of(std::size_t subplan, std::size_t owner) const {
    constexpr std::size_t many = 1000;  // of no statement of a person: each is looked for below its owner
    std::vector<std::size_t> out;
    const std::string& name = out_.nodes[subplan].node->subplan;
    const bool cte = name.starts_with("CTE ");
    const auto names = names_of(name);
    for (std::size_t i = owner; i < end_[owner] && elsewhere_.size() <= many; ++i) {
      if (i >= subplan && i < end_[subplan]) continue;
      const PlanNode& node = *out_.nodes[i].node;
      if (cte ? node.cte == name.substr(4) && node.type == "CTE Scan" : mentions(node, names))
        out.push_back(i);
    }
    return out;
  }

  // Each node after all that waited for it. What waits for itself is in no plan of a server.
  void settle() {
    std::vector<std::size_t> ready;
    std::vector<bool> settled(out_.nodes.size(), false);
    for (std::size_t i = out_.nodes.size(); i-- > 0;)
      if (waited_[i] == 0) ready.push_back(i);
    std::vector<double> received(out_.nodes.size(), 0);
    for (std::size_t next = 0; next < out_.nodes.size() || !ready.empty();) {
      if (ready.empty()) {
        if (!settled[next]) ready.push_back(next);
        ++next;
        continue;
      }
      const std::size_t at = ready.back();
      ready.pop_back();
      if (settled[at]) continue;
      settled[at] = true;
      settle(at);
      for (const Part& part : parts_[at]) {
        received[part.node] += part.ms;
        if (!runs_on(*out_.nodes[part.node].node)) out_.nodes[part.node].total_ms = received[part.node];
        if (--waited_[part.node] == 0) ready.push_back(part.node);
      }
    }
  }

  // The parts took no more than the node: averages over loops are rounded, and processes overlap.
  void settle(std::size_t at) {
    const double total = out_.nodes[at].total_ms;
    double sum = 0;
    for (const Part& part : parts_[at]) sum += part.ms;
    const double scale = sum > total ? total / sum : 1;
    double taken = 0;
    for (Part& part : parts_[at]) taken += part.ms *= scale;
    out_.nodes[at].self_ms = std::max(0.0, total - taken);
  }

  PlanTimes out_;
  std::vector<std::vector<std::size_t>> below_;  // by node: its children that run when it does
  std::vector<std::vector<Part>> parts_;         // by node
  std::vector<std::size_t> waited_;              // by node: of how many nodes' parts it is
  // CTEs and InitPlans, and the node they are shown under
  std::vector<std::pair<std::size_t, std::size_t>> elsewhere_;
  std::vector<std::size_t> end_;  // by node: behind its last descendant
};

}  // namespace

PlanTimes self_times(const Plan& plan) { return Times(plan).take(); }

}  // namespace pgadvise::plan
