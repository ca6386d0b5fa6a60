// Reading schemas, logs and workloads; building a sandbox of schemas.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/files/input_file.h"
#include "base/result.h"
#include "check/config/config.h"
#include "log/reader.h"
#include "migrations/interface/schema_input.h"
#include "model/queries/workload.h"
#include "model/schema/catalog.h"
#include "pg/connection/connection.h"
#include "pg/sandbox/sandbox.h"

namespace pgadvise::check {

// Removes connection strings from `paths`, as they may contain passwords; reports each, masked.
void take_out_conninfos(std::vector<std::string>& paths, Diagnostics& diagnostics);

// Removes files that a symbolic link inside `boundary` (base/boundary.h) leads out of it, and reports each.
void leave_out_outside(migrations::SchemaInput& input, const std::string& boundary, Diagnostics& diagnostics);

// Finds the schema inputs of all paths, except those that the configuration excludes. A path that is missing
// or unreadable is an Error::Kind::input in `diagnostics`. Files outside a folder's repository are not read,
// and no diagnostic quotes them; a PATH that is itself a symbolic link is the user's choice. Files of
// `read_apart` that lie in a folder are left out of it.
std::vector<migrations::SchemaInput> find_schemas(const std::vector<std::string>& paths,
                                                  Diagnostics& diagnostics, const Config& config = {},
                                                  const UserPaths& user_paths = {},
                                                  const std::vector<std::string>& read_apart = {});

struct BuiltSandbox {
  pg::Sandbox server;
  bool statistics_only = false;  // plans with the sizes and statistics of another server, and can run nothing
  std::optional<Catalog> production;  // the snapshot's catalog, for a statistics-only sandbox
};

// Starts a sandbox, builds the schemas, runs the `load` scripts, and ANALYZE. If a snapshot of a server is
// among the schemas, the sandbox has that server's statistics instead of rows, and its schema if no other is
// given. `tcp`: also listens on 127.0.0.1 (pg/sandbox.h).
Result<BuiltSandbox> build_sandbox(const std::vector<migrations::SchemaInput>& schemas,
                                   const std::vector<std::string>& load, Diagnostics& diagnostics,
                                   const UserPaths& user_paths = {}, pg::SentObserver on_sent = {},
                                   bool tcp = false);

// Runs the `load` scripts in a sandbox that has its schema, and ANALYZE. Errors: a script is unreadable; the
// server is lost.
Result<void> finish_sandbox(pg::Sandbox& sandbox, const std::vector<std::string>& load,
                            Diagnostics& diagnostics, const UserPaths& user_paths = {});

// Removes from the catalog of a sandbox what only a server in use tells: settings, sessions, the age of the
// statistics, and the sizes of tables to which no script added rows, so that no finding is left out or
// refuted because such a table is empty.
void forget_use(Catalog& sandbox);

// The live catalog with the locations where files define its objects, and the relations without a foreign
// key. Tables that only the files have are added: their migrations have not been applied yet.
Catalog with_places(Catalog live, const Catalog& files);

// Reads workload files, and .sql files (each statement counts as one call, without a duration), into one
// workload for each log or file. Sorted by path, so that a statement in several files is attributed to the
// same file in any order of `paths`. A stop request takes effect before the next file: those that were not
// read are reported.
std::vector<Workload> read_workloads(std::vector<std::string> paths, Diagnostics& diagnostics,
                                     const UserPaths& user_paths = {}, const std::stop_token& stop = {});

// The diagnostic for an input that was not read because of a stop request.
Error not_read_after_stop(const std::string& input);

// Each statement of `text` as one call without a duration. `path` is used in locations. Statements that do
// not parse are reported.
Workload read_sql_workload(const std::string& path, const std::string& text, Diagnostics& diagnostics);

// Whether the path is a regular file that starts like a workload file.
bool names_workload_file(const std::string& path);

// Whether the path is a regular file that starts like a snapshot of a server.
bool names_snapshot(const std::string& path);

// Errors (usage): `output` is one of the inputs, under any name: writing it would overwrite the input.
Result<void> keep_inputs(const std::string& output, const std::vector<std::string>& inputs);

// Reads each path as a workload file or a log. If all of them are logs, returns one workload with several
// sources, which takes less memory, unless `by_log`. Stops as `options` and read_workloads() say.
std::vector<Workload> read_logs(const std::vector<std::string>& paths, const log::Options& options,
                                bool by_log, Diagnostics& diagnostics);

}  // namespace pgadvise::check
