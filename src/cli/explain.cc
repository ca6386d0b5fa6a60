#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "advisor/index_ddl.h"
#include "advisor/propose.h"
#include "base/input_file.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "cli/plans.h"
#include "cli/talk.h"
#include "lint/context.h"
#include "pg/catalog_reader.h"
#include "pg/plan_source.h"
#include "plan/analysis.h"
#include "plan/confirm.h"
#include "plan/plan_set.h"
#include "plan/reader.h"
#include "report/common.h"
#include "report/plan_text.h"
#include "sql/facts.h"
#include "sql/statement.h"

namespace pgadvise::cli {
namespace {

struct Options {
  std::string query;
  std::string file;
  std::string plan;  // a plan that somebody has already
  std::string log;   // with auto_explain's plans
  std::string db;
  PlanOptions plans;
  std::vector<std::string> parameters;
  bool no_analyze = false;
  bool whole = false;
  bool show_literals = false;
  std::string format = "text";
  std::string output;
};

Result<std::string> text_of(const std::string& path) {
  constexpr std::size_t most = std::size_t{64} << 20;
  if (path != "-") return read_file(path, most);
  return read_standard_input(most);
}

class Explain {
 public:
  explicit Explain(Options options) : options_(std::move(options)) {}

  int run() {
    const auto content = !options_.plan.empty() ? of_plan() : !options_.log.empty() ? of_log() : of_query();
    if (!content) diagnostics_.push_back(content.error());
    for (const auto& error : diagnostics_) complain(error);
    if (!content) return std::max<int>(exit_usage, exit_code_of(diagnostics_));
    if (const auto wrote = write_output(options_.output, *content); !wrote) {
      complain(wrote.error());
      return exit_usage;
    }
    return exit_code_of(diagnostics_);
  }

 private:
  Result<std::string> of_plan() {
    const auto text = text_of(options_.plan);
    if (!text) return tl::unexpected(text.error());
    auto plan = plan::read(*text);
    if (!plan) return fail(Error::Kind::input, options_.plan, plan.error().what, plan.error().hint);
    return shown(*plan, nullptr);
  }

  // The plan that auto_explain logged of the statement, which may be named by its fingerprint; of the slowest one without a name.
  Result<std::string> of_log() {
    const auto workloads = read_logs({options_.log}, {}, false, diagnostics_);
    if (workloads.empty()) return fail(Error::Kind::passing, options_.log, "nothing was read");
    const auto fingerprint = sql::fingerprint(options_.query);
    const Query* found = nullptr;
    std::size_t plans = 0;
    for (const auto& workload : workloads)
      for (const auto& query : workload.queries) {
        if (!query.plan) continue;
        ++plans;
        const bool wanted = options_.query.empty() || query.fingerprint == options_.query || (fingerprint && query.fingerprint == *fingerprint);
        if (wanted && (!found || query.plan->duration_ms > found->plan->duration_ms)) found = &query;
      }
    if (!found)
      return fail(Error::Kind::usage, options_.log, plans ? fmt::format("has {} plans of auto_explain, and none of this statement", plans) : "has no plans of auto_explain",
                  plans ? "pgadvise digest lists statements and their fingerprints" : "auto_explain in session_preload_libraries, auto_explain.log_min_duration, auto_explain.log_analyze");
    auto plan = plan::read(found->plan->text);
    if (!plan) return fail(Error::Kind::input, found->plan->place.str(), plan.error().what, plan.error().hint);
    if (options_.format == "json") return shown(*plan, nullptr);
    return printable(fmt::format("{}: {:.1f} ms, of {} calls of {}", found->plan->place.str(), found->plan->duration_ms, found->calls, found->fingerprint)) + "\n" + printable(ellipsis(found->text, 600)) + "\n\n" +
           shown(*plan, nullptr);
  }

