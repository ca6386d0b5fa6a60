#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::pool_larger_than_server {
namespace {

constexpr Option reserved_connections{
    "reserved", 3, "connections that the server reserves for superusers (superuser_reserved_connections)"};

std::string_view base_name(std::string_view folder) { return folder.substr(folder.rfind('/') + 1); }

// The instances of the application that the pool belongs to: those built from the pool's folder or named
// after it, or the only entry if the project has one application. With several matches, the entry with the
// most instances.
const InstanceCount* instances_of(const Project& project, const PoolSize& pool) {
  const InstanceCount* best = nullptr;
  for (const auto& each : project.instances) {
    const bool same = each.name.empty() ? each.folder == pool.folder : each.name == base_name(pool.folder);
    const bool only =
        std::ranges::all_of(project.pools,
                            [&](const PoolSize& other) { return other.folder == pool.folder; }) &&
        project.instances.size() == 1;
    if ((same || only) && (!best || each.count > best->count)) best = &each;
  }
  return best;
}

double connections_of(const PoolSize& pool, const InstanceCount* instances) {
  return static_cast<double>(pool.size) * (instances ? instances->count : 1);
}

void report_pool(const Project& project, Reporter& reporter, const PoolSize& pool, double most,
                 const std::string& setting, Subject subject) {
  const InstanceCount* instances = instances_of(project, pool);
  const double all = connections_of(pool, instances);
  Finding& finding =
      reporter.add(std::move(subject), located(project, pool.place),
                   "The pool may open " + grouped(all) + " connections" +
                       (instances ? " (" + std::to_string(pool.size) + " in each of " +
                                        std::to_string(instances->count) + " instances)"
                                  : "") +
                       ", but the server allows " + grouped(most) + " and refuses further ones.");
  finding.evidence.push_back(
      project_fact(finding.subject.entry + " is " + std::to_string(pool.size), finding.location));
  if (instances)
    finding.evidence.push_back(project_fact(instances->what + " is " + std::to_string(instances->count),
                                            located(project, instances->place)));
  finding.evidence.push_back(catalog_fact("max_connections is " + setting));
  finding.fix =
      manual_fix("Limit the pool to " +
                 grouped(std::max(1.0, std::floor(0.8 * most / (instances ? instances->count : 1)))) +
                 " connections, or put a pooler in front of the server");
}

// Reports the sum of the largest pool of each application. Several pools of one application often belong to
// several servers, or are not open at the same time.
void report_sum(const Project& project, Reporter& reporter, double most, const std::string& setting) {
  std::map<std::string, const PoolSize*> largest;
  for (const auto& pool : project.pools) {
    if (contains(pool.what, "PgBouncer")) return;  // the other pools may connect through PgBouncer
    const PoolSize*& known = largest[pool.folder];
    if (!known || connections_of(pool, instances_of(project, pool)) >
                      connections_of(*known, instances_of(project, *known)))
      known = &pool;
  }
  double all = 0;
  for (const auto& [folder, pool] : largest) all += connections_of(*pool, instances_of(project, *pool));
  if (largest.size() < 2 || all <= most) return;
  Finding& finding =
      reporter.add({.kind = "setting", .entry = "pools"},
                   "The pools of " + std::to_string(largest.size()) + " applications may open " +
                       grouped(all) + " connections in total, but the server allows " + grouped(most) +
                       ": if all applications use this server, the server refuses further ones.",
                   Severity::note);
  for (const auto& [folder, pool] : largest) {
    const InstanceCount* instances = instances_of(project, *pool);
    finding.evidence.push_back(
        project_fact(pool->what + " is " + std::to_string(pool->size) +
                         (instances ? ", in each of " + std::to_string(instances->count) + " instances" : ""),
                     located(project, pool->place)));
    if (!finding.location) finding.location = finding.evidence.back().place;
  }
  finding.evidence.push_back(catalog_fact("max_connections is " + setting));
  finding.fix = manual_fix("Limit the pools so that their sum stays below " + grouped(most) +
                           ", or put a pooler in front of the server");
}

void check(const Context& context, Reporter& reporter) {
  const std::string* setting = context.setting("max_connections");
  if (!setting) return;
  const double most = std::strtod(setting->c_str(), nullptr) - context.option(reserved_connections);
  const Project& project = context.project();
  FileSubjects subjects;
  bool any = false;
  for (const auto& pool : project.pools) {
    Subject subject = subjects.make(pool.place.file, pool.what);
    if (connections_of(pool, instances_of(project, pool)) <= most) continue;
    any = true;
    report_pool(project, reporter, pool, most, *setting, std::move(subject));
  }
  if (!any) report_sum(project, reporter, most, *setting);
}

}  // namespace

constinit const Rule rule{
    .id = "pool-larger-than-server",
    .severity = Severity::warning,
    .harm = Harm::deployment,
    .needs = all(Input::project, Input::settings),
    .summary = "a connection pool that may open more connections than the server allows",
    .why =
        "A pool opens connections up to its limit. The server refuses connections beyond max_connections, so "
        "requests fail exactly when load is highest. The sum over all processes counts.\n\n"
        "pgadvise reads the pool's limit where it is written as a number: `max` of node-postgres and "
        "postgres.js, Prisma's `connection_limit`, Rails' `pool`, SQLAlchemy's `pool_size` and "
        "`max_overflow`, PgBouncer's default_pool_size. It reads the number of instances from compose files, "
        "Kubernetes Deployments and fly.toml, and max_connections from the server. If each pool fits but the "
        "sum over the applications in the repository does not, the finding is a note: the applications may "
        "use different servers.",
    .fix =
        "Limit the pool so that its size times the number of instances stays below max_connections, with "
        "room for migrations and administrators. Ten to twenty connections per CPU core of the server are "
        "plenty. Or use PgBouncer.",
    .when_to_ignore = "A pooler runs between this application and the server.",
    .options = {&reserved_connections},
    .check = check};

}  // namespace pgadvise::rules::pool_larger_than_server
