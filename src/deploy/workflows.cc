#include "deploy/workflows.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "deploy/connections.h"
#include "deploy/entry_points.h"
#include "files/files.h"
#include "files/yaml_file.h"

namespace pgadvise::deploy {
namespace {

using Environment = std::map<std::string, std::string>;

void add_environment(Environment& out, const YAML::Node& node) {
  if (!node.IsDefined() || !node.IsMap()) return;
  for (const auto& item : node) out[files::yaml_text(item.first)] = files::yaml_text(item.second);
}

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

// What is known of the database that a step's environment names.
enum class Database { unknown, local, test, preview, secret, computed };

bool database_variable(const std::string& name) {
  const std::string lowered = lower(name);
  for (const auto* part :
       {"database", "postgres", "pghost", "db_", "_db", "direct_url", "dsn", "neon", "supabase_db"})
    if (contains(lowered, part)) return true;
  return lowered == "db" || lowered == "direct_url";
}

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

struct Events {
  bool pull_request = false;
  bool push = false;
  bool main = false;     // a push to the main branch, or a tag
  bool on_call = false;  // workflow_call, workflow_dispatch, schedule …: whatever the caller wants
};

bool main_branch(const std::string& pattern) {
  for (const auto* name :
       {"main", "master", "prod", "production", "release", "live", "$default-branch", "**", "*"})
    if (pattern == name || pattern.compare(0, 8, "release/") == 0 || pattern.compare(0, 8, "releases") == 0)
      return true;
  return false;
}

Events read_events(const YAML::Node& on) {
  Events out;
  const auto add = [&](const std::string& name, const YAML::Node& options) {
    if (name == "pull_request" || name == "pull_request_target" || name == "merge_group") {
      out.pull_request = true;
    } else if (name == "push") {
      out.push = true;
      const auto branches = files::yaml_list(files::yaml_member(options, "branches"));
      const auto tags = files::yaml_list(files::yaml_member(options, "tags"));
      if (branches.empty() && tags.empty()) out.main = true;
      out.main = out.main || !tags.empty() || std::any_of(branches.begin(), branches.end(), main_branch);
    } else if (name == "release" || name == "deployment") {
      out.push = out.main = true;
    } else {
      out.on_call = true;
    }
  };
  if (on.IsDefined() && on.IsMap()) {
    for (const auto& item : on) add(files::yaml_text(item.first), item.second);
  } else {
    for (const auto& name : files::yaml_list(on)) add(name, YAML::Node(YAML::NodeType::Undefined));
  }
  return out;
}

// What an `if:` says: on main only, on others only.
enum class Guard { none, main, others };

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

class WorkflowReader {
 public:
  WorkflowReader(Resolver& resolver, const std::string& path, const std::string& text, const YAML::Node& root)
      : resolver_(resolver),
        path_(path),
        text_(text),
        root_(root),
        events_(read_events(files::yaml_member(root, "on"))) {
    // YAML 1.1 reads a bare `on` as true; yaml-cpp keeps the text.
    add_environment(environment_, files::yaml_member(root, "env"));
  }

  void run() {
    const YAML::Node jobs = files::yaml_member(root_, "jobs");
    if (!jobs.IsDefined() || !jobs.IsMap()) return;
    for (const auto& item : jobs) job(files::yaml_text(item.first), item.second);
  }

 private:
  void job(const std::string& id, const YAML::Node& node) {
    Environment environment = environment_;
    add_environment(environment, files::yaml_member(node, "env"));
    std::vector<std::string> services;
    bool database_service = false;
    if (const YAML::Node list = files::yaml_member(node, "services"); list.IsDefined() && list.IsMap())
      for (const auto& item : list) {
        services.push_back(files::yaml_text(item.first));
        const std::string image = lower(files::yaml_text(files::yaml_member(item.second, "image")));
        for (const auto* part : {"postgres", "postgis", "pgvector", "timescale", "supabase", "cockroach"})
          database_service = database_service || contains(image, part);
      }
    const YAML::Node steps = files::yaml_member(node, "steps");
    if (!steps.IsDefined() || !steps.IsSequence()) return;
    for (const auto& item : steps) {
      Environment of_step = environment;
      add_environment(of_step, files::yaml_member(item, "env"));
      // Later steps see what earlier ones wrote to $GITHUB_ENV, or to .env.
      const std::string script = files::yaml_text(files::yaml_member(item, "run"));
      const auto target = target_of(id, node, item, database_of(of_step, services), database_service);
      bool testing = false;
      for (const auto* name : {"NODE_ENV", "RAILS_ENV"})
        if (const auto mode = of_step.find(name); mode != of_step.end())
          testing = testing || environment_named(mode->second) == Target::development;
      if (target && !testing)
        run_step(id, node, item, *target, of_step.count("DISABLE_DATABASE_ENVIRONMENT_CHECK") > 0);
      learn_from(script, services);
    }
    starts_database_ = false;
    written_ = Database::unknown;
  }

