#include "check/load/load.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "base/containers.h"
#include "base/files/boundary.h"
#include "base/files/input_file.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "check/changes/git.h"
#include "check/config/patterns.h"
#include "check/config/suppressions.h"
#include "check/config/trust.h"
#include "check/load/inputs.h"
#include "check/load/nothing_checked.h"
#include "check/load/outside_references.h"
#include "check/load/plans.h"
#include "check/load/source_comparison.h"
#include "deploy/repository.h"
#include "files/catalog_snapshot.h"
#include "files/files.h"
#include "log/collect/merge.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/folder.h"
#include "migrations/folders/git_facts.h"
#include "migrations/folders/schema_load.h"
#include "pg/catalog/catalog_reader.h"
#include "pg/catalog/statement_statistics.h"

namespace pgadvise::check {
namespace {

namespace fs = std::filesystem;

std::string version_text(int version) { return fmt::format("{}.{}", version / 10000, version % 10000); }

bool lies_in(const std::set<std::string>& files, const std::string& where) {
  const auto file = where.substr(0, where.find(".sql:") + 4);
  return where.find(".sql:") != std::string::npos && files.count(file) > 0;
}

// How much of the inputs could be read.
struct Amount {
  std::size_t understood = 0;  // statements, tables and log lines
  std::size_t lost = 0;        // others of these, and inputs
  bool chosen = false;         // by Settings::migrations: migrations, or a schema without them
  void operator+=(const Amount& other) {
    understood += other.understood;
    lost += other.lost;
    chosen |= other.chosen;
  }
};

// Before an input is read; "": no input of the caller's.
bool stopped(const std::string& input, const Settings& settings, Inputs& out) {
  if (!settings.stop.stop_requested()) return false;
  out.stopped = true;
  if (!input.empty()) out.diagnostics.push_back(not_read_after_stop(input));
  return true;
}

void report_once(Error error, Diagnostics& diagnostics) {
  if (std::ranges::none_of(diagnostics, [&](const Error& known) { return known.line() == error.line(); }))
    diagnostics.push_back(std::move(error));
}

// ---- what to read

Diagnostics take_config(Sources& sources, const Settings& settings, Inputs& out) {
  const std::string path = sources.config.empty()
                               ? find_config(sources.paths.empty() ? "." : sources.paths.front())
                               : sources.config;
  if (path.empty()) return {};
  auto config =
      read_config(path, sources.config.empty() ? ConfigOrigin::repository : ConfigOrigin::command_line,
                  settings.user_paths);
  if (!config) return std::move(config.error());
  out.config = std::move(*config);
  for (const auto& file : out.config.files) out.read.push_back({"configuration", file, {}});
  if (!sources.paths.empty() || !sources.schema.empty()) return {};
  const ConfiguredInputs& inputs = out.config.inputs;
  sources.paths = expand(inputs.paths, inputs, out.diagnostics);
  sources.schema = expand(inputs.schema, inputs, out.diagnostics);
  if (!sources.logs.empty() || !sources.workloads.empty()) return {};
  sources.logs = expand(inputs.logs, inputs, out.diagnostics);
  sources.workloads = expand(inputs.workloads, inputs, out.diagnostics);
  return {};
}

Result<void> keep_inputs(const Sources& sources) {
  std::vector<std::string> inputs;
  for (const auto* list : {&sources.paths, &sources.schema, &sources.logs, &sources.workloads})
    append(inputs, *list);
  for (const auto& output : sources.outputs) TRY_VOID(check::keep_inputs(output, inputs));
  return {};
}

// With --against: the schema after the change is the repository's if no other is named.
void add_schema_of_change(Sources& sources, AgainstSources& against) {
  bool snapshot = false, other = false;
  for (const auto* list : {&sources.paths, &sources.schema})
    for (const auto& path : *list) (names_snapshot(path) ? snapshot : other) = true;
  const bool of_snapshot = names_snapshot(sources.against);
  if (!other && !(of_snapshot && snapshot)) sources.paths.emplace_back(".");
  if (of_snapshot && !snapshot) sources.schema.push_back(sources.against);
  for (const auto* list : {&sources.paths, &sources.schema})
    for (const auto& path : *list)
      if (!names_snapshot(path)) against.paths.push_back(plain_path(path));
  against.what = sources.against;
  against.load = sources.load;
}

// A snapshot stands for its server, so a run has one of the two. Returns its path.
std::string take_out_snapshot(const Sources& sources, Inputs& out) {
  std::string snapshot;
  std::erase_if(out.schema_inputs, [&](const migrations::SchemaInput& schema) {
    if (schema.kind != migrations::SchemaKind::server_snapshot) return false;
    if (sources.db.empty() && (snapshot.empty() || snapshot == schema.path)) snapshot = schema.path;
    else
      out.diagnostics.push_back({Error::Kind::usage, schema.path,
                                 sources.db.empty()
                                     ? "is a snapshot of a server, as is " + snapshot
                                     : "is a snapshot of a server, and --db names a server, too",
                                 "remove one of them"});
    return true;
  });
  return snapshot;
}

void read_repository(const std::string& path, files::Git& git, Inputs& out) {
  const auto before = static_cast<std::ptrdiff_t>(out.diagnostics.size());
  Project project = deploy::read_repository(path, out.diagnostics, out.config.leave_out(path));
  if (path != ".")
    std::for_each(out.diagnostics.begin() + before, out.diagnostics.end(), [&](Error& error) {
      if (!error.where.empty() && !error.where.starts_with(path))
        error.where = path + (path.back() == '/' ? "" : "/") + error.where;
    });
  migrations::read_migrations(project, out.schema_inputs);
  migrations::read_git(git, project, out.diagnostics);
  if (project.files_read.empty() && project.migrations.empty()) return;
  if (std::string read = deploy::what_was_read(project); !read.empty())
    out.read.push_back({"repository", path, std::move(read)});
  out.projects.push_back(std::move(project));
}

// Files that the command line names, by their input's path.
using NamedFiles = std::map<std::string, std::set<std::string>>;

// Finds the schema inputs, and reads the repositories.
NamedFiles read_paths(Sources& sources, const Settings& settings, files::Git& git, Inputs& out) {
  const bool named = !sources.db.empty() || sources.sandbox || !sources.schema.empty() ||
                     !sources.logs.empty() || !sources.workloads.empty();
  const bool anything = named || !sources.paths.empty();
  for (auto* list : {&sources.paths, &sources.schema, &sources.logs, &sources.workloads})
    take_out_conninfos(*list, out.diagnostics);
  if (!anything) sources.paths.emplace_back(".");
  if (!sources.against.empty()) add_schema_of_change(sources, out.against);
  for (auto& path : sources.paths) path = plain_path(path);
  NamedMigrations migrations = take_out_migrations(sources.paths);
  auto& schemas = out.schema_inputs;
  schemas = std::move(migrations.inputs);
  for (auto& schema :
       find_schemas(sources.paths, out.diagnostics, out.config, settings.user_paths, sources.schema)) {
    if (schema.kind == migrations::SchemaKind::sql_file && is_one_of(schema.path, sources.paths))
      migrations.files[schema.path] = {schema.path};
    schemas.push_back(std::move(schema));
  }
  append(schemas, find_schemas(sources.schema, out.diagnostics, out.config, settings.user_paths));
  out.chosen.files_named = !migrations.files.empty();
  out.against.snapshot = take_out_snapshot(sources, out);
  for (const auto& path : sources.paths)
    if (is_folder(path) && !stopped(path, settings, out)) read_repository(path, git, out);
  for (const auto& schema : schemas) out.read.push_back({schema.what(), schema.path, {}});
  if (!named && schemas.empty() && out.against.snapshot.empty() && out.projects.empty() &&
      out.diagnostics.empty())
    warn(out.diagnostics, sources.paths.front(),
         "nothing to check: found no migrations, dump, drizzle snapshot, package.json, Dockerfile or "
         "workflow",
         "name a PATH, --db or --log; pgadvise check --help");
  return std::move(migrations.files);
}

bool is_of(const ReportInput& listed, const migrations::SchemaInput& input) {
  return listed.path == input.path && listed.kind == input.what();
}

void mark_unread(const migrations::SchemaInput& input, Inputs& out) {
  std::erase_if(out.read, [&](const ReportInput& listed) { return is_of(listed, input); });
}

// What the command ran stands for the schemas that were found.
Result<void> migrate(Sources& sources, const Settings& settings, Inputs& out) {
  const auto* root = find_first(sources.paths, is_folder);
  const std::string folder = root ? plain_path(*root) : ".";
  Diagnostics of_listing;  // told by find_schemas()
  const auto leave_out = out.config.leave_out(folder);
  migrations::Repository repository{folder, files::list_files(folder, of_listing, leave_out),
                                    std::exchange(out.schema_inputs, {})};
  if (sources.paths.empty())  // find_schemas() did not run
    repository.known = migrations::find_schemas(folder, of_listing, leave_out, settings.user_paths)
                           .value_or(std::vector<migrations::SchemaInput>{});
  for (const auto& schema : repository.known) mark_unread(schema, out);
  auto migrated = migrate_with(sources.migrate, repository, settings.observer, out.diagnostics);
  if (!migrated) {
    sources.sandbox = false;  // there is nothing to build one of
    return tl::unexpected(migrated.error());
  }
  TRY_VOID(finish_sandbox(*migrated->server->sandbox, sources.load, out.diagnostics, settings.user_paths));
  out.database.server = std::move(migrated->server);
  out.read.push_back({migrated->input.what(), migrated->input.path, {}});
  out.schema_inputs.push_back(std::move(migrated->input));
  return {};
}

Result<ChangedCode> read_changed_code(const MigrationOptions& options, files::Git& git,
                                      const std::vector<Project>& projects) {
  ChangedCode changed;
  for (const auto& project : projects) {
    if (!project.code) continue;
    std::string revision = options.since;
    if (options.changed) {
      TRY(revision, branch_point(git, project.root.empty() ? "." : project.root));
    }
    TRY_VOID(changed.add(git, project, revision));
  }
  return changed;
}

// ---- workloads

Amount take_workloads(std::vector<Workload> workloads, const Sources& sources, const Settings& settings,
                      Inputs& out) {
  Amount amount;
  log::count_once(workloads, out.diagnostics);
  out.workload = log::total(std::move(workloads));
  for (const auto* list : {&sources.logs, &sources.workloads})
    out.literal_files.insert(list->begin(), list->end());
  for (const auto& source : out.workload.sources) {
    out.literal_files.insert(source.path);
    if (source.format.empty()) continue;  // empty, or named among the diagnostics
    const auto reported = std::ranges::count_if(
        out.diagnostics, [&](const Error& error) { return error.where.starts_with(source.path + ":"); });
    amount.lost += source.not_understood + static_cast<std::size_t>(reported);
    out.has_workload |= source.left_out.count == 0;
    std::string detail = counted(source.statements, "statement");
    if (source.not_understood)
      detail +=
          fmt::format(", {} of {} not recognized", source.not_understood, counted(source.lines, "line"));
    if (!source.note.empty()) detail += "; " + source.note;
    const bool sql = source.format == "sql", statistics = source.format == "pg_stat_statements";
    amount.understood += source.statements;
    if (!sql && !statistics && source.left_out.count == 0)
      amount.understood += source.lines - source.not_understood;
    out.read.push_back({sql          ? "workload"
                        : statistics ? source.format
                                     : source.format + " log",
                        source.path, detail});
    if (sql) read_comments(source.path, out.suppressions, out.diagnostics, settings.user_paths);
  }
  return amount;
}

Amount read_workload(const Sources& sources, const Settings& settings, Inputs& out) {
  if (sources.logs.empty() && sources.workloads.empty()) return {};
  const ObservedPhase observed(settings.observer, "reading logs and workloads", true);
  auto workloads = read_logs(sources.logs,
                             {.line_prefix = sources.line_prefix,
                              .selection = sources.selection,
                              .threads = settings.jobs,
                              .progress = settings.observer.log,
                              .user_paths = settings.user_paths,
                              .stop = settings.stop},
                             !sources.workloads.empty(), out.diagnostics);
  append(workloads, read_workloads(sources.workloads, out.diagnostics, settings.user_paths, settings.stop));
  out.stopped |= settings.stop.stop_requested();
  return take_workloads(std::move(workloads), sources, settings, out);
}

// The server's own workload, if no other is named.
Amount read_statement_statistics(const Sources& sources, const Settings& settings, Inputs& out) {
  if (!sources.logs.empty() || !sources.workloads.empty() ||
      !is_one_of("pg_stat_statements", out.database.live->extensions) ||
      stopped("pg_stat_statements", settings, out))
    return {};
  std::vector<Workload> workloads;
  auto workload = pg::read_statement_statistics(out.database.server->connection(),
                                                pg::StatementScope::database, out.diagnostics);
  if (workload) workloads.push_back(std::move(*workload));
  else {
    workload.error().kind = Error::Kind::nonfatal;
    out.diagnostics.push_back(std::move(workload.error()));
  }
  return take_workloads(std::move(workloads), sources, settings, out);
}

// ---- the server

Result<void> make_plans(const Settings& settings, Inputs& out) {
  Server& server = *out.database.server;
  TRY_VOID(server.make_plans(settings.session_settings));
  if (server.plans->superuser() && !server.sandbox)
    warn(out.diagnostics, server.connection().where(),
         "connected as a superuser: pgadvise runs only statements whose functions are built in and "
         "known to be harmless",
         "a role that can only read is enough");
  if (!server.sandbox) report_bypassed_policies(*server.plans, server.connection(), out.diagnostics);
  const auto missing = server.plans->what_if_missing();
  out.database.what_if = missing.empty() ? "HypoPG" : "not costed: " + missing;
  return {};
}

Result<void> read_snapshot(const std::string& path, const UserPaths& user_paths, Inputs& out) {
  TRY(auto snapshot, files::load_catalog_snapshot(path, user_paths));
  for (auto& what : snapshot.not_read) warn(out.diagnostics, path, "when it was taken: " + std::move(what));
  Database& database = out.database;
  database.live = std::make_unique<Catalog>(std::move(snapshot.catalog));
  database.name = fmt::format("the snapshot {} of the database {}, taken {}", path, database.live->database,
                              snapshot.taken);
  database.server_version = version_text(database.live->server_version);
  out.read.push_back(
      {"snapshot", path,
       fmt::format("{}, taken {} by pgadvise {}", counted(database.live->tables.size(), "table"),
                   snapshot.taken, snapshot.by)});
  return {};
}

// The rules check the snapshot's catalog; plans come from a sandbox with its statistics: of the snapshot's
// schema, or with --against of the schema after the change.
Result<void> plan_with_statistics(const Sources& sources, const Settings& settings, Inputs& out) {
  std::vector<migrations::SchemaInput> schemas;
  if (!sources.against.empty()) schemas = out.schema_inputs;
  schemas.push_back({.kind = migrations::SchemaKind::server_snapshot,
                     .path = out.against.snapshot,
                     .user_paths = settings.user_paths});
  Diagnostics& found = out.against.built;
  auto sandbox = build_sandbox(schemas, sources.load, found, settings.user_paths, settings.observer.sent);
  for (const auto& error : found) report_once(error, out.diagnostics);  // but what read_snapshot() reported
  if (!sandbox) {
    report_once(sandbox.error(), out.diagnostics);
    return {};
  }
  out.database.server = take_server(std::move(sandbox->server));
  return make_plans(settings, out);
}

// The catalog of the server goes to Database::live.
Result<Amount> read_live(const Sources& sources, const Settings& settings, Inputs& out) {
  Database& database = out.database;
  TRY(auto catalog, pg::read_catalog(database.server->connection(), out.diagnostics));
  database.live = std::make_unique<Catalog>(std::move(catalog));
  const bool sandbox = database.sandbox();
  if (sandbox) forget_use(*database.live);
  database.name = "the database " + database.live->database;
  database.server_version = version_text(database.server->connection().server_version());
  out.read.push_back({sandbox ? "sandbox" : "database", sandbox ? "" : database.live->database,
                      counted(database.live->tables.size(), "table")});
  const Amount amount = sandbox ? Amount() : read_statement_statistics(sources, settings, out);
  if (auto made = make_plans(settings, out); !made) out.diagnostics.push_back(std::move(made.error()));
  return amount;
}

// A sandbox, the database, or a server's snapshot.
Result<Amount> connect(const Sources& sources, const Settings& settings, Inputs& out) {
  std::unique_ptr<Server>& server = out.database.server;
  if (!out.against.snapshot.empty()) {
    TRY_VOID(read_snapshot(out.against.snapshot, settings.user_paths, out));
    if (sources.sandbox) TRY_VOID(plan_with_statistics(sources, settings, out));
    return Amount();
  }
  if (!server && sources.sandbox) {
    Diagnostics& found = out.against.built;
    auto sandbox =
        build_sandbox(out.schema_inputs, sources.load, found, settings.user_paths, settings.observer.sent);
    append(out.diagnostics, found);
    if (!sandbox) return tl::unexpected(sandbox.error());
    server = take_server(std::move(sandbox->server));
  } else if (!server && !sources.db.empty()) {
    TRY(server, open_server(sources.db, settings.observer.sent));
  }
  return server ? read_live(sources, settings, out) : Amount();
}

// ---- schemas

// Whether the catalog is of a server in use, which has run migrations.
bool in_use(const Inputs& inputs) {
  return inputs.database.live && (!inputs.database.sandbox() || !inputs.against.snapshot.empty());
}

// What an input's migrations create, as far as the database has run them.
struct Applied {
  std::string path;  // of the input
  Catalog catalog;
  int not_replayed = 0;
  bool known = false;    // a tracking table names the files that have run
  bool decided = false;  // the database was made from it: by a tracking table, or as there is no other
};

// Without a tracking table, only a single schema can be meant; migrations that create no table are none.
std::optional<Applied> applied_part(const migrations::SchemaInput& input, const Catalog& catalog,
                                    int not_replayed, const Inputs& inputs) {
  const auto part = migrations::applied_part(input, inputs.database.live->tracking);
  if (!part.known && (input.kind == migrations::SchemaKind::drizzle_snapshot ||
                      input.kind == migrations::SchemaKind::source))
    return std::nullopt;
  const bool decided = part.known || inputs.schema_inputs.size() == 1;
  if (!decided && catalog.tables.empty()) return std::nullopt;
  if (!decided || part.input.files.size() >= input.files.size())
    return Applied{input.path, catalog, not_replayed, part.known, decided};
  Diagnostics reported_already;
  sql::ReplayCounts counts;
  auto migrated = migrations::load(part.input, reported_already, &counts);
  if (!migrated) return std::nullopt;
  return Applied{input.path, std::move(*migrated), counts.not_understood, part.known, decided};
}

// Several that the database has run make it together.
std::vector<lint::SchemaComparison> compare_with_database(std::vector<Applied> all, Inputs& out) {
  const bool any_decided = std::ranges::any_of(all, [](const Applied& one) { return one.decided; });
  if (!any_decided && all.size() > 1) {
    constexpr std::size_t max_named = 3;
    std::vector<std::string> paths;
    for (std::size_t at = 0; at < std::min(all.size(), max_named); ++at) paths.push_back(all[at].path);
    out.database.not_compared = fmt::format(
        "{} does not show which of {} schemas it was made from ({}{}): check one of them at a time",
        out.database.name, all.size(), join(paths, ", "), all.size() > max_named ? ", …" : "");
    return {};
  }
  if (any_decided) std::erase_if(all, [](const Applied& one) { return !one.decided; });
  if (all.empty()) return {};
  Applied& first = all.front();
  for (auto other = all.begin() + 1; other != all.end(); ++other) {
    first.path += ", " + other->path;
    first.not_replayed += other->not_replayed;
    first.catalog = with_places(std::move(first.catalog), other->catalog);
  }
  return {{&out.compared.emplace_front(std::move(first.catalog)), out.database.live.get(), true,
           std::move(first.path), out.database.name, first.not_replayed, first.known}};
}

// A migration tool's last snapshot of the schema.
struct Snapshot {
  const Catalog* catalog;  // one of Inputs::compared
  std::string path;
};

std::optional<Snapshot> last_snapshot(const migrations::SchemaInput& input, std::deque<Catalog>& keep) {
  const auto path = migrations::last_snapshot(input);
  if (path.empty() || leads_outside(path)) return std::nullopt;
  auto snapshot = replayed({migrations::SchemaKind::drizzle_snapshot, path, {{path, ""}}});
  if (!snapshot) return std::nullopt;
  return Snapshot{&keep.emplace_back(std::move(*snapshot)), path};
}

Choice choose(const migrations::SchemaInput& input, const std::set<std::string>* named,
              const Settings& settings, files::Git& git, Inputs& out) {
  auto choice = choose_migrations(git, input, named, settings.migrations,
                                  in_use(out) ? out.database.live->tracking : std::vector<TrackingTable>());
  if (!choice) {
    report_once(choice.error(), out.diagnostics);
    return {};
  }
  for (auto& listed : out.read)
    if (is_of(listed, input)) listed.detail = choice->note;
  return std::move(*choice);
}

// Where the caller chose migrations. A schema without migrations is reported whole.
void add_change(const migrations::SchemaInput& input, const Choice& choice, const Catalog& catalog,
                bool named, const MigrationOptions& options, Schema& schema) {
  const bool chosen = options.changed || !options.since.empty() || named;
  if (!chosen || options.all_schema || !choice.migrations || input.kind == migrations::SchemaKind::sql_file)
    return;
  if (auto change = schema_change(input, choice.checked.files, catalog))
    schema.changes.push_back(std::move(*change));
}

// What the replay of an input gave.
struct Replayed {
  std::optional<Schema> schema = std::nullopt;                // nullopt: nothing of the input was readable
  std::set<QualifiedName> created = {};                       // tables
  bool migrated = false;                                      // not source alone creates them
  std::vector<std::pair<Error, QualifiedName>> outside = {};  // remarks on foreign keys, each with its table
  std::optional<Applied> applied = std::nullopt;
  Amount amount = {};
};

// With the source, the last snapshot and the database.
void compare(const migrations::SchemaInput& input, Catalog& catalog, const sql::ReplayCounts& counts,
             Inputs& out, Replayed& replayed) {
  Schema& schema = *replayed.schema;
  const std::optional<Snapshot> snapshot = last_snapshot(input, out.compared);
  if (auto declared = declared_schema(input, catalog, snapshot ? snapshot->catalog : nullptr, out.compared,
                                      out.diagnostics)) {
    if (!snapshot) leave_out_unknown(input, counts, *declared, out.diagnostics);
    schema.declared.push_back(std::move(*declared));
  }
  take_logical_keys(catalog, input);
  if (!out.database.live) {
    if (snapshot)
      schema.comparisons.push_back({&out.compared.emplace_back(catalog), snapshot->catalog, false, input.path,
                                    snapshot->path, counts.not_understood, false});
  } else if (!counts.placeholders.empty()) {
    out.database.not_compared = "what stands in the placeholders of " + input.path + " is unknown";
  } else if (in_use(out)) {
    replayed.applied = applied_part(input, catalog, counts.not_understood, out);
  }
}

// `named`: the files of the input that the command line names; null: none.
Replayed replay(const migrations::SchemaInput& input, const std::set<std::string>* named,
                const Settings& settings, files::Git& git, Inputs& out) {
  Choice choice = choose(input, named, settings, git, out);
  append(out.chosen.migrations, choice.checked.files);
  Replayed replayed{.migrated = !input.source || input.kind == migrations::SchemaKind::migrations,
                    .amount = {.chosen = !choice.migrations || !choice.checked.files.empty()}};
  Diagnostics found;
  sql::ReplayCounts counts;
  auto catalog = migrations::load(input, choice.checked, found, &counts);
  Schema schema{.path = input.path};
  if (named && !settings.migrations.all_schema)
    for (const auto& file : input.files)
      if (!named->count(file.path)) schema.replayed_only.insert(file.path);
  append(out.chosen.replayed_only, schema.replayed_only);
  for (auto& error : found) {
    const bool follows_from_missing_files = input.incomplete && error.what.ends_with("does not exist");
    if (follows_from_missing_files || lies_in(schema.replayed_only, error.where)) continue;
    out.chosen.not_replayed.push_back(error.where);
    if (const auto* table = find_value(counts.outside, error.line()))
      replayed.outside.emplace_back(std::move(error), *table);
    else out.diagnostics.push_back(std::move(error));
  }
  if (catalog)
    for (const auto& [name, table] : catalog->tables) replayed.created.insert(name);
  if (catalog && !input.incomplete)
    add_change(input, choice, *catalog, named != nullptr, settings.migrations, schema);
  for (const auto& file : input.files) out.suppressions.files_read.insert(file.path);
  add_suppressions(std::move(choice.checked.suppressions), out.suppressions, out.diagnostics);
  schema.migrations = checked_migrations(input, std::move(choice));
  if (!catalog) {
    out.diagnostics.push_back(catalog.error());
    mark_unread(input, out);
    replayed.amount.lost = 1;
    return replayed;
  }
  replayed.amount.understood = counts.statements - counts.not_parsed + catalog->tables.size();
  replayed.amount.lost = static_cast<std::size_t>(counts.not_parsed);
  for (auto& listed : out.read)
    if (is_of(listed, input) && counts.statements)
      listed.detail = counted(static_cast<std::uint64_t>(counts.statements), "statement") +
                      (counts.not_understood ? fmt::format(", {} not replayed", counts.not_understood) : "") +
                      (listed.detail.empty() ? "" : "; " + listed.detail);
  schema.uncertain = std::move(counts.uncertain);
  append(out.placeholders, counts.placeholders);
  replayed.schema = std::move(schema);
  if (input.incomplete) {
    if (out.database.live) out.database.not_compared = "files of " + input.path + " are missing";
    return replayed;
  }
  compare(input, *catalog, counts, out, replayed);
  replayed.schema->catalog = std::move(*catalog);
  return replayed;
}

// Tables of source that migrations of another folder create are checked there, and source is not compared
// with migrations that those of another folder have replaced. `migrated`: the tables of all migrations; where
// they create most tables of source without migrations, services share a database.
void leave_to_migrations(Schema& schema, const std::vector<Schema>& all,
                         const std::set<QualifiedName>& migrated) {
  for (const auto& other : all)
    if (&other != &schema && other.migrations && other.catalog)
      std::erase_if(schema.declared, [&](const auto& one) { return fits_better(one, *other.catalog); });
  if (std::ranges::none_of(schema.declared, [&](const auto& one) {
        return !one.migrated && has_most_tables(migrated, *one.declared);
      }))
    return;
  schema.declared.clear();
  if (schema.catalog)
    std::erase_if(schema.catalog->tables, [&](const auto& item) { return migrated.count(item.first) > 0; });
}

// Adds a schema of files to that of the server.
void add_to(Schema& all, Schema schema) {
  if (schema.catalog) all.catalog = with_places(std::move(*all.catalog), *schema.catalog);
  append(all.declared, std::move(schema.declared));
  append(all.changes, std::move(schema.changes));
  if (!schema.migrations) return;
  if (!all.migrations) all.migrations.emplace();
  append(*all.migrations, std::move(*schema.migrations));
}

// With a server all inputs are one schema; without a server each input is a schema of its own.
Amount replay_schemas(const NamedFiles& named, const Settings& settings, files::Git& git, Inputs& out) {
  Amount sum;
  const Catalog* live = out.database.live.get();
  Schema all{.catalog = live ? *live : Catalog{}};
  std::set<QualifiedName> created, migrated;
  std::vector<std::pair<Error, QualifiedName>> outside;
  std::vector<Applied> applied;
  for (const auto& input : out.schema_inputs) {
    if (stopped(input.path, settings, out)) {
      mark_unread(input, out);
      continue;
    }
    Replayed replayed = replay(input, find_value(named, input.path), settings, git, out);
    sum += replayed.amount;
    append(created, replayed.created);
    if (replayed.migrated) append(migrated, replayed.created);
    append(outside, std::move(replayed.outside));
    if (replayed.applied) applied.push_back(std::move(*replayed.applied));
    if (!replayed.schema) continue;
    if (live) add_to(all, std::move(*replayed.schema));
    else out.schemas.push_back(std::move(*replayed.schema));
  }
  append(out.diagnostics, outside_references(std::move(outside), created));
  for (auto& schema : out.schemas) leave_to_migrations(schema, out.schemas, migrated);
  if (!live) return sum;
  all.comparisons = compare_with_database(std::move(applied), out);
  out.schemas.push_back(std::move(all));
  return sum;
}

}  // namespace

tl::expected<Inputs, Diagnostics> load(Sources sources, const Settings& settings) {
  Inputs out;
  files::Git git;
  if (auto wrong = take_config(sources, settings, out); !wrong.empty())
    return tl::unexpected(std::move(wrong));
  sources.sandbox |= !sources.against.empty();
  if (const auto kept = keep_inputs(sources); !kept) return tl::unexpected(Diagnostics{kept.error()});
  if (sources.db.empty() && sources.against.empty())
    choose_command(sources.migrate, out.config.migrate, sources.sandbox, out.diagnostics);
  const bool migrates = !sources.migrate.command.empty();
  sources.sandbox |= migrates;
  const NamedFiles named =
      observed(settings.observer, "reading files", [&] { return read_paths(sources, settings, git, out); });
  if (migrates && !stopped("--migrate-with", settings, out)) {
    const ObservedPhase observed(settings.observer, "running the migrate command", true);
    if (auto done = migrate(sources, settings, out); !done) out.diagnostics.push_back(done.error());
  }
  out.suppressions.entries = in_force(out.config.ignores, today(), out.diagnostics);
  Amount amount = read_workload(sources, settings, out);
  if (!stopped(sources.sandbox      ? "--sandbox"
               : sources.db.empty() ? out.against.snapshot
                                    : "--db",
               settings, out)) {
    const auto work = [&] { return connect(sources, settings, out); };
    const auto read = sources.sandbox       ? observed(settings.observer, "building the sandbox", work)
                      : !sources.db.empty() ? observed(settings.observer, "reading the database", work)
                                            : work();
    if (read) amount += *read;
    else out.diagnostics.push_back(read.error());
  }
  amount += observed(settings.observer, "replaying the schema",
                     [&] { return replay_schemas(named, settings, git, out); });
  const bool of_changes = settings.migrations.changed || !settings.migrations.since.empty();
  out.chosen.changes_alone = of_changes && !settings.migrations.all_schema;
  if (of_changes) {
    if (auto changed = read_changed_code(settings.migrations, git, out.projects))
      out.chosen.changed_code = std::move(*changed);
    else if (std::ranges::none_of(out.diagnostics,  // the migrations' folders may have the same error
                                  [&](const Error& known) { return known.what == changed.error().what; }))
      out.diagnostics.push_back(changed.error());
  }
  if (!out.stopped && amount.understood == 0) explain_nothing_read(out, amount.lost, settings.allow_empty);
  if (!out.stopped && !amount.chosen) explain_nothing_changed(out, settings.migrations, git);
  explain_nothing_selected(out, sources.selection, settings.allow_empty);
  out.paths = std::move(sources.paths);
  for (auto& error : out.diagnostics) error = without_outside_text(std::move(error));
  remove_repeated(out.diagnostics);  // a folder is walked for its schemas, and for its deploy paths
  return out;
}

}  // namespace pgadvise::check
