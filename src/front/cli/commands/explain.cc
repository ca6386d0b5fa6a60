#include "check/commands/explain.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "cli/commands/commands.h"
#include "cli/options/plan_options.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "cli/output/phase.h"
#include "cli/process/interrupt.h"
#include "log/record/logged_plan.h"
#include "plan/insights/analysis.h"
#include "plan/insights/insights.h"
#include "plan/read/reader.h"
#include "report/common.h"
#include "report/json/plan_json.h"
#include "report/pages/page.h"
#include "report/report.h"
#include "report/text/plan_text.h"
#include "sql/explain_json.h"

namespace pgadvise::cli {
namespace {

struct ExplainCommand {
  std::string query;
  std::string file;
  std::string plan;  // a plan that somebody has already
  std::string log;   // with auto_explain's plans
  std::string db;
  check::ExplainSettings settings;
  double max_analyze_time = 60;  // seconds
  std::vector<std::string> parameters;
  bool no_analyze = false;
  bool whole = false;
  std::string format = "text";
  std::string output;
  UserPaths user_paths;
};

Result<std::string> read_statement(const std::string& path, const UserPaths& user_paths) {
  constexpr std::size_t most = std::size_t{64} << 20;
  if (path != "-") return read_file(path, most, user_paths);
  return read_standard_input(most);
}

class Explain {
 public:
  explicit Explain(ExplainCommand options) : options_(std::move(options)), settings_(options_.settings) {
    settings_.analyze_budget = milliseconds(options_.max_analyze_time);
    settings_.analyze = !options_.no_analyze;
    for (const auto& parameter : options_.parameters) settings_.parameters.emplace_back(parameter);
    settings_.observer = console_observer();
  }

  Result<int> run() {
    if (html()) TRY_VOID(report::need_page());
    const auto content = !options_.plan.empty() ? of_plan() : !options_.log.empty() ? of_log() : of_query();
    if (!content) diagnostics_.push_back(content.error());
    for (const auto& error : diagnostics_) complain(error);
    if (!content) return std::max<int>(exit_usage, exit_code_of(diagnostics_));
    TRY_VOID(write_output(options_.output, *content, "plan, " + options_.format));
    return exit_code_of(diagnostics_);
  }

 private:
  // A page shows the JSON.
  bool json() const { return options_.format != "text"; }
  bool html() const { return options_.format == "html"; }

  Result<std::string> of_plan() {
    TRY(const auto text, read_statement(options_.plan, options_.user_paths));
    Diagnostics incomplete;
    auto plan = plan::read(text, incomplete);
    if (!plan) return fail(Error::Kind::input, options_.plan, plan.error().what, plan.error().hint);
    in_part_ = !incomplete.empty();
    for (auto& warning : incomplete) {
      warning.where = options_.plan;
      diagnostics_.push_back(std::move(warning));
    }
    return shown(*plan, nullptr);
  }

  Result<std::string> of_log() {
    TRY(const auto found, check::explain_logged(options_.log, options_.query, settings_.observer,
                                                diagnostics_, options_.user_paths));
    in_part_ = found.in_part;
    if (json()) return shown(found.plan, nullptr);
    const auto& logged = *found.query.plan;
    return printable(fmt::format("{}: {:.1f} ms, of {} calls of {}", logged.place.str(), logged.duration_ms,
                                 found.query.calls, found.query.fingerprint)) +
           "\n" + printable(ellipsis(found.query.text, 600)) + "\n\n" + shown(found.plan, nullptr);
  }

  Result<std::string> of_query() {
    TRY(const auto text, options_.file.empty() ? Result<std::string>(options_.query)
                                               : read_statement(options_.file, options_.user_paths));
    TRY_VOID(check::only_statement(text));
    TRY(const auto inputs, check::load_for_explain(options_.db, settings_, diagnostics_));
    const StopOnInterrupt interrupt;
    settings_.stop = interrupt.token();
    TRY(const auto explained, check::explain(text, inputs, settings_, diagnostics_));
    if (!explained.limits.empty()) origin_ = "Planned, not run: " + explained.limits + ".";
    for (const auto& variant : explained.variants)
      variants_.push_back(
          {variant.values, variant.plan.root.total_cost, report::summary(variant.plan), variant.shown});
    findings_ = explained.findings;
    plans_ = explained.plans;
    std::string out = shown(explained.plan, &inputs.catalog);
    if (json()) return out;
    out += report::variants_text(variants_, output_width(options_.output, 80));
    for (const auto& finding : explained.findings) out += text_of(finding);
    return out;
  }

  std::string shown(const Plan& plan, const Catalog* catalog) const {
    const auto times = plan::self_times(plan);
    const auto insights = plan::insights(plan, times, catalog);
    if (json()) {
      const std::string out = report::plan_json(plan, times, insights, variants_, in_part_, findings_,
                                                without_literals(plan.text), plans_);
      return html() ? report::html_page(out, "pgadvise explain: one plan") : out;
    }
    std::string out = report::plan_text(plan, times, insights, look_of(options_.output), options_.whole);
    if (in_part_) out += "\nThis is only a part of the plan: see the warnings.\n";
    if (!origin_.empty()) out += "\n" + printable(origin_) + "\n";
    return out;
  }

