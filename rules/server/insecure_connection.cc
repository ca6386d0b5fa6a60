#include "lint/run/context.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::insecure_connection {
namespace {

using Kind = InsecureConnection::Kind;

// One finding for all occurrences of rejectUnauthorized: false.
void report_unverified(const Project& project, Reporter& reporter,
                       const std::vector<const InsecureConnection*>& places) {
  Finding& finding = reporter.add(
      {.kind = "setting", .entry = "rejectUnauthorized"}, located(project, places.front()->place),
      "The certificate of the database server is not verified (rejectUnauthorized: false): an attacker on "
      "the network path can read and change all data.");
  for (std::size_t i = 0; i < places.size() && i < 5; ++i)
    finding.evidence.push_back(
        project_fact("ssl: { rejectUnauthorized: false }", located(project, places[i]->place)));
  if (places.size() > 5)
    finding.evidence.push_back(project_fact("and in " + std::to_string(places.size() - 5) + " more places"));
  finding.fix = manual_fix(
      "Give the driver the provider's root certificate (ssl: { ca: … }) and keep rejectUnauthorized on");
}

void report_url(const Project& project, Reporter& reporter, const InsecureConnection& connection,
                FileSubjects& subjects) {
  const bool off = connection.kind == Kind::disabled;
  const std::string key = connection.entry.empty() ? "This URL" : connection.entry;
  Finding& finding = reporter.add(
      subjects.make(connection.place.file, connection.host), located(project, connection.place),
      key + " connects to " + connection.host +
          (off ? " with TLS turned off: passwords, queries and rows can be read on the network."
               : " and does not require TLS: some drivers fall back to plain text, others never try TLS."));
  finding.evidence.push_back(
      project_fact(off ? "the URL turns TLS off" : "the URL does not require TLS", finding.location));
  finding.fix = manual_fix(
      "Add sslmode=verify-full, or sslmode=require where the provider has no root certificate to verify "
      "against");
}

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
  FileSubjects subjects;
  std::vector<const InsecureConnection*> unverified;
  for (const auto& connection : project.insecure_connections) {
    if (connection.kind == Kind::not_verified) unverified.push_back(&connection);
    else report_url(project, reporter, connection, subjects);
  }
  if (!unverified.empty()) report_unverified(project, reporter, unverified);
}

}  // namespace

constinit const Rule rule{
    .id = "insecure-connection",
    .severity = Severity::note,
    .harm = Harm::data,
    .needs = Input::project,
    .summary = "a connection to another machine without TLS or without verifying the certificate",
    .why =
        "Without TLS, the authentication exchange, the queries and the rows cross the network unencrypted. "
        "With libpq's default, sslmode=prefer, an attacker on the network path can turn TLS off by claiming "
        "that the server does not support it. node-postgres does not try TLS by default. sslmode=require "
        "encrypts but does not verify the server; only verify-full does.\n\n"
        "pgadvise checks committed configuration and code: URLs of hosts that are neither local nor private, "
        "and `rejectUnauthorized: false` next to a PostgreSQL driver. Samples, tests, documentation and "
        "files used only in development are left out.",
    .fix =
        "Use `?sslmode=verify-full` with the provider's root certificate (sslrootcert), or at least "
        "`sslmode=require`. In Node.js, set `ssl: { ca }`. On the server, set `ssl = on` and use `hostssl` "
        "lines.",
    .when_to_ignore =
        "The connection runs through a private network or a tunnel that the host name does not show.",
    .check = check};

}  // namespace pgadvise::rules::insecure_connection