  Result<std::string> of_query() {
    std::string text = options_.query;
    if (!options_.file.empty()) {
      const auto read = text_of(options_.file);
      if (!read) return tl::unexpected(read.error());
      text = *read;
    }
    const auto statements = sql::split(text);
    if (statements.size() != 1) return fail(Error::Kind::usage, "explain", fmt::format("takes one statement, and {} were given", statements.size()),
                                             statements.empty() ? "pgadvise explain 'SELECT …' --db CONN" : "leave one; pgadvise check --workload FILE --db CONN looks at many");
    const std::string statement(statements.front().text);
    auto connection = during("connecting", [&] { return pg::Connection::open(options_.db); });
    if (!connection) return tl::unexpected(connection.error());
    auto catalog = during("reading the catalog", [&] { return pg::read_catalog(*connection, diagnostics_); });
    if (!catalog) return tl::unexpected(catalog.error());
    connection->act_as(options_.plans.acting);
    auto source = pg::make_plan_source(*connection);
    if (!source) return tl::unexpected(source.error());
    tell_unguarded(**source, *connection, diagnostics_);
    const Interruptible interruptible;
    plan::Planner planner(**source, *catalog,
                          {.analyze_budget = options_.plans.analyze_budget(), .timing = true, .stop = interrupted});
    auto plan = during(options_.no_analyze ? "planning" : "planning and running the statement", [&] { return plan_of(statement, *catalog, planner); });
    if (!plan) return tl::unexpected(plan.error());
    std::string out = shown(*plan, &*catalog);
    if (options_.format == "text") out += report::variants_text(variants_, output_width(options_.output, 80)) + during("judging, with the server's plans", [&] { return findings(statement, std::move(*plan), *catalog, planner); });
    if (planner.stopped()) diagnostics_.push_back({Error::Kind::passing, "", "interrupted", {}});
    return out;
  }

  // As much as is known to be harmless: analyzed, else explained, else nothing.
  Result<Plan> plan_of(const std::string& statement, const Catalog& catalog, plan::Planner& planner) {
    plan::Question question{statement, {}, true, "as given"};
    for (const auto& parameter : options_.parameters) question.parameters.emplace_back(parameter);
    question.parameters_known = !options_.parameters.empty() || sql::query_facts(statement, catalog).parameters == 0;
    const auto decision = planner.decide(question);
    if (!decision) return tl::unexpected(decision.error());
    if (decision->allowed == plan::Allowed::nothing) return fail(Error::Kind::usage, "explain", "the statement is not sent to the server: " + decision->reason);
    auto gate = planner.explain(question);
    if (gate && !question.parameters_known) plan_variants(statement, planner);
    if (!gate || options_.no_analyze) return gate;
    auto analyzed = planner.analyze(question, *decision, *gate);
    if (!analyzed) return tl::unexpected(analyzed.error());
    if (!analyzed->limits.empty()) remark_ = "Planned, not run: " + analyzed->limits + ".";
    return std::move(analyzed->plan);
  }

  // The generic plan and those with values of pg_stats, one entry for each plan that differs.
  void plan_variants(const std::string& statement, plan::Planner& planner) {
    std::map<std::string, std::size_t> known;
    for (const auto& question : planner.variants(statement)) {
      const auto decision = planner.decide(question);
      if (!decision || decision->allowed == plan::Allowed::nothing) return;
      const auto plan = planner.explain(question);
      if (!plan) continue;
      const auto [at, fresh] = known.emplace(plan::shape_of(*plan), variants_.size());
      if (fresh) variants_.push_back({question.origin, plan->root.total_cost, report::summary(*plan), {}});
      else variants_[at->second].values += ", " + question.origin;
      if (!options_.show_literals || !question.parameters_known) continue;
      std::string& shown = variants_[at->second].shown;
      for (std::size_t i = 0; i < question.parameters.size(); ++i)
        shown += fmt::format("{}${} = {}", shown.empty() ? "" : ", ", i + 1, question.parameters[i] ? sql::quote_literal(*question.parameters[i]) : "NULL");
    }
    if (variants_.size() == 1 && variants_.front().values == "generic plan") variants_.clear();  // no values at all
  }

  std::string shown(const Plan& plan, const Catalog* catalog) const {
    const auto times = plan::self_times(plan);
    const auto insights = plan::insights(plan, times, catalog);
    if (options_.format == "json") return report::plan_json(plan, times, insights, variants_);
    std::string out = report::plan_text(plan, times, insights, {use_colour(options_.output), use_unicode(), output_width(options_.output, 80), options_.whole});
    if (!remark_.empty()) out += "\n" + printable(remark_) + "\n";
    return out;
  }

