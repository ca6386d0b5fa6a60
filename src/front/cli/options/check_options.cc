#include "cli/options/check_options.h"

#include <chrono>
#include <ctime>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "check/commands/against.h"
#include "check/config/config_rules.h"
#include "check/run/merge.h"
#include "cli/options/log_options.h"
#include "cli/options/plan_options.h"
#include "cli/output/phase.h"
#include "cli/process/interrupt.h"
#include "cli/process/verbosity.h"
#include "lint/run/rule.h"

namespace pgadvise::cli {

void add_inputs(CLI::App& command, CheckOptions& options) {
  command.add_option(
      "PATH", options.sources.paths,
      "Repository, migrations folder, dump, pgadvise snapshot or drizzle snapshot; or the id of a finding "
      "(unindexed-foreign-key:1b17), to report only that finding. Default: the current directory, unless the "
      "command line names another input");
  auto* db = command.add_option("--db", options.sources.db,
                                "Database to read and to confirm findings in: a libpq connection string, or "
                                "env (DATABASE_URL, else PG*)");
  auto* sandbox = command.add_flag("--sandbox", options.sources.sandbox,
                                   "Build the schema on a throwaway PostgreSQL and confirm findings there");
  auto* against = command.add_option(
      "--against", options.sources.against,
      "Git revision, or pgadvise snapshot: plan the statements of --log or --workload under its schema and "
      "under that of PATH, with the statistics of a snapshot in --schema, and report plans that got worse. "
      "Implies --sandbox");
  command.add_option("--load", options.sources.load, "SQL to run in the sandbox after the schema: test data");
  auto* migrate = command.add_option(
      "--migrate-with", options.sources.migrate.command,
      "The project's own migrate command ('npx drizzle-kit migrate', 'python manage.py migrate'): run it "
      "against a throwaway PostgreSQL, and check what it executed there. The command reaches no other "
      "server. "
      "Implies --sandbox");
  migrate->type_name("CMD")->excludes(db)->excludes(against);
  command
      .add_option("--migrate-timeout", options.migrate_seconds,
                  "Number of seconds after which pgadvise ends the migrate command")
      ->check(CLI::Range(1, max_seconds))
      ->capture_default_str();
  command
      .add_option("--migrate-writes", options.sources.migrate.writes,
                  "Folder of the repository that the migrate command may write, such as a tool's cache "
                  "(repeatable); all else of the repository is read-only to it")
      ->type_name("DIR");
  command.add_flag("--allow-unisolated", options.sources.migrate.allow_unisolated,
                   "Run the migrate command even if pgadvise cannot isolate it, because the kernel does not "
                   "permit it: it can then reach other servers, files and processes");
  command.add_flag("--allow-commands", options.sources.migrate.allow_commands,
                   "Run the command of [migrate] in pgadvise.toml as --migrate-with");
  sandbox->excludes(db);
  against->type_name("REV|SNAPSHOT")->excludes(db);
  command.add_option(
      "--schema", options.sources.schema,
      "Schema file or folder (repeatable). A snapshot of a server is used in place of --db: pgadvise "
      "checks the other inputs with the snapshot's sizes and settings");
  command.add_option("--log", options.sources.logs,
                     "PostgreSQL log (stderr, csvlog, jsonlog, or an export of syslog or a hosting provider; "
                     "may be compressed), a folder of logs, or a workload file (repeatable)");
  add_log_options(command, options.sources.line_prefix, options.sources.selection);
  command.add_option("-j,--jobs", options.settings.jobs,
                     "Number of threads that read logs, and of connections that plan and run statements. 0: "
                     "as many threads as processors; with --db one connection; with --sandbox as many "
                     "connections as processors, at most four");
  command.add_option(
      "--workload", options.sources.workloads,
      "Workload file of pgadvise digest -o, or SQL file, each statement of which counts as one call "
      "(repeatable)");
}

void add_choices(CLI::App& command, CheckOptions& options) {
  auto* since = command.add_option("--since", options.settings.migrations.since,
                                   "Check the migrations that were added or changed since a git revision; "
                                   "default: only the newest migration of a folder");
  auto* changed = command.add_flag(
      "--changed", options.settings.migrations.changed,
      "Check the migrations, and the functions of application code, that this branch adds or changes, "
      "compared with origin's default branch, main or master");
  changed->excludes(since);
  command.add_flag(
      "--all-schema", options.settings.migrations.all_schema,
      "With --changed, --since or a migration file: report the findings about the whole schema, and "
      "not only those that these migrations cause");
  command
      .add_option("--only", options.settings.only,
                  "Report only these findings: ids as the report shows them (unindexed-foreign-key:1b17), or "
                  "ids of rules. Separate several by commas")
      ->delimiter(',')
      ->type_name("IDS");
  add_acting_options(command, options.settings.session_settings);
  add_analyze_time(command, options.max_analyze_time);
  command.add_option("--config", options.sources.config,
                     "Configuration file; default: pgadvise.toml in PATH's folder or in a folder above it, "
                     "within the repository");
  command.add_flag("--show-literals", options.show_literals, "Show the literals of statements");
  command.add_flag("--allow-empty", options.settings.allow_empty,
                   "If no statement or log line of the inputs can be read, print a warning and do not exit "
                   "with 2");
}

// A shell pattern (--log *.log) makes paths of all but the first log.
static Result<void> one_log_each(const check::Sources& sources) {
  namespace fs = std::filesystem;
  for (const auto& path : sources.paths)
    for (const auto& log : sources.logs) {
      std::error_code code;
      const auto extension = fs::path(path).extension();
      if (extension.empty() || extension == ".sql" || extension != fs::path(log).extension() ||
          !fs::is_regular_file(path, code))
        continue;
      return fail(Error::Kind::usage, path, "is read as a schema: --log takes one log",
                  "repeat it for each: --log " + log + " --log " + path + "; or name their folder");
    }
  return {};
}

Result<void> check_words(const CLI::App& command, const CheckOptions& options) {
  // An unset variable: without --db the run would read other inputs than those that were meant.
  if (command.count("--db") && trim(options.sources.db).empty())
    return fail(Error::Kind::usage, "--db", "is empty", "name a database; is the variable set?");
  if (command.count("--migrate-with") && trim(options.sources.migrate.command).empty())
    return fail(Error::Kind::usage, "--migrate-with", "is empty", "name a command; is the variable set?");
  if (command.count("--load") && !command.count("--sandbox") && !command.count("--against") &&
      !command.count("--migrate-with") && !command.count("--allow-commands"))
    return fail(Error::Kind::usage, "--load", "requires --sandbox, --migrate-with or --against",
                "name one of them");
  const std::string& against = options.sources.against;
  if (command.count("--against") && (trim(against).empty() || against[0] == '-'))
    return fail(Error::Kind::usage, "--against", "is not a revision or a snapshot",
                "name a commit, a branch, a tag, or a file of pgadvise snapshot");
  const std::string& since = options.settings.migrations.since;
  if (command.count("--since") && (trim(since).empty() || since[0] == '-'))
    return fail(Error::Kind::usage, "--since", "is not a revision", "name a commit, branch or tag");
  // Nothing would be reported, which looks clean.
  for (const auto& text : options.settings.only) {
    const std::string rule = text.substr(0, text.find(':'));
    if (lint::find_rule(rule)) continue;
    return fail(Error::Kind::usage, "--only", "unknown rule " + ellipsis(rule, 60),
                check::unknown_rule_hint(rule) + "; or name an id as the report shows it");
  }
  return one_log_each(options.sources);
}

// Moves words such as unindexed-foreign-key:1b17 from the paths to the ids, unless a file has that name.
static void take_ids(std::vector<std::string>& paths, std::vector<std::string>& ids) {
  std::erase_if(paths, [&](const std::string& word) {
    const auto colon = word.find(':');
    std::error_code code;
    if (colon == std::string::npos || !lint::find_rule(word.substr(0, colon)) ||
        std::filesystem::exists(word, code))
      return false;
    ids.push_back(word);
    return true;
  });
}

static void log_run(const Report& report) {
  for (const auto& input : report.inputs)
    print_verbose("read " + input.kind + (input.path.empty() ? "" : " " + input.path) +
                  (input.detail.empty() ? "" : ": " + input.detail));
  print_verbose(
      fmt::format("ran {}: {}", counted(report.rules_run.size(), "rule"), join(report.rules_run, ", ")));
  for (const auto& skipped : report.skipped)
    print_verbose("did not run " + skipped.rule + ": " + skipped.reason);
  print_verbose(fmt::format("{} in {:.2f} s", counted(report.findings.size(), "finding"), report.seconds));
}

tl::expected<CheckRun, Diagnostics> run_check(const CheckOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  check::Settings settings = options.settings;
  settings.analyze_budget = milliseconds(options.max_analyze_time);
  settings.observer = console_observer();
  CheckRun out;
  out.sources = std::make_unique<Sources>();
  const std::string started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  check::Sources sources = options.sources;
  sources.migrate.time = std::chrono::seconds(options.migrate_seconds);
  take_ids(sources.paths, settings.only);
  auto inputs = check::load(sources, settings);
  if (!inputs) return tl::unexpected(std::move(inputs.error()));
  out.inputs = std::move(*inputs);
  std::optional<StopOnInterrupt> interrupt;
  if (out.inputs.database.server && out.inputs.database.server->plans)
    settings.stop = interrupt.emplace().token();
  check::compare_plans(out.inputs, settings);
  auto planner = check::make_planner(out.inputs, settings);
  auto outcome = check::run(out.inputs, planner.get(), settings);
  planner.reset();  // and its connections: a review takes its time
  out.report = check::merge(out.inputs, std::move(outcome), settings);
  out.report.started = started;
  out.report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  log_run(out.report);
  if (!options.show_literals) out.sources->hide(out.inputs.literal_files);
  out.how.show_literals = options.show_literals;
  out.how.repository = settings.repository;
  out.how.source = [sources = out.sources.get()](const Finding& finding, int around) {
    return sources->around(finding, around);
  };
  return out;
}

}  // namespace pgadvise::cli
