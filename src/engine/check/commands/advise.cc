#include "check/commands/advise.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>
#include <set>

#include <fmt/format.h>

#include "advisor/queries/planned_queries.h"
#include "advisor/search/withdraw.h"
#include "base/containers.h"
#include "base/text/text.h"
#include "check/findings/index_search.h"
#include "check/load/inputs.h"
#include "check/load/plans.h"
#include "lint/schema/tables.h"
#include "log/collect/merge.h"
#include "pg/catalog/catalog_reader.h"
#include "pg/catalog/statement_statistics.h"
#include "pg/verify/leftovers.h"
#include "pg/verify/verify.h"
#include "plan/run/planner.h"
#include "sql/facts/facts.h"

namespace pgadvise::check {
namespace {

constexpr std::int64_t max_bytes_to_build_on = 1'000'000'000;  // of a table
constexpr std::chrono::seconds build_limit{120};
constexpr std::chrono::seconds drawing_limit{30};
constexpr double min_gain = 0.01;  // of the workload's cost, as the search has it without a budget

bool holds_rows(const Catalog& catalog) {
  return std::ranges::any_of(catalog.tables, [](const auto& table) {
    return table.second.statistics &&
           (table.second.statistics->rows > 0 || table.second.statistics->pages > 0);
  });
}

// Tables of the workload whose costs mean little: those without rows, and those that were never analyzed.
void report_unknown_sizes(const AdviseInputs& inputs, Diagnostics& diagnostics) {
  std::set<std::string> empty, never_analyzed;
  for (const Query& query : inputs.workload.queries)
    for (const auto& use : query.facts.relations) {
      const Table* table = inputs.catalog.table(use.table);
      if (!table || !table->statistics || table->temporary) continue;
      if (!lint::stores_rows(*table)) continue;
      const TableStatistics& known = *table->statistics;
      if (known.rows <= 0 && known.live_rows == 0 && std::max(known.pages, known.bytes / page_bytes) == 0)
        empty.insert(display(use.table));
      else if (known.rows < 0) never_analyzed.insert(display(use.table));
    }
  const auto report = [&](const std::set<std::string>& tables, std::string what, std::string hint) {
    constexpr std::size_t shown = 5;
    if (tables.empty()) return;
    warn(diagnostics, join_first({tables.begin(), tables.end()}, shown), std::move(what), std::move(hint));
  };
  report(empty, "no rows: pgadvise can't compare the costs of indexes, and searches for none there",
         "a database with rows, or a snapshot of one: --sandbox --schema SNAPSHOT");
  report(never_analyzed,
         "never analyzed: the planner guesses how many rows a condition selects, so the savings are guesses",
         "ANALYZE, then run pgadvise again");
}

Workload read_workload(const AdviseSources& sources, const AdviseSettings& settings,
                       Diagnostics& diagnostics) {
  const ObservedPhase observed(settings.observer, "reading logs and workloads", true);
  auto workloads = read_logs(sources.logs,
                             {.line_prefix = sources.line_prefix,
                              .selection = sources.selection,
                              .threads = settings.jobs,
                              .progress = settings.observer.log,
                              .user_paths = sources.user_paths},
                             !sources.workloads.empty(), diagnostics);
  append(workloads, read_workloads(sources.workloads, diagnostics, sources.user_paths));
  log::count_once(workloads, diagnostics);
  return log::total(std::move(workloads));
}

// The server's own workload, where no other is named.
Result<Workload> statement_statistics(pg::Connection& connection, Diagnostics& diagnostics) {
  auto workload = pg::read_statement_statistics(connection, pg::StatementScope::database, diagnostics);
  if (!workload) {
    workload.error().kind = Error::Kind::usage;
    workload.error().hint = "advise needs queries: --log or --workload, or pg_stat_statements";
    return tl::unexpected(workload.error());
  }
  std::vector<Workload> all;
  all.push_back(std::move(*workload));
  return log::total(std::move(all));
}

// The catalog is read later where it is not that of a snapshot.
Result<std::optional<Catalog>> connect(const AdviseSources& sources, const Observer& observer,
                                       AdviseInputs& out, Diagnostics& diagnostics) {
  if (!sources.sandbox) {
    TRY(out.server, observed(observer, "connecting", [&] { return open_server(sources.db, observer.sent); }));
    return std::optional<Catalog>();
  }
  TRY(auto sandbox, observed(observer, "building the sandbox", [&] {
        return build_sandbox(find_schemas(sources.schema, diagnostics, {}, sources.user_paths), sources.load,
                             diagnostics, sources.user_paths, observer.sent);
      }));
  out.server = take_server(std::move(sandbox.server));
  out.statistics_only = sandbox.statistics_only;
  return std::move(sandbox.production);
}

// CREATE INDEX of killed runs. read_catalog() reports the indexes that such runs left.
void report_abandoned_builds(pg::Connection& connection, Diagnostics& diagnostics) {
  auto leftovers = pg::find_leftovers(connection);
  if (!leftovers) return;
  leftovers->indexes.clear();
  for (auto& line : pg::describe(*leftovers, connection)) diagnostics.push_back(std::move(line));
}

Result<void> may_verify(const AdviseInputs& inputs, const AdviseSettings& settings) {
  if (inputs.statistics_only)
    return fail(Error::Kind::usage, "--verify",
                "the sandbox has a server's statistics, but no rows to run queries on",
                "--schema and --load build a sandbox with data");
  if (inputs.server->sandbox) return {};
  if (!settings.session_settings.role.empty() || !settings.session_settings.search_path.empty())
    return fail(Error::Kind::usage, "--verify",
                "can't be combined with --role or --search-path on a database: it builds indexes as the "
                "connection's user, and the queries would run as another role or with another search_path",
                "connect as that role, with that search_path");
  pg::Connection& connection = inputs.server->connection();
  const auto why = pg::not_disposable(connection, settings.disposable);
  if (why.empty()) return {};
  return fail(Error::Kind::usage, connection.where(), why,
              "--verify builds indexes: use a copy of the database, and pass its name to --disposable");
}

class Adviser {
 public:
  Adviser(AdviseInputs& inputs, const AdviseSettings& settings, Diagnostics& diagnostics)
      : inputs_(inputs), settings_(settings), diagnostics_(diagnostics), server_(*inputs.server) {}