  // What the rules say of the statement alone, confirmed, with the index and what it would change.
  std::string findings(const std::string& statement, Plan plan, const Catalog& catalog, plan::Planner& planner) {
    Diagnostics said_already;
    Workload workload = read_sql_workload("the statement", statement, said_already);
    sql::resolve(workload, catalog, planner.search_path());
    PlanSet plans;
    plans.server = true;
    const std::string origin = plan.analyzed ? "EXPLAIN ANALYZE" : "EXPLAIN";
    if (!workload.queries.empty()) plans.plans[workload.queries.front().fingerprint].push_back(plan::known_plan(std::move(plan), origin, &catalog));
    auto outcome = lint::run({&catalog, &workload, nullptr, nullptr, {}, nullptr, &plans});
    std::erase_if(outcome.findings, [](const Finding& finding) { return finding.subject.fingerprint.empty(); });
    plan::ConfirmOptions how;
    how.hypothetical = [&](const IndexProposal& proposal) { return advisor::hypothetical_indexes(proposal, catalog); };
    plan::confirm(outcome.findings, catalog, &workload, planner, how, diagnostics_);
    advisor::propose(outcome.findings, catalog, nullptr);
    std::string out;
    for (const auto& finding : outcome.findings) {
      if (finding.verdict == Verdict::refuted) continue;
      out += fmt::format("\n{} {} {}\n", name(finding.severity), finding.rule, name(finding.verdict));
      if (!finding.fix) continue;
      out += "  " + printable_block(finding.fix->sql.empty() ? finding.fix->title : finding.fix->sql) + "\n";
      if (finding.fix->cost_before && finding.fix->cost_after) out += fmt::format("  planner cost {:.2f} -> {:.2f}\n", *finding.fix->cost_before, *finding.fix->cost_after);
    }
    return out;
  }

  Options options_;
  Diagnostics diagnostics_;
  std::string remark_;
  std::vector<report::PlanVariant> variants_;
};

}  // namespace

void add_explain(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("explain", "Show one query's plan: where its time goes, what is remarkable, the index that helps");
  auto* query = command->add_option("QUERY", options->query, "The statement; $1 … are given by --param, or planned without values");
  auto* file = command->add_option("-f,--file", options->file, "File with the statement; - is standard input");
  auto* plan = command->add_option("--plan", options->plan, "File with EXPLAIN's output, text or JSON, as somebody else got it; - is standard input; no database is asked");
  auto* log = command->add_option("--log", options->log, "Log with auto_explain's plans: shows the one kept of QUERY (or of a fingerprint), else of the slowest statement; no database is asked");
  auto* db = command->add_option("--db", options->db, "Database: a libpq connection string, or env (DATABASE_URL, else PG*)");
  command->add_option("--param", options->parameters, "Value of $1, then of $2 …")->allow_extra_args(false);
  add_acting_options(*command, options->plans.acting);
  add_analyze_time(*command, options->plans.max_analyze_time);
  command->add_flag("--show-literals", options->show_literals, "Show the values of pg_stats that a statement with $n was planned with");
  command->add_flag("--no-analyze", options->no_analyze, "Plan it and do not run it");
  command->add_flag("--all-nodes", options->whole, "Fold no node away");
  command->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->add_option("-o,--output", options->output, "File to write to");
  command->footer("A statement is run (EXPLAIN ANALYZE) only when it reads and calls nothing but what is built in and known to be harmless, in a\n"
                  "transaction that is READ ONLY and rolled back, for 5 seconds at most; else it is planned, and the reason is said.");
  query->excludes(file)->excludes(plan);
  file->excludes(plan);
  db->excludes(plan);
  log->excludes(plan)->excludes(file)->excludes(db);
  command->callback([options, query, file, plan, log, &exit_code] {
    Error wrong{Error::Kind::usage, "explain", "", "pgadvise explain --help"};
    if (query->count() + file->count() + plan->count() + log->count() == 0) wrong.what = "needs a QUERY, --file, --plan or --log";
    else if (plan->count() + log->count() == 0 && trim(options->db).empty()) wrong.what = "needs --db, the database whose plan it is";
    if (wrong.what.empty()) {
      exit_code = Explain(*options).run();
      return;
    }
    complain(wrong);
    exit_code = exit_usage;
  });
}

}  // namespace pgadvise::cli
