#include <algorithm>
#include <chrono>
#include <ctime>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "advisor/index_ddl.h"
#include "advisor/propose.h"
#include "cli/baseline.h"
#include "cli/check.h"
#include "cli/cli.h"
#include "cli/config.h"
#include "cli/fail_on.h"
#include "cli/inputs.h"
#include "cli/migrations.h"
#include "cli/output.h"
#include "cli/plans.h"
#include "cli/reports.h"
#include "cli/sources.h"
#include "cli/talk.h"
#include "lint/context.h"
#include "log/merge.h"
#include "pg/catalog_reader.h"
#include "pg/plan_source.h"
#include "plan/confirm.h"
#include "plan/plan_set.h"
#include "project/catalog_snapshot.h"
#include "project/migration_facts.h"
#include "project/git_facts.h"
#include "project/migration_folder.h"
#include "project/repository.h"
#include "report/common.h"
#include "sql/facts.h"
#include "sql/suppressions.h"
#include "base/interrupt.h"
#include "base/mask.h"
#include "base/text.h"

namespace pgadvise::cli {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::vector<std::string> schema;
  std::vector<std::string> logs;
  std::vector<std::string> workloads;
  std::vector<std::string> load;
  std::string db;
  bool sandbox = false;
  std::string line_prefix;
  unsigned jobs = 0;
  std::vector<WantedReport> reports;
  FailOn fail_on;
  std::string baseline;
  bool update_baseline = false;
  std::size_t top = 0;
  bool show_literals = false;
  std::string config;
  MigrationOptions migrations;
  PlanOptions plans;
  AfterCheck after;  // instead of reports
};

// A schema that the rules judge: from files, from a server, or a server's with the files' places.
struct Judged {
  std::optional<Catalog> catalog;
  std::string path;  // of the schema input; "" for a server
  std::optional<std::vector<Migration>> migrations;  // those to be judged; nullopt: it has none
  std::set<std::string> left_out;                    // files that are replayed only: what is found there is not reported
};

class Check {
 public:
  explicit Check(Options options) : options_(std::move(options)) {}

  int run() {
    const auto start = std::chrono::steady_clock::now();
    report_.started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
    if (!read_settings()) return exit_usage;
    if (const auto kept = keep_inputs(); !kept) {
      complain(kept.error());
      return exit_usage;
    }
    during("reading files", [&] { read_paths(); });
    suppressions_ = config_.ignores;
    read_workload();
    if (options_.sandbox || !options_.db.empty()) during(options_.sandbox ? "building the sandbox" : "reading the database", [&] { connect(); });
    else connect();
    std::vector<Judged> schemas;
    during("replaying the schema", [&] { schemas = judged_schemas(); });
    during(plans_ ? "judging, with the server's plans" : "judging", [&] { judge(schemas); });
    tell_what_fits_nothing();
    tell_unused();
    compare_with_baseline();
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    tell_what_ran();
    show_sources();
    return options_.after ? hand_over(schemas) : write();
  }

 private:
  template <class Work>
  static void during(const char* what, const Work& work) {
    const Phase phase(what);
    work();
  }

  Result<void> keep_inputs() const {
    std::vector<std::string> inputs;
    for (const auto* list : {&options_.paths, &options_.schema, &options_.logs, &options_.workloads}) inputs.insert(inputs.end(), list->begin(), list->end());
    for (const auto& report : options_.reports)
      if (const auto kept = cli::keep_inputs(report.path, inputs); !kept) return kept;
    return {};
  }

  // Tells what is wrong with it.
  bool read_settings() {
    const std::string path = options_.config.empty() ? find_config(options_.paths.empty() ? "." : options_.paths.front()) : options_.config;
    if (path.empty()) return true;
    auto config = read_config(path);
    if (!config) {
      for (const auto& error : config.error()) complain(error);
      return false;
    }
    config_ = std::move(*config);
    for (const auto& file : config_.files) report_.inputs.push_back({"configuration", file, {}});
    if (!options_.paths.empty() || !options_.schema.empty() || !options_.logs.empty() || !options_.workloads.empty()) return true;
    options_.paths = expand(config_.inputs.paths, config_.inputs, diagnostics_);
    options_.schema = expand(config_.inputs.schema, config_.inputs, diagnostics_);
    options_.logs = expand(config_.inputs.logs, config_.inputs, diagnostics_);
    options_.workloads = expand(config_.inputs.workloads, config_.inputs, diagnostics_);
    return true;
  }

