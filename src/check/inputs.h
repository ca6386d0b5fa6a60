// Reading schemas, logs and workloads; building a sandbox of schemas.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/input_file.h"
#include "base/result.h"
#include "check/config.h"
#include "log/reader.h"
#include "migrations/schema_input.h"
#include "model/catalog.h"
#include "model/project.h"
#include "model/workload.h"
#include "pg/connection.h"
#include "pg/sandbox.h"

namespace pgadvise::check {

// A connection string in a file's place may hold a password: it is named, masked, and not looked for.
void take_out_conninfos(std::vector<std::string>& paths, Diagnostics& diagnostics);

// Takes out the files that a symbolic link leads to from inside `boundary` (base/boundary.h), and reports
// each.
void leave_out_outside(migrations::SchemaInput& input, const std::string& boundary, Diagnostics& diagnostics);

// The schema inputs of all paths, but for what the configuration leaves out. A path that is missing or
// unreadable is an Error::Kind::input in `diagnostics`. Of a folder, files outside its repository are not
// read, and no diagnostic quotes them; a PATH that is itself a symbolic link is the user's choice.
std::vector<migrations::SchemaInput> find_schemas(const std::vector<std::string>& paths,
                                                  Diagnostics& diagnostics, const Config& config = {},
                                                  const UserPaths& user_paths = {});

struct BuiltSandbox {
  pg::Sandbox server;
  bool statistics_only = false;       // it plans with a server's sizes and statistics, and can't run anything
  std::optional<Catalog> production;  // whose schema it has, too
};

// A sandbox with the schemas built, then the `load` scripts run, then ANALYZE. With a snapshot of a server
// among them: with that server's statistics instead of rows, and with its schema, where there is no other.
Result<BuiltSandbox> build_sandbox(const std::vector<migrations::SchemaInput>& schemas,
                                   const std::vector<std::string>& load, Diagnostics& diagnostics,
                                   const UserPaths& user_paths = {}, pg::SentObserver on_sent = {});

// A live catalog with the places where files define its objects; tables that only the files have are added:
// migrations that have not run yet.
Catalog with_places(Catalog live, const Catalog& files);

// Workload files, and .sql files (each statement one call, without a duration), one workload for each log or
// file. In the order of their paths: what several of them have is found in the first, whichever way they were
// named.
std::vector<Workload> read_workloads(std::vector<std::string> paths, Diagnostics& diagnostics,
                                     const UserPaths& user_paths = {});

// Statements, each one call without a duration; `path` names the text in places. What does not parse is
// named.
Workload read_sql_workload(const std::string& path, const std::string& text, Diagnostics& diagnostics);

// A regular file that begins as a workload file does.
bool names_workload_file(const std::string& path);

// Errors (usage): `output` is one of the files that are read, by whatever name: writing it would lose the
// input.
Result<void> keep_inputs(const std::string& output, const std::vector<std::string>& inputs);

// Workload files as they are, everything else as a log. Logs that come with nothing else are one workload of
// several sources, unless `by_log`: it takes less memory.
std::vector<Workload> read_logs(const std::vector<std::string>& paths, const log::Options& options,
                                bool by_log, Diagnostics& diagnostics);

}  // namespace pgadvise::check
