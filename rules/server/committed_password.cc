#include "lint/run/context.h"
#include "model/project/connections.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::committed_password {
namespace {

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
  if (!project.connections) return;
  FileSubjects subjects;
  for (const auto& password : project.connections->passwords) {
    const std::string key = password.entry.empty() ? "" : password.entry + ": ";
    Finding& finding = reporter.add(
        subjects.make(password.place.file, password.host), located(project, password.place),
        key + (password.url ? "a URL with the password of " : "the password of ") + password.host +
            " is in a committed file: everybody who can read the repository, its history or a copy can use "
            "it.",
        password.public_host ? std::nullopt : std::optional(Severity::note));
    finding.evidence.push_back(project_fact(
        password.public_host ? "the host is a public server" : "the host is in a private network",
        finding.location));
    finding.fix = manual_fix(
        "Change the password on the server, keep the new one in the environment or a secret store, and name "
        "the variable here");
  }
}

}  // namespace

constinit const Rule rule{
    .id = "committed-password",
    .severity = Severity::warning,
    .harm = Harm::data,
    .needs = Input::project,
    .summary = "a committed password of a database on another machine",
    .why =
        "A password in a repository is known to all who can read it, now and later: in clones, forks, images "
        "and build logs. Deleting the line leaves it in the history, so only another password helps.\n\n"
        "pgadvise reads URLs (`postgres://user:password@host`), pairs of variables (`PGHOST` and "
        "`PGPASSWORD`, `DB_HOST` and `DB_PASSWORD`), objects of JSON with a dialect, and options in "
        "TypeScript and JavaScript, in code, configuration and .env files. It never prints the password, in "
        "any format. Hosts of this machine, of containers and of compose services are left out, and so are "
        "placeholders, variables, samples (`.env.example`), tests, documentation and files that .gitignore "
        "names. A host in a private network is a note.",
    .fix =
        "Change the password on the server, then read it from the environment: `process.env.DATABASE_URL`. "
        "Add .env to .gitignore.",
    .when_to_ignore = "The database is public on purpose, and the role may only read.",
    .check = check};

}  // namespace pgadvise::rules::committed_password