  void read_paths() {
    const bool named = !options_.db.empty() || options_.sandbox || !options_.schema.empty() || !options_.logs.empty() ||
                       !options_.workloads.empty();
    const bool anything = named || !options_.paths.empty();
    for (auto* list : {&options_.paths, &options_.schema, &options_.logs, &options_.workloads}) take_out_conninfos(*list, diagnostics_);
    if (!anything) options_.paths.emplace_back(".");
    for (auto& path : options_.paths) path = plain_path(path);
    NamedMigrations named_migrations = take_out_migrations(options_.paths);
    schemas_ = std::move(named_migrations.inputs);
    named_ = std::move(named_migrations.files);
    for (auto& schema : find_schemas(options_.paths, diagnostics_, config_)) {
      const bool named_itself = std::find(options_.paths.begin(), options_.paths.end(), schema.path) != options_.paths.end();
      if (schema.kind == project::SchemaKind::sql_file && named_itself) named_[schema.path] = {schema.path};
      schemas_.push_back(std::move(schema));
    }
    for (auto& schema : find_schemas(options_.schema, diagnostics_, config_)) schemas_.push_back(std::move(schema));
    take_out_snapshot();
    for (const auto& path : options_.paths)
      if (std::filesystem::is_directory(path)) read_repository(path);
    for (const auto& schema : schemas_) report_.inputs.push_back({schema.what(), schema.path, {}});
    if (!named && schemas_.empty() && snapshot_.empty() && projects_.empty() && diagnostics_.empty())
      diagnostics_.push_back({Error::Kind::passing, options_.paths.front(),
                              "nothing to check: no migrations, dump, drizzle snapshot, package.json, Dockerfile or workflow here",
                              "name a PATH, --db or --log; pgadvise check --help"});
  }

  // A server's snapshot stands for the server, so there can be one of the two.
  void take_out_snapshot() {
    std::erase_if(schemas_, [&](const project::SchemaInput& schema) {
      if (schema.kind != project::SchemaKind::server_snapshot) return false;
      if (!options_.db.empty())
        diagnostics_.push_back({Error::Kind::usage, schema.path, "is a snapshot of a server, and --db names one, too", "leave one of them out"});
      else if (!snapshot_.empty() && snapshot_ != schema.path)
        diagnostics_.push_back({Error::Kind::usage, schema.path, "is a snapshot of a server, and so is " + snapshot_, "leave one of them out"});
      else
        snapshot_ = schema.path;
      return true;
    });
  }

  // One folder under one name: places of its files are compared.
  static std::string plain_path(const std::string& path) {
    std::string out = std::filesystem::path(path).lexically_normal().generic_string();
    while (out.size() > 1 && out.back() == '/') out.pop_back();
    return out.empty() ? path : out;
  }

  void read_repository(const std::string& path) {
    const auto before = static_cast<std::ptrdiff_t>(diagnostics_.size());
    Project project = project::read_repository(path, diagnostics_, config_.leave_out(path));
    if (path != ".")
      std::for_each(diagnostics_.begin() + before, diagnostics_.end(), [&](Error& error) {
        if (!error.where.empty() && !error.where.starts_with(path)) error.where = path + (path.back() == '/' ? "" : "/") + error.where;
      });
    project::read_migrations(project, schemas_);
    project::read_git(project, diagnostics_);
    if (project.files_read.empty() && project.migrations.empty()) return;
    if (!project.files_read.empty()) report_.inputs.push_back({"repository", path, fmt::format("{} files", project.files_read.size())});
    projects_.push_back(std::move(project));
  }

  // The working folder as pgadvise.toml's folder sees it, where it lies below: "app/".
  std::string below_config() const {
    std::error_code code;
    const auto folder = std::filesystem::weakly_canonical(std::filesystem::absolute(config_.path, code).parent_path(), code);
    const std::string here = std::filesystem::current_path(code).lexically_relative(folder).generic_string();
    return config_.path.empty() || code || here == "." || here.empty() || here.starts_with("..") ? std::string() : here + "/";
  }

  void read_workload() {
    std::optional<Phase> phase;
    if (!options_.logs.empty() || !options_.workloads.empty()) phase.emplace("reading logs and workloads", false);
    auto workloads = read_logs(options_.logs, {.line_prefix = options_.line_prefix, .threads = options_.jobs, .limits = {}, .progress = {}}, !options_.workloads.empty(), diagnostics_);
    for (auto& workload : read_workloads(options_.workloads, diagnostics_)) workloads.push_back(std::move(workload));
    has_workload_ = !options_.logs.empty() || !options_.workloads.empty();
    if (!has_workload_) return;
    log::count_once(workloads, diagnostics_);
    workload_ = log::total(std::move(workloads));
    // Rules that looked at nothing did not run.
    has_workload_ = std::any_of(workload_.sources.begin(), workload_.sources.end(), [](const LogSource& source) { return !source.format.empty(); });
    for (const auto& source : workload_.sources) {
      if (source.format.empty()) continue;  // named among the diagnostics
      std::string detail = fmt::format("{} statements", source.statements);
      if (source.not_understood) detail += fmt::format(", {} of {} lines not understood", source.not_understood, source.lines);
      if (!source.note.empty()) detail += "; " + source.note;
      const std::string kind = source.format == "sql" ? "workload" : source.format == "pg_stat_statements" ? source.format : source.format + " log";
      report_.inputs.push_back({kind, source.path, detail});
      if (source.format == "sql") read_comments(source.path);
    }
  }

  void add_suppressions(std::vector<Suppression> found) {
    for (auto& suppression : found) {
      if (suppression.rules.empty()) tell(suppression, "names no rule", "-- pgadvise: ignore rule-id the reason");
      for (const auto& rule : suppression.rules)
        if (!lint::find_rule(rule)) tell(suppression, "there is no rule " + ellipsis(rule, 60), unknown_rule_hint(rule));
      if (suppression.reason.empty()) tell(suppression, "gives no reason", "who reads it next year wants to know");
      suppressions_.push_back(std::move(suppression));
    }
  }

