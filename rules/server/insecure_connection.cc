#include <map>

#include "lint/context.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

using Kind = InsecureConnection::Kind;

std::string message_of(const InsecureConnection& connection) {
  if (connection.kind == Kind::not_verified)
    return "The certificate of the database server is not looked at (rejectUnauthorized: false): whoever sits in between can read and change everything.";
  const std::string key = connection.entry.empty() ? "This URL" : connection.entry;
  return key + " connects to " + connection.host + (connection.kind == Kind::disabled ? " with TLS turned off." : " and does not ask for TLS: drivers that try it first fall back to plain text, others never try.");
}

void check(const Context& context, Reporter& reporter) {
  const Project& project = context.project();
  std::map<std::string, int> seen;
  for (const auto& connection : project.insecure_connections) {
    const std::string entry = connection.host.empty() ? connection.entry : connection.host;
    const int number = ++seen[connection.place.file + "\n" + entry];
    Finding& finding = reporter.add({.kind = "file", .file = connection.place.file, .entry = number == 1 ? entry : entry + " #" + std::to_string(number)}, message_of(connection));
    Place place = connection.place;
    if (!project.root.empty() && project.root != ".") place.file = (project.root.back() == '/' ? project.root : project.root + "/") + place.file;
    finding.location = place;
    finding.evidence.push_back({Evidence::Kind::project, connection.kind == Kind::not_verified ? "ssl: { rejectUnauthorized: false }" : connection.kind == Kind::disabled ? "sslmode is disable" : "no sslmode in the URL", place, {}});
    finding.fix = Fix{.title = connection.kind == Kind::not_verified ? "Give the driver the provider's root certificate (ssl: { ca: … }) and leave the check on" : "Add sslmode=verify-full, or sslmode=require where the provider gives no certificate to check against",
                      .safety = Fix::Safety::manual};
  }
}

}  // namespace

constinit const Rule insecure_connection{
    .id = "insecure-connection",
    .severity = Severity::note,
    .needs = Needs::project,
    .summary = "a connection to another machine without TLS, or without a look at the certificate",
    .why = "Without TLS the password's proof, the queries and the rows cross the network as they are. libpq's default, sslmode=prefer, takes TLS when it is offered and plain text when somebody in between says that it isn't; "
           "node-postgres doesn't even try. sslmode=require encrypts and asks nobody who is at the other end; only verify-full does.\n\n"
           "Looked for in committed configuration and code: URLs of hosts that are neither local nor private, and `rejectUnauthorized: false` next to a PostgreSQL driver. Samples, tests and documentation are left out, "
           "and so is what only development uses.",
    .fix = "`?sslmode=verify-full` with the provider's root certificate (sslrootcert), or `sslmode=require` at least; in node `ssl: { ca }`. Set `ssl = on` and `hostssl` lines on the server.",
    .when_to_ignore = "The connection runs through a private network or a tunnel that the host's name does not show.",
    .check = check};

}  // namespace pgadvise::rules
