#include <algorithm>

#include "base/text/text.h"
#include "deploy/ci/ci_files.h"
#include "deploy/ci/ci_run.h"
#include "deploy/commands/entry_points.h"
#include "files/files.h"
#include "files/yaml_file.h"

namespace pgadvise::deploy {
namespace {

using files::yaml_entries;
using files::yaml_member;
using files::yaml_text;

void add_environment(Environment& out, const YAML::Node& node) {
  for (const auto& [name, value] : yaml_entries(node)) out[name] = yaml_text(value);
}

Events read_events(const YAML::Node& on) {
  Events out;
  const auto add = [&](const std::string& name, const YAML::Node& options) {
    if (name == "pull_request" || name == "pull_request_target" || name == "merge_group") {
      out.pull_request = true;
    } else if (name == "push") {
      out.push = true;
      const auto branches = files::yaml_list(yaml_member(options, "branches"));
      const auto tags = files::yaml_list(yaml_member(options, "tags"));
      out.main |= branches.empty() || !tags.empty() || std::ranges::any_of(branches, main_branch);
    } else if (name == "release" || name == "deployment") {
      out.push = out.main = true;
    } else {
      out.on_call = true;
    }
  };
  for (const auto& [name, options] : yaml_entries(on)) add(name, options);
  for (const auto& name : files::yaml_list(on)) add(name, YAML::Node(YAML::NodeType::Undefined));
  return out;
}

Guard guard_of_node(const YAML::Node& node) {
  return guard_of(
      yaml_text(yaml_member(node, "if")),
      {"refs/heads/main", "refs/heads/master", "== 'main'", "== 'production'", "refs/tags", "== 'master'"},
      {"pull_request", "staging", "preview", "develop", "'dev'", "'test'"});
}

struct WorkflowJobs : CiFile {
  void run() const {
    CiJob facts;
    // YAML 1.1 reads a bare `on` as true; yaml-cpp keeps the text.
    facts.events = read_events(yaml_member(root, "on"));
    const std::string name = lower(files::base_of(path));
    facts.not_production =
        contains_any(name, {"staging", "preview", "beta"}) || files::named_for_development(name);
    facts.tests = test_name(yaml_text(yaml_member(root, "name")));
    for (const auto& [id, node] : yaml_entries(yaml_member(root, "jobs"))) job(id, node, facts);
  }

  void job(const std::string& id, const YAML::Node& node, const CiJob& facts) const {
    CiScript script;
    script.name = id;
    script.facts = facts;
    script.facts.environment = yaml_text(yaml_member(node, "environment"), "name");
    script.facts.guard = guard_of_node(node);
    script.facts.tests |= test_name(id) || test_name(yaml_text(yaml_member(node, "name")));
    script.one_shell = false;
    add_environment(script.environment, yaml_member(root, "env"));
    add_environment(script.environment, yaml_member(node, "env"));
    for (const auto& [name, service] : yaml_entries(yaml_member(node, "services"))) {
      script.services.push_back(name);
      script.facts.own_database |= database_image(yaml_text(yaml_member(service, "image")));
    }
    for (const auto& step : files::yaml_items(yaml_member(node, "steps"))) add_step(script, node, step);
    run_script(resolver, path, std::move(script));
  }

  void add_step(CiScript& script, const YAML::Node& job, const YAML::Node& step) const {
    YAML::Node commands = yaml_member(step, "run");
    const bool remote = !commands.IsDefined() && contains(yaml_text(yaml_member(step, "uses")), "ssh");
    if (remote) commands = yaml_member(yaml_member(step, "with"), "script");
    if (!commands.IsScalar()) return;
    CiScript::Line line = line_of(commands);
    line.folder = yaml_text(yaml_member(step, "working-directory"));
    for (const YAML::Node& outer : {job, root})
      if (line.folder.empty())
        line.folder =
            yaml_text(yaml_member(yaml_member(yaml_member(outer, "defaults"), "run"), "working-directory"));
    if (contains(line.folder, "${{")) line.folder.clear();
    add_environment(line.environment, yaml_member(step, "env"));
    line.guard = guard_of_node(step);
    line.remote = remote;
    script.lines.push_back(std::move(line));
  }
};

}  // namespace

void read_workflows(files::Tree& tree, Resolver& resolver) {
  for (const auto& path : tree.files()) {
    const bool yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    const std::string* text =
        yaml && files::folder_of(path) == ".github/workflows" ? tree.text(path) : nullptr;
    if (!text) continue;
    if (const auto root = yaml_of(tree, path, *text)) WorkflowJobs{{resolver, path, *text, *root}}.run();
  }
}

}  // namespace pgadvise::deploy