  Result<Advice> advise() {
    server_.connection().set_stop(settings_.stop);
    TRY(auto what_if, server_.make_what_if(settings_.jobs, inputs_.workload.queries.size()));
    find_asked();
    search(*what_if);
    if (server_.sandbox && !inputs_.statistics_only)
      observed(settings_.observer, "building indexes that HypoPG does not support",
               [&] { cost_the_uncosted(*what_if); });
    what_if.reset();  // and its connections: verify wants the database for itself
    draw_plans();
    if (settings_.verify && !stopped()) TRY_VOID(verify());
    return std::move(advice_);
  }

 private:
  bool stopped() const { return settings_.stop.stop_requested(); }

  // check proposes these, too.
  void find_asked() {
    plan::Planner planner(*server_.plans, inputs_.catalog,
                          {.analyze_budget = {}, .stop = [this] { return stopped(); }});
    asked_ = observed(settings_.observer, "checking, with plans from the server",
                      [&] { return asked_by_findings(inputs_.workload, inputs_.catalog, planner); });
  }

  void search(plan::WhatIf& what_if) {
    advisor::AdviseOptions options = settings_.search;
    options.asked = asked_;
    options.stop = [this] { return stopped(); };
    const ObservedPhase observed(settings_.observer, "searching for indexes", true);
    if (settings_.observer.counted)
      options.progress = [this](const advisor::AdviseProgress& now) {
        settings_.observer.counted(
            now.queries == 0 ? std::string("planning the queries as they are")
                             : fmt::format("{} plans requested, {} queries, relative cost so far: {:.1f} %",
                                           now.plans, now.queries, 100 * now.left));
      };
    advice_ =
        advisor::advise(inputs_.workload, inputs_.catalog, *server_.plans, what_if, options, diagnostics_);
  }

  void draw_plans() {
    const auto end = std::chrono::steady_clock::now() + drawing_limit;
    plan::Planner planner(*server_.plans, inputs_.catalog, {.stop = [this, end] {
      return stopped() || std::chrono::steady_clock::now() > end;
    }});
    advice_.plans.clear();
    observed(settings_.observer, "planning the queries with the proposed indexes", [&] {
      add_plans_of_advice(advice_, inputs_.workload, inputs_.catalog, planner, advice_.plans);
    });
  }

