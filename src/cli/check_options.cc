#include "cli/check_options.h"

#include <chrono>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/text.h"
#include "check/merge.h"
#include "cli/interrupt.h"
#include "cli/phase.h"
#include "cli/plan_options.h"
#include "cli/verbosity.h"

namespace pgadvise::cli {

void add_inputs(CLI::App& command, CheckOptions& options) {
  command.add_option("PATH", options.sources.paths,
                     "Repository, migrations folder, dump, pgadvise snapshot or drizzle snapshot; default: "
                     "the current directory, unless the command line names another input");
  auto* db = command.add_option("--db", options.sources.db,
                                "Database to read and to confirm findings in: a libpq connection string, or "
                                "env (DATABASE_URL, else PG*)");
  auto* sandbox = command.add_flag("--sandbox", options.sources.sandbox,
                                   "Build the schema on a throwaway PostgreSQL and confirm findings there");
  command.add_option("--load", options.sources.load, "SQL to run in the sandbox after the schema: test data")
      ->needs(sandbox);
  sandbox->excludes(db);
  command.add_option(
      "--schema", options.sources.schema,
      "Schema file or folder. A snapshot of a server is used in place of --db: pgadvise checks "
      "the other inputs with the snapshot's sizes and settings");
  command.add_option("--log", options.sources.logs,
                     "PostgreSQL log (stderr, csvlog, jsonlog, or an export of syslog or a hosting provider; "
                     "may be compressed), a folder of logs, or a workload file");
  command.add_option("--log-line-prefix", options.sources.line_prefix,
                     "The server's log_line_prefix, if pgadvise does not detect it");
  command.add_option("-j,--jobs", options.settings.jobs,
                     "Number of threads that read logs, and of connections that plan and run statements. 0: "
                     "one thread for each processor; one connection with --db; with --sandbox one for each "
                     "processor, at most four");
  command.add_option("--workload", options.sources.workloads,
                     "Workload file of pgadvise digest -o, or SQL file: each statement counts as one call");
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

Result<void> check_words(const CLI::App& command, const CheckOptions& options) {
  // An unset variable: without --db the run would read other inputs than those that were meant.
  if (command.count("--db") && trim(options.sources.db).empty())
    return fail(Error::Kind::usage, "--db", "is empty", "name a database; is the variable set?");
  const std::string& since = options.settings.migrations.since;
  if (command.count("--since") && (trim(since).empty() || since[0] == '-'))
    return fail(Error::Kind::usage, "--since", "is not a revision", "name a commit, branch or tag");
  return {};
}

static void log_run(const Report& report) {
  for (const auto& input : report.inputs)
    print_verbose("read " + input.kind + (input.path.empty() ? "" : " " + input.path) +
                  (input.detail.empty() ? "" : ": " + input.detail));
  print_verbose(fmt::format("ran {} rules: {}", report.rules_run.size(), join(report.rules_run, ", ")));
  for (const auto& skipped : report.skipped)
    print_verbose("did not run " + skipped.rule + ": " + skipped.reason);
  print_verbose(fmt::format("{} findings in {:.2f} s", report.findings.size(), report.seconds));
}

tl::expected<CheckRun, Diagnostics> run_check(const CheckOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  check::Settings settings = options.settings;
  settings.analyze_budget = milliseconds(options.max_analyze_time);
  settings.observer = console_observer();
  CheckRun out;
  out.sources = std::make_unique<Sources>();
  const std::string started = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  auto inputs = check::load(options.sources, settings);
  if (!inputs) return tl::unexpected(std::move(inputs.error()));
  out.inputs = std::move(*inputs);
  std::optional<StopOnInterrupt> interrupt;
  if (out.inputs.server && out.inputs.server->plans) settings.stop = interrupt.emplace().token();
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
