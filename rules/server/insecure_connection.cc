#include <map>

#include "lint/context.h"
#include "lint/migration_folders.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

using Kind = InsecureConnection::Kind;

// How the code connects is one habit, however many files have it.
void report_unverified(const Project& project, Reporter& reporter,
                       const std::vector<const InsecureConnection*>& places) {
  Finding& finding =
      reporter.add({.kind = "setting", .entry = "rejectUnauthorized"},
                   "The certificate of the database server is not looked at (rejectUnauthorized: false), so "
                   "that whoever sits in between can read and change everything.");
  finding.location = lint::located(project, places.front()->place);
  for (std::size_t i = 0; i < places.size() && i < 5; ++i)
    finding.evidence.push_back({Evidence::Kind::project,
                                "ssl: { rejectUnauthorized: false }",
                                lint::located(project, places[i]->place),
                                {}});
  if (places.size() > 5)
    finding.evidence.push_back({Evidence::Kind::project,
                                "and in " + std::to_string(places.size() - 5) + " more places",
                                std::nullopt,
                                {}});
  finding.fix =
      Fix{.title = "Give the driver the provider's root certificate (ssl: { ca: … }) and leave the check on",
          .safety = Fix::Safety::manual};
}

void report_url(const Project& project, Reporter& reporter, const InsecureConnection& connection,
                int number) {
  const bool off = connection.kind == Kind::disabled;
  const std::string key = connection.entry.empty() ? "This URL" : connection.entry;
  Finding& finding =
      reporter.add({.kind = "file",
                    .file = connection.place.file,
                    .entry = number == 1 ? connection.host : connection.host + " #" + std::to_string(number)},
                   key + " connects to " + connection.host +
                       (off ? " with TLS turned off."
                            : " and does not ask for TLS: drivers that try it first fall back to plain text, "
                              "others never try."));
  finding.location = lint::located(project, connection.place);
  finding.evidence.push_back({Evidence::Kind::project,
                              off ? "the URL says so" : "nothing in the URL demands it",
                              finding.location,
                              {}});
  finding.fix = Fix{.title =
                        "Add sslmode=verify-full, or sslmode=require where the provider gives no certificate "
                        "to check against",
                    .safety = Fix::Safety::manual};
}

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
  std::map<std::string, int> seen;
  std::vector<const InsecureConnection*> unverified;
  for (const auto& connection : project.insecure_connections) {
    if (connection.kind == Kind::not_verified) {
      unverified.push_back(&connection);
    } else {
      report_url(project, reporter, connection, ++seen[connection.place.file + "\n" + connection.host]);
    }
  }
  if (!unverified.empty()) report_unverified(project, reporter, unverified);
}

}  // namespace

constinit const Rule insecure_connection{
    .id = "insecure-connection",
    .severity = Severity::note,
    .needs = Input::project,
    .summary = "a connection to another machine without TLS, or without a look at the certificate",
    .why =
        "Without TLS the password's proof, the queries and the rows cross the network as they are. libpq's "
        "default, sslmode=prefer, takes TLS when it is offered and plain text when somebody in between says "
        "that it isn't; "
        "node-postgres doesn't even try. sslmode=require encrypts and asks nobody who is at the other end; "
        "only verify-full does.\n\n"
        "Looked for in committed configuration and code: URLs of hosts that are neither local nor private, "
        "and `rejectUnauthorized: false` next to a PostgreSQL driver. Samples, tests and documentation are "
        "left out, "
        "and so is what only development uses.",
    .fix =
        "`?sslmode=verify-full` with the provider's root certificate (sslrootcert), or `sslmode=require` at "
        "least; in node `ssl: { ca }`. Set `ssl = on` and `hostssl` lines on the server.",
    .when_to_ignore =
        "The connection runs through a private network or a tunnel that the host's name does not show.",
    .check = check};

}  // namespace pgadvise::rules
