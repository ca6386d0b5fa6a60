#include "deploy/ci/pipelines.h"

#include <algorithm>
#include <set>

#include "base/text/text.h"
#include "deploy/ci/ci_job.h"
#include "deploy/ci/ci_run.h"
#include "files/files.h"
#include "files/yaml_file.h"

namespace pgadvise::deploy {
namespace {

constexpr int deepest = 8;  // levels of templates, anchors and nested steps

// A member of a mapping, also of one that `<<` merges into it.
YAML::Node merged_member(const YAML::Node& node, const std::string& name, int depth = 0) {
  YAML::Node own = files::yaml_member(node, name);
  if (own.IsDefined() || depth > deepest) return own;
  const YAML::Node merged = files::yaml_member(node, "<<");
  if (merged.IsDefined() && merged.IsMap()) return merged_member(merged, name, depth + 1);
  if (merged.IsDefined() && merged.IsSequence())
    for (const auto& item : merged)
      if (YAML::Node found = merged_member(item, name, depth + 1); found.IsDefined()) return found;
  return own;
}

// `NAME: $OTHER` takes a variable of the service's settings, where secrets are.
void add_variables(Environment& out, const YAML::Node& node) {
  if (!node.IsDefined() || !node.IsMap()) return;
  for (const auto& item : node) {
    std::string value = files::yaml_text(item.second);
    if (item.second.IsMap()) value = files::yaml_text(files::yaml_member(item.second, "value"));
    if (value.size() > 1 && value[0] == '$' && !contains(value, "{{")) value = "secrets." + value.substr(1);
    out[files::yaml_text(item.first)] = value;
  }
}

bool image_is_database(const YAML::Node& node) {
  for (const auto* key : {"name", "image"})
    if (database_image(files::yaml_text(files::yaml_member(node, key)))) return true;
  return database_image(files::yaml_text(node));
}

// "deploy", "release_production", "migrate-db"
bool named_for_deployment(const std::string& name) {
  const std::string text = lower(name);
  return contains(text, "deploy") || contains(text, "release") || contains(text, "prod");
}

// --- GitLab

class GitLabReader {
 public:
  GitLabReader(Resolver& resolver, const std::string& path, const std::string& text, const YAML::Node& root)
      : resolver_(resolver), path_(path), text_(text), root_(root) {}

  void run() {
    static const std::set<std::string> keywords = {"stages",   "variables", "default",       "include",
                                                   "workflow", "image",     "spec",          "services",
                                                   "cache",    "types",     "before_script", "after_script"};
    if (!root_.IsMap()) return;
    for (const auto& item : root_) {
      const std::string name = files::yaml_text(item.first);
      if (name.empty() || name[0] == '.' || keywords.count(name) || !item.second.IsMap()) continue;
      job(name, item.second);
    }
  }

 private:
  // The job's own key, else the key of what it extends.
  YAML::Node key_of(const YAML::Node& job, const std::string& key, int depth = 0) const {
    YAML::Node own = merged_member(job, key);
    if (own.IsDefined() || depth > deepest) return own;
    auto templates = files::yaml_list(merged_member(job, "extends"));
    std::reverse(templates.begin(), templates.end());
    for (const auto& name : templates)
      if (YAML::Node found = key_of(files::yaml_member(root_, name), key, depth + 1); found.IsDefined())
        return found;
    return own;
  }

  // The same, else the default of all jobs.
  YAML::Node key_or_default(const YAML::Node& job, const std::string& key) const {
    if (YAML::Node own = key_of(job, key); own.IsDefined()) return own;
    if (YAML::Node common = files::yaml_member(files::yaml_member(root_, "default"), key); common.IsDefined())
      return common;
    return files::yaml_member(root_, key);
  }

  void add_lines(CiScript& script, const YAML::Node& node, int depth = 0) const {
    if (!node.IsDefined() || depth > deepest) return;
    if (node.IsScalar()) script.lines.push_back({node.Scalar(), files::yaml_offset(node, text_)});
    if (!node.IsSequence()) return;
    if (node.Tag() == "!reference" && node.size() == 2)
      return add_lines(
          script, key_of(files::yaml_member(root_, files::yaml_text(node[0])), files::yaml_text(node[1])),
          depth + 1);
    for (const auto& item : node) add_lines(script, item, depth + 1);
  }

  static Guard guard_of_rule(const std::string& condition) {
    const std::string text = lower(condition);
    const bool negated = contains(text, "!=");
    for (const auto* part : {"ci_default_branch", "ci_commit_tag", "\"main\"", "'main'", "\"master\"",
                             "'master'", "\"production\"", "'production'", "/^release", "/^v"})
      if (contains(text, part)) return negated ? Guard::others : Guard::main;
    for (const auto* part : {"merge_request", "develop", "staging", "preview", "\"dev\"", "schedule"})
      if (contains(text, part)) return negated ? Guard::none : Guard::others;
    return Guard::none;
  }