  void tell(const Suppression& suppression, std::string what, std::string hint) {
    diagnostics_.push_back({Error::Kind::passing, suppression.place.str(), "pgadvise: ignore " + std::move(what), std::move(hint)});
  }

  // Files that findings are in, and that are read for nothing else: a Dockerfile, a script, a file of queries.
  void read_comments(const std::vector<Finding>& findings) {
    for (const auto& finding : findings)
      if (finding.location && !finding.location->live()) read_comments(finding.location->file);
  }

  void read_comments(const std::string& file) {
    if (!scanned_.insert(file).second) return;
    if (const auto text = read_file(file, std::size_t{64} << 20)) add_suppressions(file.ends_with(".sql") ? sql::suppressions(*text, file) : sql::line_suppressions(*text, file));
  }

  void tell_what_fits_nothing() {
    std::vector<std::string> folders;
    for (const auto& path : options_.paths)
      if (std::filesystem::is_directory(path)) folders.push_back(path);
    if (folders.empty() || !named_.empty()) return;
    for (auto& error : config_.fits_nothing(folders)) diagnostics_.push_back(std::move(error));
  }

  bool told_at(const std::string& where) const {
    return std::any_of(diagnostics_.begin(), diagnostics_.end(), [&](const Error& error) { return error.where == where; });
  }

  // Only where the rule could have found something: it ran over all that the suppression speaks for.
  void tell_unused() {
    for (std::size_t i = 0; i < suppressions_.size(); ++i) {
      const Suppression& suppression = suppressions_[i];
      if (!suppression.comment() && (!named_.empty() || told_at(suppression.place.str()))) continue;
      for (const auto& rule : suppression.rules) {
        if (used_.count({i, rule}) || !could_find(rule, suppression)) continue;
        const bool of_schema = std::any_of(report_.findings.begin(), report_.findings.end(), [&](const Finding& finding) { return finding.rule == rule && finding.subject.kind == "schema"; });
        diagnostics_.push_back({Error::Kind::passing, suppression.place.str(), "suppresses nothing: " + rule + (of_schema ? " speaks of the whole schema" : " finds nothing there"),
                                of_schema ? "[[ignore]] in pgadvise.toml, object = the schema's name" : "take it out"});
      }
    }
  }

  // Not what a log, a comparison, git or sizes decide: what they show today says nothing of tomorrow.
  bool could_find(const std::string& id, const Suppression& suppression) const {
    const auto* found = lint::find_rule(id);
    if (!found || std::find(report_.rules_run.begin(), report_.rules_run.end(), id) == report_.rules_run.end()) return false;
    const lint::Rule& rule = *found->rule;
    const auto lasting = [](lint::Needs needs) { return needs == lint::Needs::catalog || needs == lint::Needs::migrations; };
    if (!lasting(rule.needs) || !lasting(rule.also_needs.value_or(lint::Needs::catalog))) return false;
    const bool by_size = std::any_of(rule.options.begin(), rule.options.end(), [](const lint::Option& option) { return option.name.find("rows") != std::string_view::npos || option.name.find("bytes") != std::string_view::npos; });
    if (by_size && live_) return false;
    if (!suppression.comment()) return true;
    const std::string& file = suppression.place.file;
    if (replayed_only_.count(file) || (rule.needs == lint::Needs::migrations && !judged_files_.count(file))) return false;
    // A statement that could not be read is one that no rule saw.
    return std::none_of(not_replayed_.begin(), not_replayed_.end(), [&](const std::string& place) { return place.starts_with(file + ":"); });
  }

  // --db, the sandbox, or what a snapshot tells of a server; the catalog of it in live_.
  void connect() {
    if (!snapshot_.empty()) {
      read_snapshot();
      if (options_.sandbox && live_) plan_with_statistics();
    } else if (options_.sandbox) {
      auto sandbox = build_sandbox(schemas_, options_.load, diagnostics_);
      if (!sandbox) {
        diagnostics_.push_back(sandbox.error());
        return;
      }
      sandbox_ = std::make_unique<pg::Sandbox>(std::move(sandbox->server));
      read_live(sandbox_->connection(), "sandbox");
    } else if (!options_.db.empty()) {
      auto connection = pg::Connection::open(options_.db);
      if (!connection) {
        diagnostics_.push_back(connection.error());
        return;
      }
      connection_ = std::make_unique<pg::Connection>(std::move(*connection));
      read_live(*connection_, "database");
    }
  }

  void read_snapshot() {
    auto snapshot = project::load_catalog_snapshot(snapshot_);
    if (!snapshot) {
      diagnostics_.push_back(snapshot.error());
      return;
    }
    for (auto& what : snapshot->not_read) diagnostics_.push_back({Error::Kind::passing, snapshot_, "when it was taken: " + std::move(what), {}});
    live_ = std::move(snapshot->catalog);
    live_name_ = fmt::format("the snapshot {} of the database {}, taken {}", snapshot_, live_->database, snapshot->taken);
    report_.server_version = version_text(live_->server_version);
    report_.inputs.push_back({"snapshot", snapshot_, fmt::format("{} tables, taken {} by pgadvise {}", live_->tables.size(), snapshot->taken, snapshot->by)});
  }

