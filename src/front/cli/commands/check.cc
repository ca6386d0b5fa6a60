#include <algorithm>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>

#include "base/iso_time.h"
#include "base/process/shell.h"
#include "base/text/mask.h"
#include "base/text/number_format.h"
#include "base/text/text.h"
#include "cli/commands/commands.h"
#include "cli/options/check_options.h"
#include "cli/options/fail_on.h"
#include "cli/options/otlp_option.h"
#include "cli/options/store_option.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "cli/output/reports.h"
#include "cli/output/sources.h"
#include "watch/counters_file.h"

namespace pgadvise::cli {
namespace {

struct CheckCommand {
  CheckOptions check;
  std::vector<WantedReport> reports;
  FailOn fail_on;
  StoreOptions store;
  std::string counters;                  // file of --counters; "": none
  std::string otlp_url;                  // of --otlp
  std::optional<net::OtlpAddress> otlp;  // nullopt: nothing is sent
  std::size_t top = 0;
  bool all = false;
};

int exit_code_by(const Report& report, const FailOn& fail_on) {
  if (const int code = exit_code_of(report.diagnostics); code != exit_clean) return code;
  const bool any =
      std::ranges::any_of(report.findings, [&](const Finding& finding) { return fail_on.matches(finding); });
  return any ? exit_findings : exit_clean;
}

// The facts of the run, without literals.
store::Facts facts_of(const CheckRun& checked, const CheckCommand& options, Diagnostics& diagnostics) {
  const check::Inputs& inputs = checked.inputs;
  const bool live = inputs.live_database();
  store::Facts out{.target = target_of(options.store, live ? inputs.database.live->database : std::string())};
  out.run = record_of(checked.report);
  if (live) {
    const auto taken = seconds_of(checked.report.started).value_or(now());
    out.sizes = store::relation_sizes(*inputs.database.live, taken);
    out.scans = store::index_scans(*inputs.database.live, taken);
    out.plans = plans_of(checked.report, inputs.workload, taken);
  }
  if (!inputs.workload.sources.empty())
    out.queries = statistics_of({inputs.workload}, options.check.sources.selection, diagnostics);
  return out;
}

bool kept(const CheckRun& checked, const CheckCommand& options) {
  if (!options.store.address) return true;
  Diagnostics diagnostics;
  auto facts = facts_of(checked, options, diagnostics);
  std::optional<watch::CountersFile> counters;
  if (!options.counters.empty()) {
    const auto taken = seconds_of(checked.report.started).value_or(now());
    const auto added = counters.emplace(options.counters).add(checked.inputs.workload, taken, facts.queries);
    if (!added) diagnostics.push_back(added.error());
  }
  // Only when they are safe: a reading whose facts are lost counts as not taken.
  const auto done = keep(*options.store.address, facts, options.store.spool,
                         [&] { return counters ? counters->keep() : Result<void>(); });
  if (!done) diagnostics.push_back(done.error());
  for (const auto& error : diagnostics) complain(error);
  return done && exit_code_of(diagnostics) == exit_clean;
}

// The command with the inputs of the run; of a connection string with a secret: env.
std::string command_of(const check::Sources& sources) {
  std::string out = "pgadvise check";
  for (const auto& path : sources.paths) out += " " + shell_word(path);
  const auto add = [&](const char* option, const std::vector<std::string>& values) {
    for (const auto& value : values) out += std::string(" ") + option + " " + shell_word(value);
  };
  add("--schema", sources.schema);
  add("--log", sources.logs);
  add("--workload", sources.workloads);
  if (!sources.db.empty()) add("--db", {mask_secrets(sources.db) == sources.db ? sources.db : "env"});
  if (sources.sandbox && sources.against.empty()) out += " --sandbox";
  return out;
}

void report_baseline(const Report& report, const check::Settings& settings) {
  const bool failed = std::ranges::any_of(report.diagnostics, [&](const Error& error) {
    return error.kind != Error::Kind::nonfatal && error.where == settings.baseline;
  });
  if (!settings.update_baseline || !report.baseline || failed) return;
  report_written(settings.baseline, "baseline of " + counted(report.baseline->known.size(), "finding"));
}

Result<int> run(CheckCommand options) {
  for (const auto& report : options.reports) options.check.sources.outputs.push_back(report.path);
  auto checked = run_check(options.check);
  if (!checked) return usage_errors(checked.error());
  if (checked->inputs.has_workload) checked->how.workload = &checked->inputs.workload;
  for (const auto& schema : checked->inputs.schemas)
    if (schema.catalog) checked->how.catalogs.push_back(&*schema.catalog);
  checked->how.top = options.top;
  checked->how.command = command_of(options.check.sources);
  checked->how.all = options.all || !options.check.settings.only.empty();
  for (const auto& error : report::together(checked->report.diagnostics)) complain(error);
  TRY_VOID(write_reports(checked->report, options.reports, checked->how));
  report_baseline(checked->report, options.check.settings);
  const bool stored = kept(*checked, options);
  const bool sent = !options.otlp || send(*options.otlp, checked->report, checked->how);
  if (!stored || !sent) return exit_usage;
  return exit_code_by(checked->report, options.fail_on);
}

struct Words {
  std::vector<std::string> formats, outputs, fail_on;
};

Result<int> parse_and_run(const CLI::App& command, const Words& words, CheckCommand options) {
  TRY(options.reports, wanted_reports(command, "--format", "--output"));
  TRY(options.fail_on, parse_fail_on(words.fail_on));
  TRY_VOID(find_store(command, options.store));
  TRY(options.otlp, optional_otlp(command, options.otlp_url));
  TRY_VOID(check_words(command, options.check));
  return run(std::move(options));
}

}  // namespace

static std::string formats_help() {
  std::string out;
  for (const auto* format : report::all_formats())
    out += (out.empty() ? "" : "; ") + std::string(format->name) + ": " + std::string(format->description);
  return out;
}

void add_check(CLI::App& app, const UserPaths& user_paths, int& exit_code) {
  auto options = std::make_shared<CheckCommand>();
  options->check.settings.user_paths = user_paths;
  auto* command = app.add_subcommand("check", "Check schemas, queries and a repository (the default)");
  add_inputs(*command, options->check);
  auto words = std::make_shared<Words>();
  command->add_option("--format", words->formats, formats_help())
      ->type_name("{" + join(format_names(), ",") + "}");
  command
      ->add_option("-o,--output", words->outputs,
                   "File to write the report to. With several --format, each -o belongs to the --format "
                   "before it: --format sarif -o a.sarif --format text")
      ->type_name("FILE");
  command
      ->add_option("--top", options->top,
                   "Number of findings that --format agent lists; 0: as many as fit into about 2,000 tokens")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--all", options->all,
                    "Show every finding in full, also on the terminal; a report in a file always does");
  command
      ->add_option(
          "--fail-on", words->fail_on,
          "Findings that make the exit code 1. A severity (error, warning or note; default: error): "
          "findings of at least this severity. never: none. confirmed: only findings with the verdict "
          "confirmed, as in note,confirmed. Ids of rules: findings of these rules, whatever their "
          "severity. Separate several by commas")
      ->type_name("WORDS");
  auto* baseline =
      command->add_option("--baseline", options->check.settings.baseline,
                          "File of accepted findings, usually .pgadvise-baseline.json: report only "
                          "findings that the file does not contain, and list entries that no longer match a "
                          "finding");
  command
      ->add_flag("--update-baseline", options->check.settings.update_baseline,
                 "Write the current findings to the file of --baseline")
      ->needs(baseline);
  add_choices(*command, options->check);
  add_store(*command, options->store);
  add_otlp(*command, options->otlp_url);
  command
      ->add_option(
          "--counters", options->counters,
          "File that keeps the counters of pg_stat_statements between runs. Each run stores how much "
          "the counters grew since the previous run, as the statistics of the queries")
      ->needs("--store")
      ->needs("--db")
      ->type_name("FILE");
  command->callback([options, words, command, &exit_code] {
    exit_code = exit_code_of(parse_and_run(*command, *words, *options));
  });
}

}  // namespace pgadvise::cli
