#include "lint/run/context.h"
#include "model/project/connections.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::unconfirmed_push {
namespace {

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
  if (!project.connections) return;
  for (const auto& push : project.connections->unconfirmed_pushes) {
    const std::string where = push.host.empty() ? "a database on another machine" : push.host;
    Finding& finding = reporter.add(
        {.kind = "file", .file = push.config, .entry = "strict"}, located(project, push.place),
        "`drizzle-kit push` changes " + where + " without showing the statements first: `strict` is off.");
    finding.evidence.push_back(project_fact(push.reason, finding.location));
    finding.evidence.push_back(
        project_fact(push.script + ": " + push.command, located(project, push.script_place)));
    finding.fix = manual_fix(
        "Add `strict: true` and `verbose: true` to the configuration: push then shows the statements and "
        "asks before it runs them");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "unconfirmed-push",
    .severity = Severity::note,
    .harm = Harm::data,
    .needs = Input::project,
    .summary = "a schema push to another machine without a confirmation",
    .why =
        "`drizzle-kit push` asks only before statements that it knows to lose data. All other statements run "
        "at once: a new index locks the table, a changed type rewrites it, a new constraint fails half-way. "
        "With `strict: true` push asks before every change.\n\n"
        "pgadvise reads drizzle-kit's configurations and the scripts of package.json, and reports a "
        "configuration with which a script pushes if its database is known to be on another machine: by a "
        "URL or host in the configuration or in a committed .env file, by a request for TLS, by a variable "
        "that is named for production or a provider, or because the project connects with Neon's serverless "
        "driver only. A URL that is only known at run time is not reported, nor are scripts for development "
        "and tests. A push that a deployment runs is push-in-production.",
    .fix = "`strict: true` in drizzle.config.ts, or `drizzle-kit push --strict`.",
    .when_to_ignore = "Everybody has a database of their own there, such as a branch.",
    .check = check};

}  // namespace pgadvise::rules::unconfirmed_push
