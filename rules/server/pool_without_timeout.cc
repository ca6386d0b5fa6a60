#include <algorithm>

#include "lint/run/context.h"
#include "model/project/connections.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::pool_without_timeout {
namespace {

std::string missing_of(const ClientPool& pool) {
  if (pool.connect_timeout) return "no statement timeout";
  return pool.statement_timeout ? "no connection timeout" : "neither a connection nor a statement timeout";
}

void check(const Context& context, Reporter& reporter) {
  constexpr std::size_t max_shown = 5;
  const Project& project = context.project();
  if (!project.connections) return;
  std::vector<const ClientPool*> pools;
  for (const auto& pool : project.connections->pools)
    if (!pool.connect_timeout || !pool.statement_timeout) pools.push_back(&pool);
  if (pools.empty()) return;
  const bool connects =
      std::ranges::any_of(pools, [](const ClientPool* pool) { return !pool->connect_timeout; });
  const bool runs =
      std::ranges::any_of(pools, [](const ClientPool* pool) { return !pool->statement_timeout; });
  std::string message = pools.size() == 1 ? "A connection pool has " + missing_of(*pools.front())
                                          : std::to_string(pools.size()) + " connection pools lack a timeout";
  message +=
      std::string(": ") +
      (connects ? "requests wait without an end when no connection is free or the server does not answer"
                : "") +
      (connects && runs ? ", and " : "") +
      (runs ? "a statement that hangs keeps its connection until somebody cancels it" : "") + ".";
  Finding& finding = reporter.add({.kind = "setting", .entry = "pool timeouts"},
                                  located(project, pools.front()->place), std::move(message));
  for (std::size_t i = 0; i < std::min(pools.size(), max_shown); ++i)
    finding.evidence.push_back(
        project_fact(pools[i]->what + " has " + missing_of(*pools[i]), located(project, pools[i]->place)));
  if (pools.size() > max_shown)
    finding.evidence.push_back(project_fact("and " + std::to_string(pools.size() - max_shown) + " more"));
  finding.fix = manual_fix(std::string("Set ") + (connects ? "connectionTimeoutMillis" : "") +
                           (connects && runs ? " and " : "") + (runs ? "statement_timeout" : "") +
                           " in the pool's options, or statement_timeout for the application's role");
}

}  // namespace

constinit const Rule rule{
    .id = "pool-without-timeout",
    .severity = Severity::note,
    .needs = Input::project,
    .summary = "a connection pool without a connection timeout or a statement timeout",
    .why =
        "node-postgres waits without an end for a connection: `connectionTimeoutMillis` is 0 by default. "
        "When the server is unreachable or all connections are busy, requests pile up instead of failing. "
        "PostgreSQL has no statement timeout by default either: one statement that hangs keeps its "
        "connection and its locks. A few of them take all connections of the pool.\n\n"
        "pgadvise reads `new Pool()` of node-postgres, `postgres()` of postgres.js (which has a connection "
        "timeout of 30 s by default), and `drizzle()` with a URL, in application code; not in tests, seeds "
        "and scripts, and not where the options are not known. Where any file of the project has "
        "`statement_timeout`, pgadvise assumes that statements are limited: by a role, in a migration, when "
        "a connection opens. All pools of a project are one finding. Pools of serverless drivers are not "
        "reported.",
    .fix =
        "`new Pool({ connectionTimeoutMillis: 5_000, statement_timeout: 30_000 })`; with postgres.js "
        "`postgres(url, { connection: { statement_timeout: 30_000 } })`; or `ALTER ROLE app SET "
        "statement_timeout = '30s'`.",
    .when_to_ignore =
        "The role or the database has a statement timeout that no file of the repository sets, and a pooler "
        "limits how long a request waits.",
    .check = check};

}  // namespace pgadvise::rules::pool_without_timeout
