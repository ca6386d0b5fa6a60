#include "plan/text_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace pgadvise::plan {
namespace {

constexpr std::size_t deepest = 500;

std::optional<double> number_at(std::string_view text) {
  double out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc() || !std::isfinite(out)) return std::nullopt;
  return out;
}

// The number behind `key` ("rows="), 0 when there is none.
double number_behind(std::string_view text, std::string_view key, double otherwise = 0) {
  const auto at = text.find(key);
  return at == std::string_view::npos ? otherwise
                                      : number_at(text.substr(at + key.size())).value_or(otherwise);
}

std::int64_t count_behind(std::string_view text, std::string_view key) {
  return static_cast<std::int64_t>(std::clamp(number_behind(text, key), 0.0, 9e15));
}

// "x", or "\"x y\"" unquoted; what was read is taken off.
std::string take_name(std::string_view& text) {
  std::string out;
  if (!text.empty() && text[0] == '"') {
    std::size_t at = 1;
    for (; at < text.size(); ++at) {
      if (text[at] == '"' && (at + 1 >= text.size() || text[at + 1] != '"')) break;
      if (text[at] == '"') ++at;
      out += text[at];
    }
    text.remove_prefix(std::min(at + 1, text.size()));
    return out;
  }
  const auto end = std::min(text.find_first_of(" ."), text.size());
  out = std::string(text.substr(0, end));
  text.remove_prefix(end);
  return out;
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "public.t a": schema, name and alias.
void read_target(std::string_view text, PlanNode& node) {
  std::string name = take_name(text);
  if (take_prefix(text, ".")) {
    node.schema = std::move(name);
    name = take_name(text);
  }
  std::string alias = take_prefix(text, " ") ? take_name(text) : name;
  if (node.type == "CTE Scan" || node.type == "WorkTable Scan") node.cte = std::move(name);
  else if (node.type == "Function Scan" || node.type == "Table Function Scan")
    node.function = std::move(name);
  else if (node.type != "Subquery Scan" && node.type != "Values Scan") node.relation = std::move(name);
  node.alias = std::move(alias);
}

void read_aggregate(std::string_view kind, PlanNode& node) {
  if (take_prefix(kind, "Partial ")) node.partial_mode = "Partial";
  else if (take_prefix(kind, "Finalize ")) node.partial_mode = "Finalize";
  node.type = "Aggregate";
  node.strategy = kind == "GroupAggregate"   ? "Sorted"
                  : kind == "HashAggregate"  ? "Hashed"
                  : kind == "MixedAggregate" ? "Mixed"
                                             : "Plain";
}

void read_join(std::string_view kind, PlanNode& node) {
  for (const std::string_view how : {"Nested Loop", "Hash", "Merge"}) {
    if (!take_prefix(kind, how)) continue;
    node.type = how == "Nested Loop" ? std::string(how) : std::string(how) + " Join";
    kind = trim(kind);
    if (kind.ends_with("Join")) kind = trim(kind.substr(0, kind.size() - 4));
    node.join_type = kind.empty() ? "Inner" : std::string(kind);
    return;
  }
}

void read_kind(std::string_view kind, PlanNode& node) {
  if (take_prefix(kind, "Parallel ")) node.parallel_aware = true;
  if (kind.ends_with(" Backward")) {
    node.backward = true;
    kind.remove_suffix(9);
  }
  const bool join = kind == "Nested Loop" ||
                    (kind.ends_with(" Join") && (kind.starts_with("Nested Loop ") ||
                                                 kind.starts_with("Hash ") || kind.starts_with("Merge ")));
  const bool hashed = kind.starts_with("HashSetOp ");
  if (hashed || kind.starts_with("SetOp "))
    node.type = "SetOp", node.strategy = hashed ? "Hashed" : "Sorted",
    node.operation = std::string(kind.substr(hashed ? 10 : 6));
  else if (join) read_join(kind, node);
  else if (kind.ends_with("Aggregate")) read_aggregate(kind, node);
  else if (kind == "Insert" || kind == "Update" || kind == "Delete" || kind == "Merge")
    node.type = "ModifyTable", node.operation = std::string(kind);
  else node.type = std::string(kind);
}

// "Index Scan Backward using i on public.t a"
void read_title(std::string_view text, PlanNode& node) {
  const auto using_at = text.find(" using ");
  const auto on_at = text.find(" on ", using_at == std::string_view::npos ? 0 : using_at);
  read_kind(trim(text.substr(0, std::min(using_at, on_at))), node);
  if (using_at != std::string_view::npos) {
    std::string_view rest = text.substr(using_at + 7);
    node.index = take_name(rest);
  }
  if (on_at == std::string_view::npos) return;
  std::string_view rest = text.substr(on_at + 4);
  if (node.type == "Bitmap Index Scan") node.index = take_name(rest);
  else read_target(rest, node);
}

void read_figures(std::string_view text, PlanNode& node) {
  if (const auto at = text.find("(cost="); at != std::string_view::npos) {
    const auto figures = text.substr(at, text.find(')', at) - at);
    node.startup_cost = number_behind(figures, "cost=");
    node.total_cost = number_behind(figures, "..");
    node.plan_rows = number_behind(figures, "rows=");
  }
  if (text.find("(never executed)") != std::string_view::npos) {
    node.actual_rows = 0;
    node.loops = 0;
    node.never_executed = true;
  }
  if (const auto at = text.find("(actual "); at != std::string_view::npos) {
    const auto figures = text.substr(at);
    node.actual_rows = number_behind(figures, "rows=");
    node.loops = number_behind(figures, "loops=", 1);
    if (figures.find("time=") != std::string_view::npos) node.actual_total_ms = number_behind(figures, "..");
  }
}

class Reader {
 public:
  Result<Plan> read(std::string_view text) {
    for (const auto line : split(text, '\n')) read_line(line);
    if (nodes_.empty())
      return fail(Error::Kind::input, "", "contains no plan: no line is a node of EXPLAIN's output",
                  "EXPLAIN (ANALYZE, BUFFERS, VERBOSE) …, as text or JSON");
    plan_.root = build(0);
    plan_.analyzed = plan_.root.actual_rows.has_value();
    plan_.text = std::string(text);
    return std::move(plan_);
  }

 private:
  struct Line {
    PlanNode node;
    std::size_t column = 0;
    std::vector<std::size_t> children;
  };

  void read_line(std::string_view line) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.starts_with('|')) {
      line.remove_prefix(1);
      if (line.ends_with('|')) line.remove_suffix(1);
    }
    const auto column = line.find_first_not_of(" \t");
    if (column == std::string_view::npos) return;
    std::string_view text = trim(line);
    const bool arrow = take_prefix(text, "->");
    text = trim(text);
    const bool figures = text.find("(cost=") != std::string_view::npos ||
                         text.find("(actual ") != std::string_view::npos ||
                         text.find("(never executed)") != std::string_view::npos;
    const bool worker = text.starts_with("Worker ");
    if (nodes_.empty() ? figures : arrow) return add_node(text, column);
    if (nodes_.empty() || worker_line(worker, text, column)) return;
    if (header(text)) {
      subplan_ = std::string(text);
      return;
    }
    // What stands behind a worker's line and further in is the worker's own.
    if (worker_column_ && column > *worker_column_) return space(text, nodes_.back().node);
    worker_column_.reset();
    ended_ |= outside(text);
    if (!ended_) property(text, nodes_.back().node);
  }

  void add_node(std::string_view text, std::size_t column) {
    Line line;
    line.column = column;
    const auto end = std::min({text.find("  (cost="), text.find(" (cost="), text.find(" (actual "),
                               text.find(" (never executed)"), text.size()});
    read_title(trim(text.substr(0, end)), line.node);
    read_figures(text.substr(end), line.node);
    while (!open_.empty() && nodes_[open_.back()].column >= column) open_.pop_back();
    if (nodes_.empty() || !open_.empty()) {
      if (!open_.empty()) {
        line.node.relationship = subplan_.empty()
                                     ? (nodes_[open_.back()].children.empty() ? "Outer" : "Inner")
                                 : subplan_.starts_with("SubPlan") ? "SubPlan"
                                                                   : "InitPlan";
        line.node.subplan = std::move(subplan_);
        nodes_[open_.back()].children.push_back(nodes_.size());
      }
      if (open_.size() < deepest) open_.push_back(nodes_.size());
      nodes_.push_back(std::move(line));
    }
    subplan_.clear();
    worker_column_.reset();
  }

  static bool header(std::string_view text) {
    return text.find(':') == std::string_view::npos &&
           (text.starts_with("CTE ") || text.starts_with("InitPlan ") || text.starts_with("SubPlan "));
  }

  bool worker_line(bool worker, std::string_view text, std::size_t column) {
    if (!worker) return false;
    worker_column_ = column;
    PlanNode& node = nodes_.back().node;
    if (text.find("actual ") != std::string_view::npos)
      node.workers.push_back({number_behind(text, ".."), number_behind(text, "loops=", 1)});
    if (const auto colon = text.find(':'); colon != std::string_view::npos)
      space(trim(text.substr(colon + 1)), node);
    return true;
  }

  // What stands below the tree, with its own buffers and times.
  bool outside(std::string_view text) {
    if (take_prefix(text, "Planning Time: ")) plan_.planning_ms = number_at(text).value_or(0);
    else if (take_prefix(text, "Execution Time: ")) plan_.execution_ms = number_at(text).value_or(0);
    else if (text.starts_with("Timing: ") && text.find("Total ") != std::string_view::npos)
      plan_.jit_ms = number_behind(text, "Total ");
    else if (text.starts_with("Trigger ") && text.find(": time=") != std::string_view::npos) trigger(text);
    else return text == "JIT:" || text == "Planning:" || text.starts_with("Settings: ");
    return true;
  }

  // "Trigger for constraint c on t: time=1.2 calls=3", "Trigger g: time=…"
  void trigger(std::string_view text) {
    PlanTrigger out{.time_ms = number_behind(text, "time="), .calls = number_behind(text, "calls=")};
    text = text.substr(8, text.find(": time=") - 8);
    take_prefix(text, "for constraint ");
    const auto on = text.find(" on ");
    out.name = std::string(text.substr(0, on));
    if (on != std::string_view::npos) out.relation = std::string(text.substr(on + 4));
    plan_.triggers.push_back(std::move(out));
  }

  static void property(std::string_view text, PlanNode& node) {
    static constexpr std::array<std::string_view, 9> conditions = {
        "Hash Cond: ", "Merge Cond: ",      "Join Filter: ", "Recheck Cond: ", "TID Cond: ",
        "Order By: ",  "One-Time Filter: ", "Cache Key: ",   "Run Condition: "};
    const std::string_view whole = text;
    if (take_prefix(text, "Filter: ")) node.filter = std::string(text);
    else if (take_prefix(text, "Index Cond: ")) node.index_condition = std::string(text);
    else if (take_prefix(text, "Sort Key: ") || take_prefix(text, "Presorted Key: ")) {
      if (whole.starts_with("Sort")) node.sort_key = {std::string(text)};
    } else if (take_prefix(text, "Group Key: ")) node.conditions.emplace_back("Group Key", std::string(text));
    else if (take_prefix(text, "Rows Removed by Filter: "))
      node.rows_removed_by_filter = number_at(text).value_or(0);
    else if (take_prefix(text, "Rows Removed by Index Recheck: "))
      node.rows_removed_by_recheck = number_at(text).value_or(0);
    else if (take_prefix(text, "Heap Fetches: ")) node.heap_fetches = number_at(text).value_or(0);
    else if (take_prefix(text, "Heap Blocks: ")) node.lossy_blocks += count_behind(text, "lossy=");
    else if (take_prefix(text, "Workers Planned: "))
      node.workers_planned = static_cast<int>(std::clamp(number_at(text).value_or(0), 0.0, 1e6));
    else if (take_prefix(text, "Buffers: ")) buffers(text, node);
    else space(text, node);
    for (const auto name : conditions)
      if (std::string_view value = whole; take_prefix(value, name))
        node.conditions.emplace_back(std::string(name.substr(0, name.size() - 2)), std::string(value));
  }

  static void space(std::string_view text, PlanNode& node) {
    if (!text.starts_with("Sort Method: ") && !text.starts_with("Batches: ") &&
        !text.starts_with("Buckets: ") && !text.starts_with("Planned Partitions: "))
      return;
    node.disk_kb += std::max(count_behind(text, "  Disk: "), count_behind(text, "  Disk Usage: "));
    node.hash_batches = std::max(node.hash_batches, count_behind(text, "Batches: "));
  }

  static void buffers(std::string_view text, PlanNode& node) {
    for (const auto part : split(text, ',')) {
      const auto kind = trim(part);
      if (kind.starts_with("shared"))
        node.shared_hit_blocks = count_behind(kind, "hit="),
        node.shared_read_blocks = count_behind(kind, "read=");
      if (kind.starts_with("temp")) node.temp_written_blocks = count_behind(kind, "written=");
    }
  }

  PlanNode build(std::size_t at) {
    PlanNode out = std::move(nodes_[at].node);
    for (const std::size_t child : nodes_[at].children) out.children.push_back(build(child));
    return out;
  }

  Plan plan_;
  std::vector<Line> nodes_;
  std::vector<std::size_t> open_;  // from the root to the node read last
  bool ended_ = false;             // below the tree
  std::optional<std::size_t> worker_column_;
  std::string subplan_;  // the heading of the next node
};

}  // namespace

std::string unwrapped(std::string_view text) {
  std::string out;
  for (auto line : split(text, '\n')) {
    const auto bare = trim(line);
    const bool rule = !bare.empty() && bare.find_first_not_of("-+ ") == std::string_view::npos &&
                      bare.find('-') != std::string_view::npos && !bare.starts_with("->");
    const bool end = bare.starts_with('(') && (bare.ends_with(" rows)") || bare.ends_with(" row)"));
    if (bare == "QUERY PLAN" || bare == "| QUERY PLAN |" || rule || end) continue;
    if (bare.ends_with('+')) line = line.substr(0, line.rfind('+'));
    out += std::string(line) + "\n";
  }
  return out;
}

Result<Plan> read_text(std::string_view text) { return Reader().read(unwrapped(text)); }
}  // namespace pgadvise::plan
