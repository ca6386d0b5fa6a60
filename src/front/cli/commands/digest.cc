#include "check/commands/digest.h"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "check/load/inputs.h"
#include "cli/commands/commands.h"
#include "cli/options/log_options.h"
#include "cli/options/store_option.h"
#include "cli/output/messages.h"
#include "cli/output/output.h"
#include "cli/output/phase.h"
#include "log/collect/merge.h"
#include "log/workload/workload_file.h"
#include "model/queries/comparison.h"
#include "report/json/digest_json.h"
#include "report/pages/page.h"
#include "report/text/digest_text.h"

namespace pgadvise::cli {
namespace {

struct DigestCommand {
  check::DigestSources sources;
  std::vector<std::string> compare;
  std::string format;  // empty: text, or with -o the workload file
  std::string output;
  bool show_literals = false;
  int top = 20;
  std::string sort = "total";
  StoreOptions store;
};

// By decreasing value; queries with equal values stay in the order of their total time.
void sort_by(std::vector<Query>& queries, const std::string& figure) {
  const auto value = [&](const Query& query) {
    if (figure == "calls") return static_cast<double>(query.calls);
    if (figure == "mean") return query.mean_ms();
    if (figure == "p95") return query.percentile_ms(0.95).value_or(query.mean_ms());
    if (figure == "max") return query.max_ms;
    if (figure == "rows") return query.mean_rows();
    return query.total_ms;
  };
  if (figure == "total") return;  // without durations: by calls
  std::ranges::stable_sort(queries, [&](const Query& a, const Query& b) { return value(a) > value(b); });
}

class Digest {
 public:
  explicit Digest(const DigestCommand& options) : options_(options) {}

  Result<int> run() {
    for (auto* list : {&options_.sources.logs, &options_.compare})
      check::take_out_conninfos(*list, diagnostics_);
    TRY_VOID(keep_logs());
    if (!diagnostics_.empty() && options_.sources.logs.empty() && options_.sources.db.empty())
      options_.compare.clear();
    if (options_.format == "html") TRY_VOID(report::need_page());
    const std::string content = options_.compare.empty() ? digest() : comparison();
    for (const auto& error : diagnostics_) complain(error);
    // What had nothing in it leaves no report and no workload file that would read as "nothing is slow".
    if (!read_ && exit_code_of(diagnostics_) != exit_clean) return exit_code_of(diagnostics_);
    TRY_VOID(write_output(options_.output, content,
                          !options_.format.empty()   ? options_.format
                          : options_.compare.empty() ? "workload file"
                                                     : "comparison"));
    if (options_.store.address) TRY_VOID(keep(*options_.store.address, facts_, options_.store.spool));
    return exit_code_of(diagnostics_);
  }

 private:
  // A workload file may be merged into itself.
  Result<void> keep_logs() const {
    std::vector<std::string> logs = options_.compare;
    for (const auto& path : options_.sources.logs)
      if (!options_.format.empty() || !check::names_workload_file(path)) logs.push_back(path);
    return check::keep_inputs(options_.output, logs);
  }

  std::vector<Workload> read(const std::vector<std::string>& paths) {
    check::DigestSources sources = options_.sources;
    sources.logs = paths;
    sources.by_log = options_.store.address ||
                     (options_.compare.empty() && options_.format.empty() && !options_.output.empty());
    auto digest = check::digest(sources, console_observer(), diagnostics_);
    read_ |= digest.read;
    return std::move(digest.workloads);
  }

  std::string digest() {
    auto workloads = read(options_.sources.logs);
    if (options_.store.address) take_facts(workloads);
    const bool text = options_.format == "text" || (options_.format.empty() && options_.output.empty());
    if (!text) report_notes(workloads);
    if (!text || !options_.output.empty()) report_unrecognized_lines(workloads);
    if (options_.format.empty() && !options_.output.empty())
      return log::to_workload_file(workloads, options_.show_literals);
    Workload all = log::total(std::move(workloads));
    sort_by(all.queries, options_.sort);
    if (text) return report::digest_text(all, text_options());
    const std::string json = report::digest_json(all, options_.show_literals);
    if (options_.format == "json") return json;
    return report::html_page(json, "pgadvise digest: " + counted(all.queries.size(), "query", "queries"));
  }

  void take_facts(const std::vector<Workload>& workloads) {
    facts_.target = target_of(options_.store, "");
    facts_.queries = statistics_of(workloads, options_.sources.selection, diagnostics_);
  }

  std::string comparison() {
    const auto side = [&](const std::string& path) {
      read_ = false;
      return log::total(read({path}));
    };
    const Workload before = side(options_.compare[0]);
    const bool before_read = read_;
    const Workload after = side(options_.compare[1]);
    read_ = read_ && before_read;  // beside nothing all would be new, or gone
    report_empty(before, options_.compare[0]);
    report_empty(after, options_.compare[1]);
    const Comparison compared = compare(before, after);
    if (options_.format == "html")
      return report::html_page(report::comparison_json(compared), "pgadvise digest --compare");
    return options_.format == "json" ? report::comparison_json(compared)
                                     : report::comparison_text(compared, text_options());
  }

