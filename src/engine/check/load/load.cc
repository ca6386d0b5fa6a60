#include "check/load/load.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

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

// One folder under one name: locations of its files are compared.
std::string plain_path(const std::string& path) {
  std::string out = fs::path(path).lexically_normal().generic_string();
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out.empty() ? path : out;
}

std::string version_text(int version) { return fmt::format("{}.{}", version / 10000, version % 10000); }

bool lies_in(const std::set<std::string>& files, const std::string& where) {
  const auto file = where.substr(0, where.find(".sql:") + 4);
  return where.find(".sql:") != std::string::npos && files.count(file) > 0;
}

class Loader {
 public:
  Loader(Sources sources, const Settings& settings) : sources_(std::move(sources)), settings_(settings) {}

  tl::expected<Inputs, Diagnostics> load() {
    if (auto wrong = read_config(); !wrong.empty()) return tl::unexpected(std::move(wrong));
    sources_.sandbox |= !sources_.against.empty();
    if (const auto kept = keep_inputs(); !kept) return tl::unexpected(Diagnostics{kept.error()});
    if (sources_.db.empty() && sources_.against.empty())
      choose_command(sources_.migrate, out_.config.migrate, sources_.sandbox, out_.diagnostics);
    sources_.sandbox |= !sources_.migrate.command.empty();
    observed(settings_.observer, "reading files", [&] { read_paths(); });
    if (!sources_.migrate.command.empty() && !stopped("--migrate-with")) {
      const ObservedPhase observed(settings_.observer, "running the migrate command", true);
      migrate();
    }
    out_.suppressions = in_force(out_.config.ignores, today(), out_.diagnostics);
    read_workload();
    if (!stopped(sources_.sandbox ? "--sandbox" : sources_.db.empty() ? snapshot_ : "--db")) {
      if (sources_.sandbox) observed(settings_.observer, "building the sandbox", [&] { connect(); });
      else if (!sources_.db.empty()) observed(settings_.observer, "reading the database", [&] { connect(); });
      else connect();
    }
    observed(settings_.observer, "replaying the schema", [&] { replay_schemas(); });
    const bool of_changes = settings_.migrations.changed || !settings_.migrations.since.empty();
    out_.changes_alone = of_changes && !settings_.migrations.all_schema;
    if (of_changes) read_changed_code();
    if (!out_.stopped && understood_ == 0) explain_nothing_read(out_, lost_, settings_.allow_empty);
    if (!out_.stopped && !something_chosen_) explain_nothing_changed(out_, settings_.migrations, git_);
    explain_nothing_selected(out_, sources_.selection, settings_.allow_empty);
    out_.paths = sources_.paths;
    for (auto& error : out_.diagnostics) error = without_outside_text(std::move(error));
    remove_repeated(out_.diagnostics);  // a folder is walked for its schemas, and for its deploy paths
    return std::move(out_);
  }

 private:
  void report(Error error) { out_.diagnostics.push_back(std::move(error)); }

  // Before an input is read; "": no input of the caller's.
  bool stopped(const std::string& input) {
    if (!settings_.stop.stop_requested()) return false;
    out_.stopped = true;
    if (!input.empty()) report(not_read_after_stop(input));
    return true;
  }

  Diagnostics read_config() {
    const std::string path = sources_.config.empty()
                                 ? find_config(sources_.paths.empty() ? "." : sources_.paths.front())
                                 : sources_.config;
    if (path.empty()) return {};
    auto config = check::read_config(
        path, sources_.config.empty() ? ConfigOrigin::repository : ConfigOrigin::command_line,
        settings_.user_paths);
    if (!config) return std::move(config.error());
    out_.config = std::move(*config);
    for (const auto& file : out_.config.files) out_.read.push_back({"configuration", file, {}});
    if (!sources_.paths.empty() || !sources_.schema.empty()) return {};
    const ConfiguredInputs& inputs = out_.config.inputs;
    sources_.paths = expand(inputs.paths, inputs, out_.diagnostics);
    sources_.schema = expand(inputs.schema, inputs, out_.diagnostics);
    if (!sources_.logs.empty() || !sources_.workloads.empty()) return {};
    sources_.logs = expand(inputs.logs, inputs, out_.diagnostics);
    sources_.workloads = expand(inputs.workloads, inputs, out_.diagnostics);
    return {};
  }

