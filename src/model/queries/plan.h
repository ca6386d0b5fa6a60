// A query plan, EXPLAIN's output, as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace pgadvise {

// Statistics of one parallel worker in a node; only from EXPLAIN (VERBOSE).
struct PlanWorker {
  double actual_total_ms = 0;  // per loop, as in PlanNode
  double loops = 0;
};

// Numbers have EXPLAIN's meaning: rows and rows_removed are averages per loop; blocks are totals. Times and
// blocks include those of child nodes. Names are those of EXPLAIN (FORMAT JSON), also for a plan read from
// text.
struct PlanNode {
  std::string type;  // "Seq Scan"
  std::string
      relationship;      // to its parent: "Outer", "Inner", "InitPlan", "SubPlan", "Member"; "" of the root
  std::string subplan;   // "CTE recent", "InitPlan 1 (returns $0)"
  std::string strategy;  // of aggregates and set operations: "Hashed", "Sorted", "Mixed", "Plain"
  std::string partial_mode;  // of aggregates: "Partial", "Finalize"
  std::string join_type;     // "Inner", "Left", "Anti" …
  std::string operation;     // of ModifyTable: "Insert" …; of SetOp: "Except All" …
  std::string cte;           // of a CTE Scan
  std::string function;      // of a Function Scan
  bool parallel_aware = false;
  bool backward = false;
  std::string schema;
  std::string relation;
  std::string alias;
  std::string index;
  std::string filter;
  std::string index_condition;
  std::vector<std::string> sort_key;
  // All other conditions in EXPLAIN's order, for example ("Hash Cond", "(a.id = b.id)"), without filter and
  // index_condition.
  std::vector<std::pair<std::string, std::string>> conditions;
  double startup_cost = 0;
  double total_cost = 0;
  double plan_rows = 0;
  std::optional<double> actual_rows;
  std::optional<double> actual_total_ms;  // only with TIMING
  double loops = 1;
  double rows_removed_by_filter = 0;
  double rows_removed_by_recheck = 0;
  std::int64_t lossy_blocks = 0;  // of a bitmap heap scan, total
  double heap_fetches = 0;        // of an index-only scan, total
  std::int64_t hash_batches = 0;  // maximum over processes
  std::int64_t disk_kb = 0;  // disk usage of a sort or aggregate that exceeded work_mem, including workers
  std::int64_t temp_written_blocks = 0;
  std::int64_t shared_hit_blocks = 0;
  std::int64_t shared_read_blocks = 0;
  int workers_planned = 0;
  bool never_executed = false;
  std::vector<PlanWorker> workers;
  std::vector<PlanNode> children;
};

// Calls visitor(node) for the node and all nodes below it: depth first, parents before children, children in
// EXPLAIN's order. Works on const and non-const trees.
template <class Node, class Visitor>
void visit(Node& node, const Visitor& visitor) {
  visitor(node);
  for (auto& child : node.children) visit(child, visitor);
}

// As above; visitor(node, above) gets what it returned for the node's parent, and `above` for the first node.
template <class Node, class Visitor, class State>
void visit(Node& node, const Visitor& visitor, const State& above) {
  const State here = visitor(node, above);
  for (auto& child : node.children) visit(child, visitor, here);
}

// Rows that the node returned in all loops; the estimate if the plan was not analyzed.
inline double rows_of(const PlanNode& node) {
  return node.actual_rows ? *node.actual_rows * node.loops : node.plan_rows;
}

struct PlanTrigger {
  std::string name;
  std::string relation;
  double time_ms = 0;
  double calls = 0;
};

struct Plan {
  PlanNode root;
  bool analyzed = false;
  double planning_ms = 0;
  double execution_ms = 0;
  double jit_ms = 0;                  // sum over processes
  std::vector<PlanTrigger> triggers;  // triggers of constraints and AFTER triggers, which are not in the tree
  std::string text;                   // the server's JSON
};

// An insight about a node, or about the whole plan.
struct Insight {
  enum class Kind {
    slow_scan,
    inefficient_index,
    index_for_order_alone,
    misestimate,
    disk_sort,
    hash_batches,
    aggregate_spill,
    lossy_bitmap,
    heap_fetches,
    nested_loop,
    large_offset,
    jit,
    planning,
    trigger
  };
  Kind kind = Kind::slow_scan;
  const PlanNode* node = nullptr;  // nullptr: about the whole plan
  std::string flag;                // a few words for the tree: "estimate 1,300 x high"
  std::string text;                // a sentence or two with numbers, tables, conditions, and the fix
};

}  // namespace pgadvise
