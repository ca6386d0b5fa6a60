#include <algorithm>
#include <set>

#include "base/text/text.h"
#include "deploy/ci/ci_files.h"
#include "deploy/ci/ci_run.h"
#include "files/files.h"
#include "files/yaml_file.h"

namespace pgadvise::deploy {
namespace {

using files::yaml_entries;
using files::yaml_items;
using files::yaml_list;
using files::yaml_text;

constexpr int deepest = 8;  // levels of templates, anchors and nested steps

// A member of a mapping, also of one that `<<` merges into it.
YAML::Node member(const YAML::Node& node, const std::string& name, int depth = 0) {
  YAML::Node own = files::yaml_member(node, name);
  if (own.IsDefined() || depth > deepest) return own;
  const YAML::Node merged = files::yaml_member(node, "<<");
  if (merged.IsMap()) return member(merged, name, depth + 1);
  for (const auto& item : yaml_items(merged))
    if (YAML::Node found = member(item, name, depth + 1); found.IsDefined()) return found;
  return own;
}

// `NAME: $OTHER` takes a variable of the service's settings, where secrets are.
void add_variables(Environment& out, const YAML::Node& node) {
  for (const auto& [name, written] : yaml_entries(node)) {
    std::string value = yaml_text(written, "value");
    if (value.size() > 1 && value[0] == '$' && !contains(value, "{{")) value = "secrets." + value.substr(1);
    out[name] = value;
  }
}

bool image_is_database(const YAML::Node& node) {
  return database_image(yaml_text(node, "name")) || database_image(yaml_text(node, "image"));
}

// The services differ in the keys that lead to jobs and in what limits a job to branches: each has a struct
// below, which passes the jobs of its file to run_script().

struct GitLabJobs : CiFile {
  void run() const {
    static constexpr auto keywords =
        word_list("stages", "variables", "default", "include", "workflow", "image", "spec", "services",
                  "cache", "types", "before_script", "after_script");
    for (const auto& [name, node] : yaml_entries(root))
      if (!name.empty() && name[0] != '.' && !is_one_of(name, keywords) && node.IsMap()) job(name, node);
  }

  // The job's own key, else the key of what it extends.
  YAML::Node key_of(const YAML::Node& job, const std::string& key, int depth = 0) const {
    YAML::Node own = member(job, key);
    if (own.IsDefined() || depth > deepest) return own;
    auto templates = yaml_list(member(job, "extends"));
    std::reverse(templates.begin(), templates.end());
    for (const auto& name : templates)
      if (YAML::Node found = key_of(member(root, name), key, depth + 1); found.IsDefined()) return found;
    return own;
  }

  // The same, else the default of all jobs.
  YAML::Node key_or_default(const YAML::Node& job, const std::string& key) const {
    if (YAML::Node own = key_of(job, key); own.IsDefined()) return own;
    if (YAML::Node common = member(member(root, "default"), key); common.IsDefined()) return common;
    return member(root, key);
  }

  void add_lines(CiScript& script, const YAML::Node& node, int depth = 0) const {
    if (depth > deepest) return;
    if (node.IsScalar()) script.lines.push_back(line_of(node));
    if (node.IsSequence() && node.Tag() == "!reference" && node.size() == 2)
      return add_lines(script, key_of(member(root, yaml_text(node[0])), yaml_text(node[1])), depth + 1);
    for (const auto& item : yaml_items(node)) add_lines(script, item, depth + 1);
  }

  static Guard guard_of_rule(const std::string& condition) {
    return guard_of(condition,
                    {"ci_default_branch", "ci_commit_tag", "\"main\"", "'main'", "\"master\"", "'master'",
                     "\"production\"", "'production'", "/^release", "/^v"},
                    {"merge_request", "develop", "staging", "preview", "\"dev\"", "schedule"});
  }

  Guard guard_of_job(const YAML::Node& job) const {
    std::vector<Guard> guards;
    for (const auto& rule : yaml_items(key_of(job, "rules")))
      if (yaml_text(member(rule, "when")) != "never")
        guards.push_back(guard_of_rule(yaml_text(member(rule, "if"))));
    const YAML::Node only = key_of(job, "only");
    for (const auto& ref : yaml_list(only.IsMap() ? member(only, "refs") : only))
      guards.push_back(ref == "tags" || main_branch(ref) ? Guard::main : Guard::others);
    for (const auto guard : {Guard::main, Guard::others})
      if (std::ranges::count(guards, guard) > 0) return guard;
    return Guard::none;
  }

