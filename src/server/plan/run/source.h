// The interface to a source of plans: a live server or a sandbox (src/server/pg), or a fake in tests.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/queries/plan.h"
#include "model/queries/workload.h"
#include "model/schema/catalog.h"

namespace pgadvise::plan {

// The functions that a statement would run on the server, determined without planning or running it.
struct Dependencies {
  std::vector<std::string> unknown_functions;  // neither built in nor allow-listed; "schema.name"
  std::vector<std::string> refused_functions;  // built in, with side effects: query_to_xml, pg_sleep
  std::vector<std::string> foreign_tables;
  std::string analyze_refused;  // why this server runs no statement: "the server is a standby"; "" otherwise
};

// How unqualified names are resolved. session: by the session's search_path, as for the application's
// statements. catalog: first in pg_catalog and public, for statements that pgadvise generates.
enum class Names { session, catalog };

// Time limit of one EXPLAIN, with or without ANALYZE.
constexpr std::chrono::seconds longest_explain{5};

struct ExplainRequest {
  std::string sql;        // one statement
  Parameters parameters;  // values of $1 …; sent as text, typed by the server
  bool analyze = false;
  // CREATE INDEX statements for what-if costs; not together with analyze
  std::vector<std::string> hypothetical;
  Names names = Names::session;
  bool timing = false;  // with analyze: measure the time of each node, which makes the statement at least a
                        // quarter slower
  std::chrono::milliseconds limit{0};  // time limit below longest_explain; 0: longest_explain
};

// Values of a column as text, from pg_stats. Row data: used for planning, never shown.
struct TypicalValues {
  std::optional<std::string> common, middle, rare;  // for comparisons by =
  std::optional<std::string> lowest, highest;       // for ranges, together with `middle`
};

// The beginning of PlanSource::explain()'s Error::what if the server rejects the definition of a hypothetical
// index, so that each retry fails: an expression that is not immutable, a type without an order.
inline constexpr std::string_view rejected_index = "HypoPG rejects the index: ";

// Not thread-safe: one call at a time.
class PlanSource {
 public:
  virtual ~PlanSource() = default;
  // Errors: the server rejects the statement (unknown table, no permission), or is lost (Kind::database).
  virtual Result<Dependencies> dependencies(std::string_view statement, Names names) = 0;
  // Errors: as above; a timeout, a lock; a hypothetical index is rejected (rejected_index).
  virtual Result<Plan> explain(const ExplainRequest& request) = 0;
  // Why what-if costs are not available, "HypoPG is not installed in the database"; empty if they are.
  virtual std::string what_if_missing() const = 0;
  // Typical values of columns as text, from pg_stats: one row each, the most common first; empty without
  // statistics. For several columns, a row is a combination that may not exist.
  virtual std::vector<Parameters> typical_values(const QualifiedName& table,
                                                 const std::vector<std::string>& columns) = 0;
  // Typical values of one column; empty without statistics.
  virtual TypicalValues typical(const QualifiedName& /*table*/, const std::string& /*column*/) { return {}; }
  // Runs a SELECT that pgadvise generated and that plan::decide() allows to analyze. Returns its first column
  // without NULLs. Row data: evaluated, never shown.
  virtual Result<std::vector<std::string>> values(const std::string& select) = 0;
  virtual bool superuser() const = 0;
  // The schemas of the effective search_path that exist.
  virtual const std::vector<std::string>& search_path() const {
    static const std::vector<std::string> standard{"public"};
    return standard;
  }
  // Tables, "schema.name", whose row-level security the planning role bypasses: plans differ from those of a
  // role under these policies.
  virtual const std::vector<std::string>& rls_bypassed() const {
    static const std::vector<std::string> none;
    return none;
  }
};

}  // namespace pgadvise::plan
