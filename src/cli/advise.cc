#include <atomic>
#include <charconv>
#include <cmath>
#include <csignal>
#include <map>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "advisor/advise.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "log/merge.h"
#include "pg/catalog_reader.h"
#include "pg/plan_source.h"
#include "pg/what_if.h"
#include "report/advice.h"
#include "sql/facts.h"

namespace pgadvise::cli {
namespace {

struct Options {
  std::string db;
  bool sandbox = false;
  std::vector<std::string> schema;
  std::vector<std::string> load;
  std::vector<std::string> logs;
  std::vector<std::string> workloads;
  std::string line_prefix;
  unsigned jobs = 0;
  std::string budget;
  std::size_t max_indexes = 0;
  int max_width = 4;
  std::string sizes = "pgadvise";
  double time_limit = 60;
  std::string format = "text";
  std::string output;
  bool show_literals = false;
};

// The first Ctrl-C ends the search with the best so far, the second one the program.
std::atomic<bool> interrupted{false};
extern "C" void interrupt(int) {
  interrupted = true;
  std::signal(SIGINT, SIG_DFL);
}

// 500MB, 1GB: powers of 1000; 500MiB, 1GiB: of 1024; a bare number: bytes.
std::optional<std::int64_t> read_size(std::string_view text) {
  double number = 0;
  const std::string copy(trim(text));
  const auto [end, code] = std::from_chars(copy.data(), copy.data() + copy.size(), number);
  if (code != std::errc() || !std::isfinite(number) || number <= 0) return std::nullopt;
  const std::string unit = lower(trim(std::string_view(end, static_cast<std::size_t>(copy.data() + copy.size() - end))));
  static const std::map<std::string, double> units = {{"", 1},     {"b", 1},          {"kb", 1e3},        {"mb", 1e6},           {"gb", 1e9},
                                                      {"tb", 1e12}, {"kib", 1024.0}, {"mib", 1048576.0}, {"gib", 1073741824.0}, {"tib", 1099511627776.0}};
  const auto factor = units.find(unit);
  if (factor == units.end()) return std::nullopt;
  const double bytes = number * factor->second;
  return bytes >= 1 && bytes < 9e18 ? std::optional(static_cast<std::int64_t>(bytes)) : std::nullopt;
}

class Advise {
 public:
  explicit Advise(Options options) : options_(std::move(options)) {}

  int run() {
    if (const auto read = advise(); !read) diagnostics_.push_back(read.error());
    for (const auto& error : diagnostics_) complain(error);
    if (!advice_) return std::max<int>(exit_usage, exit_code_of(diagnostics_));
    const std::string content = options_.format == "json" ? report::advice_json(*advice_, diagnostics_)
                                                          : report::advice_text(*advice_, {use_colour(options_.output), output_width(options_.output, 80)});
    if (const auto wrote = write_output(options_.output, content); !wrote) {
      complain(wrote.error());
      return exit_usage;
    }
    return exit_code_of(diagnostics_);
  }

 private:
  Result<void> advise() {
    advisor::AdviseOptions how;
    if (!options_.budget.empty()) {
      how.budget = read_size(options_.budget);
      if (!how.budget) return fail(Error::Kind::usage, "--budget", ellipsis(options_.budget, 40) + " is no size", "500MB, 1.5GB, 1GiB");
    }
    std::vector<std::string> inputs = options_.schema;
    for (const auto* list : {&options_.load, &options_.logs, &options_.workloads}) inputs.insert(inputs.end(), list->begin(), list->end());
    if (const auto kept = keep_inputs(options_.output, inputs); !kept) return kept;
    for (auto* list : {&options_.schema, &options_.load, &options_.logs, &options_.workloads}) take_out_conninfos(*list, diagnostics_);
    Workload workload = read_workload();
    const auto connection = connect();
    if (!connection) return tl::unexpected(connection.error());
    auto catalog = production_ ? Result<Catalog>(std::move(*production_)) : pg::read_catalog(**connection, diagnostics_);
    if (!catalog) return tl::unexpected(catalog.error());
    if (sandbox_ && !production_) catalog->statistics_days.reset();
    const auto source = pg::make_plan_source(**connection);
    if (!source) return tl::unexpected(source.error());
    if (const auto missing = (*source)->what_if_missing(); !missing.empty()) return fail(Error::Kind::usage, (*connection)->where(), missing);
    const auto what_if = pg::make_what_if(**connection);
    if (!what_if) return tl::unexpected(what_if.error());
    sql::resolve(workload, *catalog);
    how.max_indexes = options_.max_indexes;
    how.max_width = options_.max_width;
    how.hypopg_sizes = options_.sizes == "hypopg";
    how.time_limit = std::chrono::milliseconds(static_cast<std::int64_t>(options_.time_limit * 1000));
    how.stop = [] { return interrupted.load(); };
    std::signal(SIGINT, interrupt);
    advice_ = advisor::advise(workload, *catalog, **source, **what_if, how, diagnostics_);
    std::signal(SIGINT, SIG_DFL);
    return {};
  }

