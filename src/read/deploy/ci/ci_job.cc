#include "deploy/ci/ci_job.h"

#include <algorithm>

#include "base/text/text.h"
#include "deploy/connections/connections.h"

namespace pgadvise::deploy {
namespace {

// "test", "e2e-eu", "qa_1": an environment of tests.
bool names_test(std::string_view environment) {
  std::string words(environment);
  for (char& c : words)
    if (c == '-' || c == '_' || c == '/' || c == '.') c = ' ';
  for (const auto word : split(words, ' '))
    if (word == "test" || word == "tests" || word == "testing" || word == "e2e" || word == "qa" ||
        word == "ci")
      return true;
  return false;
}

bool database_variable(const std::string& name) {
  const std::string lowered = lower(name);
  for (const auto* part :
       {"database", "postgres", "pghost", "db_", "_db", "direct_url", "dsn", "neon", "supabase_db"})
    if (contains(lowered, part)) return true;
  return lowered == "db" || lowered == "direct_url";
}

}  // namespace

Database database_of_value(const std::string& value, const std::vector<std::string>& services) {
  const std::string lowered = lower(value);
  if (contains(lowered, "secrets.") || contains(lowered, "vars.")) {
    for (const auto* part : {"test", "_ci", "ci_", "local", "e2e", "shadow"})
      if (contains(lowered, part)) return Database::test;
    for (const auto* part : {"prod", "live"})
      if (contains(lowered, part)) return Database::secret;
    for (const auto* part : {"preview", "staging", "stage", "dev"})
      if (contains(lowered, part)) return Database::preview;
    return Database::secret;
  }
  if (contains(lowered, "${{")) return contains(lowered, "inputs.") ? Database::secret : Database::computed;
  for (const auto* host : {"localhost", "127.0.0.1", "0.0.0.0", "host.docker.internal", "memory", "file:"})
    if (contains(lowered, host)) return Database::local;
  for (const auto& service : services)
    if (contains(lowered, "@" + lower(service)) || lowered == lower(service)) return Database::local;
  const auto scheme = lowered.find("://");
  if (scheme == std::string::npos) return Database::unknown;
  // Somewhere on the internet: a real one. Else a literal URL with its password is nobody's production.
  std::string_view host = std::string_view(lowered).substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?"));
  host = host.substr(host.rfind('@') + 1);
  return remote_host(host.substr(0, host.find(':'))) ? Database::secret : Database::test;
}

Database database_of(const Environment& environment, const std::vector<std::string>& services) {
  Database out = Database::unknown;
  for (const auto& [name, value] : environment) {
    if (!database_variable(name)) continue;
    const Database one = database_of_value(value, services);
    if (one == Database::local) return one;
    if (one != Database::unknown) out = std::max(out, one);
  }
  return out;
}

Database database_written(const std::string& script, const std::vector<std::string>& services) {
  Database out = Database::unknown;
  for (const auto line : split(script, '\n'))
    for (const auto* name : {"DATABASE_URL", "POSTGRES_URL", "DB_URL", "DIRECT_URL"})
      if (const auto at = line.find(name); at != std::string_view::npos && contains(line, ">"))
        out = std::max(out, database_of_value(std::string(line.substr(at)), services));
  return out;
}

bool database_image(const std::string& image) {
  const std::string name = lower(image);
  for (const auto* part : {"postgres", "postgis", "pgvector", "timescale", "supabase", "cockroach"})
    if (contains(name, part)) return true;
  return false;
}

bool starts_database(const std::string& script) {
  if (contains(script, "ssh ")) return false;
  for (const auto* sign :
       {"supabase start", "docker run", "pg_ctl", "service postgresql", "systemctl start postgresql"})
    if (contains(script, sign)) return true;
  return contains(script, "compose") && contains(script, " up");
}

bool main_branch(const std::string& pattern) {
  for (const auto* name :
       {"main", "master", "prod", "production", "release", "live", "$default-branch", "**", "*"})
    if (pattern == name || pattern.compare(0, 8, "release/") == 0 || pattern.compare(0, 8, "releases") == 0)
      return true;
  return false;
}

Guard guard_of(const std::string& condition) {
  const std::string text = lower(condition);
  if (contains(text, "refs/heads/main") || contains(text, "refs/heads/master") ||
      contains(text, "== 'main'") || contains(text, "== 'production'") || contains(text, "refs/tags") ||
      contains(text, "== 'master'"))
    return contains(text, "!=") ? Guard::others : Guard::main;
  for (const auto* part : {"pull_request", "staging", "preview", "develop", "'dev'", "'test'"})
    if (contains(text, part)) return contains(text, "!=") ? Guard::none : Guard::others;
  return Guard::none;
}

bool test_name(const std::string& name) {
  std::string text = lower(name);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')); },
      ' ');
  for (const auto part : split(text, ' '))
    for (const auto* word :
         {"test", "tests", "e2e", "playwright", "cypress", "lint", "vitest", "unit", "integration", "ci"})
      if (part == word) return true;
  return false;
}

std::optional<Target> target_of_job(const CiJob& job) {
  const Database database = job.database;
  if (database == Database::local || database == Database::test) return std::nullopt;
  const std::string named = lower(job.environment);
  const bool remote = database == Database::secret || database == Database::preview;
  if (!remote && job.own_database) return std::nullopt;
  if (contains(named, "$")) return contains(named, "prod") ? Target::any : Target::not_production;
  if (names_test(named)) return std::nullopt;  // no deployment
  if (!named.empty() && environment_named(named) != Target::any)
    return contains(named, "prod") ? Target::any : Target::not_production;
  if (!named.empty()) return Target::any;
  if (job.guard == Guard::others && database == Database::unknown) return std::nullopt;
  if (job.guard == Guard::others || database == Database::preview || database == Database::computed ||
      job.not_production)
    return Target::not_production;
  const Events& events = job.events;
  if (remote)
    return job.guard == Guard::main || (events.main && !events.pull_request) ||
                   (events.on_call && !events.push && !events.pull_request)
               ? Target::any
               : Target::not_production;
  // Nothing tells which database: a deployment runs after a push to main, and tests nothing.
  if (job.tests) return std::nullopt;
  if (job.guard == Guard::main || (events.main && !events.pull_request)) return Target::any;
  return job.deploys ? std::optional(Target::not_production) : std::nullopt;
}

}  // namespace pgadvise::deploy
