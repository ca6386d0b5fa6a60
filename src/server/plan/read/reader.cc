#include "plan/read/reader.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text/json_parse.h"
#include "base/text/text.h"
#include "model/queries/plan_inputs.h"
#include "plan/read/arity.h"
#include "plan/read/pasted.h"
#include "plan/read/text_lines.h"
#include "plan/read/text_reader.h"
#include "sql/explain_json.h"

namespace pgadvise::plan {
namespace {

using nlohmann::json;

// EXPLAIN nests as deep as the statement; a server never gets near this.
constexpr int deepest_json_node = 2000;

std::string text(const json& node, const char* key) {
  const auto it = node.find(key);
  return it != node.end() && it->is_string() ? it->get<std::string>() : std::string();
}

double number(const json& node, const char* key, double fallback = 0) {
  const auto it = node.find(key);
  return it != node.end() && it->is_number() ? it->get<double>() : fallback;
}

// A count; what no count can be is the nearest that can.
template <class Integer>
Integer count(const json& node, const char* key) {
  constexpr double most = 1LL << 31;
  return static_cast<Integer>(
      std::clamp(number(node, key), 0.0, sizeof(Integer) > 4 ? most * most : most - 1));
}

std::vector<std::string> texts(const json& list) {
  std::vector<std::string> out;
  for (const auto& element : list)
    if (element.is_string()) out.push_back(element.get<std::string>());
  return out;
}

void read_conditions(const json& in, PlanNode& out) {
  for (const auto* name : condition_names)
    if (const auto value = text(in, name); !value.empty()) out.conditions.emplace_back(name, value);
  if (const auto keys = in.find("Group Key"); keys != in.end())
    out.conditions.emplace_back("Group Key", join(texts(*keys), ", "));
  const auto sets = in.find("Grouping Sets");
  if (sets == in.end() || !sets->is_array()) return;
  for (const auto& set : *sets) {
    const auto keys = set.is_object() ? set.find("Group Keys") : set.end();
    if (!set.is_object() || keys == set.end() || !keys->is_array()) continue;
    for (const auto& key : *keys)
      out.conditions.emplace_back("Group Key", key.empty() ? "()" : join(texts(key), ", "));
  }
}

void read_space(const json& in, PlanNode& out) {
  if (text(in, "Sort Space Type") == "Disk") out.disk_kb += count<std::int64_t>(in, "Sort Space Used");
  out.disk_kb += count<std::int64_t>(in, "Disk Usage");
  out.hash_batches = std::max({out.hash_batches, count<std::int64_t>(in, "Hash Batches"),
                               count<std::int64_t>(in, "HashAgg Batches")});
}

void read_workers(const json& in, PlanNode& out) {
  const auto workers = in.find("Workers");
  if (workers == in.end() || !workers->is_array()) return;
  for (const auto& worker : *workers) {
    if (!worker.is_object()) continue;
    read_space(worker, out);
    if (worker.contains("Actual Loops"))
      out.workers.push_back({number(worker, "Actual Total Time"), number(worker, "Actual Loops")});
  }
}

void read_names(const json& in, PlanNode& out) {
  out.type = text(in, "Node Type");
  out.relationship = text(in, "Parent Relationship");
  out.subplan = text(in, "Subplan Name");
  out.strategy = text(in, "Strategy");
  out.partial_mode = text(in, "Partial Mode");
  if (out.partial_mode == "Simple") out.partial_mode.clear();
  out.join_type = text(in, "Join Type");
  out.operation = text(in, out.type == "SetOp" ? "Command" : "Operation");
  out.cte = text(in, "CTE Name");
  out.function = text(in, "Function Name");
  out.backward = text(in, "Scan Direction") == "Backward";
  const auto parallel = in.find("Parallel Aware");
  out.parallel_aware = parallel != in.end() && parallel->is_boolean() && parallel->get<bool>();
}

PlanNode read_node(const json& in, int depth) {
  PlanNode out;
  read_names(in, out);
  out.schema = text(in, "Schema");
  out.relation = text(in, "Relation Name");
  out.alias = text(in, "Alias");
  out.index = text(in, "Index Name");
  out.filter = text(in, "Filter");
  out.index_condition = text(in, "Index Cond");
  if (const auto it = in.find("Sort Key"); it != in.end()) out.sort_key = texts(*it);
  out.startup_cost = number(in, "Startup Cost");
  out.total_cost = number(in, "Total Cost");
  out.plan_rows = number(in, "Plan Rows");
  if (in.contains("Actual Rows")) out.actual_rows = number(in, "Actual Rows");
  if (in.contains("Actual Total Time")) out.actual_total_ms = number(in, "Actual Total Time");
  out.loops = number(in, "Actual Loops", 1);
  out.never_executed = out.actual_rows && out.loops == 0;
  out.rows_removed_by_filter = number(in, "Rows Removed by Filter");
  out.shared_hit_blocks = count<std::int64_t>(in, "Shared Hit Blocks");
  out.shared_read_blocks = count<std::int64_t>(in, "Shared Read Blocks");
  out.workers_planned = count<int>(in, "Workers Planned");
  out.rows_removed_by_recheck = number(in, "Rows Removed by Index Recheck");
  out.lossy_blocks = count<std::int64_t>(in, "Lossy Heap Blocks");
  out.heap_fetches = number(in, "Heap Fetches");
  out.temp_written_blocks = count<std::int64_t>(in, "Temp Written Blocks");
  read_conditions(in, out);
  read_space(in, out);
  read_workers(in, out);
  if (const auto it = in.find("Plans"); it != in.end() && it->is_array() && depth < deepest_json_node)
    for (const auto& child : *it)
      if (child.is_object()) out.children.push_back(read_node(child, depth + 1));
  return out;
}

void read_outside(const json& in, Plan& out) {
  if (const auto jit = in.find("JIT"); jit != in.end() && jit->is_object())
    if (const auto timing = jit->find("Timing"); timing != jit->end() && timing->is_object())
      out.jit_ms = number(*timing, "Total");
  const auto triggers = in.find("Triggers");
  if (triggers == in.end() || !triggers->is_array()) return;
  for (const auto& trigger : *triggers)
    if (trigger.is_object()) {
      const auto constraint = text(trigger, "Constraint Name");
      out.triggers.push_back({constraint.empty() ? text(trigger, "Trigger Name") : constraint,
                              text(trigger, "Relation"), number(trigger, "Time"), number(trigger, "Calls")});
    }
}

// Of a list of queries, or of auto_explain's one. nullopt: it lacks a plan.
std::optional<Plan> plan_of(const json& parsed) {
  if (parsed.is_array() && parsed.empty()) return std::nullopt;
  const json& query = parsed.is_array() ? parsed[0] : parsed;
  const auto root = query.find("Plan");
  if (root == query.end() || !root->is_object()) return std::nullopt;
  Plan plan;
  plan.root = read_node(*root, 0);
  plan.analyzed = plan.root.actual_rows.has_value();
  plan.planning_ms = number(query, "Planning Time");
  plan.execution_ms = number(query, "Execution Time", number(query, "Total Runtime"));  // up to 9.3
  read_outside(query, plan);
  return plan;
}

// ---- pasted

constexpr std::size_t most_bytes = std::size_t{64} << 20;
constexpr std::size_t most_lines = 1'000'000;
constexpr std::string_view plan_key = "\"Plan\":";

// The end of the object or list that begins `text`; its size when it is not closed.
std::size_t end_of_json(std::string_view text) {
  std::size_t depth = 0;
  bool string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (string && c == '\\') ++at;
    else if (c == '"') string = !string;
    else if (!string && (c == '[' || c == '{')) ++depth;
    else if (!string && (c == ']' || c == '}') && --depth == 0) return at + 1;
  }
  return text.size();
}

// Nodes below the depth that is read, and without costs, which all have or none.
std::size_t unread_nodes(const json& node, bool costs, int depth) {
  std::size_t out = costs != node.contains("Total Cost") ? 1 : 0;
  const auto plans = node.find("Plans");
  if (plans == node.end() || !plans->is_array()) return out;
  if (depth == deepest_json_node) return out + plans->size();
  for (const auto& child : *plans) out += child.is_object() ? unread_nodes(child, costs, depth + 1) : 1;
  return out;
}

// Only YAML can be read where its end is missing.
std::size_t cut_nodes(const Plan& plan, const json& query, PastedForm form) {
  const json& root = query["Plan"];
  std::size_t out = unread_nodes(root, root.contains("Total Cost"), 0);
  if (form != PastedForm::yaml) return out;
  visit(plan.root, [&](const PlanNode& node) {
    const auto [least, most] = arity(node);
    const auto read = inputs(node).size();
    out += read < least || read > most ? 1 : 0;
  });
  return out;
}

class Pasted {
 public:
  Pasted(std::string_view text, Diagnostics& diagnostics)
      : lines_(pasted_lines(text)), diagnostics_(diagnostics) {
    for (const auto& line : lines_) widest_ = std::max(widest_, width_of(line.text));
  }

