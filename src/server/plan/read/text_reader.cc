#include "plan/read/text_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/text/text.h"
#include "plan/read/arity.h"
#include "plan/read/text_lines.h"

namespace pgadvise::plan {
namespace {

constexpr std::size_t deepest_open_node = 500;
constexpr std::size_t most_warnings = 5;

std::optional<double> number_at(std::string_view text) {
  double out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
  if (read.ec != std::errc() || !std::isfinite(out)) return std::nullopt;
  return out;
}

// The number behind `key` ("rows="), else `otherwise`.
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

// "lower(a), b DESC": the parts between commas, but for those in parentheses and quotes.
std::vector<std::string> listed(std::string_view text) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  int depth = 0;
  char quote = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote) quote = c == quote ? '\0' : quote;
    else if (c == '\'' || c == '"') quote = c;
    else if (c == '(' || c == '[') ++depth;
    else if (c == ')' || c == ']') --depth;
    else if (c == ',' && depth == 0) {
      out.emplace_back(trim(text.substr(begin, at - begin)));
      begin = at + 1;
    }
  }
  out.emplace_back(trim(text.substr(begin)));
  return out;
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

bool take_number(std::string_view& text) {
  const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto digits = std::min(text.find(".."), end);
  text.remove_prefix(digits);
  return digits > 0;
}

// "1.00..2.00"
bool take_range(std::string_view& text) {
  return take_number(text) && take_prefix(text, "..") && take_number(text);
}

