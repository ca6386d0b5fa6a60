// From explain.c (ExplainNode) of PostgreSQL 12 to 18.
#include "plan/read/title.h"

#include <algorithm>

#include "base/text/text.h"

namespace pgadvise::plan {
namespace {

bool plain(std::string_view name) {
  return !name.empty() && !is_digit(name[0]) && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  });
}

std::string quoted(const std::string& name) {
  return plain(name) ? name : "\"" + replace_all(name, "\"", "\"\"") + "\"";
}

std::string aggregate(const PlanNode& node) {
  const std::string mode = node.partial_mode.empty() ? "" : node.partial_mode + " ";
  if (node.strategy == "Sorted") return mode + "GroupAggregate";
  if (node.strategy == "Hashed") return mode + "HashAggregate";
  if (node.strategy == "Mixed") return mode + "MixedAggregate";
  return mode + "Aggregate";
}

std::string join_kind(const PlanNode& node) {
  const bool loop = node.type == "Nested Loop";
  const std::string how = loop ? node.type : node.type.substr(0, node.type.find(' '));
  if (!node.join_type.empty() && node.join_type != "Inner") return how + " " + node.join_type + " Join";
  return loop ? how : how + " Join";
}

std::string kind(const PlanNode& node) {
  if (node.type == "Aggregate") return aggregate(node);
  if (node.type == "Hash Join" || node.type == "Merge Join" || node.type == "Nested Loop")
    return join_kind(node);
  if (node.type == "ModifyTable") return node.operation;
  if (node.type == "SetOp") return (node.strategy == "Hashed" ? "HashSetOp " : "SetOp ") + node.operation;
  if (node.type == "Foreign Scan" && !node.operation.empty() && node.operation != "Select")
    return "Foreign " + node.operation;
  return node.type;
}

// A table, CTE, function or subquery, with its alias where that differs.
std::string target(const PlanNode& node) {
  const std::string& name = !node.relation.empty() ? node.relation
                            : !node.cte.empty()    ? node.cte
                                                   : node.function;
  if (name.empty()) return node.alias.empty() ? std::string() : quoted(node.alias);
  std::string out = node.schema.empty() ? quoted(name) : quoted(node.schema) + "." + quoted(name);
  if (!node.alias.empty() && node.alias != name) out += " " + quoted(node.alias);
  return out;
}

}  // namespace

std::string title(const PlanNode& node) {
  std::string out = (node.parallel_aware ? "Parallel " : "") + kind(node);
  if (node.backward) out += " Backward";
  if (node.type == "Bitmap Index Scan") return node.index.empty() ? out : out + " on " + quoted(node.index);
  if (!node.index.empty()) out += " using " + quoted(node.index);
  if (const std::string on = target(node); !on.empty()) out += " on " + on;
  return out;
}

}  // namespace pgadvise::plan