  void learn_from(const std::string& script, const std::vector<std::string>& services) {
    const bool starts = (contains(script, "compose") && contains(script, " up")) ||
                        contains(script, "supabase start") || contains(script, "docker run") ||
                        contains(script, "pg_ctl") || contains(script, "service postgresql") ||
                        contains(script, "systemctl start postgresql");
    if (starts && !contains(script, "ssh ")) starts_database_ = true;
    for (const auto line : split(script, '\n'))
      for (const auto* name : {"DATABASE_URL", "POSTGRES_URL", "DB_URL", "DIRECT_URL"})
        if (const auto at = line.find(name); at != std::string_view::npos && contains(line, ">"))
          written_ = std::max(written_, database_of_value(std::string(line.substr(at)), services));
  }

  // nullopt: a database of the job's own.
  std::optional<Target> target_of(const std::string& id, const YAML::Node& job, const YAML::Node& step,
                                  Database database, bool database_service) {
    if (database == Database::unknown) database = written_;
    if (database == Database::local || database == Database::test) return std::nullopt;
    const YAML::Node environment = files::yaml_member(job, "environment");
    const std::string named = lower(environment.IsDefined() && environment.IsMap()
                                        ? files::yaml_text(files::yaml_member(environment, "name"))
                                        : files::yaml_text(environment));
    const bool remote = database == Database::secret || database == Database::preview;
    if (!remote && (database_service || starts_database_)) return std::nullopt;
    if (!contains(named, "${{") && names_test(named)) return std::nullopt;  // no deployment
    if (!named.empty() && !contains(named, "${{") && environment_named(named) != Target::any)
      return contains(named, "prod") ? Target::any : Target::not_production;
    if (!named.empty() && environment_named(named) == Target::any) return Target::any;
    if (contains(named, "${{")) return contains(named, "prod") ? Target::any : Target::not_production;
    const Guard guard = std::max(guard_of(files::yaml_text(files::yaml_member(job, "if"))),
                                 guard_of(files::yaml_text(files::yaml_member(step, "if"))));
    if (guard == Guard::others && database == Database::unknown) return std::nullopt;
    if (guard == Guard::others || database == Database::preview || database == Database::computed)
      return Target::not_production;
    if (base_name_is_not_production()) return Target::not_production;
    if (remote)
      return guard == Guard::main || (events_.main && !events_.pull_request) ||
                     (events_.on_call && !events_.push && !events_.pull_request)
                 ? Target::any
                 : Target::not_production;
    // Nothing tells which database: a deployment runs after a push to main, and tests nothing.
    if (test_name(id) || test_name(files::yaml_text(files::yaml_member(job, "name"))) ||
        test_name(files::yaml_text(files::yaml_member(root_, "name"))))
      return std::nullopt;
    if (guard == Guard::main || (events_.main && !events_.pull_request)) return Target::any;
    return std::nullopt;
  }

  bool base_name_is_not_production() const {
    const std::string name = lower(files::base_of(path_));
    return contains(name, "staging") || contains(name, "preview") || contains(name, "beta") ||
           files::named_for_development(name);
  }

  void run_step(const std::string& id, const YAML::Node& job, const YAML::Node& step, Target target,
                bool unprotected) {
    YAML::Node script = files::yaml_member(step, "run");
    if (!script.IsDefined() && contains(files::yaml_text(files::yaml_member(step, "uses")), "ssh"))
      script = files::yaml_member(files::yaml_member(step, "with"), "script");
    if (!script.IsDefined() || !script.IsScalar()) return;
    Way way;
    way.stage = DeployCommand::Stage::ci;
    way.target = target;
    way.unprotected = unprotected;
    way.entry = "job " + id;
    way.path = {path_ + " job " + id};
    std::string folder = files::yaml_text(files::yaml_member(step, "working-directory"));
    for (const YAML::Node& outer : {job, root_})
      if (folder.empty())
        folder = files::yaml_text(files::yaml_member(
            files::yaml_member(files::yaml_member(outer, "defaults"), "run"), "working-directory"));
    way.folder = contains(folder, "${{") ? "" : files::normal_path(folder);
    resolver_.shell({script.Scalar(), path_, files::yaml_offset(script, text_)}, way);
  }

  Resolver& resolver_;
  const std::string& path_;
  const std::string& text_;
  YAML::Node root_;
  Events events_;
  Environment environment_;
  bool starts_database_ = false;
  Database written_ = Database::unknown;
};

}  // namespace

void read_workflows(files::Tree& tree, Resolver& resolver) {
  for (const auto& path : tree.files()) {
    const auto base = files::base_of(path);
    const bool yaml = base.size() > 5 &&
                      (base.substr(base.size() - 4) == ".yml" || base.substr(base.size() - 5) == ".yaml");
    if (files::folder_of(path) != ".github/workflows" || !yaml) continue;
    const std::string* text = tree.text(path);
    if (!text) continue;
    if (const auto root = files::parse_yaml(*text, path)) {
      WorkflowReader(resolver, path, *text, *root).run();
    } else {
      tree.report_broken(path, *text, root.error());
    }
  }
}

}  // namespace pgadvise::deploy