  // What the command ran stands for the schemas that were found.
  void migrate() {
    const auto root = std::ranges::find_if(sources_.paths, [](const auto& path) {
      std::error_code code;
      return fs::is_directory(path, code);
    });
    const std::string folder = root == sources_.paths.end() ? "." : plain_path(*root);
    Diagnostics of_listing;  // told by find_schemas()
    const auto leave_out = out_.config.leave_out(folder);
    migrations::Repository repository{folder, files::list_files(folder, of_listing, leave_out),
                                      std::exchange(out_.schema_inputs, {})};
    if (sources_.paths.empty())  // find_schemas() did not run
      repository.known = migrations::find_schemas(folder, of_listing, leave_out, settings_.user_paths)
                             .value_or(std::vector<migrations::SchemaInput>{});
    for (const auto& schema : repository.known) mark_unread(schema);
    auto migrated = migrate_with(sources_.migrate, repository, settings_.observer, out_.diagnostics);
    if (!migrated) {
      sources_.sandbox = false;  // there is nothing to build one of
      return report(migrated.error());
    }
    if (const auto ready =
            finish_sandbox(*migrated->server->sandbox, sources_.load, out_.diagnostics, settings_.user_paths);
        !ready)
      return report(ready.error());
    out_.server = std::move(migrated->server);
    out_.read.push_back({migrated->input.what(), migrated->input.path, {}});
    out_.schema_inputs.push_back(std::move(migrated->input));
  }

  // With --against: the schema after the change is the repository's if no other is named.
  void add_schema_of_change() {
    bool snapshot = false, other = false;
    for (const auto* list : {&sources_.paths, &sources_.schema})
      for (const auto& path : *list) (names_snapshot(path) ? snapshot : other) = true;
    const bool of_snapshot = names_snapshot(sources_.against);
    if (!other && !(of_snapshot && snapshot)) sources_.paths.emplace_back(".");
    if (of_snapshot && !snapshot) sources_.schema.push_back(sources_.against);
    for (const auto* list : {&sources_.paths, &sources_.schema})
      for (const auto& path : *list)
        if (!names_snapshot(path)) out_.against.paths.push_back(plain_path(path));
    out_.against.what = sources_.against;
    out_.against.load = sources_.load;
  }

  Result<void> keep_inputs() const {
    std::vector<std::string> inputs;
    for (const auto* list : {&sources_.paths, &sources_.schema, &sources_.logs, &sources_.workloads})
      inputs.insert(inputs.end(), list->begin(), list->end());
    for (const auto& output : sources_.outputs)
      if (const auto kept = check::keep_inputs(output, inputs); !kept) return kept;
    return {};
  }