  void job(const std::string& name, const YAML::Node& node) const {
    CiScript script;
    script.name = name;
    add_variables(script.environment, member(root, "variables"));
    add_variables(script.environment, key_of(node, "variables"));
    for (const auto& service : yaml_items(key_or_default(node, "services"))) {
      script.facts.own_database |= image_is_database(service);
      script.services.push_back(yaml_text(member(service, "alias")));
    }
    script.services.emplace_back("postgres");
    std::erase(script.services, "");
    const std::string environment = yaml_text(key_of(node, "environment"), "name");
    script.facts.environment = environment.substr(0, environment.find('/'));  // review/$BRANCH
    script.facts.guard = guard_of_job(node);
    script.facts.events.push = true;
    take_name(script.facts, name);
    take_name(script.facts, yaml_text(key_of(node, "stage")));
    add_lines(script, key_or_default(node, "before_script"));
    add_lines(script, key_of(node, "script"));
    add_lines(script, key_or_default(node, "after_script"));
    run_script(resolver, path, std::move(script));
  }
};

struct BitbucketSteps : CiFile {
  void run() const {
    const YAML::Node pipelines = member(root, "pipelines");
    const auto branches = yaml_entries(member(pipelines, "branches"));
    CiJob pushed;
    pushed.events.push = true;
    CiJob common = pushed;
    common.events.main =
        std::ranges::none_of(branches, [](const auto& branch) { return main_branch(branch.first); });
    steps(member(pipelines, "default"), common);
    for (const auto& [pattern, list] : branches) {
      CiJob facts = pushed;
      facts.guard = main_branch(pattern) ? Guard::main : Guard::others;
      steps(list, facts);
    }
    for (const auto& [pattern, list] : yaml_entries(member(pipelines, "tags"))) {
      CiJob facts = pushed;
      facts.events.main = true;
      steps(list, facts);
    }
    for (const auto& [name, list] : yaml_entries(member(pipelines, "custom"))) {
      CiJob facts;
      facts.events.on_call = true;
      take_name(facts, name);
      if (contains(lower(name), "prod")) facts.environment = "production";
      steps(list, facts);
    }
  }

  // With the environment that the node deploys to, if it names one.
  static CiJob deploying(CiJob facts, const YAML::Node& node) {
    if (const auto named = yaml_text(member(node, "deployment")); !named.empty()) facts.environment = named;
    return facts;
  }

  void steps(const YAML::Node& list, const CiJob& facts, int depth = 0) const {
    if (depth > deepest) return;
    if (list.IsMap()) return steps(member(list, "steps"), facts, depth + 1);
    for (const auto& item : yaml_items(list)) {
      if (item.IsSequence()) steps(item, facts, depth + 1);
      if (const YAML::Node one = member(item, "step"); one.IsDefined()) step(one, facts);
      for (const auto* group : {"parallel", "stage"}) {
        const YAML::Node inner = member(item, group);
        steps(inner, deploying(facts, inner), depth + 1);
      }
    }
  }

  void step(const YAML::Node& node, const CiJob& facts) const {
    CiScript script;
    script.facts = deploying(facts, node);
    script.name = yaml_text(member(node, "name"));
    take_name(script.facts, script.name);
    const YAML::Node known = member(member(root, "definitions"), "services");
    for (const auto& service : yaml_list(member(node, "services")))
      script.facts.own_database |= database_image(service) || image_is_database(member(known, service));
    for (const auto* key : {"script", "after-script"})
      for (const auto& line : yaml_items(member(node, key)))
        if (line.IsScalar()) script.lines.push_back(line_of(line));
    if (script.name.empty()) script.name = "step";
    run_script(resolver, path, std::move(script));
  }
};

struct CircleJobs : CiFile {
  void run() const {
    for (const auto& [unused, workflow] : yaml_entries(member(root, "workflows")))
      for (const auto& item : yaml_items(member(workflow, "jobs"))) {
        if (item.IsScalar()) job(item.Scalar(), YAML::Node(YAML::NodeType::Undefined));
        for (const auto& [name, options] : yaml_entries(item)) job(name, options);
      }
  }