  Guard guard_of_job(const YAML::Node& job) const {
    bool main = false;
    bool others = false;
    const auto add = [&](Guard guard) {
      main = main || guard == Guard::main;
      others = others || guard == Guard::others;
    };
    if (const YAML::Node rules = key_of(job, "rules"); rules.IsDefined() && rules.IsSequence())
      for (const auto& rule : rules)
        if (files::yaml_text(files::yaml_member(rule, "when")) != "never")
          add(guard_of_rule(files::yaml_text(files::yaml_member(rule, "if"))));
    const YAML::Node only = key_of(job, "only");
    auto refs = files::yaml_list(only);
    if (only.IsDefined() && only.IsMap()) refs = files::yaml_list(files::yaml_member(only, "refs"));
    for (const auto& ref : refs) add(ref == "tags" || main_branch(ref) ? Guard::main : Guard::others);
    return main ? Guard::main : others ? Guard::others : Guard::none;
  }

  void job(const std::string& name, const YAML::Node& node) {
    CiScript script;
    script.name = name;
    add_variables(script.environment, files::yaml_member(root_, "variables"));
    add_variables(script.environment, key_of(node, "variables"));
    if (const YAML::Node services = key_or_default(node, "services");
        services.IsDefined() && services.IsSequence())
      for (const auto& service : services) {
        script.facts.own_database = script.facts.own_database || image_is_database(service);
        script.services.push_back(files::yaml_text(files::yaml_member(service, "alias")));
      }
    script.services.emplace_back("postgres");
    std::erase(script.services, "");
    const YAML::Node environment = key_of(node, "environment");
    script.facts.environment = environment.IsDefined() && environment.IsMap()
                                   ? files::yaml_text(files::yaml_member(environment, "name"))
                                   : files::yaml_text(environment);
    script.facts.environment.resize(
        std::min(script.facts.environment.find('/'), script.facts.environment.size()));  // review/$BRANCH
    script.facts.guard = guard_of_job(node);
    script.facts.events.push = true;
    const std::string stage = files::yaml_text(key_of(node, "stage"));
    script.facts.tests = test_name(name) || test_name(stage);
    script.facts.deploys = named_for_deployment(name) || named_for_deployment(stage);
    add_lines(script, key_or_default(node, "before_script"));
    add_lines(script, key_of(node, "script"));
    add_lines(script, key_or_default(node, "after_script"));
    run_script(resolver_, path_, std::move(script));
  }

  Resolver& resolver_;
  const std::string& path_;
  const std::string& text_;
  YAML::Node root_;
};

// --- Bitbucket

class BitbucketReader {
 public:
  BitbucketReader(Resolver& resolver, const std::string& path, const std::string& text,
                  const YAML::Node& root)
      : resolver_(resolver), path_(path), text_(text), root_(root) {}

  void run() {
    const YAML::Node pipelines = files::yaml_member(root_, "pipelines");
    const YAML::Node branches = files::yaml_member(pipelines, "branches");
    CiJob common;
    common.events.push = true;
    common.events.main = !has_main(branches);
    steps(files::yaml_member(pipelines, "default"), common);
    each(branches, [&](const std::string& pattern, const YAML::Node& list) {
      CiJob facts;
      facts.events.push = true;
      facts.guard = main_branch(pattern) ? Guard::main : Guard::others;
      steps(list, facts);
    });
    each(files::yaml_member(pipelines, "tags"), [&](const std::string&, const YAML::Node& list) {
      CiJob facts;
      facts.events.push = facts.events.main = true;
      steps(list, facts);
    });
    each(files::yaml_member(pipelines, "custom"), [&](const std::string& name, const YAML::Node& list) {
      CiJob facts;
      facts.events.on_call = true;
      facts.deploys = named_for_deployment(name);
      facts.tests = test_name(name);
      if (contains(lower(name), "prod")) facts.environment = "production";
      steps(list, facts);
    });
  }

 private:
  template <typename Visit>
  static void each(const YAML::Node& map, const Visit& visit) {
    if (!map.IsDefined() || !map.IsMap()) return;
    for (const auto& item : map) visit(files::yaml_text(item.first), item.second);
  }

  static bool has_main(const YAML::Node& branches) {
    bool found = false;
    each(branches,
         [&](const std::string& pattern, const YAML::Node&) { found = found || main_branch(pattern); });
    return found;
  }