  // What the snapshot tells is judged; plans come from a sandbox with its statistics.
  void plan_with_statistics() {
    Diagnostics said;
    auto sandbox = build_sandbox({{.kind = project::SchemaKind::server_snapshot, .path = snapshot_, .files = {}}}, options_.load, said);
    if (!sandbox) said.push_back(sandbox.error());
    for (auto& error : said)  // what the snapshot lacks is said already
      if (std::none_of(diagnostics_.begin(), diagnostics_.end(), [&](const Error& known) { return known.line() == error.line(); })) diagnostics_.push_back(std::move(error));
    if (!sandbox) return;
    sandbox_ = std::make_unique<pg::Sandbox>(std::move(sandbox->server));
    take_plans(sandbox_->connection());
  }

  static std::string version_text(int version) { return fmt::format("{}.{}", version / 10000, version % 10000); }

  void read_live(pg::Connection& connection, const std::string& kind) {
    auto catalog = pg::read_catalog(connection, diagnostics_);
    if (!catalog) {
      diagnostics_.push_back(catalog.error());
      return;
    }
    live_ = std::move(*catalog);
    if (sandbox_) {  // nobody set it up for this project, and nothing ran there
      live_->settings.clear();
      live_->statistics_days.reset();
      live_->sessions.clear();
    }
    live_name_ = "the database " + live_->database;
    report_.server_version = version_text(connection.server_version());
    report_.inputs.push_back({kind, kind == "sandbox" ? "" : live_->database, fmt::format("{} tables", live_->tables.size())});
    take_plans(connection);
  }

  void take_plans(pg::Connection& connection) {
    connection.act_as(options_.plans.acting);
    auto source = pg::make_plan_source(connection);
    if (!source) {
      diagnostics_.push_back(source.error());
      return;
    }
    plans_ = std::move(*source);
    if (plans_->superuser() && !sandbox_)
      diagnostics_.push_back({Error::Kind::passing, connection.where(), "connected as a superuser: only what is built in and known to be harmless is run",
                              "a role that may only read is enough"});
    if (!sandbox_) tell_unguarded(*plans_, connection, diagnostics_);
    const auto missing = plans_->what_if_missing();
    report_.what_if = missing.empty() ? "HypoPG" : "not costed: " + missing;
  }

  // With a server everything is one schema; without, each input is a schema of its own.
  std::vector<Judged> judged_schemas() {
    std::vector<Judged> out;
    Catalog all = live_.value_or(Catalog{});
    std::optional<std::vector<Migration>> all_migrations;
    for (const auto& input : schemas_) {
      Choice choice = choose(input);
      judged_files_.insert(choice.judged.files.begin(), choice.judged.files.end());
      const auto before = static_cast<std::ptrdiff_t>(diagnostics_.size());
      sql::ReplayCounts counts;
      auto catalog = project::load(input, choice.judged, diagnostics_, &counts);
      const auto others = left_out(input);
      replayed_only_.insert(others.begin(), others.end());
      diagnostics_.erase(std::remove_if(diagnostics_.begin() + before, diagnostics_.end(), [&](const Error& error) { return lies_in(others, error.where); }), diagnostics_.end());
      std::for_each(diagnostics_.begin() + before, diagnostics_.end(), [&](const Error& error) { not_replayed_.push_back(error.where); });
      for (const auto& file : input.files) scanned_.insert(file.path);
      add_suppressions(std::move(choice.judged.suppressions));
      auto migrations = judged_migrations(input, std::move(choice));
      if (!catalog) {
        diagnostics_.push_back(catalog.error());
        report_.inputs.erase(std::remove_if(report_.inputs.begin(), report_.inputs.end(),
                                            [&](const auto& listed) { return listed.path == input.path && listed.kind == input.what(); }),
                             report_.inputs.end());
        continue;
      }
      tell_counts(input, counts);
      const int not_replayed = counts.not_understood;
      if (live_) {
        if (!sandbox_ || !snapshot_.empty()) compare_with_database(input, *catalog, not_replayed);
        all = with_places(std::move(all), *catalog);
        if (migrations && !all_migrations) all_migrations.emplace();
        if (migrations) std::move(migrations->begin(), migrations->end(), std::back_inserter(*all_migrations));
      } else {
        compare_with_snapshot(input, *catalog, not_replayed);
        out.push_back({std::move(*catalog), input.path, std::move(migrations), others});
      }
    }
    if (live_) out.push_back({std::move(all), {}, std::move(all_migrations), {}});
    return out;
  }

  const std::set<std::string>* named(const project::SchemaInput& input) const {
    const auto it = named_.find(input.path);
    return it == named_.end() ? nullptr : &it->second;
  }