  void read_paths() {
    const bool named = !sources_.db.empty() || sources_.sandbox || !sources_.schema.empty() ||
                       !sources_.logs.empty() || !sources_.workloads.empty();
    const bool anything = named || !sources_.paths.empty();
    for (auto* list : {&sources_.paths, &sources_.schema, &sources_.logs, &sources_.workloads})
      take_out_conninfos(*list, out_.diagnostics);
    if (!anything) sources_.paths.emplace_back(".");
    if (!sources_.against.empty()) add_schema_of_change();
    for (auto& path : sources_.paths) path = plain_path(path);
    NamedMigrations named_migrations = take_out_migrations(sources_.paths);
    auto& schemas = out_.schema_inputs;
    schemas = std::move(named_migrations.inputs);
    named_ = std::move(named_migrations.files);
    for (auto& schema :
         find_schemas(sources_.paths, out_.diagnostics, out_.config, settings_.user_paths, sources_.schema)) {
      const bool named_itself = std::ranges::find(sources_.paths, schema.path) != sources_.paths.end();
      if (schema.kind == migrations::SchemaKind::sql_file && named_itself)
        named_[schema.path] = {schema.path};
      schemas.push_back(std::move(schema));
    }
    for (auto& schema : find_schemas(sources_.schema, out_.diagnostics, out_.config, settings_.user_paths))
      schemas.push_back(std::move(schema));
    out_.files_named = !named_.empty();
    take_out_snapshot();
    for (const auto& path : sources_.paths)
      if (std::error_code code; fs::is_directory(path, code) && !stopped(path)) read_repository(path);
    for (const auto& schema : schemas) out_.read.push_back({schema.what(), schema.path, {}});
    if (!named && schemas.empty() && snapshot_.empty() && out_.projects.empty() && out_.diagnostics.empty())
      report({Error::Kind::nonfatal, sources_.paths.front(),
              "nothing to check: found no migrations, dump, drizzle snapshot, package.json, Dockerfile or "
              "workflow",
              "name a PATH, --db or --log; pgadvise check --help"});
  }

  // A snapshot stands for its server, so a run has one of the two.
  void take_out_snapshot() {
    std::erase_if(out_.schema_inputs, [&](const migrations::SchemaInput& schema) {
      if (schema.kind != migrations::SchemaKind::server_snapshot) return false;
      if (!sources_.db.empty())
        report({Error::Kind::usage, schema.path, "is a snapshot of a server, and --db names a server, too",
                "remove one of them"});
      else if (!snapshot_.empty() && snapshot_ != schema.path)
        report({Error::Kind::usage, schema.path, "is a snapshot of a server, as is " + snapshot_,
                "remove one of them"});
      else snapshot_ = schema.path;
      return true;
    });
    out_.against.snapshot = snapshot_;
  }

  void read_repository(const std::string& path) {
    const auto before = static_cast<std::ptrdiff_t>(out_.diagnostics.size());
    Project project = deploy::read_repository(path, out_.diagnostics, out_.config.leave_out(path));
    if (path != ".")
      std::for_each(out_.diagnostics.begin() + before, out_.diagnostics.end(), [&](Error& error) {
        if (!error.where.empty() && !error.where.starts_with(path))
          error.where = path + (path.back() == '/' ? "" : "/") + error.where;
      });
    migrations::read_migrations(project, out_.schema_inputs);
    migrations::read_git(git_, project, out_.diagnostics);
    if (project.files_read.empty() && project.migrations.empty()) return;
    if (std::string read = deploy::what_was_read(project); !read.empty())
      out_.read.push_back({"repository", path, std::move(read)});
    out_.projects.push_back(std::move(project));
  }

  void read_changed_code() {
    ChangedCode changed;
    for (const auto& project : out_.projects) {
      if (!project.code) continue;
      Result<std::string> revision = settings_.migrations.since;
      if (settings_.migrations.changed)
        revision = branch_point(git_, project.root.empty() ? "." : project.root);
      const Result<void> added =
          revision ? changed.add(git_, project, *revision) : tl::unexpected(revision.error());
      if (added) continue;
      // The migrations' folders may have the same error.
      const bool known = std::ranges::any_of(
          out_.diagnostics, [&](const Error& error) { return error.what == added.error().what; });
      if (!known) report(added.error());
      return;
    }
    out_.changed_code = std::move(changed);
  }

