#include "cli/commands/commands.h"

namespace pgadvise::cli {

void add_commands(CLI::App& app, const UserPaths& user_paths,
                  const std::shared_ptr<const DatabaseNames>& names, int& exit_code) {
  add_advise(app, user_paths, exit_code);
  add_check(app, user_paths, exit_code);
  add_digest(app, user_paths, exit_code);
  add_explain(app, user_paths, exit_code);
  add_fleet(app, exit_code);
  add_history(app, exit_code);
  add_watch(app, names, exit_code);
  add_init(app, exit_code);
  add_report(app, user_paths, exit_code);
  add_review(app, user_paths, exit_code);
  add_rules(app, exit_code);
  add_snapshot(app, exit_code);
}

}  // namespace pgadvise::cli
