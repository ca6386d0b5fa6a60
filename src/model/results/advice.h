// The advisor's result: indexes to create and to drop, and the value of each. All costs are planner costs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/results/finding.h"
#include "model/results/report_plan.h"
#include "model/schema/catalog.h"

namespace pgadvise {

struct AdvisedIndex {
  QualifiedName table;
  std::string sql;  // starts with CREATE INDEX on one line; several statements for a partitioned table
  std::string down_sql;
  std::int64_t size_bytes = 0;
  double cost_saved = 0;  // compared with only the indexes listed before it; maintenance_cost is subtracted
  double maintenance_cost = 0;  // cost that the index adds to the workload's writes
  std::vector<std::string>
      queries;  // fingerprints of the queries that use the index, with all proposed indexes
  std::optional<std::int64_t> built_bytes = std::nullopt;  // measured by --verify
  IndexProposal proposal = {};                             // what `sql` creates
  bool maintenance_known = true;  // false: the server refused to plan writes to the table
  std::string drizzle = {};       // the line for schema.ts; "" without a Drizzle project
};

// An index of a type that HypoPG does not support: proposed from the statement's form alone.
struct UncostedIndex {
  QualifiedName table;
  std::string sql;
  std::string down_sql;
  std::string reason;
  std::vector<std::string> queries;
  // Set if the index was built on a sandbox with data.
  std::optional<std::int64_t> size_bytes = std::nullopt;
  std::optional<double> cost_saved = std::nullopt;  // compared with the workload with all proposed indexes
};

struct IndexDrop {
  QualifiedName table;
  std::string index;
  std::string sql;
  std::string down_sql;
  std::string reason;
  std::int64_t size_bytes = 0;
};

struct AdvisedQuery {
  std::string fingerprint;
  std::string text;        // normalized, without literals
  double weight = 0;       // calls, times the calibration
  double cost_before = 0;  // of one call
  double cost_after = 0;
  double mean_ms = 0;  // from the log; 0: unknown
  double calibration =
      1;  // factor of the query's costs, which makes costs of queries proportional to their logged times
};

// Measured times of a query, before and after the indexes were built: medians.
struct MeasuredQuery {
  std::string fingerprint;
  std::string text;
  double weight = 0;
  double cost_before = 0;  // estimated cost of one call
  double cost_after = 0;
  std::optional<double> ms_before;
  std::optional<double> ms_after;
  std::string why_not;  // why the query was not run, or did not finish
};

struct Verification {
  std::string where;  // "the sandbox", "database copy on …"
  int runs = 0;       // of each query, before and after
  std::vector<MeasuredQuery> queries;
  double ms_before = 0;  // sum over the queries measured both times, weighted
  double ms_after = 0;
  double estimated_left = 1;           // their estimated relative cost (after / before)
  std::vector<std::string> not_built;  // "index: why"
  std::vector<std::string> withdrawn;  // "index: why"; measured as slower, and no longer advised
  bool complete = true;
};

struct Advice {
  std::optional<std::int64_t> budget_bytes;
  double cost_before = 0;             // of all calls
  double cost_after = 0;              // with the indexes' maintenance cost
  std::vector<AdvisedIndex> indexes;  // by decreasing saving
  std::vector<UncostedIndex> not_costed;
  std::vector<IndexDrop> drops;
  std::vector<AdvisedQuery> queries;  // by saving, then fingerprint
  std::size_t not_explained = 0;      // skipped queries; each has a diagnostic
  bool complete = true;               // false: stopped by the time limit or a lost server
  std::uint64_t what_if_calls = 0;    // plans requested
  std::optional<Verification> verification;
  std::size_t bulk_loads = 0;               // one-off statements that write many rows, left out
  std::vector<std::string> unknown_writes;  // tables, writes to which the server refused to plan
  std::vector<ReportPlan> plans;            // without and with the indexes, of the first queries
};

}  // namespace pgadvise
