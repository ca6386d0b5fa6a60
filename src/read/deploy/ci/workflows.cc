#include "deploy/ci/workflows.h"

#include <algorithm>

#include "base/text/text.h"
#include "deploy/ci/ci_job.h"
#include "deploy/commands/entry_points.h"
#include "files/files.h"
#include "files/yaml_file.h"

namespace pgadvise::deploy {
namespace {

void add_environment(Environment& out, const YAML::Node& node) {
  if (!node.IsDefined() || !node.IsMap()) return;
  for (const auto& item : node) out[files::yaml_text(item.first)] = files::yaml_text(item.second);
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
        database_service =
            database_service || database_image(files::yaml_text(files::yaml_member(item.second, "image")));
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
    if (starts_database(script)) starts_database_ = true;
    written_ = std::max(written_, database_written(script, services));
  }

  // nullopt: a database of the job's own.
  std::optional<Target> target_of(const std::string& id, const YAML::Node& job, const YAML::Node& step,
                                  Database database, bool database_service) {
    const YAML::Node environment = files::yaml_member(job, "environment");
    CiJob facts;
    facts.environment = environment.IsDefined() && environment.IsMap()
                            ? files::yaml_text(files::yaml_member(environment, "name"))
                            : files::yaml_text(environment);
    facts.database = database == Database::unknown ? written_ : database;
    facts.own_database = database_service || starts_database_;
    facts.guard = std::max(guard_of(files::yaml_text(files::yaml_member(job, "if"))),
                           guard_of(files::yaml_text(files::yaml_member(step, "if"))));
    facts.events = events_;
    facts.tests = test_name(id) || test_name(files::yaml_text(files::yaml_member(job, "name"))) ||
                  test_name(files::yaml_text(files::yaml_member(root_, "name")));
    facts.not_production = base_name_is_not_production();
    return target_of_job(facts);
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
