#include "project/repository.h"

#include <algorithm>

#include "project/connections.h"
#include "project/dialect.h"
#include "project/drizzle_names.h"
#include "project/entry_points.h"
#include "project/files.h"
#include "project/json_in_code.h"
#include "project/resolver.h"
#include "project/tree.h"

namespace pgadvise::project {

Project read_repository(const std::string& root, Diagnostics& diagnostics, const LeaveOut& leave_out) {
  Project project;
  project.root = root;
  Tree tree(root, diagnostics, leave_out);
  const auto configs = drizzle_configs(tree);
  const auto& packages = tree.packages();
  project.drizzle = !configs.empty() || std::any_of(packages.begin(), packages.end(),
                                                    [](const Package& package) { return package.uses_drizzle; });
  project.postgresql = configs.empty() || std::any_of(configs.begin(), configs.end(),
                                                      [](const DrizzleConfig& config) { return config.postgresql(); });
  Resolver resolver(tree, configs);
  read_dockerfiles(tree, resolver);
  read_package_scripts(tree, resolver);
  read_shell_entry_points(tree, resolver);
  read_workflows(tree, resolver);
  read_hosting_files(tree, resolver);
  read_compose_files(tree, resolver);
  read_application_code(tree, resolver);
  read_schema_calls(tree, resolver);
  project.deploy_commands = resolver.take();
  read_connections(tree, project);
  read_json_in_code(tree, project);
  project.drizzle_names = drizzle_names(tree, configs);
  project.files_read.assign(tree.read().begin(), tree.read().end());
  return project;
}

}  // namespace pgadvise::project