  void read_workload() {
    if (sources_.logs.empty() && sources_.workloads.empty()) return;
    const ObservedPhase observed(settings_.observer, "reading logs and workloads", true);
    auto workloads = read_logs(sources_.logs,
                               {.line_prefix = sources_.line_prefix,
                                .selection = sources_.selection,
                                .threads = settings_.jobs,
                                .limits = {},
                                .progress = settings_.observer.log,
                                .user_paths = settings_.user_paths,
                                .stop = settings_.stop},
                               !sources_.workloads.empty(), out_.diagnostics);
    for (auto& workload :
         read_workloads(sources_.workloads, out_.diagnostics, settings_.user_paths, settings_.stop))
      workloads.push_back(std::move(workload));
    out_.stopped |= settings_.stop.stop_requested();
    take_workloads(std::move(workloads));
  }

  // The server's own workload, if no other is named.
  void read_statement_statistics() {
    if (!sources_.logs.empty() || !sources_.workloads.empty() ||
        std::ranges::find(out_.live->extensions, "pg_stat_statements") == out_.live->extensions.end() ||
        stopped("pg_stat_statements"))
      return;
    std::vector<Workload> workloads;
    auto workload = pg::read_statement_statistics(out_.server->connection(), pg::StatementScope::database,
                                                  out_.diagnostics);
    if (workload) workloads.push_back(std::move(*workload));
    else {
      workload.error().kind = Error::Kind::nonfatal;
      report(std::move(workload.error()));
    }
    take_workloads(std::move(workloads));
  }

  void take_workloads(std::vector<Workload> workloads) {
    log::count_once(workloads, out_.diagnostics);
    out_.workload = log::total(std::move(workloads));
    for (const auto* list : {&sources_.logs, &sources_.workloads})
      out_.literal_files.insert(list->begin(), list->end());
    for (const auto& source : out_.workload.sources) {
      out_.literal_files.insert(source.path);
      if (source.format.empty()) continue;  // empty, or named among the diagnostics
      lost_ += source.not_understood + reported_in(source.path);
      out_.has_workload |= source.left_out.count == 0;
      std::string detail = counted(source.statements, "statement");
      if (source.not_understood)
        detail +=
            fmt::format(", {} of {} not recognized", source.not_understood, counted(source.lines, "line"));
      if (!source.note.empty()) detail += "; " + source.note;
      const std::string kind = source.format == "sql"                  ? "workload"
                               : source.format == "pg_stat_statements" ? source.format
                                                                       : source.format + " log";
      understood_ += source.statements;
      if (kind.ends_with(" log") && source.left_out.count == 0)
        understood_ += source.lines - source.not_understood;
      out_.read.push_back({kind, source.path, detail});
      if (source.format == "sql")
        read_comments(source.path, out_.suppressions, out_.comments_read, out_.diagnostics,
                      settings_.user_paths);
    }
  }

  // A sandbox, the database, or a server's snapshot; its catalog goes to Inputs::live.
  void connect() {
    if (!snapshot_.empty()) {
      read_snapshot();
      if (sources_.sandbox && out_.live) plan_with_statistics();
    } else if (out_.server) {  // of migrate()
      read_live("sandbox");
    } else if (sources_.sandbox) {
      Diagnostics& found = out_.against.built;
      auto sandbox = build_sandbox(out_.schema_inputs, sources_.load, found, settings_.user_paths,
                                   settings_.observer.sent);
      out_.diagnostics.insert(out_.diagnostics.end(), found.begin(), found.end());
      if (!sandbox) return report(sandbox.error());
      out_.server = take_server(std::move(sandbox->server));
      read_live("sandbox");
    } else if (!sources_.db.empty()) {
      auto server = open_server(sources_.db, settings_.observer.sent);
      if (!server) return report(server.error());
      out_.server = std::move(*server);
      read_live("database");
    }
  }

  void read_snapshot() {
    auto snapshot = files::load_catalog_snapshot(snapshot_, settings_.user_paths);
    if (!snapshot) return report(snapshot.error());
    for (auto& what : snapshot->not_read)
      report({Error::Kind::nonfatal, snapshot_, "when it was taken: " + std::move(what)});
    out_.live = std::make_unique<Catalog>(std::move(snapshot->catalog));
    live_name_ = fmt::format("the snapshot {} of the database {}, taken {}", snapshot_, out_.live->database,
                             snapshot->taken);
    out_.server_version = version_text(out_.live->server_version);
    out_.read.push_back(
        {"snapshot", snapshot_,
         fmt::format("{}, taken {} by pgadvise {}", counted(out_.live->tables.size(), "table"),
                     snapshot->taken, snapshot->by)});
  }

