// What check and sandbox read: schemas, logs, workloads, repositories.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "model/project.h"
#include "model/workload.h"
#include "pg/sandbox.h"
#include "project/schema_input.h"

namespace pgadvise::cli {

// The schema inputs of all paths. A path that is missing or unreadable is an Error::Kind::input in `diagnostics`.
std::vector<project::SchemaInput> find_schemas(const std::vector<std::string>& paths, Diagnostics& diagnostics);

// A sandbox with the schemas built, then the `load` scripts run, then ANALYZE.
Result<pg::Sandbox> build_sandbox(const std::vector<project::SchemaInput>& schemas, const std::vector<std::string>& load,
                                  Diagnostics& diagnostics);

// A live catalog with the places where files define its objects; tables that only the files have are added: migrations
// that have not run yet.
Catalog with_places(Catalog live, const Catalog& files);

// Statements of .sql files, one call each, without durations.
Workload read_sql_workload(const std::vector<std::string>& paths, Diagnostics& diagnostics);
void merge(Workload& into, Workload other);

}  // namespace pgadvise::cli