  void steps(const YAML::Node& list, const CiJob& facts, int depth = 0) {
    if (!list.IsDefined() || depth > deepest) return;
    if (list.IsMap()) return steps(merged_member(list, "steps"), facts, depth + 1);
    if (!list.IsSequence()) return;
    for (const auto& item : list) {
      if (item.IsSequence()) steps(item, facts, depth + 1);
      if (const YAML::Node one = files::yaml_member(item, "step"); one.IsDefined()) step(one, facts);
      for (const auto* group : {"parallel", "stage"}) {
        const YAML::Node inner = files::yaml_member(item, group);
        if (!inner.IsDefined()) continue;
        CiJob of_group = facts;
        if (const auto named = files::yaml_text(merged_member(inner, "deployment")); !named.empty())
          of_group.environment = named;
        steps(inner, of_group, depth + 1);
      }
    }
  }

  void step(const YAML::Node& node, const CiJob& facts) {
    CiScript script;
    script.facts = facts;
    script.name = files::yaml_text(merged_member(node, "name"));
    if (const auto named = files::yaml_text(merged_member(node, "deployment")); !named.empty())
      script.facts.environment = named;
    script.facts.tests = facts.tests || test_name(script.name);
    script.facts.deploys = facts.deploys || named_for_deployment(script.name);
    const YAML::Node known = files::yaml_member(files::yaml_member(root_, "definitions"), "services");
    for (const auto& service : files::yaml_list(merged_member(node, "services")))
      script.facts.own_database = script.facts.own_database || database_image(service) ||
                                  image_is_database(files::yaml_member(known, service));
    for (const auto* key : {"script", "after-script"}) {
      const YAML::Node lines = merged_member(node, key);
      if (!lines.IsDefined() || !lines.IsSequence()) continue;
      for (const auto& line : lines)
        if (line.IsScalar()) script.lines.push_back({line.Scalar(), files::yaml_offset(line, text_)});
    }
    if (script.name.empty()) script.name = "step";
    run_script(resolver_, path_, std::move(script));
  }

  Resolver& resolver_;
  const std::string& path_;
  const std::string& text_;
  YAML::Node root_;
};

// --- CircleCI

class CircleReader {
 public:
  CircleReader(Resolver& resolver, const std::string& path, const std::string& text, const YAML::Node& root)
      : resolver_(resolver), path_(path), text_(text), root_(root) {}

  void run() {
    const YAML::Node workflows = files::yaml_member(root_, "workflows");
    if (!workflows.IsDefined() || !workflows.IsMap()) return;
    for (const auto& workflow : workflows) {
      const YAML::Node jobs = files::yaml_member(workflow.second, "jobs");
      if (!jobs.IsDefined() || !jobs.IsSequence()) continue;
      for (const auto& item : jobs) {
        if (item.IsScalar()) use(item.Scalar(), YAML::Node(YAML::NodeType::Undefined));
        if (item.IsMap())
          for (const auto& named : item) use(files::yaml_text(named.first), named.second);
      }
    }
  }

 private:
  // A job of a workflow, with its filters and contexts.
  void use(const std::string& name, const YAML::Node& options) {
    const YAML::Node job = files::yaml_member(files::yaml_member(root_, "jobs"), name);
    if (!job.IsDefined()) return;  // of an orb
    CiScript script;
    script.name = name;
    script.facts.events.push = true;
    script.facts.guard = guard_of_filters(merged_member(options, "filters"));
    script.facts.tests = test_name(name);
    script.facts.deploys = named_for_deployment(name);
    for (const auto& context : files::yaml_list(merged_member(options, "context"))) {
      const std::string text = lower(context);
      if (contains(text, "prod")) script.facts.environment = "production";
      if (contains(text, "staging") || contains(text, "preview")) script.facts.not_production = true;
    }
    add_variables(script.environment, merged_member(job, "environment"));
    containers(script, merged_member(job, "docker"));
    const YAML::Node executor = merged_member(job, "executor");
    const std::string of_name = executor.IsDefined() && executor.IsMap()
                                    ? files::yaml_text(files::yaml_member(executor, "name"))
                                    : files::yaml_text(executor);
    const YAML::Node known = files::yaml_member(files::yaml_member(root_, "executors"), of_name);
    containers(script, merged_member(known, "docker"));
    add_variables(script.environment, merged_member(known, "environment"));
    script.folder = files::yaml_text(merged_member(job, "working_directory"));
    if (contains(script.folder, "~") || contains(script.folder, "<<") || contains(script.folder, "$"))
      script.folder.clear();  // where the repository is checked out
    add_steps(script, merged_member(job, "steps"), 0);
    run_script(resolver_, path_, std::move(script));
  }

  static void containers(CiScript& script, const YAML::Node& list) {
    if (!list.IsDefined() || !list.IsSequence()) return;
    for (const auto& item : list) {
      script.facts.own_database = script.facts.own_database || image_is_database(item);
      add_variables(script.environment, merged_member(item, "environment"));
    }
  }