  Workload read_workload() {
    auto workloads = read_logs(options_.logs, {.line_prefix = options_.line_prefix, .threads = options_.jobs, .limits = {}, .progress = {}},
                               !options_.workloads.empty(), diagnostics_);
    for (auto& workload : read_workloads(options_.workloads, diagnostics_)) workloads.push_back(std::move(workload));
    log::count_once(workloads, diagnostics_);
    return log::total(std::move(workloads));
  }

  Result<pg::Connection*> connect() {
    if (options_.sandbox) {
      auto sandbox = build_sandbox(find_schemas(options_.schema, diagnostics_), options_.load, diagnostics_);
      if (!sandbox) return tl::unexpected(sandbox.error());
      sandbox_ = std::make_unique<pg::Sandbox>(std::move(sandbox->server));
      production_ = std::move(sandbox->production);
      return &sandbox_->connection();
    }
    auto connection = pg::Connection::open(options_.db);
    if (!connection) return tl::unexpected(connection.error());
    connection_ = std::make_unique<pg::Connection>(std::move(*connection));
    return connection_.get();
  }

  Options options_;
  Diagnostics diagnostics_;
  std::unique_ptr<pg::Sandbox> sandbox_;
  std::optional<Catalog> production_;  // what the sandbox's statistics are of
  std::unique_ptr<pg::Connection> connection_;
  std::optional<Advice> advice_;
};

}  // namespace

void add_advise(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("advise", "Which indexes serve a workload best for their size, by the planner's own costs");
  auto* db = command->add_option("--db", options->db, "Database to cost on: a libpq connection string, or env (DATABASE_URL, else PG*); needs the extension hypopg");
  auto* sandbox = command->add_flag("--sandbox", options->sandbox, "Build the schema on a throwaway PostgreSQL and cost there");
  auto* schema = command->add_option("--schema", options->schema, "Schema for the sandbox: migrations, a dump, a drizzle snapshot; a snapshot of a server (pgadvise snapshot) gives its sizes and statistics, too")->needs(sandbox);
  command->add_option("--load", options->load, "SQL to run in the sandbox after the schema: test data")->needs(sandbox);
  sandbox->excludes(db)->needs(schema);
  auto* log = command->add_option("--log", options->logs, "PostgreSQL log, or a workload file");
  auto* workload = command->add_option("--workload", options->workloads, "Workload file of pgadvise digest -o, or SQL file: each statement counts as one call");
  command->add_option("--log-line-prefix", options->line_prefix, "log_line_prefix of the server, where it isn't found by itself");
  command->add_option("-j,--jobs", options->jobs, "Threads that read logs; 0: one for each processor");
  auto* budget = command->add_option("--budget", options->budget,
                                     "Most that the new indexes may take together: 500MB, 1.5GB (powers of 1000), 1GiB (of 1024), or bytes; "
                                     "default: none, and no index that saves less than 1 % of the workload's cost and 10 % of its queries'");
  command->add_option("--max-indexes", options->max_indexes, "Most new indexes; 0: any number");
  command->add_option("--max-width", options->max_width, "Most key columns of an index; under 3 also no INCLUDE and no partial indexes")
      ->check(CLI::Range(1, 8))
      ->capture_default_str();
  command->add_option("--size-estimate", options->sizes, "pgadvise: from statistics; hypopg: HypoPG's own, to compare with other tools")
      ->check(CLI::IsMember({"pgadvise", "hypopg"}))
      ->capture_default_str();
  command->add_option("--time-limit", options->time_limit, "Seconds for the search; then the best so far is reported")->check(CLI::Range(0.1, 86400.0))->capture_default_str();
  command->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->add_option("-o,--output", options->output, "File to write the report to");
  command->add_flag("--show-literals", options->show_literals, "Accepted as elsewhere; the advice holds no literals");
  command->footer(
      "Nothing is made or changed on the database: indexes are supposed by HypoPG. Ctrl-C ends with the best so far.\n"
      "Exit codes: 0, 2 wrong usage, an unreadable input or no HypoPG, 3 the database of --db can't be reached.");
  command->callback([options, db, sandbox, log, workload, budget, &exit_code] {
    const auto refuse = [&](const char* where, const char* what, const char* hint) {
      complain({Error::Kind::usage, where, what, hint});
      exit_code = exit_usage;
    };
    if (db->count() && trim(options->db).empty()) return refuse("--db", "is empty", "name a database; is the variable set?");
    if (!db->count() && !sandbox->count()) return refuse("advise", "needs a database to cost on: --db, or --sandbox with --schema", "pgadvise advise --help");
    if (!log->count() && !workload->count()) return refuse("advise", "needs queries: --log or --workload", "pgadvise advise --help");
    if (budget->count() && trim(options->budget).empty()) return refuse("--budget", "is empty", "500MB, 1.5GB, 1GiB");
    exit_code = Advise(*options).run();
  });
}

}  // namespace pgadvise::cli
