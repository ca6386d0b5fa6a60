// The inputs of rules, and how rules report findings. Rules include only base, model and lint: no I/O, no
// JSON, no libpq.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lint/run/rule.h"
#include "model/project/project.h"
#include "model/queries/plan_set.h"
#include "model/queries/workload.h"
#include "model/results/finding.h"
#include "model/results/report.h"
#include "model/schema/catalog.h"
#include "model/schema/schema_step.h"

namespace pgadvise::lint {

// The schema that the migrations create, and the actual one: the database, or the last drizzle snapshot.
struct SchemaComparison {
  const Catalog* migrated = nullptr;
  const Catalog* other = nullptr;
  bool database = false;   // else a snapshot
  std::string folder;      // of the migrations
  std::string other_name;  // "the database", a snapshot's path
  int not_replayed = 0;    // number of statements of the migrations that could not be replayed, so that their
                           // effects are unknown
  bool applied_known = false;  // a tracking table lists the applied migrations; `migrated` has only those
};

// The schema that a project's source declares, and what its migrations create.
struct DeclaredSchema {
  const Catalog* declared = nullptr;  // with locations in the source
  const Catalog* migrated = nullptr;  // nullptr: the repository has no migrations of it
  const Catalog* snapshot = nullptr;  // the migration tool's last one; nullptr: there is none
  // `migrated`, and then the scripts of its folder that no journal names; nullptr: there are none.
  const Catalog* with_unjournaled = nullptr;
  std::string source;    // the configuration or the first schema file, from the project's root
  SourceLocation place;  // of `source`
  std::string folder;    // of the migrations
  std::set<QualifiedName> incomplete = {};  // tables of `declared` with a part that is not known
  // Tables, views and enums that are not compared: what the configuration leaves to others, and what the
  // migrations may have changed by statements that were not replayed.
  std::set<QualifiedName> left_out = {};
  bool all_tables_known = true;  // false: the source may declare more
  // Where `migrated` is null: unqualified names of the tables that SQL scripts outside migration tools
  // create.
  std::set<std::string> in_scripts = {};
};

// The settings of a rule in a project's configuration.
struct RuleSettings {
  std::optional<bool> on;
  std::optional<Severity> severity;  // of all its findings
  std::map<std::string, double, std::less<>> options;
};
using Settings = std::map<std::string, RuleSettings, std::less<>>;  // by rule

// The inputs of one run; null pointers for missing ones. Does not own them: they must outlive this struct.
struct Inputs {
  const Catalog* catalog = nullptr;
  const Workload* workload = nullptr;
  const Project* project = nullptr;
  const std::vector<Migration>* migrations =
      nullptr;  // the migrations to check, in the order in which they run
  std::vector<SchemaComparison> comparisons = {};
  const Settings* settings = nullptr;
  const PlanSet* plans = nullptr;
  std::vector<DeclaredSchema> declared = {};
};

// The kinds of inputs that are available.
InputSet inputs_given(const Inputs& inputs);

// The view of the inputs that a rule gets. Cheap to copy: copies share the inputs and cached look-ups. Not
// thread-safe.
class Context {
 public:
  explicit Context(const Inputs& inputs) : lookups_(std::make_shared<Lookups>(inputs)) {}
  // The same inputs for one rule, which must outlive the result.
  Context of(const Rule& rule) const;
  const Rule& rule() const { return *rule_; }  // REQUIRES a Context made by of()

  // The configured value, else the option's fallback. REQUIRES a Context made by of() for a rule that lists
  // `option`; otherwise throws std::logic_error, as the rule's file is wrong.
  double option(const Option& option) const;

