#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "advisor/advise.h"
#include "advisor/questions.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "cli/plans.h"
#include "cli/progress.h"
#include "cli/talk.h"
#include "cli/trust.h"
#include "log/merge.h"
#include "pg/catalog_reader.h"
#include "pg/plan_source.h"
#include "pg/verify.h"
#include "pg/what_if.h"
#include "plan/planner.h"
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
  pg::Acting acting;
  std::string weigh_by = "time";
  bool verify = false;
  std::string disposable;
  double verify_timeout = 10;
};

constexpr std::int64_t largest_to_build = 1'000'000'000;  // bytes of a table
constexpr std::chrono::seconds build_limit{120};
constexpr double least_gain = 0.01;  // of the workload's cost, as without a budget

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
    for (auto& error : diagnostics_) complain(error = without_outside_text(std::move(error)));
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
    auto catalog = production_ ? Result<Catalog>(std::move(*production_)) : during("reading the catalog", [&] { return pg::read_catalog(**connection, diagnostics_); });
    if (!catalog) return tl::unexpected(catalog.error());
    if (sandbox_ && !production_) catalog->statistics_days.reset();
    if (sandbox_ && !statistics_only_ && !holds_rows(*catalog))
      diagnostics_.push_back({Error::Kind::passing, "the sandbox", "its tables hold no rows: no index can be said to pay", "--load SQL with rows, or a snapshot of a server as --schema"});
    (*connection)->act_as(options_.acting);
    const auto source = pg::make_plan_source(**connection);
    if (!source) return tl::unexpected(source.error());
    if (const auto missing = (*source)->what_if_missing(); !missing.empty()) return fail(Error::Kind::usage, (*connection)->where(), missing);
    if (!sandbox_) tell_unguarded(**source, **connection, diagnostics_);
    if (options_.verify)
      if (const auto may = may_verify(**connection); !may) return may;
    auto what_if = pg::make_what_if(**connection, pg::more_connections(**connection, sandbox_ ? sandbox_->conninfo() : options_.db, std::min(jobs(), std::max<std::size_t>(1, workload.queries.size())) - 1));
    if (!what_if) return tl::unexpected(what_if.error());
    sql::resolve(workload, *catalog, (*source)->search_path());
    how.max_indexes = options_.max_indexes;
    how.max_width = options_.max_width;
    how.hypopg_sizes = options_.sizes == "hypopg";
    how.time_limit = milliseconds(options_.time_limit);
    how.by_time = options_.weigh_by == "time";
    how.show_literals = options_.show_literals;
    how.stop = interrupted;
    ProgressLine progress;
    if (progress.wanted())
      how.progress = [&](const advisor::AdviseProgress& now) {
        if (now.queries == 0) return progress.show("pgadvise: planning the queries as they are");
        progress.show(fmt::format("pgadvise: {} plans asked for, {} queries, best so far: {:.1f} % of the cost is left", now.plans, now.queries, 100 * now.left));
      };
    const Interruptible interruptible;
    advice_ = advisor::advise(workload, *catalog, **source, **what_if, how, diagnostics_);
    if (sandbox_ && !statistics_only_) during("building indexes that can't be supposed", [&] { cost_the_uncosted(workload, *catalog, **what_if); });
    what_if->reset();  // and its connections: --verify wants the database for itself
    if (options_.verify && !interrupted()) return verify(workload, **connection, *catalog, **source, progress);
    return {};
  }

  static bool holds_rows(const Catalog& catalog) {
    return std::any_of(catalog.tables.begin(), catalog.tables.end(), [](const auto& table) { return table.second.statistics && (table.second.statistics->rows > 0 || table.second.statistics->pages > 0); });
  }

  // Connections to ask for plans on.
  std::size_t jobs() const { return options_.jobs ? options_.jobs : connections_to_our_own(); }

  Result<void> may_verify(pg::Connection& connection) {
    if (statistics_only_) return fail(Error::Kind::usage, "--verify", "the sandbox has a server's statistics, and no rows to run queries on", "--schema and --load build one with rows");
    if (sandbox_) return {};
    if (!options_.acting.role.empty() || !options_.acting.search_path.empty())
      return fail(Error::Kind::usage, "--verify", "builds indexes as the connection's own user and would run queries as another, or by another search_path: not together with --role or --search-path on a database", "connect as that role, with that search_path");
    const auto why = pg::not_disposable(connection, options_.disposable);
    if (why.empty()) return {};
    return fail(Error::Kind::usage, connection.where(), why, "--verify builds indexes: give it a copy, and its name to --disposable");
  }

  // What HypoPG can't suppose is built, on a sandbox with rows, beside nothing else: at least so much it saves.
  void cost_the_uncosted(const Workload& workload, const Catalog& catalog, plan::WhatIf& what_if) {
    std::int64_t left = advice_->budget_bytes.value_or(std::numeric_limits<std::int64_t>::max());
    for (const auto& index : advice_->indexes) left -= index.size_bytes;
    std::vector<UncostedIndex> still;
    for (auto& index : advice_->not_costed) {
      const Table* table = catalog.table(index.table);
      const bool small = table && table->statistics && table->statistics->bytes <= largest_to_build;
      if (interrupted() || !small || table->kind == Table::Kind::partitioned || !cost_built(workload, what_if, index) || *index.size_bytes > left || !take(index, left))
        still.push_back(std::move(index));
    }
    advice_->not_costed = std::move(still);
  }

  bool cost_built(const Workload& workload, plan::WhatIf& what_if, UncostedIndex& index) {
    pg::Connection& connection = sandbox_->connection();
    what_if.clear();
    if (index.sql.find("gin_trgm_ops") != std::string::npos) (void)sandbox_->admin().query("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public");
    connection.set_deadline(build_limit);
    const auto built = connection.query(replace_all(index.sql, " CONCURRENTLY", ""));
    connection.set_deadline({});
    if (!built) {
      index.reason += "; can't be built on the sandbox: " + built.error().what;
      return false;
    }
    const std::string down = replace_all(index.down_sql, " CONCURRENTLY", "");
    const auto name = trim(std::string_view(down).substr(std::string_view("DROP INDEX ").size()));
    const auto size = connection.query("SELECT pg_catalog.pg_relation_size($1::pg_catalog.regclass)", {std::string(name.substr(0, name.size() - 1))});
    index.size_bytes = size && !size->empty() && size->front()[0] ? std::strtoll(size->front()[0]->c_str(), nullptr, 10) : 0;
    index.cost_saved = 0;
    for (const auto& fingerprint : index.queries) {
      const Query* query = workload.query(fingerprint);
      const auto advised = std::find_if(advice_->queries.begin(), advice_->queries.end(), [&](const AdvisedQuery& other) { return other.fingerprint == fingerprint; });
      if (!query || advised == advice_->queries.end()) continue;
      double cost = 0;
      const auto statements = advisor::statements_of(*query);
      for (const auto& statement : statements) {
        const auto plan = what_if.cost(statement, {});
        cost += (plan ? plan->cost : advised->cost_after) / static_cast<double>(statements.size());
      }
      if (cost >= advised->cost_after) continue;
      *index.cost_saved += advised->weight * (advised->cost_after - cost);
      built_costs_[index.sql][fingerprint] = cost;
    }
    what_if.clear();
    (void)connection.query(down);
    return true;
  }

  // Among the indexes that are proposed, if it pays as they do.
  bool take(const UncostedIndex& index, std::int64_t& left) {
    const bool room = !options_.max_indexes || advice_->indexes.size() < options_.max_indexes;
    if (!room || *index.cost_saved < least_gain * advice_->cost_before) return false;
    left -= *index.size_bytes;
    advice_->cost_after -= *index.cost_saved;
    AdvisedIndex out{index.table, index.sql, index.down_sql, *index.size_bytes, *index.cost_saved, 0, {}, {}};
    for (auto& query : advice_->queries)
      if (const auto cost = built_costs_[index.sql].find(query.fingerprint); cost != built_costs_[index.sql].end()) {
        query.cost_after = std::min(query.cost_after, cost->second);
        out.queries.push_back(query.fingerprint);
      }
    std::sort(out.queries.begin(), out.queries.end());
    advice_->indexes.push_back(std::move(out));
    return true;
  }

  Result<void> verify(const Workload& workload, pg::Connection& connection, const Catalog& catalog, plan::PlanSource& source, ProgressLine& progress) {
    if (sandbox_) during("VACUUM ANALYZE", [&] { (void)connection.run_script("VACUUM ANALYZE"); });
    plan::Planner planner(source, catalog, {.stop = interrupted});
    std::vector<pg::VerifyQuery> queries;
    for (const auto& advised : advice_->queries) {
      pg::VerifyQuery out{{advised.fingerprint, advised.text, advised.weight, advised.cost_before, advised.cost_after, {}, {}, {}}, {}};
      if (const Query* query = workload.query(advised.fingerprint)) choose_statements(*query, planner, out);
      queries.push_back(std::move(out));
    }
    pg::VerifyOptions how;
    how.statement_limit = milliseconds(options_.verify_timeout);
    if (progress.wanted()) how.progress = [&](std::string_view text) { progress.show("pgadvise: " + std::string(text)); };
    auto verified = pg::verify(connection, std::move(queries), advice_->indexes, how, diagnostics_);
    if (!verified) return tl::unexpected(verified.error());
    advice_->verification = std::move(*verified);
    if (sandbox_) advice_->verification->where = "the sandbox";
    return {};
  }

  // Those that may be run, by the same rules as everywhere.
  static void choose_statements(const Query& query, plan::Planner& planner, pg::VerifyQuery& out) {
    for (auto& statement : advisor::statements_of(query)) {
      const auto decision = planner.decide({statement.sql, statement.parameters, !statement.generic, {}, plan::Names::session});
      if (decision && decision->allowed == plan::Allowed::analyze) out.statements.push_back(std::move(statement));
      else out.query.why_not = decision ? decision->reason : decision.error().what;
    }
    if (!out.statements.empty()) out.query.why_not.clear();
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
      auto sandbox = during("building the sandbox", [&] { return build_sandbox(find_schemas(options_.schema, diagnostics_), options_.load, diagnostics_); });
      if (!sandbox) return tl::unexpected(sandbox.error());
      sandbox_ = std::make_unique<pg::Sandbox>(std::move(sandbox->server));
      production_ = std::move(sandbox->production);
      statistics_only_ = sandbox->statistics_only;
      return &sandbox_->connection();
    }
    auto connection = during("connecting", [&] { return pg::Connection::open(options_.db); });
    if (!connection) return tl::unexpected(connection.error());
    connection_ = std::make_unique<pg::Connection>(std::move(*connection));
    return connection_.get();
  }

  Options options_;
  Diagnostics diagnostics_;
  std::unique_ptr<pg::Sandbox> sandbox_;
  std::optional<Catalog> production_;  // what the sandbox's statistics are of
  bool statistics_only_ = false;       // the sandbox has no rows
  std::map<std::string, std::map<std::string, double>> built_costs_;  // of one call, by an index's sql and a query's fingerprint
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
  command->add_option("-j,--jobs", options->jobs, "Threads that read logs, and connections that are asked for plans; 0: one for each processor, and four connections at most");
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
  command->add_option("--time-limit", options->time_limit, "Seconds for the search; then the best so far is reported")->check(seconds_between(0.1, 86400))->capture_default_str();
  add_acting_options(*command, options->acting);
  command->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->add_option("-o,--output", options->output, "File to write the report to");
  command->add_option("--weigh-by", options->weigh_by, "time: a query whose calls take longer than its planner cost tells weighs more; calls: cost alone")
      ->check(CLI::IsMember({"time", "calls"}))
      ->capture_default_str();
  auto* verify = command->add_flag("--verify", options->verify, "Build the indexes and run the queries, before and after, on the sandbox or a --disposable database; then remove the indexes");
  auto* disposable = command->add_option("--disposable", options->disposable, "Name of --db's database, as a promise that nobody needs it: --verify may build indexes there")->needs(verify);
  command->add_option("--verify-timeout", options->verify_timeout, "Seconds that a run of a query may take with --verify")->check(seconds_between(0.1, 3600))->capture_default_str();
  command->add_flag("--show-literals", options->show_literals, "Also partial indexes for the constants of logged queries (WHERE status = 'open'); those of .sql files may always be named");
  command->footer(
      "Nothing is made or changed on the database: indexes are supposed by HypoPG. Ctrl-C ends with the best so far. With --verify indexes are made\n"
      "on the sandbox, or on the one database that --disposable names, and removed again.\n"
      "Exit codes: 0, 2 wrong usage, an unreadable input or no HypoPG, 3 the database of --db can't be reached.");
  command->callback([options, db, sandbox, log, workload, budget, disposable, &exit_code] {
    const auto refuse = [&](const char* where, const char* what, const char* hint) {
      complain({Error::Kind::usage, where, what, hint});
      exit_code = exit_usage;
    };
    if (db->count() && trim(options->db).empty()) return refuse("--db", "is empty", "name a database; is the variable set?");
    if (!db->count() && !sandbox->count()) return refuse("advise", "needs a database to cost on: --db, or --sandbox with --schema", "pgadvise advise --help");
    if (!log->count() && !workload->count()) return refuse("advise", "needs queries: --log or --workload", "pgadvise advise --help");
    if (options->verify && !sandbox->count() && !disposable->count())
      return refuse("--verify", "builds indexes: it needs --sandbox with rows, or a database that nobody needs", "--sandbox --schema … --load …, or --disposable with the name of --db's database");
    if (budget->count() && trim(options->budget).empty()) return refuse("--budget", "is empty", "500MB, 1.5GB, 1GiB");
    exit_code = Advise(*options).run();
  });
}

}  // namespace pgadvise::cli
