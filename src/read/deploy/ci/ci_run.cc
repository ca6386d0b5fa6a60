#include "deploy/ci/ci_run.h"

#include <algorithm>
#include <optional>

#include "base/text/text.h"
#include "deploy/connections/connections.h"
#include "files/files.h"

namespace pgadvise::deploy {
namespace {

// What is known of the database that a job's variables name.
enum class Database { unknown, local, test, preview, secret, computed };

bool database_variable(const std::string& name) {
  const std::string lowered = lower(name);
  return lowered == "db" || contains_any(lowered, {"database", "postgres", "pghost", "db_", "_db",
                                                   "direct_url", "dsn", "neon", "supabase_db"});
}

// `services`: the names of the job's own containers.
Database database_of_value(const std::string& value, const std::vector<std::string>& services) {
  const std::string lowered = lower(value);
  if (contains_any(lowered, {"secrets.", "vars."})) {
    if (contains_any(lowered, {"test", "_ci", "ci_", "local", "e2e", "shadow"})) return Database::test;
    if (contains_any(lowered, {"prod", "live"})) return Database::secret;
    return contains_any(lowered, {"preview", "staging", "stage", "dev"}) ? Database::preview
                                                                         : Database::secret;
  }
  if (contains(lowered, "${{")) return contains(lowered, "inputs.") ? Database::secret : Database::computed;
  if (contains_any(lowered, {"localhost", "127.0.0.1", "0.0.0.0", "host.docker.internal", "memory", "file:"}))
    return Database::local;
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
    out = std::max(out, one);
  }
  return out;
}

// Of the variables that a script writes to a file that later lines read, such as .env.
Database database_written(const std::string& script, const std::vector<std::string>& services) {
  Database out = Database::unknown;
  for (const auto line : split(script, '\n'))
    for (const auto* name : {"DATABASE_URL", "POSTGRES_URL", "DB_URL", "DIRECT_URL"})
      if (const auto at = line.find(name); at != std::string_view::npos && contains(line, ">"))
        out = std::max(out, database_of_value(std::string(line.substr(at)), services));
  return out;
}

// `docker compose up` and the like.
bool starts_database(const std::string& script) {
  if (contains(script, "ssh ")) return false;
  return contains_any(script, {"supabase start", "docker run", "pg_ctl", "service postgresql",
                               "systemctl start postgresql"}) ||
         (contains(script, "compose") && contains(script, " up"));
}

// nullopt: the job changes a database of its own, or deploys nothing.
std::optional<Target> target_of_job(const CiJob& job, Database database) {
  if (database == Database::local || database == Database::test) return std::nullopt;
  const std::string named = lower(job.environment);
  const bool remote = database == Database::secret || database == Database::preview;
  if (!remote && job.own_database) return std::nullopt;
  const auto by_name = [&] { return contains(named, "prod") ? Target::any : Target::not_production; };
  if (contains(named, "$")) return by_name();
  if (has_word(named, {"test", "tests", "testing", "e2e", "qa", "ci"})) return std::nullopt;
  if (!named.empty()) return environment_named(named) == Target::any ? Target::any : by_name();
  if (job.guard == Guard::others && database == Database::unknown) return std::nullopt;
  if (job.guard == Guard::others || database == Database::preview || database == Database::computed ||
      job.not_production)
    return Target::not_production;
  const Events& events = job.events;
  const bool on_main = job.guard == Guard::main || (events.main && !events.pull_request);
  if (remote)
    return on_main || (events.on_call && !events.push && !events.pull_request) ? Target::any
                                                                               : Target::not_production;
  // Nothing tells which database: a deployment runs after a push to main, and tests nothing.
  if (job.tests) return std::nullopt;
  if (on_main) return Target::any;
  return job.deploys ? std::optional(Target::not_production) : std::nullopt;
}

bool for_development(const Environment& environment) {
  return std::ranges::any_of(environment, [](const auto& variable) {
    return (variable.first == "NODE_ENV" || variable.first == "RAILS_ENV") &&
           environment_named(variable.second) == Target::development;
  });
}

// The working directory after the line.
std::string folder_after(std::string folder, const std::string& line) {
  for (const auto& command : parse_shell(line)) {
    if (command.words.size() != 2 || command.words[0] != "cd" || !command.branch.empty()) continue;
    const std::string& to = command.words[1];
    if (to[0] == '/' || to[0] == '~' || contains(to, "$")) {
      folder.clear();
    } else {
      folder = files::join_path(folder, to);
    }
  }
  return folder;
}

}  // namespace

bool database_image(const std::string& image) {
  return contains_any(lower(image),
                      {"postgres", "postgis", "pgvector", "timescale", "supabase", "cockroach"});
}

bool main_branch(const std::string& pattern) {
  return is_one_of(pattern, {"main", "master", "prod", "production", "release", "live", "$default-branch",
                             "**", "*"}) ||
         pattern.starts_with("release/") || pattern.starts_with("releases");
}

Guard guard_of(const std::string& condition, std::initializer_list<std::string_view> main,
               std::initializer_list<std::string_view> others) {
  const std::string text = lower(condition);
  const bool negated = contains_any(text, {"!=", "not {", "not{"});
  if (contains_any(text, main)) return negated ? Guard::others : Guard::main;
  return contains_any(text, others) && !negated ? Guard::others : Guard::none;
}

bool test_name(const std::string& name) {
  return has_word(
      name, {"test", "tests", "e2e", "playwright", "cypress", "lint", "vitest", "unit", "integration", "ci"});
}

void take_name(CiJob& job, const std::string& name) {
  job.tests |= test_name(name);
  job.deploys |= contains_any(lower(name), {"deploy", "release", "prod"});
}

void run_script(Resolver& resolver, const std::string& path, CiScript script) {
  Database written = Database::unknown;
  std::string folder = files::normal_path(script.folder);
  for (const auto& line : script.lines) {
    Environment environment = line.environment;
    environment.insert(script.environment.begin(), script.environment.end());
    const Database named = database_of(environment, script.services);
    CiJob facts = script.facts;
    facts.guard = std::max(facts.guard, line.guard);
    const auto target = target_of_job(facts, named == Database::unknown ? written : named);
    if (target && !for_development(environment)) {
      const bool here = line.folder.empty() || contains(line.folder, "~");
      resolver.shell({line.text, path, line.offset},
                     {.stage = DeployCommand::Stage::ci,
                      .target = *target,
                      .folder = here ? folder : files::normal_path(line.folder),
                      .entry = "job " + script.name,
                      .path = {path + " job " + script.name},
                      .unprotected = environment.contains("DISABLE_DATABASE_ENVIRONMENT_CHECK")});
    }
    if (line.remote) continue;
    script.facts.own_database |= starts_database(line.text);
    written = std::max(written, database_written(line.text, script.services));
    if (script.one_shell) folder = folder_after(std::move(folder), line.text);
  }
}

}  // namespace pgadvise::deploy