  Result<Plan> read() {
    constexpr int most_tried = 8;  // lines that look like the beginning of a plan: an array of the SQL
    std::optional<Error> failed;
    int tried = 0;
    for (std::size_t at = 0; at < lines_.size() && tried < most_tried; ++at) {
      const auto form = form_of(lines_, at);
      if (form == PastedForm::unknown) continue;
      auto plan = read_from(at, form);
      if (plan) warn_of_another();
      if (plan) return plan;
      if (++tried == 1) failed = plan.error();
    }
    auto plan = read_text(lines_, diagnostics_);
    if (!plan && failed) return tl::unexpected(*failed);
    return plan;
  }

 private:
  static constexpr std::string_view name(PastedForm form) {
    return form == PastedForm::json ? "JSON" : form == PastedForm::yaml ? "YAML" : "XML";
  }

  Result<Plan> read_from(std::size_t at, PastedForm form) {
    collect(at, form);
    std::string text = std::move(text_);
    std::string read;  // has as many lines as what is read
    bool more = false;
    if (form == PastedForm::json) {
      const std::size_t end = end_of_json(text);
      more = text.find(plan_key, end) < text.find('\n', end);
      text.resize(end);
      read = text;
    } else {
      auto converted = form == PastedForm::yaml ? sql::json_of_yaml(text) : sql::json_of_xml(text);
      if (!converted) return broken(form, numbers_[std::min(converted.error(), numbers_.size()) - 1]);
      read = form == PastedForm::yaml ? *converted : text.substr(0, text.find("</explain>"));
      text = std::move(*converted);
    }
    const auto lines = static_cast<std::size_t>(std::ranges::count(read, '\n'));
    last_ = numbers_[std::min(lines, numbers_.size() - 1)];
    another_ = more ? std::optional(last_) : std::nullopt;
    if (nested_deeper(text, deepest_plan_json))
      return fail(Error::Kind::input, "",
                  fmt::format("the plan in {} from line {} on {}", name(form), lines_[at].number,
                              why_no_json(text, {}, deepest_plan_json)));
    try {
      return whole(json::parse(text), form, lines_[at].number);
    } catch (const json::parse_error& error) {
      const std::string_view before = std::string_view(text).substr(0, std::min(error.byte, text.size()));
      const auto line = static_cast<std::size_t>(std::ranges::count(before, '\n'));
      return broken(form, numbers_[std::min(line, numbers_.size() - 1)]);
    } catch (const json::exception&) {  // a malformed number
      return broken(form, lines_[at].number);
    }
  }