  Choice choose(const project::SchemaInput& input) {
    auto choice = choose_migrations(input, named(input), options_.migrations, live_ && (!sandbox_ || !snapshot_.empty()) ? live_->tracking : std::vector<TrackingTable>());
    if (!choice) {
      const bool known = std::any_of(diagnostics_.begin(), diagnostics_.end(), [&](const Error& error) { return error.line() == choice.error().line(); });
      if (!known) diagnostics_.push_back(choice.error());
      return {};
    }
    for (auto& listed : report_.inputs)
      if (listed.path == input.path && listed.kind == input.what()) listed.detail = choice->note;
    return std::move(*choice);
  }

  // A script that makes all that it touches is a schema, and no migration.
  static std::optional<std::vector<Migration>> judged_migrations(const project::SchemaInput& input, Choice choice) {
    if (!choice.migrations) return std::nullopt;
    auto& found = choice.judged.found;
    if (input.kind != project::SchemaKind::sql_file) return std::move(found);
    const bool dump = project::is_dump(read_file(input.path).value_or(""));
    for (const auto& migration : found)
      for (const auto& step : migration.steps)
        for (const auto& action : step.actions)
          if (!dump && !action.on_new_table) return std::move(found);
    return std::nullopt;
  }

  static bool lies_in(const std::set<std::string>& files, const std::string& where) {
    const auto file = where.substr(0, where.find(".sql:") + 4);
    return where.find(".sql:") != std::string::npos && files.count(file) > 0;
  }

  std::set<std::string> left_out(const project::SchemaInput& input) const {
    std::set<std::string> out;
    const auto* files = named(input);
    for (const auto& file : input.files)
      if (files && !files->count(file.path)) out.insert(file.path);
    return out;
  }

  void tell_counts(const project::SchemaInput& input, const sql::ReplayCounts& counts) {
    for (auto& listed : report_.inputs)
      if (listed.path == input.path && listed.kind == input.what() && counts.statements)
        listed.detail = fmt::format("{} statements", counts.statements) + (counts.not_understood ? fmt::format(", {} not replayed", counts.not_understood) : "") +
                        (listed.detail.empty() ? "" : "; " + listed.detail);
  }

  // Which files a database was made from, its tracking table tells; without one, only the single schema at hand can be meant.
  // Several that it has run make it together.
  void compare_with_database(const project::SchemaInput& input, const Catalog& catalog, int not_replayed) {
    const auto part = project::applied_part(input, live_->tracking);
    if (!part.known && (schemas_.size() != 1 || input.kind == project::SchemaKind::drizzle_snapshot)) return;
    Diagnostics named;
    sql::ReplayCounts counts;
    const bool behind = part.input.files.size() < input.files.size();
    auto migrated = behind ? project::load(part.input, named, &counts) : Result<Catalog>(catalog);
    if (!migrated) return;
    if (behind) not_replayed = counts.not_understood;
    auto& comparisons = comparisons_[""];
    if (!comparisons.empty()) {
      comparisons[0].folder += ", " + input.path;
      comparisons[0].not_replayed += not_replayed;
      compared_.front() = with_places(std::move(compared_.front()), *migrated);
      return;
    }
    compared_.push_front(std::move(*migrated));
    comparisons.push_back({&compared_.front(), &*live_, true, input.path, live_name_, not_replayed, part.known});
  }

  void compare_with_snapshot(const project::SchemaInput& input, const Catalog& catalog, int not_replayed) {
    const auto path = project::last_snapshot(input);
    if (path.empty()) return;
    Diagnostics named;
    auto snapshot = project::load({project::SchemaKind::drizzle_snapshot, path, {{path, ""}}}, named);
    if (!snapshot) return;
    compared_.push_back(catalog);
    const Catalog* migrated = &compared_.back();
    compared_.push_back(std::move(*snapshot));
    comparisons_[input.path].push_back({migrated, &compared_.back(), false, input.path, path, not_replayed, false});
  }

  void judge(std::vector<Judged>& schemas) {
    if (schemas.empty()) schemas.emplace_back();
    std::optional<Interruptible> interruptible;
    if (plans_) {
      interruptible.emplace();
      planner_.emplace(*plans_, *live_, plan::PlannerOptions{.analyze_budget = options_.plans.analyze_budget(), .stop = interrupted, .more_sources = [this] { return more_sources(); }});
    }
    for (const auto& schema : schemas) judge_one(schema, project_of(schema.path));
    const Judged nothing;
    for (const auto& project : projects_)
      if (judged_.count(&project) == 0) judge_one(nothing, &project);
    if (planner_) tell_planned();
    planner_.reset();  // and its connections: a review takes its time
    const auto ran = [&](const lint::SkippedRule& skipped) {
      return std::find(report_.rules_run.begin(), report_.rules_run.end(), skipped.rule) != report_.rules_run.end();
    };
    report_.skipped.erase(std::remove_if(report_.skipped.begin(), report_.skipped.end(), ran), report_.skipped.end());
    lint::sort_findings(report_.findings);
  }

  // Others may be using the database of --db: it runs one statement at a time, unless --jobs says otherwise.
  std::vector<std::unique_ptr<plan::PlanSource>> more_sources() {
    const std::size_t wanted = options_.jobs ? options_.jobs : sandbox_ ? connections_to_our_own() : 1;
    return sandbox_ ? pg::more_plan_sources(sandbox_->connection(), sandbox_->conninfo(), wanted - 1) : pg::more_plan_sources(*connection_, options_.db, wanted - 1);
  }

