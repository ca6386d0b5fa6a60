#include "lint/queries/code.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::pool_per_request {
namespace {

void check(const Context& context, Reporter& reporter) {
  const CodeFacts* code = code_facts(context);
  if (!code) return;
  CodeSubjects subjects;
  for (const auto& pool : code->pools_in_requests) {
    Finding& finding = reporter.add(
        subjects.make(pool.made_by, pool.place.file, pool.function), located(context.project(), pool.place),
        pool.made_by + in_function(pool.function) + " makes a pool of connections for each call of " +
            pool.request.entry + ": each request connects anew, and the server runs out of connections.");
    add_request(finding, context, pool.request);
    finding.fix = manual_fix("Make the pool once, at the top level of a module, and import it");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "pool-per-request",
    .severity = Severity::note,
    .harm = Harm::deployment,
    .needs = Input::code,
    .summary = "a pool of connections that each request makes",
    .why =
        "A new connection takes several round trips, an authentication, and a process of the server with "
        "some megabytes. A pool saves this only if requests share it. A pool that each request makes for "
        "itself stays open until its idle connections time out: a few hundred requests take all connections "
        "that the server allows (`max_connections`).\n\n"
        "pgadvise reads the repository's TypeScript and JavaScript: `new Pool()` of pg, `postgres()`, and "
        "`drizzle()` with an address, in functions that run for a request (unbounded-result-in-code names "
        "their forms) or that these call. Not reported are pools that something outside of the function "
        "keeps (`globalThis.pool = …`, a Map), pools whose address is a parameter, packages for Cloudflare's "
        "workers, where connections cannot outlive a request, and the WebSocket pools of "
        "@neondatabase/serverless.",
    .fix = "Make the pool at the top level of a module, and import it.",
    .when_to_ignore = "The function runs rarely, and ends the pool (`await pool.end()`).",
    .check = check};

}  // namespace pgadvise::rules::pool_per_request
