#include <iostream>
#include <iterator>
#include <memory>

#include <fmt/format.h>

#include "advisor/index_ddl.h"
#include "advisor/propose.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/output.h"
#include "lint/context.h"
#include "pg/catalog_reader.h"
#include "pg/plan_source.h"
#include "plan/analysis.h"
#include "plan/confirm.h"
#include "plan/reader.h"
#include "plan/safety.h"
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
  std::string db;
  std::vector<std::string> parameters;
  bool no_analyze = false;
  bool whole = false;
  std::string format = "text";
  std::string output;
};

Result<std::string> text_of(const std::string& path) {
  constexpr std::size_t most = std::size_t{64} << 20;
  if (path != "-") return read_file(path, most);
  std::string out{std::istreambuf_iterator<char>(std::cin), {}};
  if (out.size() > most) return fail(Error::Kind::usage, "-", "is longer than 64 MB");
  return out;
}

class Explain {
 public:
  explicit Explain(Options options) : options_(std::move(options)) {}

  int run() {
    const auto content = options_.plan.empty() ? of_query() : of_plan();
    if (!content) diagnostics_.push_back(content.error());
    for (const auto& error : diagnostics_) complain(error);
    if (!content) return exit_code_of(diagnostics_);
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

  Result<std::string> of_query() {
    std::string text = options_.query;
    if (!options_.file.empty()) {
      const auto read = text_of(options_.file);
      if (!read) return tl::unexpected(read.error());
      text = *read;
    }
    const auto statements = sql::split(text);
    if (statements.size() != 1) return fail(Error::Kind::usage, "explain", fmt::format("takes one statement, and {} were given", statements.size()));
    const std::string statement(statements.front().text);
    auto connection = pg::Connection::open(options_.db);
    if (!connection) return tl::unexpected(connection.error());
    auto catalog = pg::read_catalog(*connection, diagnostics_);
    if (!catalog) return tl::unexpected(catalog.error());
    auto source = pg::make_plan_source(*connection);
    if (!source) return tl::unexpected(source.error());
    auto plan = plan_of(statement, **source);
    if (!plan) return tl::unexpected(plan.error());
    std::string out = shown(*plan, &*catalog);
    if (options_.format == "text") out += findings(statement, *catalog, **source);
    return out;
  }

  // As much as is known to be harmless: analyzed, else explained, else nothing.
  Result<Plan> plan_of(const std::string& statement, plan::PlanSource& source) {
    const auto shape = sql::shape(statement);
    if (!shape) return fail(Error::Kind::usage, "explain", shape.error().what, shape.error().hint);
    const auto dependencies = source.dependencies(statement, plan::Names::session);
    if (!dependencies) return tl::unexpected(dependencies.error());
    const auto decision = plan::decide(*shape, *dependencies, !options_.parameters.empty() || statement.find('$') == std::string::npos);
    if (decision.allowed == plan::Allowed::nothing) return fail(Error::Kind::usage, "explain", "the statement is not sent to the server: " + decision.reason);
    plan::ExplainRequest request{.sql = statement};
    for (const auto& parameter : options_.parameters) request.parameters.emplace_back(parameter);
    request.analyze = decision.allowed == plan::Allowed::analyze && !options_.no_analyze;
    request.timing = true;
    if (!request.analyze && !options_.no_analyze) remark_ = "Planned, not run: " + decision.reason + ".";
    auto plan = source.explain(request);
    if (plan || !request.analyze || plan.error().kind == Error::Kind::database) return plan;
    remark_ = "Planned, not run to its end: " + plan.error().what + ".";
    request.analyze = false;
    return source.explain(request);
  }

  std::string shown(const Plan& plan, const Catalog* catalog) const {
    const auto times = plan::self_times(plan);
    const auto insights = plan::insights(plan, times, catalog);
    if (options_.format == "json") return report::plan_json(plan, times, insights);
    std::string out = report::plan_text(plan, times, insights, {use_colour(options_.output), use_unicode(), output_width(options_.output, 80), options_.whole});
    if (!remark_.empty()) out += "\n" + printable(remark_) + "\n";
    return out;
  }

  // What the rules say of the statement alone, confirmed, with the index and what it would change.
  std::string findings(const std::string& statement, const Catalog& catalog, plan::PlanSource& source) {
    Diagnostics said_already;
    Workload workload = read_sql_workload("the statement", statement, said_already);
    sql::resolve(workload, catalog);
    auto outcome = lint::run({&catalog, &workload, nullptr});
    std::erase_if(outcome.findings, [](const Finding& finding) { return finding.subject.fingerprint.empty(); });
    plan::ConfirmOptions how;
    how.hypothetical = [&](const IndexProposal& proposal) { return advisor::hypothetical_indexes(proposal, catalog); };
    plan::confirm(outcome.findings, catalog, &workload, source, how, diagnostics_);
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
};

}  // namespace

void add_explain(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("explain", "Show one query's plan: where its time goes, what is remarkable, the index that helps");
  auto* query = command->add_option("QUERY", options->query, "The statement; $1 … are given by --param, or planned without values");
  auto* file = command->add_option("-f,--file", options->file, "File with the statement; - is standard input");
  auto* plan = command->add_option("--plan", options->plan, "File with EXPLAIN's output, text or JSON, as somebody else got it; - is standard input; no database is asked");
  auto* db = command->add_option("--db", options->db, "Database: a libpq connection string, or env (DATABASE_URL, else PG*)");
  command->add_option("--param", options->parameters, "Value of $1, then of $2 …")->allow_extra_args(false);
  command->add_flag("--no-analyze", options->no_analyze, "Plan it and do not run it");
  command->add_flag("--all-nodes", options->whole, "Fold no node away");
  command->add_option("--format", options->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command->add_option("-o,--output", options->output, "File to write to");
  command->footer("A statement is run (EXPLAIN ANALYZE) only when it reads and calls nothing but what is built in and known to be harmless, in a\n"
                  "transaction that is READ ONLY and rolled back, for 5 seconds at most; else it is planned, and the reason is said.");
  query->excludes(file)->excludes(plan);
  file->excludes(plan);
  db->excludes(plan);
  command->callback([options, query, file, plan, &exit_code] {
    Error wrong{Error::Kind::usage, "explain", "", "pgadvise explain --help"};
    if (query->count() + file->count() + plan->count() == 0) wrong.what = "needs a QUERY, --file or --plan";
    else if (plan->count() == 0 && trim(options->db).empty()) wrong.what = "needs --db, the database whose plan it is";
    if (wrong.what.empty()) {
      exit_code = Explain(*options).run();
      return;
    }
    complain(wrong);
    exit_code = exit_usage;
  });
}

}  // namespace pgadvise::cli