// Whether the figures are as EXPLAIN writes them, and nothing of them is cut: "(cost=1.00..2.00 rows=3
// width=4) (actual time=0.1..0.2 rows=3 loops=1)".
bool figures_are_whole(std::string_view text) {
  text = trim(text);
  if (take_prefix(text, "(cost=") &&
      !(take_range(text) && take_prefix(text, " rows=") && take_number(text) &&
        take_prefix(text, " width=") && take_number(text) && text.starts_with(")")))
    return false;
  const auto actual = text.find("(actual ");
  if (actual == std::string_view::npos) return true;
  text.remove_prefix(actual + 8);
  if (take_prefix(text, "time=") && !(take_range(text) && take_prefix(text, " "))) return false;
  return take_prefix(text, "rows=") && take_number(text) && take_prefix(text, " loops=") &&
         take_number(text) && text.starts_with(")");
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

class TextPlan {
 public:
  explicit TextPlan(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Result<Plan> read(const std::vector<PastedLine>& lines) {
    for (const auto& line : text_lines(lines)) {
      if (!over_) read_line(line);
      else if (line.kind == Kind::node) warn(line.number, "begins another plan, which is not read");
    }
    if (nodes_.empty())
      return fail(Error::Kind::input, "", "contains no plan: no line is a node of EXPLAIN's output",
                  "EXPLAIN (ANALYZE, BUFFERS, VERBOSE) …, as text, JSON, YAML or XML");
    leave_heading();
    check_nodes();
    check_references();
    plan_.root = build(0);
    plan_.analyzed = plan_.root.actual_rows.has_value();
    if (planned_ && plan_.analyzed && !finished_)
      warn(nodes_.front().number, "begins a plan whose last line, the execution time, is missing");
    if (warnings_ > most_warnings)
      diagnostics_.push_back({Error::Kind::nonfatal,
                              "",
                              fmt::format("{} more lines of the plan are not understood or incomplete",
                                          warnings_ - most_warnings),
                              {}});
    return std::move(plan_);
  }

 private:
  using Kind = TextLine::Kind;

  struct Line {
    PlanNode node;
    std::size_t number = 0;
    std::size_t column = 0;  // of its arrow
    bool arrow = false;
    bool figures = false;
    std::size_t own_children = 0;  // without sub-plans
    std::vector<std::size_t> children;
  };

  // `what` quotes nothing of the line.
  void warn(std::size_t number, std::string_view what) {
    if (++warnings_ <= most_warnings)
      diagnostics_.push_back(
          {Error::Kind::nonfatal, "", fmt::format("line {} of the plan {}", number, what), {}});
  }

  void read_line(const TextLine& line) {
    if (line.within) warn(line.number, "begins within a plan: the nodes above it are not read");
    if (!line.complete) warn(line.number, "is cut: a quote or a parenthesis stays open");
    if (line.kind == Kind::node) return add_node(line);
    if (line.kind == Kind::worker) return worker_line(line);
    if (line.kind == Kind::heading) return open_heading(line);
    // What stands behind a worker's line and further in is the worker's own.
    if (worker_column_ && line.column > *worker_column_) return space(line.text, nodes_.back().node);
    worker_column_.reset();
    if (line.kind == Kind::end) over_ = true;
    if (line.kind == Kind::outside) outside(line.text);
    if (line.kind == Kind::property && !ended_) {
      check_indentation(line);
      note_references(line);
      property(line.text, nodes_.back().node);
    }
    if (line.kind != Kind::unknown || finished_) return;
    if (line.after_blank && line.column <= nodes_[0].column) over_ = true;
    else warn(line.number, "is not understood: it is neither a node nor a property of one");
  }

  void add_node(const TextLine& line) {
    worker_column_.reset();
    const bool first = nodes_.empty();
    if (!first && (ended_ || (line.arrow == nodes_[0].arrow && line.column <= nodes_[0].column))) {
      over_ = true;
      return warn(line.number, "begins another plan, which is not read");
    }
    Line added;
    added.number = line.number;
    added.column = line.column;
    added.arrow = line.arrow;
    const std::string_view text = line.text;
    added.figures = has_figures(text);
    if (text.find("(cost=") != text.rfind("(cost=")) warn(line.number, "holds more nodes than one");
    const auto end = std::min({text.find("  (cost="), text.find(" (cost="), text.find(" (actual "),
                               text.find(" (never executed)"), text.size()});
    read_title(trim(text.substr(0, end)), added.node);
    read_figures(text.substr(end), added.node);
    if (added.figures && line.complete && !figures_are_whole(text.substr(end)))
      warn(line.number, "is a node whose costs or times are incomplete");
    const bool subplan = !heading_.empty();
    if (subplan && line.column <= heading_column_) indentation_is_lost(line.number);
    close(subplan ? heading_column_ : line.column);
    if (!first) attach(added);
    heading_.clear();
    if (open_.size() < deepest_open_node) open_.push_back(nodes_.size());
    else warn(line.number, "nests deeper than is read");
    nodes_.push_back(std::move(added));
  }

  // A node's children have their arrows in the column of its properties and of its sub-plans' headings: what
  // is open from there on has ended. The root stays open.
  void close(std::size_t column) {
    while (open_.size() > 1 && nodes_[open_.back()].column >= column) open_.pop_back();
  }

  // To the node that was opened last.
  void attach(Line& added) {
    Line& parent = nodes_[open_.back()];
    PlanNode& node = added.node;
    const std::string& above = parent.node.type;
    if (!heading_.empty()) {
      node.relationship = heading_.starts_with("SubPlan") ? "SubPlan" : "InitPlan";
      node.subplan = heading_;
    } else {
      const bool member =
          above == "Append" || above == "Merge Append" || above == "BitmapAnd" || above == "BitmapOr";
      node.relationship = member                     ? "Member"
                          : above == "Subquery Scan" ? "Subquery"
                          : parent.own_children == 0 ? "Outer"
                                                     : "Inner";
      ++parent.own_children;
    }
    parent.children.push_back(nodes_.size());
    check_column(parent, heading_.empty() ? added.column : heading_column_, added.number);
    if (!heading_.empty() && added.column > heading_column_ + 2) line_is_missing(added.number);
  }

  // What stands further in than the node above has its lines belongs to a node that is missing. A sub-plan's
  // own node stands two columns further in than its heading.
  void check_column(const Line& node, std::size_t column, std::size_t number) {
    if (&node == &nodes_[0] && inner_column_ == 0) inner_column_ = column;
    const auto expected = &node == &nodes_[0] ? inner_column_ : node.column + 6;
    if (column > expected) line_is_missing(number);
  }
  void line_is_missing(std::size_t number) {
    if (!std::exchange(line_missing_, true))
      warn(number, "stands further in than the node above it: a line between them is missing");
  }

  // "SubPlan 1", "(hashed SubPlan 2)": each has its own heading somewhere.
  void note_references(const TextLine& line) {
    constexpr std::string_view word = "SubPlan ";
    char quote = 0;
    for (std::size_t at = 0; at < line.text.size(); ++at) {
      const char c = line.text[at];
      if (quote) quote = c == quote ? '\0' : quote;
      else if (c == '\'' || c == '"') quote = c;
      else if (c == 'S' && std::string_view(line.text).substr(at).starts_with(word))
        referenced_.emplace(number_behind(std::string_view(line.text).substr(at), word), line.number);
    }
  }
  void check_references() {
    for (const auto& [subplan, number] : referenced_)
      if (!read_subplans_.contains(subplan)) warn(number, "refers to a sub-plan that is not read");
  }

  void open_heading(const TextLine& line) {
    leave_heading();
    worker_column_.reset();
    heading_ = line.text;
    heading_column_ = line.column;
    heading_number_ = line.number;
    if (line.text.starts_with("SubPlan ")) read_subplans_.insert(number_behind(line.text, "SubPlan "));
  }
  void leave_heading() {
    if (!heading_.empty()) warn(heading_number_, "names a sub-plan, and no node of it follows");
  }

  // A node's properties stand further in than its arrow, the root's further in than the root.
  void check_indentation(const TextLine& line) {
    if (line.column <= nodes_.back().column) indentation_is_lost(line.number);
    if (nodes_.size() == 1 && inner_column_ == 0) inner_column_ = line.column;
  }
  void indentation_is_lost(std::size_t number) {
    if (!std::exchange(indentation_lost_, true))
      warn(number, "has lost its indentation: which node belongs to which is not known");
  }

  void check_nodes() {
    for (const Line& line : nodes_) {
      if (!line.figures) warn(line.number, "is a node without its costs");
      const auto [least, most] = arity(line.node);
      if (line.own_children < least)
        warn(line.number, fmt::format("is a node with {} children, of which {} {} read", least,
                                      line.own_children, line.own_children == 1 ? "was" : "were"));
      if (line.own_children > most && !indentation_lost_)
        warn(line.number, "is a node with more children than it can have: is the indentation lost?");
    }
  }

  void worker_line(const TextLine& line) {
    worker_column_ = line.column;
    const std::string_view text = line.text;
    PlanNode& node = nodes_.back().node;
    if (contains(text, "actual "))
      node.workers.push_back({number_behind(text, ".."), number_behind(text, "loops=", 1)});
    if (const auto colon = text.find(':'); colon != std::string_view::npos)
      space(trim(text.substr(colon + 1)), node);
  }

  // What stands below the tree, with its own buffers and times.
  void outside(std::string_view text) {
    ended_ = true;
    const auto label = text.substr(0, text.find(':'));
    if (is_planning_time(label)) {
      plan_.planning_ms = number_behind(text, ": ");
      planned_ = true;
    } else if (is_execution_time(label)) {
      plan_.execution_ms = number_behind(text, ": ");
      finished_ = true;
    } else if (text.starts_with("Timing: ") && contains(text, "Total ")) {
      plan_.jit_ms = number_behind(text, "Total ");
    } else if (text.starts_with("Trigger ") && contains(text, ": time=")) {
      trigger(text);
    }
  }

  // "Trigger for constraint c on t: time=1.2 calls=3", "Trigger g: time=…"
  void trigger(std::string_view text) {
    PlanTrigger out;
    out.time_ms = number_behind(text, "time=");
    out.calls = number_behind(text, "calls=");
    text = text.substr(8, text.find(": time=") - 8);
    take_prefix(text, "for constraint ");
    const auto on = text.find(" on ");
    out.name = std::string(text.substr(0, on));
    if (on != std::string_view::npos) out.relation = std::string(text.substr(on + 4));
    plan_.triggers.push_back(std::move(out));
  }

  static void property(std::string_view text, PlanNode& node) {
    const auto colon = std::min(text.find(": "), text.size());
    const std::string label(text.substr(0, colon));
    const std::string value(text.substr(std::min(colon + 2, text.size())));
    const double amount = number_at(value).value_or(0);
    if (label == "Filter") node.filter = value;
    else if (label == "Index Cond") node.index_condition = value;
    else if (label == "Sort Key") node.sort_key = listed(value);
    else if (label == "Rows Removed by Filter") node.rows_removed_by_filter = amount;
    else if (label == "Rows Removed by Index Recheck") node.rows_removed_by_recheck = amount;
    else if (label == "Heap Fetches") node.heap_fetches = amount;
    else if (label == "Heap Blocks") node.lossy_blocks += count_behind(value, "lossy=");
    else if (label == "Workers Planned")
      node.workers_planned = static_cast<int>(std::clamp(amount, 0.0, 1e6));
    else if (label == "Buffers") buffers(value, node);
    else if (label == "Group Key" || is_one_of(label, condition_names))
      node.conditions.emplace_back(label, value);
    else space(text, node);
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

  Diagnostics& diagnostics_;
  std::size_t warnings_ = 0;
  Plan plan_;
  std::vector<Line> nodes_;
  std::vector<std::size_t> open_;  // from the root to the node read last
  bool ended_ = false;             // below the tree
  bool planned_ = false;           // the time of planning was read
  bool finished_ = false;          // behind the last line that EXPLAIN writes
  bool over_ = false;              // behind the output
  bool indentation_lost_ = false;
  bool line_missing_ = false;
  std::size_t inner_column_ = 0;  // of the root's children and properties
  std::optional<std::size_t> worker_column_;
  std::string heading_;  // of the next node: "SubPlan 1"
  std::size_t heading_column_ = 0;
  std::size_t heading_number_ = 0;
  std::map<double, std::size_t> referenced_;  // numbers of sub-plans, and the first line that has them
  std::set<double> read_subplans_;
};

}  // namespace

Result<Plan> read_text(const std::vector<PastedLine>& lines, Diagnostics& diagnostics) {
  return TextPlan(diagnostics).read(lines);
}

}  // namespace pgadvise::plan