  static tl::unexpected<Error> broken(PastedForm form, std::size_t line) {
    return fail(Error::Kind::input, "",
                fmt::format("the plan in {} is broken or incomplete at line {}", name(form), line),
                "copy EXPLAIN's whole output");
  }

  Result<Plan> whole(const json& parsed, PastedForm form, std::size_t number) {
    auto plan = plan_of(parsed);
    if (!plan)
      return fail(Error::Kind::input, "",
                  fmt::format("the {} at line {} is not a plan of EXPLAIN's", name(form), number));
    const json& first = parsed.is_array() ? parsed[0] : parsed;
    if (parsed.is_array() && parsed.size() > 1)
      warn(fmt::format("holds {} plans from line {} on, of which the first is read", parsed.size(), number));
    if (const auto cut = cut_nodes(*plan, first, form); cut > 0)
      warn(fmt::format("the plan from line {} on is not complete: {} of its nodes are cut", number, cut));
    else if (form == PastedForm::yaml && parsed.is_array() && plan->analyzed && !first.contains("Triggers"))
      warn(fmt::format("the plan from line {} on is not complete: its end is missing", number));
    return std::move(*plan);
  }
  // Behind the last line of the plan that was read.
  void warn_of_another() {
    for (std::size_t at = 0; at < lines_.size() && !another_; ++at) {
      const auto& [number, text] = lines_[at];
      if (number <= last_) continue;
      const auto form = form_of(lines_, at);
      if (form == PastedForm::xml || form == PastedForm::yaml || has_figures(text) ||
          contains(text, plan_key) || contains(text, "\"\"Plan\"\":"))
        another_ = number;
    }
    if (another_) warn(fmt::format("line {} begins another plan, which is not read", *another_));
  }
  void warn(std::string what) { diagnostics_.push_back({Error::Kind::nonfatal, "", std::move(what), {}}); }