  void tell_planned() {
    tell_verbose(fmt::format("asked for plans on {} connection{}", planner_->sources(), planner_->sources() == 1 ? "" : "s"));
    tell_left_out(*planner_, diagnostics_);
    report_.planned = planner_->planned();
    report_.analyzed = planner_->run();
    report_.analyze_seconds = planner_->spent().count();
  }

  // The repository that a schema lies in; of a server's, the only one that was named.
  const Project* project_of(const std::string& schema) const {
    const Project* best = nullptr;
    for (const auto& project : projects_) {
      const bool holds = project.root == "." || schema == project.root || schema.starts_with(project.root + "/");
      if (holds && (!best || best->root == "." || project.root.size() > best->root.size())) best = &project;
    }
    return best || !schema.empty() || projects_.size() != 1 ? best : &projects_.front();
  }

  void judge_one(const Judged& schema, const Project* project) {
    const Catalog* catalog = schema.catalog ? &*schema.catalog : nullptr;
    judged_.insert(project);
    Workload workload = workload_;
    if (has_workload_) sql::resolve(workload, catalog ? *catalog : Catalog{}, plans_ ? plans_->search_path() : sql::default_path);
    Diagnostics of_plans;
    PlanSet known;
    plan::add_logged(known, workload, catalog, of_plans);
    if (schemas_told_++ == 0) diagnostics_.insert(diagnostics_.end(), of_plans.begin(), of_plans.end());
    if (planner_) plan::add_planned(known, worth_planning(workload), *live_, *planner_, diagnostics_);
    auto outcome =
        lint::run({catalog, has_workload_ ? &workload : nullptr, project, schema.migrations ? &*schema.migrations : nullptr, comparisons_[schema.path], &config_.rules, &known});
    read_comments(outcome.findings);
    auto suppressed = lint::suppress(outcome.findings, suppressions_, used_, below_config());
    for (auto& one : suppressed)
      if (!one.finding.location || !schema.left_out.count(one.finding.location->file))
        if (suppressed_.emplace(one.finding.id, one.finding.location ? one.finding.location->file : "").second) report_.suppressed.push_back(std::move(one));
    if (planner_) {
      plan::ConfirmOptions how;
      how.hypothetical = [&](const IndexProposal& proposal) { return advisor::hypothetical_indexes(proposal, *live_); };
      plan::confirm(outcome.findings, *live_, &workload, *planner_, how, diagnostics_);
    }
    if (catalog) advisor::propose(outcome.findings, *catalog, project);
    for (auto& finding : outcome.findings)
      if (!finding.location || !schema.left_out.count(finding.location->file)) add(std::move(finding), schema, project);
    for (auto& rule : outcome.ran)
      if (std::find(report_.rules_run.begin(), report_.rules_run.end(), rule) == report_.rules_run.end()) report_.rules_run.push_back(std::move(rule));
    if (report_.skipped.empty()) report_.skipped = std::move(outcome.skipped);
  }

  // Alike findings of several schemas or repositories are told apart by their path; what needs neither is told once, and so is what
  // several schemas of one repository say of the same table.
  void add(Finding finding, const Judged& schema, const Project* project) {
    const auto [first, fresh] = told_.try_emplace(finding.id, Told{report_.findings.size(), &schema, project});
    if (!fresh) {
      const Told told = first->second;
      if (finding.subject.fingerprint.size() || (finding.subject.file.size() && told.project == project)) return;
      if (finding.subject.file.empty() && project && told.project == project && says_the_same(report_.findings[told.at], finding) && same_table(finding.subject, *told.schema, schema)) {
        if (finding.location && !finding.location->live()) report_.findings[told.at].evidence.push_back({Evidence::Kind::project, schema.path + " holds the same", finding.location, {}});
        return;
      }
      finding.subject.file = finding.subject.file.size() ? project->root + "/" + finding.subject.file : schema.path;
      finding.id = finding_id(finding.rule, finding.subject);
      if (!told_.try_emplace(finding.id, Told{report_.findings.size(), &schema, project}).second) return;
    }
    report_.findings.push_back(std::move(finding));
  }

  static bool says_the_same(const Finding& one, const Finding& other) {
    const auto sql = [](const Finding& finding) { return finding.fix ? finding.fix->sql + "\n" + finding.fix->down_sql : std::string(); };
    return one.message == other.message && one.severity == other.severity && one.verdict == other.verdict && sql(one) == sql(other);
  }

  // The table that both are about, column by column: migrations and a dump of what they make, or two folders of migrations.
  static bool same_table(const Subject& subject, const Judged& one, const Judged& other) {
    const Table* first = one.catalog && !subject.table.empty() ? one.catalog->table({subject.schema, subject.table}) : nullptr;
    const Table* second = first && other.catalog ? other.catalog->table({subject.schema, subject.table}) : nullptr;
    return second && columns_of(*first) == columns_of(*second);
  }

