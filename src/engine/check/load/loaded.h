// What a check reads, as the caller names it and as load() returns it.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/files/input_file.h"
#include "base/files/repository_path.h"
#include "base/result.h"
#include "check/changes/changes.h"
#include "check/config/config.h"
#include "check/config/suppressions.h"
#include "check/load/migrate_with.h"
#include "check/load/migrations.h"
#include "check/load/server.h"
#include "check/observer.h"
#include "lint/run/context.h"
#include "log/record/selection.h"
#include "migrations/folders/schema_load.h"
#include "model/project/project.h"
#include "model/queries/plan_change.h"
#include "model/queries/workload.h"
#include "model/results/report.h"
#include "model/schema/catalog.h"

namespace pgadvise::check {

// What to read. If paths, schema, logs and workloads are all empty, load() reads the inputs that the
// configuration names, even if db or sandbox is set. If the configuration names no input, and neither db nor
// sandbox is set, load() reads the working folder.
struct Sources {
  std::vector<std::string> paths;   // repositories, migrations folders, .sql files, snapshots
  std::vector<std::string> schema;  // further schemas, in addition to `paths`
  std::vector<std::string> logs;
  std::vector<std::string> workloads;  // files of digest -o, or .sql files
  std::string db;                      // connection string, or "env"; "" for none
  bool sandbox = false;                // build the schemas on a throwaway server; not together with `db`
  MigrateCommand migrate = {};  // implies `sandbox`; what it runs takes the place of the schemas of `paths`
  std::string against;  // git revision or snapshot to compare plans with, implies `sandbox`; "" for none
  std::vector<std::string> load;     // .sql files that the sandbox runs after the schema
  std::string line_prefix;           // log_line_prefix of the logs' server; "": detected
  log::Selection selection = {};     // of the logs' records
  std::string config;                // pgadvise.toml; "": the nearest one from the first path upwards
  std::vector<std::string> outputs;  // files that the caller will write: an input among them is an error
};

struct Settings {
  MigrationOptions migrations;
  pg::SessionSettings session_settings;              // role and search_path for planning
  std::chrono::milliseconds analyze_budget{60'000};  // all EXPLAIN ANALYZE together
  unsigned jobs = 0;             // threads that read logs, connections that plan; 0: see Server::more_plans()
  std::string baseline;          // file; "" for none
  bool update_baseline = false;  // write the findings to `baseline`
  std::vector<std::string> only;                      // ids or rules of the findings to report; empty: all
  RepositoryPaths repository = current_repository();  // the root of the paths in baselines and ids
  // A stop request ends load(), run() and planning early; their comments say what is lost.
  std::stop_token stop;
  Observer observer;
  // The paths of the command line. A pipe or /dev/null is read only if it is one of them.
  UserPaths user_paths = {};
  bool allow_empty = false;  // inputs of which nothing could be read are a warning
};

// A schema that the rules check: read from files, or from a server. An object of a server has the location of
// its definition in the input files, if one of them defines it.
struct Schema {
  std::optional<Catalog> catalog;  // nullopt: files of the input are missing, so that its schema is unknown
  std::string path;                // of the schema input; "" for a server's
  std::optional<std::vector<Migration>> migrations;  // those to check; nullopt: the input has no migrations
  // Tables that a statement of unknown effect names, each with the location of the last such statement.
  std::map<QualifiedName, std::string> uncertain = {};
  // Migration files beside those that the caller named: replayed, and their findings not reported.
  std::set<std::string> replayed_only;
  std::vector<lint::SchemaComparison> comparisons;  // pointers into Inputs::compared and Database::live
  std::vector<lint::DeclaredSchema> declared = {};  // pointers into Inputs::compared
  // What the chosen migrations change, one for each input. If not empty, findings of rules about the schema
  // are reported only if one of these changes causes them.
  std::vector<SchemaChange> changes = {};
};

// What compare_plans() needs beside the schema inputs (check/against.h).
struct AgainstSources {
  std::string what;                // Sources::against
  std::vector<std::string> paths;  // of schemas, without snapshots of servers
  std::string snapshot;            // whose statistics count; "" for none
  std::vector<std::string> load;
  Diagnostics built;  // of building Database::server, which has the schema after the change
};

// Why a run reports nothing; "" and false if it reports something.
struct NothingChecked {
  std::string selected;  // "--app web selects no record of the log"
  // Why there is nothing to check. If the inputs have statements or log lines, and none of them was
  // understood, a diagnostic (usage) says the same, unless Settings::allow_empty.
  std::string checked;
  // True: Settings::migrations asks for changes and there are none, or all inputs are for other databases.
  bool to_check = false;
};

// The server of a run, or a server's snapshot.
struct Database {
  std::unique_ptr<Server> server;  // null: none, or a snapshot
  std::unique_ptr<Catalog> live;   // of the server, or of the snapshot
  std::string name;                // of `live`, for messages: "the database shop"
  std::string server_version;      // "15.18"; "" without a server
  std::string what_if;             // "HypoPG", or why indexes can't be costed
  // Why migrations were not compared with `live`; "": they were, or there are no migrations or no database.
  std::string not_compared;

  bool sandbox() const { return server && server->sandbox; }
};

// What the caller chose to check, of migrations and code, and what was replayed for it.
struct Chosen {
  std::set<std::string> migrations;     // files
  std::set<std::string> replayed_only;  // files: the union of Schema::replayed_only
  // Locations of statements that could not be replayed, file:line:column.
  std::vector<std::string> not_replayed;
  // The caller named single migration files: the other files of their folder are replayed, but not checked.
  bool files_named = false;
  // Set if Settings::migrations asks for changes alone: only findings about this code are reported.
  std::optional<ChangedCode> changed_code;
  bool changes_alone = false;  // the same for schemas: only findings that the changes cause
};

// All inputs of a run. Movable; the pointers inside stay valid.
struct Inputs {
  Config config;
  std::vector<std::string> paths;  // that were read
  std::vector<migrations::SchemaInput> schema_inputs;
  std::vector<Schema> schemas;
  std::vector<Project> projects;
  Workload workload;
  bool has_workload = false;  // at least one log or workload file was readable
  AgainstSources against;
  std::shared_ptr<const PlanComparison> comparison;  // set by compare_plans(); null: none
  Database database;
  std::deque<Catalog> compared;        // schemas that are only compared with another one, not checked
  sql::PlaceholderNames placeholders;  // names in the schemas that stand for placeholders of templates
  Suppressions suppressions;           // from the configuration and from comments in migrations
  Chosen chosen;
  bool stopped = false;           // a stop request ended load() early: the diagnostics name what was not read
  std::vector<ReportInput> read;  // for the report, in the order of reading
  NothingChecked nothing;
  Diagnostics diagnostics;
  std::set<std::string> literal_files;  // logs and workloads, whose statements contain literals

  // Whether the database of --db was read.
  bool live_database() const {
    return database.live &&
           std::ranges::any_of(read, [](const ReportInput& input) { return input.kind == "database"; });
  }
};

}  // namespace pgadvise::check