  // EXPLAIN's output for programs that draw plans; "" for forms that they do not read.
  static std::string without_literals(const std::string& explained) {
    for (const auto& json :
         {sql::ExplainJson(explained), sql::json_of_xml(explained), sql::json_of_yaml(explained)})
      if (json)
        if (auto redacted = log::redact_plan(LoggedPlan::Format::json, *json); !redacted.empty())
          return redacted;
    if (!contains(explained, "(cost=")) return {};
    return log::redact_plan(LoggedPlan::Format::text, "Query Text: -\n" + explained);
  }

  static std::string text_of(const Finding& found) {
    const Finding finding = report::without_secrets(found);
    std::string out = fmt::format("\n{} {}{}\n", name(finding.severity), finding.short_id,
                                  report::verdict_mark(finding.verdict));
    if (!finding.fix) return out;
    const Fix& fix = *finding.fix;
    out += "  " + printable_block(fix.sql.empty() ? fix.title : fix.sql) + "\n";
    out += report::cost_line("  ", fix);
    if (fix.sql.starts_with("CREATE INDEX"))
      out +=
          "  for this statement alone: check, advise and review search for the whole\n"
          "  workload, and may propose a wider index that serves it, too\n";
    return out;
  }

  ExplainCommand options_;
  check::ExplainSettings settings_;
  Diagnostics diagnostics_;
  std::string origin_;
  bool in_part_ = false;  // the plan was not read completely
  std::vector<report::PlanVariant> variants_;
  std::vector<Finding> findings_;
  std::vector<ReportPlan> plans_;
};

Result<int> check_and_run(const CLI::App& command, const ExplainCommand& options) {
  const bool has_plan = command.count("--plan") + command.count("--log") > 0;
  const auto refuse = [](const char* what) {
    return fail(Error::Kind::usage, "explain", what, "pgadvise explain --help");
  };
  if (!has_plan && command.count("QUERY") + command.count("--file") == 0)
    return refuse("needs a QUERY, --file, --plan or --log");
  if (!has_plan && trim(options.db).empty())
    return refuse("needs --db, the database that plans the statement");
  return Explain(options).run();
}

}  // namespace

void add_explain(CLI::App& app, const UserPaths& user_paths, int& exit_code) {
  auto options = std::make_shared<ExplainCommand>();
  options->user_paths = user_paths;
  auto* command = app.add_subcommand(
      "explain", "Show one query's plan: which nodes take the time, the problems, and the index that helps");
  auto* query = command->add_option(
      "QUERY", options->query,
      "The statement; --param gives the values of $1 …; without values the server makes a generic plan");
  auto* file =
      command->add_option("-f,--file", options->file, "File with the statement; - for standard input");
  auto* plan =
      command->add_option("--plan", options->plan,
                          "File with the output of EXPLAIN: text, JSON, YAML or XML, also with what a "
                          "client pasted around it; - for standard input. pgadvise connects to no "
                          "database");
  auto* log = command->add_option(
      "--log", options->log,
      "Log with plans of auto_explain: shows the plan of QUERY (a statement or a fingerprint), by default of "
      "the slowest statement. pgadvise connects to no database");
  auto* db = command->add_option("--db", options->db,
                                 "Database: a libpq connection string, or env (DATABASE_URL, else PG*)");
  command->add_option("--param", options->parameters, "Value of $1, then of $2 …");
  add_acting_options(*command, options->settings.session_settings);
  add_analyze_time(*command, options->max_analyze_time);
  command->add_flag("--show-literals", options->settings.show_literals,
                    "Show the values from pg_stats with which a statement with $n was planned");
  command->add_flag("--no-analyze", options->no_analyze, "Plan the statement, do not run it");
  command->add_flag("--all-nodes", options->whole,
                    "Show all nodes of the plan; by default cheap ones are folded");
  command->add_option("--format", options->format, "text, json, or html (a report for a browser)")
      ->check(CLI::IsMember({"text", "json", "html"}));
  command->add_option("-o,--output", options->output, "File to write to");
  command->footer(
      "pgadvise runs a statement (EXPLAIN ANALYZE) only if the statement just reads, and calls only built-in "
      "functions known to be harmless. It does so in a\nREAD ONLY transaction that it rolls back, for at "
      "most 5 seconds. Otherwise it only plans the statement, and reports the reason.\nExit codes: 0 "
      "success, 2 wrong usage or an unreadable input, 3 the database can't be reached or read.");
  query->excludes(file)->excludes(plan);
  file->excludes(plan);
  db->excludes(plan);
  log->excludes(plan)->excludes(file)->excludes(db);
  command->callback(
      [options, command, &exit_code] { exit_code = exit_code_of(check_and_run(*command, *options)); });
}

}  // namespace pgadvise::cli
