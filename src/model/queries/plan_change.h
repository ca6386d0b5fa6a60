// How the plan of a statement differs between two schemas: `pgadvise check --against`.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/schema/catalog.h"

namespace pgadvise {

// A difference in the structure of two plans.
struct PlanDifference {
  enum class Kind {
    // Worse, if the cost is higher, too:
    index_to_sequential_scan,
    lost_index_condition,  // fewer of the index's leading columns are compared, or none
    added_sort,
    nested_loop_over_more_rows,
    // Neither better nor worse by themselves:
    join_order,
    join_method,
    other_index,
    other_scan,  // any other change of how a table is read; also from a sequential scan to an index scan
  };
  Kind kind = Kind::other_scan;
  QualifiedName table;  // "" for sorts and joins
  std::string before;   // the node, as EXPLAIN titles it: "Index Scan using by_state on public.orders"
  std::string after;
  double rows_before = 0;  // estimates: rows of the scan or sort; executions of a nested loop's inner side
  double rows_after = 0;

  bool worse() const { return kind <= Kind::nested_loop_over_more_rows; }
};

// The part of the schema, or of the statistics, that differs and that one of the plans depends on.
struct PlanCause {
  enum class Kind { dropped_index, changed_index, changed_type, new_index, table_size };
  Kind kind = Kind::dropped_index;
  QualifiedName table;
  std::string object;  // the index or column; "" for table_size
  std::string before;  // the index's columns, the column's type, the table's number of rows; "" if none
  std::string after;
};

struct PlanChange {
  enum class Outcome {
    planned,        // under both schemas
    fails_after,    // only the schema before the change accepts the statement
    new_statement,  // only the schema after the change accepts it
  };
  Outcome outcome = Outcome::planned;
  double cost_before = 0;  // of the planner; 0 where the statement was not planned
  double cost_after = 0;
  std::vector<PlanDifference> differences;  // in the order of Kind
  std::optional<PlanCause> cause;
  std::string error;   // the server's message, without literals; "" unless the outcome is fails_after
  std::string origin;  // of the parameters, as in KnownPlan
  // Of the workload after the change, from 0 to 1: of the logged time, multiplied by ratio() where the cost
  // is higher; if no time was logged, of the calls multiplied by the higher cost.
  double share = 0;
  // new_statement: the sequential scan with a filter that reads the most rows (rows_before), and the rows
  // that it returns (rows_after); `table` is "" if there is none.
  PlanDifference unserved;

  double ratio() const { return cost_before > 0 ? cost_after / cost_before : 1; }
};

// Smaller changes of the cost, as a share of it, are noise: an estimated size of a new index, say.
inline constexpr double cost_noise = 0.1;

// The statements of a workload, planned under two schemas with the same values.
struct PlanComparison {
  std::string against;       // "main", "june.json"
  std::size_t compared = 0;  // statements with a plan under both schemas
  std::size_t failed = 0;    // statements that neither schema accepts, or that were not planned
  std::string incomplete;    // why a difference may be none of the schemas'; "" if there is no doubt
  // By fingerprint: statements whose plan has another structure or another cost (cost_noise), and those that
  // only one schema accepts.
  std::map<std::string, PlanChange, std::less<>> changes;
};

std::string_view name(PlanDifference::Kind kind);  // "index_to_sequential_scan", for programs
std::string_view name(PlanCause::Kind kind);
std::string_view name(PlanChange::Outcome outcome);

}  // namespace pgadvise
