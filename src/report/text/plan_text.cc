#include "report/text/plan_text.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text/mask.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "base/text/utf8.h"
#include "plan/read/reader.h"
#include "plan/read/title.h"
#include "report/text/figures.h"

namespace pgadvise::report {
namespace {

constexpr double folded_share = 0.01;

// EXPLAIN's own name without what everybody takes for granted.
std::string short_title(const PlanNode& node) {
  std::string out = replace_all(plan::title(node), " on public.", " ");
  if (const auto on = out.find(" on "); on != std::string::npos && !node.relation.empty()) out.erase(on, 3);
  if (!node.subplan.empty()) out = node.subplan + ": " + out;
  return printable(out);
}

class Tree {
 public:
  Tree(const Plan& plan, const plan::PlanTimes& times, const std::vector<Insight>& insights, const Look& look,
       bool whole)
      : plan_(plan), times_(times), insights_(insights), look_(look), whole_(whole) {
    for (const auto& insight : insights) flags_[insight.node].push_back(&insight);
    timed_ = times.all_ms > 0;
  }

  std::string write() {
    out_ += timed_           ? "     self   %    rows  plan\n"
            : plan_.analyzed ? "     cost   %    rows  plan\n"
                             : "     cost   %   rows?  plan\n";
    std::size_t at = 0;
    node(at, "", "");
    if (timed_ && plan_.execution_ms > 0 && times_.outside_ms >= folded_share * plan_.execution_ms)
      out_ += fmt::format("{:>9} {:>3} {:>7}  outside the tree\n", short_time(times_.outside_ms), "", "");
    total_times();
    for (const auto& insight : insights_) write_insight(insight);
    return look_.unicode ? std::move(out_) : replace_all(std::move(out_), "…", "~");
  }

 private:
  double cost_share(const PlanNode& node) const {
    return plan_.root.total_cost > 0 ? self_cost(node) / plan_.root.total_cost : 0;
  }

  static double self_cost(const PlanNode& node) {
    double below = 0;
    for (const auto& child : node.children) below += child.total_cost;
    return std::max(0.0, node.total_cost - below);
  }

  // How many nodes the subtree at `at` has.
  std::size_t size(std::size_t at) const {
    std::size_t end = at + 1;
    while (end < times_.nodes.size() && times_.nodes[end].depth > times_.nodes[at].depth) ++end;
    return end - at;
  }

  bool is_cheap(std::size_t at) const {
    if (whole_ || at == 0) return false;
    double share = 0;
    for (std::size_t i = at; i < at + size(at); ++i) {
      if (flags_.count(times_.nodes[i].node)) return false;
      share += timed_ ? times_.nodes[i].self_ms / times_.all_ms : cost_share(*times_.nodes[i].node);
    }
    return share < folded_share;
  }

  void node(std::size_t& at, const std::string& before, const std::string& below) {
    const std::size_t self = at;
    const auto& time = times_.nodes[self];
    line(time, before);
    ++at;
    std::vector<std::size_t> shown;
    std::size_t folded = 0;
    for (std::size_t child = at; child < self + size(self); child += size(child)) {
      if (is_cheap(child)) folded += size(child);
      else shown.push_back(child);
    }
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const bool last = i + 1 == shown.size() && folded == 0;
      std::size_t child = shown[i];
      node(child, below + (last ? (look_.unicode ? "└ " : "`- ") : (look_.unicode ? "├ " : "|- ")),
           below + (last ? (look_.unicode ? "  " : "   ") : (look_.unicode ? "│ " : "|  ")));
    }
    if (folded)
      out_ += fmt::format("{:>22}{}{}{} node{} under 1 %\n", "", below, look_.unicode ? "└ … " : "`- ... ",
                          folded, folded == 1 ? "" : "s");
    at = self + size(self);
  }

