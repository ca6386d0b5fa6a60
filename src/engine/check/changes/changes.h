// What chosen migrations change in the schema: with --changed, --since or the name of a migration file, check
// reports only the findings that these migrations cause.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "lint/run/context.h"
#include "migrations/interface/schema_input.h"
#include "model/project/project.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::check {

// The schema directly before the first and after the last of the chosen migrations.
struct SchemaChange {
  Catalog before, after;
  std::set<std::string> files;  // the chosen migrations; empty: nothing was changed, and both are empty
};

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

}  // namespace pgadvise::check