  static Guard guard_of_filters(const YAML::Node& filters) {
    const YAML::Node branches = files::yaml_member(filters, "branches");
    const auto only = files::yaml_list(files::yaml_member(branches, "only"));
    if (std::any_of(only.begin(), only.end(), main_branch)) return Guard::main;
    if (!only.empty()) return Guard::others;
    const auto ignore = files::yaml_list(files::yaml_member(branches, "ignore"));
    const bool tags = files::yaml_member(files::yaml_member(filters, "tags"), "only").IsDefined();
    if (std::find(ignore.begin(), ignore.end(), "/.*/") != ignore.end())
      return tags ? Guard::main : Guard::none;
    return std::any_of(ignore.begin(), ignore.end(), main_branch) ? Guard::others : Guard::none;
  }

  void add_steps(CiScript& script, const YAML::Node& list, int depth) {
    if (!list.IsDefined() || !list.IsSequence() || depth > deepest) return;
    for (const auto& item : list) {
      const YAML::Node run = files::yaml_member(item, "run");
      const YAML::Node line = run.IsDefined() && run.IsMap() ? merged_member(run, "command") : run;
      if (line.IsDefined() && line.IsScalar()) {
        CiScript::Line one{line.Scalar(), files::yaml_offset(line, text_)};
        one.folder = files::yaml_text(merged_member(run, "working_directory"));
        script.lines.push_back(std::move(one));
        if (run.IsMap()) add_variables(script.environment, merged_member(run, "environment"));
      }
      for (const auto* condition : {"when", "unless"})
        add_steps(script, files::yaml_member(files::yaml_member(item, condition), "steps"), depth + 1);
      // A command of the project: `- deploy-app`, or `- deploy-app: {…}`.
      const std::string command = item.IsScalar()                    ? item.Scalar()
                                  : item.IsMap() && item.size() == 1 ? files::yaml_text(item.begin()->first)
                                                                     : "";
      const YAML::Node known = files::yaml_member(files::yaml_member(root_, "commands"), command);
      if (known.IsDefined()) add_steps(script, merged_member(known, "steps"), depth + 1);
    }
  }

  Resolver& resolver_;
  const std::string& path_;
  const std::string& text_;
  YAML::Node root_;
};

bool is_yaml(std::string_view path) { return path.ends_with(".yml") || path.ends_with(".yaml"); }

constexpr std::string_view gitlab_main = ".gitlab-ci.yml";

bool of_gitlab(std::string_view path) {
  if (path == gitlab_main || path == ".gitlab-ci.yaml") return true;
  return is_yaml(path) && (path.starts_with(".gitlab/ci/") || path.starts_with(".gitlab-ci/"));
}

// The files of the repository that GitLab's main file includes: `include: a.yml`, `- local: /ci/a.yml`.
std::set<std::string> included_by_gitlab(const YAML::Node& root) {
  std::set<std::string> out;
  const auto add = [&](const YAML::Node& item) {
    const std::string local =
        item.IsMap() ? files::yaml_text(files::yaml_member(item, "local")) : files::yaml_text(item);
    if (is_yaml(local) && !contains(local, "://")) out.insert(files::normal_path(local));
  };
  const YAML::Node include = files::yaml_member(root, "include");
  if (include.IsDefined() && include.IsSequence())
    for (const auto& item : include) add(item);
  else if (include.IsDefined()) add(include);
  return out;
}

}  // namespace

void read_pipelines(files::Tree& tree, Resolver& resolver) {
  const std::string main(gitlab_main);
  const std::string* main_text = tree.has(main) ? tree.text(main) : nullptr;
  const auto main_root = main_text ? files::parse_yaml(*main_text, main) : Result<YAML::Node>(YAML::Node());
  const auto included = main_root ? included_by_gitlab(*main_root) : std::set<std::string>();
  for (const auto& path : tree.files()) {
    const bool gitlab = of_gitlab(path) || included.count(path) > 0;
    const bool bitbucket = path == "bitbucket-pipelines.yml";
    const bool circle = path == ".circleci/config.yml" || path == ".circleci/config.yaml";
    const std::string* text = gitlab || bitbucket || circle ? tree.text(path) : nullptr;
    if (!text) continue;
    const auto root = path == main ? main_root : files::parse_yaml(*text, path);
    if (!root) {
      tree.report_broken(path, *text, root.error());
      continue;
    }
    if (gitlab) GitLabReader(resolver, path, *text, *root).run();
    if (bitbucket) BitbucketReader(resolver, path, *text, *root).run();
    if (circle) CircleReader(resolver, path, *text, *root).run();
  }
}

}  // namespace pgadvise::deploy