  // The lines from here on into text_, and their numbers. A line that was wrapped within a text is joined
  // with the next one: at the width of a terminal as it is, else by a blank.
  void collect(std::size_t at, PastedForm form) {
    text_.clear();
    numbers_.clear();
    bool string = false;
    const bool doubled = form == PastedForm::json && quotes_are_doubled(at);
    for (; at < lines_.size(); ++at) {
      std::string line = doubled ? replace_all(lines_[at].text, "\"\"", "\"") : lines_[at].text;
      if (string) {
        if (width_of(lines_[at - 1].text) < widest_) text_ += ' ';
        line.erase(0, line.find_first_not_of(' '));
      } else {
        if (!numbers_.empty()) text_ += '\n';
        numbers_.push_back(lines_[at].number);
      }
      for (std::size_t i = 0; form != PastedForm::xml && i < line.size(); ++i) {
        if (string && line[i] == '\\') ++i;
        else if (line[i] == '"') string = !string;
      }
      text_ += line;
    }
  }

  bool quotes_are_doubled(std::size_t at) const {
    for (auto end = std::min(at + 4, lines_.size()); at < end; ++at)
      if (contains(lines_[at].text, "\"\"Plan\"\"") || contains(lines_[at].text, "\"\"Query Text\"\""))
        return true;
    return false;
  }

  std::vector<PastedLine> lines_;
  Diagnostics& diagnostics_;
  std::size_t widest_ = 0;
  std::string text_;
  std::vector<std::size_t> numbers_;         // in the input, of each line of text_
  std::size_t last_ = 0;                     // line of the plan that was read
  std::optional<std::size_t> another_ = {};  // line of the next plan
};

}  // namespace

Result<Plan> read_json(std::string_view input) {
  auto plan = plan_of(parsed_json(input, deepest_plan_json));
  if (!plan) return fail(Error::Kind::nonfatal, "", "the server's EXPLAIN output is not a plan in JSON");
  plan->text = std::string(input);
  return std::move(*plan);
}

Result<Plan> read(std::string_view text, Diagnostics& diagnostics) {
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
  if (text.size() > most_bytes || lines > most_lines)
    return fail(Error::Kind::input, "", "is too large for a plan: over 64 MiB or 1,000,000 lines");
  auto plan = Pasted(text, diagnostics).read();
  if (plan) plan->text = std::string(text);
  return plan;
}

}  // namespace pgadvise::plan