  // The rules check the snapshot's catalog; plans come from a sandbox with its statistics: of the snapshot's
  // schema, or with --against of the schema after the change.
  void plan_with_statistics() {
    std::vector<migrations::SchemaInput> schemas;
    if (!sources_.against.empty()) schemas = out_.schema_inputs;
    schemas.push_back({.kind = migrations::SchemaKind::server_snapshot,
                       .path = snapshot_,
                       .files = {},
                       .user_paths = settings_.user_paths});
    Diagnostics found;
    auto sandbox =
        build_sandbox(schemas, sources_.load, found, settings_.user_paths, settings_.observer.sent);
    out_.against.built = found;
    if (!sandbox) found.push_back(sandbox.error());
    for (auto& error : found)  // read_snapshot() reported what the snapshot lacks
      if (std::ranges::none_of(out_.diagnostics,
                               [&](const Error& known) { return known.line() == error.line(); }))
        report(std::move(error));
    if (!sandbox) return;
    out_.server = take_server(std::move(sandbox->server));
    make_plans();
  }

  void read_live(const std::string& kind) {
    auto catalog = pg::read_catalog(out_.server->connection(), out_.diagnostics);
    if (!catalog) return report(catalog.error());
    out_.live = std::make_unique<Catalog>(std::move(*catalog));
    if (out_.sandbox()) forget_use(*out_.live);
    live_name_ = "the database " + out_.live->database;
    out_.server_version = version_text(out_.server->connection().server_version());
    out_.read.push_back(
        {kind, kind == "sandbox" ? "" : out_.live->database, counted(out_.live->tables.size(), "table")});
    if (!out_.sandbox()) read_statement_statistics();
    make_plans();
  }

  void make_plans() {
    Server& server = *out_.server;
    if (const auto made = server.make_plans(settings_.session_settings); !made) return report(made.error());
    if (server.plans->superuser() && !server.sandbox)
      report({Error::Kind::nonfatal, server.connection().where(),
              "connected as a superuser: pgadvise runs only statements whose functions are built in and "
              "known to be harmless",
              "a role that can only read is enough"});
    if (!server.sandbox) report_bypassed_policies(*server.plans, server.connection(), out_.diagnostics);
    const auto missing = server.plans->what_if_missing();
    out_.what_if = missing.empty() ? "HypoPG" : "not costed: " + missing;
  }

  // Foreign keys to tables that no input creates.
  // With a server all inputs are one schema; without a server each input is a schema of its own.
  void replay_schemas() {
    Schema all{.catalog = out_.live ? *out_.live : Catalog{}};
    for (const auto& input : out_.schema_inputs) {
      if (stopped(input.path)) {
        mark_unread(input);
        continue;
      }
      auto schema = replay(input);
      if (!schema) continue;
      if (!out_.live) {
        out_.schemas.push_back(std::move(*schema));
        continue;
      }
      if (schema->catalog) all.catalog = with_places(std::move(*all.catalog), *schema->catalog);
      std::move(schema->declared.begin(), schema->declared.end(), std::back_inserter(all.declared));
      std::move(schema->changes.begin(), schema->changes.end(), std::back_inserter(all.changes));
      if (!schema->migrations) continue;
      if (!all.migrations) all.migrations.emplace();
      std::move(schema->migrations->begin(), schema->migrations->end(), std::back_inserter(*all.migrations));
    }
    for (auto& error : outside_references(std::exchange(outside_, {}), created_)) report(std::move(error));
    for (auto& schema : out_.schemas) leave_to_migrations(schema);
    if (!out_.live) return;
    compare_undecided();
    all.comparisons = std::move(of_database_);
    out_.schemas.push_back(std::move(all));
  }