  // A rule may rely only on the inputs that its `needs` names.
  const Catalog& catalog() const { return *inputs().catalog; }
  const Workload& workload() const { return *inputs().workload; }
  const Project& project() const { return *inputs().project; }
  const std::vector<Migration>& migrations() const { return *inputs().migrations; }
  const std::vector<SchemaComparison>& comparisons() const { return inputs().comparisons; }
  const std::vector<DeclaredSchema>& declared() const { return inputs().declared; }
  // A table or view of the schema; nullptr if it has none of this name, or the run has no schema.
  const Table* table(const QualifiedName& name) const {
    return has_catalog() ? catalog().table(name) : nullptr;
  }
  // The value of a server's setting; nullptr: not known.
  const std::string* setting(const std::string& name) const;
  bool has_catalog() const { return inputs().catalog != nullptr; }
  bool has_workload() const { return inputs().workload != nullptr; }
  // The plans of a logged query; may be empty.
  const std::vector<KnownPlan>& plans_of(const Query& query) const;
  const PlanComparison& comparison() const { return *inputs().plans->comparison; }
  bool has_server() const { return inputs().plans && inputs().plans->server; }
  bool has_project() const { return inputs().project != nullptr; }
  bool has_migrations() const { return inputs().migrations != nullptr; }

  // Foreign keys that reference a table: (child table, constraint).
  struct Reference {
    const Table* child;
    const Constraint* key;
  };
  const std::vector<Reference>& references_to(const QualifiedName& table) const;
  // The direct partitions of a partitioned table.
  const std::vector<const Table*>& partitions_of(const QualifiedName& table) const;
  // The indexes of a table of the catalog that have the column as a key or INCLUDE column, in the table's
  // order.
  const std::vector<const Index*>& indexes_with(const Table& table, std::string_view column) const;
  // The logged queries that use a table.
  const std::vector<const Query*>& queries_on(const QualifiedName& table) const;
  // The logged query with this fingerprint; nullptr if the workload has none.
  const Query* query(std::string_view fingerprint) const;

 private:
  struct Lookups {
    explicit Lookups(const Inputs& inputs);
    Inputs inputs;
    std::map<QualifiedName, std::vector<Reference>> references;
    std::map<QualifiedName, std::vector<const Table*>> partitions;
    std::map<const Table*, std::map<std::string_view, std::vector<const Index*>>>
        indexes;  // built on first use
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
  // Adds a finding of this rule. Sets its id, rule and, unless given, the rule's severity.
  Finding& add(Subject subject, std::optional<SourceLocation> location, std::string message,
               std::optional<Severity> severity = std::nullopt);
  // The same without a location, or with one that is set later.
  Finding& add(Subject subject, std::string message, std::optional<Severity> severity = std::nullopt) {
    return add(std::move(subject), std::nullopt, std::move(message), severity);
  }

 private:
  const Rule& rule_;
  std::vector<Finding>& out_;
};

struct Outcome {
  std::vector<Finding> findings;  // by severity, rule, subject
  std::vector<SkippedRule> skipped;
  std::vector<std::string> ran;
};

// Runs the rules over the inputs: those named, or all that are on by default.
Outcome run(const Inputs& inputs, const std::vector<std::string>& only = {});

// Sorts by decreasing severity, then rule, then subject: the order of every report.
void sort_findings(std::vector<Finding>& findings);

// A location inside the project, as a path relative to the working folder.
SourceLocation located(const Project& project, SourceLocation place);

// Evidence from the log: of a statement, with its literals for --show-literals, or of an event.
Evidence log_fact(std::string text, std::optional<SourceLocation> place = std::nullopt,
                  std::string literal = {});
// Evidence from the schema, and from the files of the project.
Evidence catalog_fact(std::string text, std::optional<SourceLocation> place = std::nullopt);
Evidence project_fact(std::string text, std::optional<SourceLocation> place = std::nullopt);
// A fix that a person must make: its title says how.
Fix manual_fix(std::string title);
// The name of an entry that occurs several times: "pool", and from the second time on "pool #2".
std::string numbered(std::string entry, int number);

// Subjects of kind "file", numbered where an entry of a file occurs several times.
class FileSubjects {
 public:
  Subject make(const std::string& file, const std::string& entry) {
    return {.kind = "file", .file = file, .entry = numbered(entry, ++seen_[{file, entry}])};
  }

 private:
  std::map<std::pair<std::string, std::string>, int> seen_;
};

}  // namespace pgadvise::lint