  static std::set<std::string> columns_of(const Table& table) {
    std::set<std::string> out;
    for (const auto& column : table.columns) out.insert(column.name + " " + column.type);
    return out;
  }

  void compare_with_baseline() {
    if (options_.baseline.empty()) return;
    std::set<std::string> judged;
    for (const auto& file : judged_files_) judged.insert(report::repository_path(file, how_));
    const LookedAt looked_at = [&](const std::string& rule, const std::string& file) {
      if (std::find(report_.rules_run.begin(), report_.rules_run.end(), rule) == report_.rules_run.end()) return false;
      const auto* known = lint::find_rule(rule);
      return known && (known->rule->needs != lint::Needs::migrations || judged.count(file) > 0);
    };
    const auto done = options_.update_baseline ? update_baseline(options_.baseline, report_, how_, looked_at) : apply_baseline(options_.baseline, report_, how_, looked_at);
    if (!done) diagnostics_.push_back(done.error());
  }

  void tell_what_ran() const {
    for (const auto& input : report_.inputs) tell_verbose("read " + input.kind + (input.path.empty() ? "" : " " + input.path) + (input.detail.empty() ? "" : ": " + input.detail));
    tell_verbose(fmt::format("ran {} rules: {}", report_.rules_run.size(), join(report_.rules_run, ", ")));
    for (const auto& skipped : report_.skipped) tell_verbose("did not run " + skipped.rule + ": " + skipped.reason);
    tell_verbose(fmt::format("{} findings in {:.2f} s", report_.findings.size(), report_.seconds));
  }

  void show_sources() {
    std::set<std::string> logs(options_.logs.begin(), options_.logs.end());
    logs.insert(options_.workloads.begin(), options_.workloads.end());
    for (const auto& source : workload_.sources) logs.insert(source.path);
    if (!options_.show_literals) sources_.hide(std::move(logs));
    how_.source = [this](const Finding& finding, int around) { return sources_.around(finding, around); };
  }

  int hand_over(const std::vector<Judged>& schemas) {
    Checked checked{report_, how_, diagnostics_, config_, options_.paths.empty() ? "." : options_.paths.front(), schemas_, projects_, {}, has_workload_ ? &workload_ : nullptr, plans_.get(), live_ ? &*live_ : nullptr};
    for (const auto& schema : schemas)
      if (schema.catalog) checked.catalogs.emplace_back(schema.path, &*schema.catalog);
    return options_.after(checked);
  }

  int write() {
    for (const auto& error : report::together(diagnostics_)) complain(error);
    report_.diagnostics = diagnostics_;
    if (const auto wrote = write_reports(report_, options_.reports, how_); !wrote) {
      complain(wrote.error());
      return exit_usage;
    }
    return exit_code();
  }

  int exit_code() const {
    if (const int code = exit_code_of(diagnostics_); code != exit_clean) return code;
    const bool any = std::any_of(report_.findings.begin(), report_.findings.end(), [&](const Finding& finding) { return options_.fail_on.meets(finding); });
    return any ? exit_findings : exit_clean;
  }

  Options options_;
  Sources sources_;
  report::Options how_{.show_literals = options_.show_literals, .top = options_.top, .repository = repository_root(), .folder = std::filesystem::current_path().generic_string()};
  Diagnostics diagnostics_;
  std::vector<project::SchemaInput> schemas_;
  std::map<std::string, std::set<std::string>> named_;  // files that the command line names, by their input's path
  std::vector<Project> projects_;
  Workload workload_;
  bool has_workload_ = false;
  std::unique_ptr<pg::Sandbox> sandbox_;
  std::unique_ptr<pg::Connection> connection_;
  std::unique_ptr<plan::PlanSource> plans_;
  std::optional<plan::Planner> planner_;  // one for all that is judged: its budget, and what it remembers
  int schemas_told_ = 0;  // whose logged plans were read
  std::string snapshot_;  // its path
  std::optional<Catalog> live_;
  std::string live_name_;
  std::map<std::string, std::vector<lint::SchemaComparison>> comparisons_;  // by the path of the schema judged
  std::deque<Catalog> compared_;
  std::set<const Project*> judged_;
  Config config_;
  std::vector<Suppression> suppressions_;
  lint::UsedSuppressions used_;         // of suppressions_
  std::set<std::pair<std::string, std::string>> suppressed_;  // findings: id and file
  std::set<std::string> scanned_;       // files whose comments are among them
  std::set<std::string> judged_files_;  // migrations
  std::set<std::string> replayed_only_;
  std::vector<std::string> not_replayed_;  // places
  struct Told {
    std::size_t at;  // in the report
    const Judged* schema;
    const Project* project;
  };
  std::map<std::string, Told> told_;  // by finding's id
  report::Report report_;
};

}  // namespace

static std::string format_choices() {
  std::vector<std::string> names;
  for (const auto& format : report::formats()) names.emplace_back(format.name);
  return "{" + join(names, ",") + "}";
}

static std::string formats_help() {
  std::string out;
  for (const auto& format : report::formats()) out += (out.empty() ? "" : "; ") + std::string(format.name) + ": " + std::string(format.what);
  return out;
}

