#include "check/commands/advise.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "check/commands/evaluate.h"
#include "check/config/trust.h"
#include "cli/commands/cleanup.h"
#include "cli/commands/commands.h"
#include "cli/options/log_options.h"
#include "cli/options/plan_options.h"
#include "cli/options/store_option.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "cli/output/phase.h"
#include "cli/process/interrupt.h"
#include "report/json/advice_json.h"
#include "report/pages/page.h"
#include "report/report.h"
#include "report/text/advice_text.h"

namespace pgadvise::cli {
namespace {

struct AdviseCommand {
  check::AdviseSources sources;
  check::EvaluateSources proposals;
  check::AdviseSettings settings;  // settings_of() adds what the next five say
  std::string budget;
  std::string sizes = "pgadvise";
  double time_limit = 60;  // seconds
  std::string weigh_by = "time";
  double verify_timeout = 10;  // seconds
  std::string format = "text";
  std::string output;
  bool cleanup = false;
  bool yes = false;
  StoreOptions store;
};

// 500MB, 1GB: powers of 1000; 500MiB, 1GiB: of 1024; a bare number: bytes.
std::optional<std::int64_t> read_size(std::string_view text) {
  double number = 0;
  const std::string copy(trim(text));
  const auto [end, code] = std::from_chars(copy.data(), copy.data() + copy.size(), number);
  if (code != std::errc() || !std::isfinite(number) || number <= 0) return std::nullopt;
  const std::string unit =
      lower(trim(std::string_view(end, static_cast<std::size_t>(copy.data() + copy.size() - end))));
  static const std::map<std::string, double> units = {
      {"", 1},      {"b", 1},        {"kb", 1e3},        {"mb", 1e6},           {"gb", 1e9},
      {"tb", 1e12}, {"kib", 1024.0}, {"mib", 1048576.0}, {"gib", 1073741824.0}, {"tib", 1099511627776.0}};
  const auto factor = units.find(unit);
  if (factor == units.end()) return std::nullopt;
  const double bytes = number * factor->second;
  return bytes >= 1 && bytes < 9e18 ? std::optional(static_cast<std::int64_t>(bytes)) : std::nullopt;
}

// Errors (usage): --budget is not a size.
Result<check::AdviseSettings> settings_of(const AdviseCommand& options) {
  check::AdviseSettings out = options.settings;
  if (!options.budget.empty()) {
    out.search.budget = read_size(options.budget);
    if (!out.search.budget)
      return fail(Error::Kind::usage, "--budget", ellipsis(options.budget, 40) + " is not a size",
                  "500MB, 1.5GB, 1GiB");
  }
  out.search.hypopg_sizes = options.sizes == "hypopg";
  out.search.time_limit = milliseconds(options.time_limit);
  out.search.by_time = options.weigh_by == "time";
  out.verify_timeout = milliseconds(options.verify_timeout);
  out.observer = console_observer();
  return out;
}

bool evaluates(const AdviseCommand& options) {
  return !options.proposals.candidates.empty() || !options.proposals.candidate_files.empty() ||
         !options.proposals.drops.empty();
}

// No message quotes text of files outside the repository.
void clean(Diagnostics& diagnostics) {
  for (auto& error : diagnostics) error = check::without_outside_text(std::move(error));
}

struct Answer {
  std::string content;         // in the format that was asked for
  int exit_code = exit_clean;  // without that of the diagnostics
  store::Facts facts = {};     // with --store
};

store::Facts facts_of(const AdviseCommand& options, const check::AdviseInputs& inputs,
                      Diagnostics& diagnostics) {
  store::Facts out;
  if (!options.store.address) return out;
  const bool live = !options.sources.sandbox;
  out.target = target_of(options.store, live ? inputs.catalog.database : std::string());
  if (live) {
    const auto taken = now();
    out.sizes = store::relation_sizes(inputs.catalog, taken);
    out.scans = store::index_scans(inputs.catalog, taken);
  }
  out.queries = statistics_of({inputs.workload}, options.sources.selection, diagnostics);
  return out;
}

Result<Answer> answer(const AdviseCommand& options, Diagnostics& diagnostics) {
  TRY(auto settings, settings_of(options));
  TRY(auto inputs, check::load_for_advise(options.sources, settings, diagnostics));
  store::Facts facts = facts_of(options, inputs, diagnostics);
  // What --verify built has to be removed, whichever signal ends it.
  const StopOnInterrupt interrupt(options.settings.verify ? Interruptible::By::any_ending
                                                          : Interruptible::By::first_interrupt);
  settings.stop = interrupt.token();
  const auto written = [&](const std::string& json, const std::string& title) {
    return options.format == "html" ? report::html_page(json, title) : json;
  };
  const bool text = options.format == "text";
  const auto text_options = [&] {
    return report::Look{.color = use_color(options.output), .width = output_width(options.output, 80)};
  };
  if (evaluates(options)) {
    TRY(const auto found,
        check::evaluate(inputs, options.proposals, settings, options.sources.user_paths, diagnostics));
    return Answer{text ? report::evaluation_text(found, text_options())
                       : written(report::evaluation_json(found, diagnostics), "pgadvise advise: evaluation"),
                  objectionable(found) ? exit_findings : exit_clean, std::move(facts)};
  }
  TRY(const auto advice, check::advise(inputs, settings, diagnostics));
  clean(diagnostics);
  return Answer{text ? report::advice_text(advice, text_options())
                     : written(report::advice_json(advice, diagnostics),
                               "pgadvise advise: " + counted(advice.indexes.size(), "index", "indexes")),
                exit_clean, std::move(facts)};
}

Result<int> run(AdviseCommand options) {
  options.sources.output = options.output;
  options.sources.other_inputs = options.proposals.candidate_files;
  if (options.format == "html") TRY_VOID(report::need_page());
  Diagnostics diagnostics;
  const auto found = answer(options, diagnostics);
  if (!found) {
    diagnostics.push_back(found.error());
    clean(diagnostics);
  }
  for (const auto& error : report::together(diagnostics)) complain(error);
  if (!found) return std::max<int>(exit_usage, exit_code_of(diagnostics));
  TRY_VOID(write_output(options.output, found->content,
                        (evaluates(options) ? "evaluation, " : "advice, ") + options.format));
  if (options.store.address) TRY_VOID(keep(*options.store.address, found->facts, options.store.spool));
  return std::max(found->exit_code, exit_code_of(diagnostics));
}

void add_inputs(CLI::App& command, AdviseCommand& options) {
  auto* db = command.add_option("--db", options.sources.db,
                                "Database whose planner computes the costs: a libpq connection string, or "
                                "env (DATABASE_URL, else PG*); needs the extension hypopg");
  auto* sandbox = command.add_flag("--sandbox", options.sources.sandbox,
                                   "Build the schema on a throwaway PostgreSQL and compute the costs there");
  auto* schema =
      command
          .add_option("--schema", options.sources.schema,
                      "Schema for the sandbox: migrations, a dump, a drizzle snapshot; a snapshot of a "
                      "server (pgadvise snapshot) also provides its sizes and statistics")
          ->needs(sandbox);
  command.add_option("--load", options.sources.load, "SQL to run in the sandbox after the schema: test data")
      ->needs(sandbox);
  sandbox->excludes(db)->needs(schema);
  command.add_option("--log", options.sources.logs,
                     "PostgreSQL log, or a workload file (repeatable). Without a log and --workload, the "
                     "queries are those of pg_stat_statements in the database of --db");
  command.add_option(
      "--workload", options.sources.workloads,
      "Workload file of pgadvise digest -o, or SQL file: each statement counts as one call (repeatable)");
  add_log_options(command, options.sources.line_prefix, options.sources.selection);
  command.add_option("-j,--jobs", options.settings.jobs,
                     "Number of threads that read logs and of connections that request plans; 0: one for "
                     "each processor, and at most four connections");
}

void add_proposals(CLI::App& command, AdviseCommand& options) {
  auto* candidate =
      command.add_option("--candidate", options.proposals.candidates,
                         "CREATE INDEX statement to evaluate instead of a search: which queries change, the "
                         "size, the maintenance cost, which index it duplicates, a smaller one (repeatable)");
  auto* file = command.add_option("--candidates", options.proposals.candidate_files,
                                  "SQL file whose CREATE INDEX statements are evaluated (repeatable)");
  auto* drop =
      command.add_option("--drop", options.proposals.drops,
                         "Existing index: which queries become more expensive without it. With --db, "
                         "HypoPG 1.4 is required (repeatable)");
  for (auto* option : {candidate, file, drop})
    for (const char* other : {"--budget", "--max-indexes", "--max-width", "--size-estimate", "--verify",
                              "--disposable", "--cleanup", "--show-literals"})
      option->excludes(command.get_option(other));
}

void add_search(CLI::App& command, AdviseCommand& options) {
  command.add_option(
      "--budget", options.budget,
      "Total size limit of the new indexes: 500MB, 1.5GB (powers of 1000), 1GiB (of 1024), or bytes. "
      "Default: no limit, but an index must save 1 % of the whole workload's cost, or 10 % of the cost of "
      "the queries that use the index");
  command.add_option("--max-indexes", options.settings.search.max_indexes,
                     "Maximum number of new indexes; 0: no limit");
  command.add_flag("--include-bulk", options.settings.search.include_bulk,
                   "Also count statements that ran once or twice and wrote at least 10,000 rows: loads, "
                   "imports, backfills");
  command
      .add_option("--max-width", options.settings.search.max_width,
                  "Maximum number of key columns of an index; below 3, pgadvise also proposes no INCLUDE "
                  "columns and no partial indexes")
      ->check(CLI::Range(1, 8))
      ->capture_default_str();
  command
      .add_option("--size-estimate", options.sizes,
                  "pgadvise: estimate index sizes from statistics; hypopg: use HypoPG's estimate, for "
                  "comparison with other tools")
      ->check(CLI::IsMember({"pgadvise", "hypopg"}))
      ->capture_default_str();
  command
      .add_option("--time-limit", options.time_limit,
                  "Time limit of the search in seconds; pgadvise then reports the best indexes found so far")
      ->check(seconds_between(0.1, max_seconds))
      ->capture_default_str();
}

void add_verification(CLI::App& command, AdviseCommand& options) {
  command.add_flag("--verify", options.settings.verify,
                   "Measure: run the queries without and with the indexes, on the sandbox or "
                   "a --disposable database, then drop the indexes");
  command.add_option("--disposable", options.settings.disposable,
                     "Name of --db's database, as confirmation that nobody needs it: --verify may build "
                     "indexes there, and --cleanup may drop leftover ones");
  auto* cleanup =
      command.add_flag("--cleanup", options.cleanup,
                       "Drop the indexes that killed runs of --verify left in --db's database, and cancel "
                       "their running index builds, after confirmation. Needs --disposable");
  command.add_flag("--yes", options.yes, "With --cleanup: do not ask for confirmation")->needs(cleanup);
  command
      .add_option("--verify-timeout", options.verify_timeout,
                  "Time limit in seconds for each run of a query with --verify")
      ->check(seconds_between(0.1, 3600))
      ->capture_default_str();
  for (const char* other :
       {"--verify", "--sandbox", "--log", "--workload", "--budget", "--format", "--output", "--schema"})
    cleanup->excludes(command.get_option(other));
  command.add_flag("--show-literals", options.settings.search.show_literals,
                   "Also propose partial indexes with constants from logged queries (WHERE status = "
                   "'open'); constants of .sql files are always used");
}

Result<void> check_words(const CLI::App& command, const AdviseCommand& options) {
  const auto given = [&](const char* option) { return command.count(option) > 0; };
  const auto refuse = [](const char* where, const char* what, const char* hint) {
    return fail(Error::Kind::usage, where, what, hint);
  };
  if (given("--db") && trim(options.sources.db).empty())
    return refuse("--db", "is empty", "name a database; is the variable set?");
  if (given("--disposable") && !options.settings.verify && !options.cleanup)
    return refuse("--disposable", "requires --verify or --cleanup", "pgadvise advise --help");
  if (options.cleanup && (!given("--db") || !given("--disposable")))
    return refuse("--cleanup", "requires a disposable database",
                  "--db, and --disposable with the name of its database");
  if (options.cleanup) return {};
  if (!given("--db") && !given("--sandbox"))
    return refuse("advise", "needs a database: --db, or --sandbox with --schema", "pgadvise advise --help");
  if (!given("--log") && !given("--workload") && !given("--db"))
    return refuse("advise", "needs queries: --log or --workload", "pgadvise advise --help");
  if (options.settings.verify && !given("--sandbox") && !given("--disposable"))
    return refuse("--verify", "builds indexes, so it needs a sandbox with data or a disposable database",
                  "--sandbox --schema … --load …, or --disposable with the name of --db's database");
  if (given("--budget") && trim(options.budget).empty())
    return refuse("--budget", "is empty", "500MB, 1.5GB, 1GiB");
  return {};
}

Result<int> check_and_run(const CLI::App& command, AdviseCommand& options) {
  TRY_VOID(check_words(command, options));
  TRY_VOID(find_store(command, options.store));
  if (options.cleanup) return clean_up(options.sources.db, options.settings.disposable, options.yes);
  return run(options);
}

}  // namespace

void add_advise(CLI::App& app, const UserPaths& user_paths, int& exit_code) {
  auto options = std::make_shared<AdviseCommand>();
  options->sources.user_paths = user_paths;
  auto* command = app.add_subcommand(
      "advise", "Find the indexes that reduce a workload's planner cost most for their size");
  add_inputs(*command, *options);
  add_search(*command, *options);
  add_acting_options(*command, options->settings.session_settings);
  command->add_option("--format", options->format, "text, json, or html (a report for a browser)")
      ->check(CLI::IsMember({"text", "json", "html"}));
  command->add_option("-o,--output", options->output, "File to write the report to");
  command
      ->add_option("--weigh-by", options->weigh_by,
                   "time: give more weight to queries that take longer than their planner cost suggests; "
                   "calls: weigh by calls and planner cost only")
      ->check(CLI::IsMember({"time", "calls"}))
      ->capture_default_str();
  add_verification(*command, *options);
  add_store(*command, options->store);
  add_proposals(*command, *options);
  command->footer(
      "advise changes nothing in the database: HypoPG provides hypothetical indexes. Ctrl-C ends the search "
      "and reports the best indexes so far.\n--verify builds indexes on the sandbox, or in the database that "
      "--disposable names, and drops them again; --cleanup drops leftover ones.\nExit codes: 0 success, 1 a "
      "candidate that cannot be built, is redundant or costs more than it saves, or a drop that is refused "
      "or makes a query more expensive, 2 wrong usage, an unreadable input, no HypoPG, or a leftover that "
      "--cleanup could not drop, 3 the "
      "database of --db can't be reached or read.");
  command->callback(
      [options, command, &exit_code] { exit_code = exit_code_of(check_and_run(*command, *options)); });
}

}  // namespace pgadvise::cli
