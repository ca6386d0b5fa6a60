// Where plans come from: a live server, a sandbox, or recorded plans. src/pg implements it, cli hands it
// over.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "model/plan.h"
#include "model/workload.h"

namespace pgadvise::plan {

// What a statement would run on the server, found without planning or running it.
struct Dependencies {
  std::vector<std::string> unknown_functions;  // not built in and allow-listed; "schema.name"
  std::vector<std::string> refused_functions;  // built in, and known to act: query_to_xml, pg_sleep
  std::vector<std::string> foreign_tables;
  std::string
      analyze_refused;  // why nothing is analyzed on this server: "the server is a standby"; "" otherwise
};

// Where a statement's unqualified names are looked for: in the session's search_path, as the application's
// statements are; or, for what is made from the catalog, in pg_catalog and public before it.
enum class Names { session, catalog };

// What a source lets one EXPLAIN take, with ANALYZE or without.
constexpr std::chrono::seconds longest_explain{5};

struct ExplainRequest {
  std::string sql;        // one statement
  Parameters parameters;  // of $1 …; sent as text, typed by the server
  bool analyze = false;
  std::vector<std::string> hypothetical;  // CREATE INDEX statements, for what-if costing; never with analyze
  Names names = Names::session;
  bool timing = false;  // with analyze: the time of each node, which costs a quarter more and upwards
  std::chrono::milliseconds limit{0};  // shorter than longest_explain; 0: that
};

// Values of a column as text, from pg_stats. Row data: planned with, never shown.
struct TypicalValues {
  std::optional<std::string> common, middle, rare;  // to be equal to
  std::optional<std::string> lowest, highest;       // bounds; the middle one is `middle`
};

// Answers one question at a time.
class PlanSource {
 public:
  virtual ~PlanSource() = default;
  // Errors: the server refuses the statement (unknown table, no permission), or is gone (Kind::database).
  virtual Result<Dependencies> dependencies(std::string_view statement, Names names) = 0;
  // Errors: as above, a timeout, a lock.
  virtual Result<Plan> explain(const ExplainRequest& request) = 0;
  // Empty: what-if costing works. Else why not: "HypoPG is not installed in the database".
  virtual std::string what_if_missing() const = 0;
  // Typical values of columns as text, from pg_stats: one row each, the most common ones first; empty when
  // there are no statistics. For a key of several columns each row is a combination that may not exist.
  virtual std::vector<Parameters> typical_values(const QualifiedName& table,
                                                 const std::vector<std::string>& columns) = 0;
  // Of one column; nothing where there are no statistics.
  virtual TypicalValues typical(const QualifiedName& /*table*/, const std::string& /*column*/) { return {}; }
  // The first column of a SELECT, made from the catalog, that plan::decide() lets be analyzed, NULLs left
  // out. Row data: judged, never shown.
  virtual Result<std::vector<std::string>> values(const std::string& select) = 0;
  virtual bool superuser() const = 0;
  // The schemas that a statement's names are looked for in, as it is planned: those that are there.
  virtual const std::vector<std::string>& search_path() const {
    static const std::vector<std::string> standard{"public"};
    return standard;
  }
  // Tables whose row-level security doesn't hold for the role that plans are made as, "schema.name": plans
  // are not those of a role that it holds for.
  virtual const std::vector<std::string>& rls_bypassed() const {
    static const std::vector<std::string> none;
    return none;
  }
};

}  // namespace pgadvise::plan
