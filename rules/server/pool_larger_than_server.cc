#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "lint/migration_folders.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option options[] = {{"reserved", 3, "connections that the server keeps for superusers (superuser_reserved_connections)"}};

// The instances of the application that the pool belongs to: built from its folder, or from one above it and of no other's.
const InstanceCount* instances_of(const Project& project, const PoolSize& pool) {
  const InstanceCount* best = nullptr;
  for (const auto& each : project.instances) {
    const bool same = each.folder == pool.folder;
    const bool only = std::all_of(project.pools.begin(), project.pools.end(), [&](const PoolSize& other) { return other.folder == pool.folder; }) && project.instances.size() == 1;
    if ((same || only) && (!best || each.count > best->count)) best = &each;
  }
  return best;
}

void check(const Context& context, Reporter& reporter);

}  // namespace

constinit const Rule pool_larger_than_server{
    .id = "pool-larger-than-server",
    .severity = Severity::warning,
    .needs = Needs::project,
    .summary = "a connection pool that may open more connections than the server takes",
    .why = "A pool opens connections until its limit; the server refuses what exceeds max_connections, and requests fail just when there are most of them. What counts is the sum over all processes.\n\n"
           "The pool's limit is read where it stands as a number (node-postgres and postgres.js `max`, Prisma's `connection_limit`, PgBouncer's default_pool_size), the number of instances from compose files and fly.toml, "
           "max_connections from the server.",
    .fix = "Bound the pool so that its size times the instances stays below max_connections, with room for migrations and people; ten to twenty connections for each core of the server is plenty. Or put PgBouncer in front.",
    .when_to_ignore = "A pooler stands between this application and the server.",
    .options = options,
    .check = check,
    .also_needs = Needs::server};

namespace {

void check(const Context& context, Reporter& reporter) {
  const auto& settings = context.catalog().settings;
  const auto setting = settings.find("max_connections");
  if (setting == settings.end()) return;
  const double most = std::strtod(setting->second.c_str(), nullptr) - context.option(pool_larger_than_server, "reserved");
  const Project& project = context.project();
  for (const auto& pool : project.pools) {
    const InstanceCount* instances = instances_of(project, pool);
    const double all = static_cast<double>(pool.size) * (instances ? instances->count : 1);
    if (all <= most) continue;
    Finding& finding = reporter.add({.kind = "file", .file = pool.place.file, .entry = pool.what},
                                    "The pool may open " + grouped(all) + " connections" + (instances ? " (" + std::to_string(pool.size) + " in each of " + std::to_string(instances->count) + " instances)" : "") + ", and the server takes " +
                                        grouped(most) + ": what comes after those is refused.");
    finding.location = lint::located(project, pool.place);
    finding.evidence.push_back({Evidence::Kind::project, pool.what + " is " + std::to_string(pool.size), finding.location, {}});
    if (instances) finding.evidence.push_back({Evidence::Kind::project, instances->what + " is " + std::to_string(instances->count), lint::located(project, instances->place), {}});
    finding.evidence.push_back(catalog_fact("max_connections is " + setting->second));
    finding.fix = Fix{.title = "Bound the pool by " + grouped(std::max(1.0, std::floor(0.8 * most / (instances ? instances->count : 1)))) + " at most, or put a pooler in front of the server", .safety = Fix::Safety::manual};
  }
}

}  // namespace

}  // namespace pgadvise::rules