  void report_empty(const Workload& workload, const std::string& path) {
    if (workload.queries.empty() && exit_code_of(diagnostics_) == exit_clean)
      diagnostics_.push_back({Error::Kind::nonfatal, path,
                              "contains no statement: every query of the other input counts as new or gone"});
  }

  // Why a log gave nothing stands in the text report itself.
  void report_notes(const std::vector<Workload>& workloads) {
    for (const auto& workload : workloads)
      for (const auto& source : workload.sources)
        if (!source.format.empty() && !source.note.empty())
          diagnostics_.push_back({Error::Kind::nonfatal, source.path, source.note});
  }

  // Who writes a file sees no report.
  void report_unrecognized_lines(const std::vector<Workload>& workloads) {
    for (const auto& workload : workloads)
      for (const auto& source : workload.sources) {
        if (source.not_understood == 0) continue;
        std::string what =
            fmt::format("{} of {} not recognized", source.not_understood, counted(source.lines, "line"));
        for (std::size_t i = 0; i < source.not_understood_at.size(); ++i)
          what += fmt::format("{}{}", i ? ", " : ", first at line ", source.not_understood_at[i].line);
        diagnostics_.push_back({Error::Kind::nonfatal, source.path, std::move(what),
                                source.prefix.empty() ? std::string()
                                                      : "if PostgreSQL wrote these lines: --log-line-prefix "
                                                        "'…', with the value of SHOW log_line_prefix"});
      }
  }

  report::DigestOptions text_options() const {
    return {look_of(options_.output), options_.show_literals, static_cast<std::size_t>(options_.top)};
  }

  DigestCommand options_;
  Diagnostics diagnostics_;
  store::Facts facts_;
  bool read_ = false;
};

Result<int> check_and_run(const CLI::App& command, DigestCommand& options) {
  TRY_VOID(find_store(command, options.store));
  if (command.count("--db") && trim(options.sources.db).empty())
    return fail(Error::Kind::usage, "--db", "is empty", "name a database; is the variable set?");
  if (!command.count("LOG") && !command.count("--db") && !command.count("--compare"))
    return fail(Error::Kind::usage, "digest", "needs a LOG, a workload file or --db",
                "pgadvise digest --help");
  return Digest(options).run();
}

}  // namespace

void add_digest(CLI::App& app, const UserPaths& user_paths, int& exit_code) {
  auto options = std::make_shared<DigestCommand>();
  options->sources.user_paths = user_paths;
  auto* command = app.add_subcommand(
      "digest",
      "Aggregate logs: which queries take most of the time; write, merge and compare workload files");
  auto* logs = command->add_option(
      "LOG", options->sources.logs,
      "PostgreSQL log (stderr, csvlog or jsonlog; - is standard input), or a workload file");
  auto* db = command->add_option("--db", options->sources.db,
                                 "Database whose pg_stat_statements is read: a libpq connection string, or "
                                 "env (DATABASE_URL, else PG*)");
  auto* compare = command
                      ->add_option("--compare", options->compare,
                                   "Two logs or workload files, the old one first: report which queries are "
                                   "new, gone, slower or more frequent")
                      ->expected(2);
  compare->excludes(logs)->excludes(db);
  add_log_options(*command, options->sources.line_prefix, options->sources.selection);
  command->add_option(
      "-j,--jobs", options->sources.jobs,
      "Number of threads that read logs; 0: one for each processor. The result does not depend on it");
  command->add_option("--format", options->format, "text, json, or html (a report for a browser)")
      ->check(CLI::IsMember({"text", "json", "html"}));
  command->add_option("-o,--output", options->output,
                      "File to write to; without --format pgadvise writes a workload file, an input of "
                      "digest and check --workload");
  command->add_option("--top", options->top, "Number of queries in the text report; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      ->add_option(
          "--sort", options->sort,
          "Order of the queries: total (time, the default), calls, mean, p95, max or rows (of a call)")
      ->check(CLI::IsMember({"total", "calls", "mean", "p95", "max", "rows"}));
  command->add_flag("--show-literals", options->show_literals,
                    "Show and store statements and parameters with their literals");
  add_store(*command, options->store);
  compare->excludes(command->get_option("--store"));
  command->footer(
      "Exit codes: 0 success, 2 wrong usage or an unreadable input, 3 the database of --db can't be reached "
      "or read.");
  command->callback(
      [options, command, &exit_code] { exit_code = exit_code_of(check_and_run(*command, *options)); });
}

}  // namespace pgadvise::cli