  // What HypoPG can't suppose is built, on a sandbox with rows, beside nothing else: at least so much it
  // saves.
  void cost_the_uncosted(plan::WhatIf& what_if) {
    std::int64_t left = advice_.budget_bytes.value_or(std::numeric_limits<std::int64_t>::max());
    for (const auto& index : advice_.indexes) left -= index.size_bytes;
    std::vector<UncostedIndex> still;
    for (auto& index : advice_.not_costed) {
      const Table* table = inputs_.catalog.table(index.table);
      const bool small = table && table->statistics && table->statistics->bytes <= max_bytes_to_build_on;
      if (stopped() || !small || table->kind == Table::Kind::partitioned || !cost_built(what_if, index) ||
          *index.size_bytes > left || !take(index, left))
        still.push_back(std::move(index));
    }
    advice_.not_costed = std::move(still);
  }

  bool cost_built(plan::WhatIf& what_if, UncostedIndex& index) {
    pg::Connection& connection = server_.connection();
    what_if.clear();
    if (index.sql.find("gin_trgm_ops") != std::string::npos)
      (void)server_.sandbox->admin().query("CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public");
    connection.set_deadline(build_limit);
    const auto built = connection.query(replace_all(index.sql, " CONCURRENTLY", ""));
    connection.set_deadline({});
    if (!built) {
      index.reason += "; could not be built on the sandbox: " + built.error().what;
      return false;
    }
    const std::string down = replace_all(index.down_sql, " CONCURRENTLY", "");
    const auto name = trim(std::string_view(down).substr(std::string_view("DROP INDEX ").size()));
    const auto size = connection.query("SELECT pg_catalog.pg_relation_size($1::pg_catalog.regclass)",
                                       {std::string(name.substr(0, name.size() - 1))});
    index.size_bytes =
        size && !size->empty() && size->front()[0] ? std::strtoll(size->front()[0]->c_str(), nullptr, 10) : 0;
    index.cost_saved = 0;
    for (const auto& fingerprint : index.queries) save(what_if, fingerprint, index);
    what_if.clear();
    (void)connection.query(down);
    return true;
  }

  // What a built index saves for one query.
  void save(plan::WhatIf& what_if, const std::string& fingerprint, UncostedIndex& index) {
    const Query* query = inputs_.workload.query(fingerprint);
    const auto* advised = find_first(
        advice_.queries, [&](const AdvisedQuery& other) { return other.fingerprint == fingerprint; });
    if (!query || !advised) return;
    double cost = 0;
    const auto statements = advisor::statements_of(*query);
    for (const auto& statement : statements) {
      const auto plan = what_if.cost(statement, {});
      cost += (plan ? plan->cost : advised->cost_after) / static_cast<double>(statements.size());
    }
    if (cost >= advised->cost_after) return;
    *index.cost_saved += advised->weight * (advised->cost_after - cost);
    built_costs_[index.sql][fingerprint] = cost;
  }

  // Adds the index to those that are proposed, if it pays as they do.
  bool take(const UncostedIndex& index, std::int64_t& left) {
    const std::size_t max_indexes = settings_.search.max_indexes;
    const bool room = !max_indexes || advice_.indexes.size() < max_indexes;
    if (!room || *index.cost_saved < min_gain * advice_.cost_before) return false;
    left -= *index.size_bytes;
    advice_.cost_after -= *index.cost_saved;
    AdvisedIndex out{index.table, index.sql, index.down_sql, *index.size_bytes, *index.cost_saved, 0, {}, {}};
    for (auto& query : advice_.queries)
      if (const double* cost = find_value(built_costs_[index.sql], query.fingerprint)) {
        query.cost_after = std::min(query.cost_after, *cost);
        out.queries.push_back(query.fingerprint);
      }
    std::ranges::sort(out.queries);
    advice_.indexes.push_back(std::move(out));
    return true;
  }