  void line(const plan::NodeTime& time, const std::string& before) {
    const PlanNode& node = *time.node;
    std::string figures;
    if (node.never_executed) figures = fmt::format("{:>9} {:>3} {:>7}", "never run", "", "");
    else if (timed_)
      figures = fmt::format("{:>9} {:>3.0f} {:>7}", short_time(time.self_ms),
                            100 * time.self_ms / times_.all_ms, short_count(time.rows));
    else
      figures = fmt::format("{:>9} {:>3.0f} {:>7}", short_count(self_cost(node)), 100 * cost_share(node),
                            short_count(plan_.analyzed ? time.rows : node.plan_rows));
    std::string flags;
    if (const auto found = flags_.find(time.node); found != flags_.end())
      for (const auto* insight : found->second) flags += (flags.empty() ? "  ! " : ", ") + insight->flag;
    // The name counts more than the flags, which are explained below the tree.
    const auto width = static_cast<std::size_t>(std::max(look_.width, 40));
    const std::size_t used = character_count(figures) + 2 + character_count(before);
    const std::size_t room = width > used + 12 ? width - used : 12;
    std::string name = short_title(node);
    if (!flags.empty() && character_count(name) + character_count(flags) > room)
      flags = character_count(name) + 8 < room ? ellipsis(flags, room - character_count(name)) : "  !";
    if (character_count(name) + character_count(flags) > room)
      name = ellipsis(name, room - std::min(room - 1, character_count(flags)));
    out_ += figures + "  " + before + name + (flags.empty() ? flags : paint(look_, "33;1", flags)) + "\n";
  }

  void total_times() {
    std::vector<std::string> parts;
    if (plan_.planning_ms > 0) parts.push_back("planning " + short_time(plan_.planning_ms));
    if (plan_.execution_ms > 0) parts.push_back("execution " + short_time(plan_.execution_ms));
    if (plan_.jit_ms > 0) parts.push_back("JIT " + short_time(plan_.jit_ms) + " of all processes");
    if (!parts.empty()) out_ += "\n" + join(parts, ", ") + "\n";
  }

  void write_insight(const Insight& insight) {
    const std::string text = printable(mask_secrets(insight.text));
    out_ += "\n" + wrapped("! ", "  ", split(text, ' '), static_cast<std::size_t>(look_.width));
  }

  const Plan& plan_;
  const plan::PlanTimes& times_;
  const std::vector<Insight>& insights_;
  Look look_;
  bool whole_;
  std::map<const PlanNode*, std::vector<const Insight*>> flags_;
  bool timed_ = false;
  std::string out_;
};

}  // namespace

// Joins and scans, the outermost first: what tells two plans of a statement apart at a glance.
std::string summary(const Plan& plan) {
  constexpr std::size_t most = 6;
  std::vector<std::string> names;
  visit(plan.root, [&](const PlanNode& node) {
    const bool tells = !node.relation.empty() || node.type.find("Join") != std::string::npos ||
                       node.type == "Nested Loop" || node.type == "Sort" || node.type.ends_with("Aggregate");
    if (tells && node.type != "Bitmap Index Scan") names.push_back(short_title(node));
  });
  const std::size_t all = names.size();
  names.resize(std::min(most, all));
  std::string out = join(names, ", ");
  if (all > most) out += fmt::format(" and {} more", all - most);
  return out.empty() ? plan::title(plan.root) : out;
}

std::string variants_text(const std::vector<PlanVariant>& variants, int width) {
  if (variants.size() < 2)
    return variants.empty() ? "" : "\nThe plan is the same for common and rare values from pg_stats.\n";
  std::string out = "\nThe plan depends on the values (from pg_stats):\n";
  for (const auto& variant : variants) {
    out += "\n  " + printable(variant.values) + ", cost " + short_count(variant.cost) +
           (variant.shown.empty() ? "" : ": " + printable(variant.shown)) + "\n";
    out += wrapped("    ", "    ", split(variant.summary, ' '), static_cast<std::size_t>(width));
  }
  return out;
}

std::string plan_text(const Plan& plan, const plan::PlanTimes& times, const std::vector<Insight>& insights,
                      const Look& look, bool whole) {
  return Tree(plan, times, insights, look, whole).write();
}

}  // namespace pgadvise::report