// What check and review read alike.
static void add_inputs(CLI::App* command, Options& options) {
  command->add_option("PATH", options.paths,
                      "Repository, migrations folder, dump, or a snapshot of pgadvise's or drizzle's; default: the current directory, unless another input is named");
  auto* db = command->add_option("--db", options.db, "Database to read and to confirm findings on: a libpq connection string, or env (DATABASE_URL, else PG*)");
  auto* sandbox = command->add_flag("--sandbox", options.sandbox, "Build the schema on a throwaway PostgreSQL and confirm findings there");
  command->add_option("--load", options.load, "SQL to run in the sandbox after the schema: test data")->needs(sandbox);
  sandbox->excludes(db);
  command->add_option("--schema", options.schema, "Schema file or folder; a snapshot of a server stands for the server: its sizes and settings are what the rest is judged by");
  command->add_option("--log", options.logs, "PostgreSQL log: stderr, csvlog or jsonlog, or what syslog and hosting providers make of them, compressed or not; a folder stands for the logs in it; also a workload file");
  command->add_option("--log-line-prefix", options.line_prefix, "log_line_prefix of the server, where it isn't found by itself");
  command->add_option("-j,--jobs", options.jobs,
                      "Threads that read logs, and connections that plan and run statements; 0: one thread for each processor, one connection to the database of --db, "
                      "one for each processor, up to four, to a sandbox");
  command->add_option("--workload", options.workloads, "Workload file of pgadvise digest -o, or SQL file: each statement counts as one call");
}

static void add_choices(CLI::App* command, Options& options) {
  auto* since = command->add_option("--since", options.migrations.since, "Judge the migrations that were added or changed since a git revision; else the newest one of a folder is judged");
  auto* changed = command->add_flag("--changed", options.migrations.changed, "Judge the migrations that this branch adds or changes, by git");
  changed->excludes(since);
  add_acting_options(*command, options.plans.acting);
  add_analyze_time(*command, options.plans.max_analyze_time);
  command->add_option("--config", options.config, "Configuration; default: the pgadvise.toml of the PATH's folder, or of one above it in the repository");
  command->add_flag("--show-literals", options.show_literals, "Show statements with their literals");
}

static int run_check(const CLI::App& command, const Options& options) {
  // An unset variable: to pass over it would read other inputs than those that were meant, and say nothing.
  if (command.count("--db") && trim(options.db).empty()) {
    complain({Error::Kind::usage, "--db", "is empty", "name a database; is the variable set?"});
    return exit_usage;
  }
  if (command.count("--since") && (trim(options.migrations.since).empty() || options.migrations.since[0] == '-')) {
    complain({Error::Kind::usage, "--since", "is no revision", "name a commit, branch or tag"});
    return exit_usage;
  }
  return Check(options).run();
}

void add_check(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("check", "Check schemas, queries and a repository (the default)");
  add_inputs(command, *options);
  struct Words {
    std::vector<std::string> formats, outputs, fail_on;
  };
  auto words = std::make_shared<Words>();
  command->add_option("--format", words->formats, formats_help())->allow_extra_args(false)->type_name(format_choices());
  command->add_option("-o,--output", words->outputs, "File to write the report to; with several --format each its own: --format sarif -o a.sarif --format text")->allow_extra_args(false)->type_name("FILE");
  command->add_option("--top", options->top, "Findings that --format agent tells one by one; 0: about 2,000 tokens of them")->check(CLI::NonNegativeNumber);
  command->add_option("--fail-on", words->fail_on, "What makes the exit code 1: error (the default), warning, note or never; confirmed: only what a database confirmed; rules' ids: those of any severity. Several with commas")
      ->allow_extra_args(false)->type_name("WORDS");
  auto* baseline = command->add_option("--baseline", options->baseline, "Tell only what this file does not know, and what of it is gone (.pgadvise-baseline.json)");
  command->add_flag("--update-baseline", options->update_baseline, "Write what is found to the file of --baseline: from now on it is known")->needs(baseline);
  add_choices(command, *options);
  command->callback([options, words, command, &exit_code] {
    auto reports = wanted_reports(*command, "--format", "--output");
    auto fail_on = parse_fail_on(words->fail_on);
    if (!reports || !fail_on) {
      complain(!reports ? reports.error() : fail_on.error());
      exit_code = exit_usage;
      return;
    }
    options->reports = std::move(*reports);
    options->fail_on = std::move(*fail_on);
    exit_code = run_check(*command, *options);
  });
}

CLI::App* add_check_like(CLI::App& app, const std::string& name, const std::string& what, std::function<Result<void>()> possible, AfterCheck after, int& exit_code) {
  auto options = std::make_shared<Options>();
  options->after = std::move(after);
  auto* command = app.add_subcommand(name, what);
  add_inputs(command, *options);
  command->add_option("--baseline", options->baseline, "Walk only what this file does not know (.pgadvise-baseline.json)");
  add_choices(command, *options);
  command->callback([options, command, possible = std::move(possible), &exit_code] {
    const auto fine = possible();
    if (!fine) complain(fine.error());
    exit_code = fine ? run_check(*command, *options) : exit_usage;
  });
  return command;
}

}  // namespace pgadvise::cli
