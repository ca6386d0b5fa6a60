// What rules look at, and how they report. Rules see base, model and lint: no I/O, no JSON, no libpq.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lint/rule.h"
#include "model/catalog.h"
#include "model/finding.h"
#include "model/plan_set.h"
#include "model/project.h"
#include "model/report.h"
#include "model/schema_step.h"
#include "model/workload.h"

namespace pgadvise::lint {

// A schema as the migrations make it, and as the database or the last drizzle snapshot tells it.
struct SchemaComparison {
  const Catalog* migrated = nullptr;
  const Catalog* other = nullptr;
  bool database = false;   // else a snapshot
  std::string folder;      // of the migrations
  std::string other_name;  // "the database", a snapshot's path
  int not_replayed =
      0;  // statements of the migrations that could not be replayed: what they make is not known
  bool applied_known = false;  // a tracking table told which migrations ran; only those are in `migrated`
};

// What a project's configuration says of a rule.
struct RuleSettings {
  std::optional<bool> on;
  std::optional<Severity> severity;  // of all its findings
  std::map<std::string, double, std::less<>> options;
};
using Settings = std::map<std::string, RuleSettings, std::less<>>;  // by rule

// The inputs of one run; a null pointer: not given. Views: the owner keeps them alive.
struct Inputs {
  const Catalog* catalog = nullptr;
  const Workload* workload = nullptr;
  const Project* project = nullptr;
  const std::vector<Migration>* migrations = nullptr;  // those to be judged, in the order they run
  std::vector<SchemaComparison> comparisons = {};
  const Settings* settings = nullptr;
  const PlanSet* plans = nullptr;
};

// Which of the inputs that rules may need are there.
InputSet inputs_given(const Inputs& inputs);

// What a rule reads. Cheap to copy: copies share the inputs and the look-ups made of them, and are for one
// thread.
class Context {
 public:
  explicit Context(const Inputs& inputs) : lookups_(std::make_shared<Lookups>(inputs)) {}
  // The same inputs for one rule, which must outlive the result.
  Context of(const Rule& rule) const;
  const Rule& rule() const { return *rule_; }  // REQUIRES a Context made by of()

  // As the configuration has it, else its fallback. REQUIRES a Context made by of() for a rule that lists
  // `option`: any other throws std::logic_error, which is an error in the rule's file.
  double option(const Option& option) const;

  // Only those that the rule's `needs` names may be taken for granted.
  const Catalog& catalog() const { return *inputs().catalog; }
  const Workload& workload() const { return *inputs().workload; }
  const Project& project() const { return *inputs().project; }
  const std::vector<Migration>& migrations() const { return *inputs().migrations; }
  const std::vector<SchemaComparison>& comparisons() const { return inputs().comparisons; }
  bool has_catalog() const { return inputs().catalog != nullptr; }
  bool has_workload() const { return inputs().workload != nullptr; }
  // Of a logged query; empty when there are none.
  const std::vector<KnownPlan>& plans_of(const Query& query) const;
  bool has_server() const { return inputs().plans && inputs().plans->server; }
  bool has_project() const { return inputs().project != nullptr; }

  // Foreign keys that point at a table: (child table, constraint).
  struct Reference {
    const Table* child;
    const Constraint* key;
  };
  const std::vector<Reference>& references_to(const QualifiedName& table) const;
  // Partitions of a partitioned table, direct ones.
  const std::vector<const Table*>& partitions_of(const QualifiedName& table) const;
  // The table's indexes that have the column as a key or INCLUDE it, in the table's order; of a table of the
  // catalog.
  const std::vector<const Index*>& indexes_with(const Table& table, std::string_view column) const;
  // Logged queries that use a table.
  const std::vector<const Query*>& queries_on(const QualifiedName& table) const;
  // A logged query; nullptr when the workload has none of this fingerprint.
  const Query* query(std::string_view fingerprint) const;

 private:
  struct Lookups {
    explicit Lookups(const Inputs& inputs);
    Inputs inputs;
    std::map<QualifiedName, std::vector<Reference>> references;
    std::map<QualifiedName, std::vector<const Table*>> partitions;
    std::map<const Table*, std::map<std::string_view, std::vector<const Index*>>>
        indexes;  // made when first asked for
    std::map<QualifiedName, std::vector<const Query*>> queries;
    std::map<std::string_view, const Query*> by_fingerprint;
  };
  const Inputs& inputs() const { return lookups_->inputs; }

  std::shared_ptr<Lookups> lookups_;
  const Rule* rule_ = nullptr;
};

class Reporter {
 public:
  Reporter(const Rule& rule, std::vector<Finding>& out) : rule_(rule), out_(out) {}
  // Adds a finding of this rule; id, rule, and the rule's severity unless one is given, are filled in.
  Finding& add(Subject subject, std::string message, std::optional<Severity> severity = std::nullopt);

 private:
  const Rule& rule_;
  std::vector<Finding>& out_;
};

struct Outcome {
  std::vector<Finding> findings;  // by severity, rule, subject
  std::vector<SkippedRule> skipped;
  std::vector<std::string> ran;
};

// Runs the rules (all that are on by default, or those named) over the inputs.
Outcome run(const Inputs& inputs, const std::vector<std::string>& only = {});

// Worst first, then rule, then subject: the order of every report.
void sort_findings(std::vector<Finding>& findings);

}  // namespace pgadvise::lint
