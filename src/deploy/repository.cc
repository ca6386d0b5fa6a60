#include "deploy/repository.h"

#include <algorithm>

#include "deploy/connections.h"
#include "deploy/entry_points.h"
#include "deploy/hosting.h"
#include "deploy/jenkinsfile.h"
#include "deploy/json_in_code.h"
#include "deploy/pipelines.h"
#include "deploy/resolver.h"
#include "deploy/workflows.h"
#include "drizzle/code_reader.h"
#include "drizzle/config.h"
#include "drizzle/names.h"
#include "files/files.h"
#include "files/tree.h"

namespace pgadvise::deploy {

Project read_repository(const std::string& root, Diagnostics& diagnostics, const files::LeaveOut& leave_out) {
  Project project;
  project.root = root;
  files::Tree tree(root, diagnostics, leave_out);
  const auto configs = drizzle::drizzle_configs(tree);
  const auto& packages = tree.packages();
  project.drizzle =
      !configs.empty() || std::any_of(packages.begin(), packages.end(),
                                      [](const files::Package& package) { return package.uses_drizzle; });
  project.postgresql = configs.empty() ||
                       std::any_of(configs.begin(), configs.end(),
                                   [](const drizzle::DrizzleConfig& config) { return config.postgresql(); });
  Resolver resolver(tree, configs);
  read_dockerfiles(tree, resolver);
  read_package_scripts(tree, resolver);
  read_shell_entry_points(tree, resolver);
  read_workflows(tree, resolver);
  read_pipelines(tree, resolver);
  read_jenkinsfiles(tree, resolver);
  read_makefiles(tree, resolver);
  read_hosting_files(tree, resolver);
  read_compose_files(tree, resolver);
  read_application_code(tree, resolver);
  read_schema_calls(tree, resolver);
  project.deploy_commands = resolver.take();
  read_connections(tree, project);
  read_json_in_code(tree, project);
  project.code = drizzle::read_code(tree);
  project.drizzle_names = drizzle::drizzle_names(tree, configs);
  project.files_read.assign(tree.read().begin(), tree.read().end());
  return project;
}

}  // namespace pgadvise::deploy