  // `options`: what the workflow says about the job, with filters and contexts.
  void job(const std::string& name, const YAML::Node& options) const {
    const YAML::Node job = member(member(root, "jobs"), name);
    if (!job.IsDefined()) return;  // of an orb
    CiScript script;
    script.name = name;
    script.facts.events.push = true;
    script.facts.guard = guard_of_filters(member(options, "filters"));
    take_name(script.facts, name);
    for (const auto& context : yaml_list(member(options, "context"))) {
      const std::string named = lower(context);
      if (contains(named, "prod")) script.facts.environment = "production";
      if (contains_any(named, {"staging", "preview"})) script.facts.not_production = true;
    }
    const YAML::Node executor = member(member(root, "executors"), yaml_text(member(job, "executor"), "name"));
    add_variables(script.environment, member(job, "environment"));
    for (const YAML::Node& node : {job, executor})
      for (const auto& container : yaml_items(member(node, "docker"))) {
        script.facts.own_database |= image_is_database(container);
        add_variables(script.environment, member(container, "environment"));
      }
    add_variables(script.environment, member(executor, "environment"));
    script.folder = yaml_text(member(job, "working_directory"));
    if (contains_any(script.folder, {"~", "<<", "$"})) script.folder.clear();  // the checkout
    add_steps(script, member(job, "steps"), 0);
    run_script(resolver, path, std::move(script));
  }

  static Guard guard_of_filters(const YAML::Node& filters) {
    const YAML::Node branches = member(filters, "branches");
    const auto only = yaml_list(member(branches, "only"));
    if (std::ranges::any_of(only, main_branch)) return Guard::main;
    if (!only.empty()) return Guard::others;
    const auto ignore = yaml_list(member(branches, "ignore"));
    if (std::ranges::count(ignore, "/.*/") > 0)
      return member(member(filters, "tags"), "only").IsDefined() ? Guard::main : Guard::none;
    return std::ranges::any_of(ignore, main_branch) ? Guard::others : Guard::none;
  }

  void add_steps(CiScript& script, const YAML::Node& list, int depth) const {
    if (depth > deepest) return;
    for (const auto& item : yaml_items(list)) {
      const YAML::Node run = member(item, "run");
      if (const YAML::Node line = run.IsMap() ? member(run, "command") : run; line.IsScalar()) {
        script.lines.push_back(line_of(line));
        script.lines.back().folder = yaml_text(member(run, "working_directory"));
        add_variables(script.environment, member(run, "environment"));
      }
      for (const auto* condition : {"when", "unless"})
        add_steps(script, member(member(item, condition), "steps"), depth + 1);
      // A command of the project: `- deploy-app`, or `- deploy-app: {…}`.
      const auto entries = yaml_entries(item);
      const std::string command = entries.size() == 1 ? entries.front().first : yaml_text(item);
      add_steps(script, member(member(member(root, "commands"), command), "steps"), depth + 1);
    }
  }
};

bool is_yaml(std::string_view path) { return path.ends_with(".yml") || path.ends_with(".yaml"); }

constexpr std::string_view gitlab_main = ".gitlab-ci.yml";

bool of_gitlab(std::string_view path) {
  if (path == gitlab_main || path == ".gitlab-ci.yaml") return true;
  return is_yaml(path) && (path.starts_with(".gitlab/ci/") || path.starts_with(".gitlab-ci/"));
}

// The files of the repository that GitLab's main file includes: `include: a.yml`, `- local: /ci/a.yml`.
std::set<std::string> included_by_gitlab(const YAML::Node& root) {
  const YAML::Node include = files::yaml_member(root, "include");
  std::set<std::string> out;
  for (const auto& item : include.IsSequence() ? yaml_items(include) : std::vector{include})
    if (const std::string local = yaml_text(item, "local"); is_yaml(local) && !contains(local, "://"))
      out.insert(files::normal_path(local));
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
    const CiFile file{resolver, path, *text, *root};
    if (gitlab) GitLabJobs{file}.run();
    if (bitbucket) BitbucketSteps{file}.run();
    if (circle) CircleJobs{file}.run();
  }
}

}  // namespace pgadvise::deploy
