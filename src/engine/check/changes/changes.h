// What chosen migrations change in the schema, and which functions of application code a branch changes: with
// --changed, --since or the name of a migration file, check reports only the findings that these cause.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "files/git.h"
#include "lint/run/context.h"
#include "migrations/interface/schema_input.h"
#include "model/project/code.h"
#include "model/project/project.h"
#include "model/schema/catalog.h"

namespace pgadvise::check {

// The schema directly before the first and after the last of the chosen migrations.
struct SchemaChange {
  Catalog before, after;
  std::set<std::string> files;  // the chosen migrations; empty: nothing was changed, and both are empty
};

// The schema of an input whose diagnostics were reported already; nullopt: nothing of it is readable.
std::optional<Catalog> replayed(const migrations::SchemaInput& input);

// nullopt: a part of the input cannot be replayed. `all`: the schema after every file of the input.
// Cost: replays the input's files up to the last chosen one, twice.
std::optional<SchemaChange> schema_change(const migrations::SchemaInput& input, std::set<std::string> files,
                                          const Catalog& all);

// The ids of the findings that rules about the schema have after the change and not before it. Cost: runs
// these rules on both schemas.
std::set<std::string> caused_findings(const SchemaChange& change, const Project* project,
                                      const lint::Settings& settings);

// Whether the rule reads nothing but the schema and its statistics, so that migrations cause its findings.
bool about_schema_alone(const std::string& rule);

// Whether there is the rule, and it needs the input.
bool rule_reads(const std::string& rule, lint::Input input);

// The application code that a branch adds or changes: with --changed and --since, check reports findings
// about code for it alone.
class ChangedCode {
 public:
  // Reads the added and changed files with facts about code, now and at the revision. Errors: those of
  // changed_since().
  Result<void> add(files::Git& git, const Project& project, const std::string& revision);

  // Whether add() found no added or changed file that facts about code come from.
  bool empty() const { return files_.empty(); }

  // Whether the innermost function at the finding's location, or at one of its evidence, was added or
  // changed. A function is unchanged if the file had the same text at the revision, at any line. Outside of
  // functions, the line counts.
  bool touches(const Finding& finding) const;

 private:
  struct File {
    std::vector<std::string> lines;
    std::string before;  // "" of an added file
    std::vector<LineRange> functions;
  };
  bool touches(const SourceLocation& place) const;

  std::map<std::string, File> files_;  // by path as findings have it
};

}  // namespace pgadvise::check