  Result<void> verify() {
    pg::Connection& connection = server_.connection();
    if (server_.sandbox)
      observed(settings_.observer, "VACUUM ANALYZE", [&] { (void)connection.run_script("VACUUM ANALYZE"); });
    const ObservedPhase observed(settings_.observer, "building the indexes and running the queries", true);
    plan::Planner planner(*server_.plans, inputs_.catalog, {.stop = [this] { return stopped(); }});
    std::vector<pg::VerifyQuery> queries;
    for (const auto& advised : advice_.queries) {
      pg::VerifyQuery out{
          {advised.fingerprint, advised.text, advised.weight, advised.cost_before, advised.cost_after}};
      if (const Query* query = inputs_.workload.query(advised.fingerprint))
        choose_statements(*query, planner, out);
      queries.push_back(std::move(out));
    }
    pg::VerifyOptions options;
    options.statement_limit = settings_.verify_timeout;
    options.progress = settings_.observer.counted;
    TRY(auto verified, pg::verify(connection, queries, advice_.indexes, options, diagnostics_));
    auto withdrawn = advisor::withdraw_slower(advice_, verified);
    if (!withdrawn.empty()) draw_plans();
    if (!withdrawn.empty() && !advice_.indexes.empty() && !stopped()) {
      TRY(verified, pg::verify(connection, std::move(queries), advice_.indexes, options, diagnostics_));
    }
    advice_.verification = std::move(verified);
    advice_.verification->withdrawn = std::move(withdrawn);
    if (server_.sandbox) advice_.verification->where = "the sandbox";
    return {};
  }

  // Those that may be run, by the same rules as everywhere.
  static void choose_statements(const Query& query, plan::Planner& planner, pg::VerifyQuery& out) {
    for (auto& statement : advisor::statements_of(query)) {
      const auto decision =
          planner.decide({statement.sql, statement.parameters, !statement.generic, {}, plan::Names::session});
      if (decision && decision->allowed == plan::Allowed::analyze)
        out.statements.push_back(std::move(statement));
      else out.query.why_not = decision ? decision->reason : decision.error().what;
    }
    if (!out.statements.empty()) out.query.why_not.clear();
  }

  AdviseInputs& inputs_;
  const AdviseSettings& settings_;
  Diagnostics& diagnostics_;
  Server& server_;
  Advice advice_;
  std::vector<IndexProposal> asked_;
  std::map<std::string, std::map<std::string, double>>
      built_costs_;  // of one call, by an index's sql and a query's fingerprint
};

}  // namespace

Result<AdviseInputs> load_for_advise(AdviseSources sources, const AdviseSettings& settings,
                                     Diagnostics& diagnostics) {
  std::vector<std::string> inputs = sources.schema;
  for (const auto* list : {&sources.load, &sources.logs, &sources.workloads, &sources.other_inputs})
    append(inputs, *list);
  TRY_VOID(keep_inputs(sources.output, inputs));
  for (auto* list : {&sources.schema, &sources.load, &sources.logs, &sources.workloads})
    take_out_conninfos(*list, diagnostics);
  AdviseInputs out;
  out.workload = read_workload(sources, settings, diagnostics);
  if (auto nothing = log::nothing_selected(sources.selection, out.workload.sources))
    return tl::unexpected(std::move(*nothing));
  TRY(auto production, connect(sources, settings.observer, out, diagnostics));
  Server& server = *out.server;
  const bool of_snapshot = production.has_value();
  TRY(out.catalog, of_snapshot ? Result<Catalog>(std::move(*production))
                               : observed(settings.observer, "reading the catalog", [&] {
                                   return pg::read_catalog(server.connection(), diagnostics);
                                 }));
  if (sources.logs.empty() && sources.workloads.empty()) {
    TRY(out.workload, statement_statistics(server.connection(), diagnostics));
  }
  if (server.sandbox && !of_snapshot) out.catalog.statistics_days.reset();
  const bool no_rows = server.sandbox && !out.statistics_only && !holds_rows(out.catalog);
  if (no_rows)
    warn(diagnostics, "the sandbox",
         "its tables have no rows, so pgadvise can't compare the costs of indexes",
         "--load SQL with rows, or a snapshot of a server as --schema");
  TRY_VOID(server.make_plans(settings.session_settings));
  if (const auto missing = server.plans->what_if_missing(); !missing.empty())
    return fail(Error::Kind::usage, server.connection().where(), missing);
  if (!server.sandbox) report_bypassed_policies(*server.plans, server.connection(), diagnostics);
  if (!server.sandbox) report_abandoned_builds(server.connection(), diagnostics);
  if (settings.verify) TRY_VOID(may_verify(out, settings));
  sql::resolve(out.workload, out.catalog, server.plans->search_path());
  if (!no_rows) report_unknown_sizes(out, diagnostics);
  return out;
}

Result<Advice> advise(AdviseInputs& inputs, const AdviseSettings& settings, Diagnostics& diagnostics) {
  return Adviser(inputs, settings, diagnostics).advise();
}

}  // namespace pgadvise::check