  // Tables of source that migrations of another folder create are checked there, and source is not compared
  // with migrations that those of another folder have replaced.
  void leave_to_migrations(Schema& schema) const {
    for (const auto& other : out_.schemas)
      if (&other != &schema && other.migrations && other.catalog)
        std::erase_if(schema.declared, [&](const auto& one) { return fits_better(one, *other.catalog); });
    const bool elsewhere =
        std::ranges::any_of(schema.declared, [&](const auto& one) { return migrated_elsewhere(one); });
    if (!elsewhere) return;
    schema.declared.clear();
    if (schema.catalog)
      std::erase_if(schema.catalog->tables,
                    [&](const auto& item) { return migrated_.count(item.first) > 0; });
  }

  // Whether migrations of another folder create most of the tables of source without migrations: services
  // that share a database.
  bool migrated_elsewhere(const lint::DeclaredSchema& schema) const {
    if (schema.migrated) return false;
    const auto& tables = schema.declared->tables;
    const auto shared =
        std::ranges::count_if(tables, [&](const auto& item) { return migrated_.count(item.first) > 0; });
    return 2 * static_cast<std::size_t>(shared) > tables.size();
  }

  std::size_t reported_in(const std::string& file) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        out_.diagnostics, [&](const Error& error) { return error.where.starts_with(file + ":"); }));
  }

  void mark_unread(const migrations::SchemaInput& input) {
    std::erase_if(out_.read, [&](const auto& listed) {
      return listed.path == input.path && listed.kind == input.what();
    });
  }

  std::optional<Schema> replay(const migrations::SchemaInput& input) {
    Choice choice = choose(input);
    out_.checked_migrations.insert(choice.checked.files.begin(), choice.checked.files.end());
    something_chosen_ |= !choice.migrations || !choice.checked.files.empty();
    Diagnostics found;
    sql::ReplayCounts counts;
    auto catalog = migrations::load(input, choice.checked, found, &counts);
    Schema out{.path = input.path, .replayed_only = only_replayed(input)};
    out_.replayed_only.insert(out.replayed_only.begin(), out.replayed_only.end());
    std::erase_if(found, [&](const Error& error) {
      const bool follows_from_missing_files = input.incomplete && error.what.ends_with("does not exist");
      return follows_from_missing_files || lies_in(out.replayed_only, error.where);
    });
    for (auto& error : found) {
      out_.not_replayed.push_back(error.where);
      if (const auto outside = counts.outside.find(error.line()); outside != counts.outside.end())
        outside_.emplace_back(std::move(error), outside->second);
      else report(std::move(error));
    }
    if (catalog)
      for (const auto& [name, table] : catalog->tables) {
        created_.insert(name);
        if (!input.source || input.kind == migrations::SchemaKind::migrations) migrated_.insert(name);
      }
    if (catalog && !input.incomplete) add_change(input, choice, *catalog, out);
    for (const auto& file : input.files) out_.comments_read.insert(file.path);
    add_suppressions(std::move(choice.checked.suppressions), out_.suppressions, out_.diagnostics);
    out.migrations = checked_migrations(input, std::move(choice));
    if (!catalog) {
      report(catalog.error());
      mark_unread(input);
      ++lost_;
      return std::nullopt;
    }
    lost_ += counts.not_parsed;
    understood_ += counts.statements - counts.not_parsed + catalog->tables.size();
    report_counts(input, counts);
    out.uncertain = std::move(counts.uncertain);
    out_.placeholders.insert(counts.placeholders.begin(), counts.placeholders.end());
    if (input.incomplete) {
      if (out_.live) out_.not_compared = "files of " + input.path + " are missing";
      return out;
    }
    const std::optional<Snapshot> snapshot = last_snapshot(input);
    compare_with_source(input, *catalog, snapshot, counts, out);
    take_logical_keys(*catalog, input);
    if (!out_.live) compare_with_snapshot(input, *catalog, snapshot, counts.not_understood, out);
    else if ((!out_.sandbox() || !snapshot_.empty()) && counts.placeholders.empty())
      compare_with_database(input, *catalog, counts.not_understood);
    else if (!counts.placeholders.empty())
      out_.not_compared = "what stands in the placeholders of " + input.path + " is unknown";
    out.catalog = std::move(*catalog);
    return out;
  }

  // Where the caller chose migrations. A schema without migrations is reported whole.
  void add_change(const migrations::SchemaInput& input, const Choice& choice, const Catalog& catalog,
                  Schema& schema) const {
    const MigrationOptions& options = settings_.migrations;
    const bool chosen = options.changed || !options.since.empty() || named(input);
    if (!chosen || options.all_schema || !choice.migrations || input.kind == migrations::SchemaKind::sql_file)
      return;
    if (auto change = schema_change(input, choice.checked.files, catalog))
      schema.changes.push_back(std::move(*change));
  }

  const std::set<std::string>* named(const migrations::SchemaInput& input) const {
    const auto it = named_.find(input.path);
    return it == named_.end() ? nullptr : &it->second;
  }

  Choice choose(const migrations::SchemaInput& input) {
    const bool tracked = out_.live && (!out_.sandbox() || !snapshot_.empty());
    auto choice = choose_migrations(git_, input, named(input), settings_.migrations,
                                    tracked ? out_.live->tracking : std::vector<TrackingTable>());
    if (!choice) {
      const bool known = std::ranges::any_of(
          out_.diagnostics, [&](const Error& error) { return error.line() == choice.error().line(); });
      if (!known) report(choice.error());
      return {};
    }
    for (auto& listed : out_.read)
      if (listed.path == input.path && listed.kind == input.what()) listed.detail = choice->note;
    return std::move(*choice);
  }

  std::set<std::string> only_replayed(const migrations::SchemaInput& input) const {
    std::set<std::string> out;
    const auto* files = settings_.migrations.all_schema ? nullptr : named(input);
    for (const auto& file : input.files)
      if (files && !files->count(file.path)) out.insert(file.path);
    return out;
  }

  void report_counts(const migrations::SchemaInput& input, const sql::ReplayCounts& counts) {
    for (auto& listed : out_.read)
      if (listed.path == input.path && listed.kind == input.what() && counts.statements)
        listed.detail =
            counted(static_cast<std::uint64_t>(counts.statements), "statement") +
            (counts.not_understood ? fmt::format(", {} not replayed", counts.not_understood) : "") +
            (listed.detail.empty() ? "" : "; " + listed.detail);
  }

  // The tracking table names the files that a database was made from. Without one, only a single schema can
  // be meant; migrations that create no table are none. Several that the database has run make it together.
  void compare_with_database(const migrations::SchemaInput& input, const Catalog& catalog, int not_replayed) {
    const auto part = migrations::applied_part(input, out_.live->tracking);
    if (!part.known && (input.kind == migrations::SchemaKind::drizzle_snapshot ||
                        input.kind == migrations::SchemaKind::source))
      return;
    if (!part.known && out_.schema_inputs.size() != 1) {
      if (catalog.tables.empty()) return;
      undecided_.push_back(input.path);
      if (undecided_.size() == 1) first_undecided_ = {catalog, not_replayed};
      return;
    }
    Diagnostics reported_already;
    sql::ReplayCounts counts;
    const bool behind = part.input.files.size() < input.files.size();
    auto migrated =
        behind ? migrations::load(part.input, reported_already, &counts) : Result<Catalog>(catalog);
    if (!migrated) return;
    if (behind) not_replayed = counts.not_understood;
    if (!of_database_.empty()) {
      of_database_[0].folder += ", " + input.path;
      of_database_[0].not_replayed += not_replayed;
      out_.compared.front() = with_places(std::move(out_.compared.front()), *migrated);
      return;
    }
    out_.compared.push_front(std::move(*migrated));
    of_database_.push_back(
        {&out_.compared.front(), out_.live.get(), true, input.path, live_name_, not_replayed, part.known});
  }

  // Of the inputs that the tracking tables don't name.
  void compare_undecided() {
    if (undecided_.empty() || !of_database_.empty()) return;
    if (undecided_.size() == 1) {
      out_.compared.push_front(std::move(first_undecided_.first));
      of_database_.push_back({&out_.compared.front(), out_.live.get(), true, undecided_[0], live_name_,
                              first_undecided_.second, false});
      return;
    }
    constexpr std::size_t max_named = 3;
    std::vector<std::string> paths(undecided_.begin(),
                                   undecided_.begin() + std::min(undecided_.size(), max_named));
    out_.not_compared = fmt::format(
        "{} does not show which of {} schemas it was made from ({}{}): check one of them at a time",
        live_name_, undecided_.size(), join(paths, ", "), undecided_.size() > max_named ? ", …" : "");
  }

  // A migration tool's last snapshot of the schema.
  struct Snapshot {
    const Catalog* catalog;  // one of Inputs::compared
    std::string path;
  };

  std::optional<Snapshot> last_snapshot(const migrations::SchemaInput& input) {
    const auto path = migrations::last_snapshot(input);
    if (path.empty() || leads_outside(path)) return std::nullopt;
    Diagnostics reported_already;
    auto snapshot =
        migrations::load({migrations::SchemaKind::drizzle_snapshot, path, {{path, ""}}}, reported_already);
    if (!snapshot) return std::nullopt;
    return Snapshot{&out_.compared.emplace_back(std::move(*snapshot)), path};
  }

  void compare_with_source(const migrations::SchemaInput& input, const Catalog& catalog,
                           const std::optional<Snapshot>& snapshot, const sql::ReplayCounts& counts,
                           Schema& schema) {
    if (!input.source) return;
    auto declared = declared_schema(input, catalog, snapshot ? snapshot->catalog : nullptr, out_.compared,
                                    out_.diagnostics);
    if (!declared) return;
    if (!snapshot) leave_out_unknown(input, counts, *declared, out_.diagnostics);
    schema.declared.push_back(std::move(*declared));
  }

  void compare_with_snapshot(const migrations::SchemaInput& input, const Catalog& catalog,
                             const std::optional<Snapshot>& snapshot, int not_replayed, Schema& schema) {
    if (!snapshot) return;
    const Catalog* migrated = &out_.compared.emplace_back(catalog);
    schema.comparisons.push_back(
        {migrated, snapshot->catalog, false, input.path, snapshot->path, not_replayed, false});
  }

  Sources sources_;
  const Settings& settings_;
  files::Git git_;
  Inputs out_;
  std::map<std::string, std::set<std::string>>
      named_;  // files that the command line names, by their input's path
  std::vector<std::pair<Error, QualifiedName>> outside_;  // remarks on foreign keys, and the table of each
  std::set<QualifiedName> created_;                       // tables of all inputs
  std::set<QualifiedName> migrated_;                      // those of `created_` that not only source declares
  std::string snapshot_;                                  // path
  std::string live_name_;
  std::vector<lint::SchemaComparison> of_database_;
  std::vector<std::string> undecided_;  // paths of inputs that create tables, and no tracking table names
  std::pair<Catalog, int> first_undecided_;  // with the number of statements that were not replayed
  std::size_t understood_ = 0, lost_ = 0;  // statements, tables and log lines; inputs that could not be read
  bool something_chosen_ = false;          // by Settings::migrations: migrations, or a schema without them
};

}  // namespace

tl::expected<Inputs, Diagnostics> load(Sources sources, const Settings& settings) {
  return Loader(std::move(sources), settings).load();
}

}  // namespace pgadvise::check
