#include "deploy/repository.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text/text.h"
#include "deploy/ci/ci_files.h"
#include "deploy/commands/entry_points.h"
#include "deploy/commands/resolver.h"
#include "deploy/connections/connections.h"
#include "deploy/connections/passwords.h"
#include "deploy/connections/unconfirmed_push.h"
#include "drizzle/checks/code_reader.h"
#include "drizzle/kit/config.h"
#include "drizzle/schema/names.h"
#include "files/files.h"
#include "files/tree.h"

namespace pgadvise::deploy {

// Whether a file of the project sets a limit on the time that a statement takes: a role in a migration, a
// handler of new connections, an option of a URL.
static bool sets_statement_timeout(files::Tree& tree) {
  return std::ranges::any_of(tree.files(), [&](const std::string& path) {
    if (files::never_deployed(path) || path.ends_with(".md")) return false;
    const std::string* text = tree.peek(path);
    return text && (contains(*text, "statement_timeout") || contains(*text, "STATEMENT_TIMEOUT"));
  });
}

static void read_code(files::Tree& tree, const std::vector<drizzle::DrizzleConfig>& configs,
                      Project& project) {
  auto [code, facts_of_code, names] = drizzle::read_repository_code(tree);
  project.code = std::move(facts_of_code);
  project.drizzle_names = names.empty() ? drizzle::drizzle_names(tree, configs) : std::move(names);
  ConnectionFacts facts;
  facts.ignored_migration_errors = std::move(code.ignored_migration_errors);
  facts.casing = std::move(code.casing);
  facts.pools = std::move(code.pools);
  facts.unread_source = std::move(code.unread);
  const bool limited = std::ranges::all_of(facts.pools, &ClientPool::statement_timeout);
  if (!limited && sets_statement_timeout(tree))
    for (auto& pool : facts.pools) pool.statement_timeout = true;
  facts.passwords = committed_passwords(tree, project.root, code.credentials);
  facts.unconfirmed_pushes = unconfirmed_pushes(tree, project, code.push_targets);
  for (auto& size : code.sizes)
    if (std::ranges::none_of(project.pools, [&](const PoolSize& known) {
          return known.place.file == size.place.file && known.place.line == size.place.line;
        }))
      project.pools.push_back(std::move(size));
  project.connections = std::make_shared<const ConnectionFacts>(std::move(facts));
}

Project read_repository(const std::string& root, Diagnostics& diagnostics, const files::LeaveOut& leave_out) {
  Project project;
  project.root = root;
  files::Tree tree(root, diagnostics, leave_out);
  const auto configs = drizzle::drizzle_configs(tree);
  project.drizzle = std::ranges::any_of(tree.packages(), &files::Package::uses_drizzle) || !configs.empty();
  project.postgresql = configs.empty() || std::ranges::any_of(configs, &drizzle::DrizzleConfig::postgresql);
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
  read_session_timeouts(tree, project);
  read_json_in_code(tree, project);
  read_code(tree, configs, project);
  project.files_read.assign(tree.read().begin(), tree.read().end());
  return project;
}

std::string what_was_read(const Project& project) {
  constexpr std::size_t max_named = 3;
  std::vector<std::string> unread;
  if (project.connections) unread = project.connections->unread_source;
  if (project.files_read.empty() && unread.empty()) return {};
  const std::string out =
      fmt::format("{} file{}", project.files_read.size(), project.files_read.size() == 1 ? "" : "s");
  if (unread.empty()) return out;
  const std::size_t all = unread.size();
  unread.resize(std::min(all, max_named));
  return out + fmt::format("; {} source {} not read, minified or too large: {}{}", all,
                           all == 1 ? "file" : "files", join(unread, ", "),
                           all > max_named ? fmt::format(" and {} more", all - max_named) : "");
}

}  // namespace pgadvise::deploy
