// The subcommands. Each function adds one with its options to the command line, and is defined in the source
// with the command's name. When the command line is parsed, the subcommand runs, and stores its exit code
// (cli/output/messages.h) in `exit_code`, which must outlive the parsing. `user_paths`: the paths of the
// command line.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/files/input_file.h"

namespace CLI {
class App;
}

namespace pgadvise::cli {

// Connection strings of the databases that the command line names by @NAME, each with its NAME.
using DatabaseNames = std::map<std::string, std::string>;

void add_advise(CLI::App& app, const UserPaths& user_paths, int& exit_code);
void add_check(CLI::App& app, const UserPaths& user_paths, int& exit_code);
void add_digest(CLI::App& app, const UserPaths& user_paths, int& exit_code);
void add_explain(CLI::App& app, const UserPaths& user_paths, int& exit_code);
void add_fleet(CLI::App& app, int& exit_code);
void add_history(CLI::App& app, int& exit_code);
void add_init(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, const UserPaths& user_paths, int& exit_code);
void add_review(CLI::App& app, const UserPaths& user_paths, int& exit_code);
void add_rules(CLI::App& app, int& exit_code);
// `command`: the words behind "--", which CLI11 would take for options of its own.
void add_sandbox(CLI::App& app, const UserPaths& user_paths, const std::vector<std::string>& command,
                 int& exit_code);
// The commands completion and manual, of all subcommands that were added before.
void add_self(CLI::App& app, int& exit_code);
void add_snapshot(CLI::App& app, int& exit_code);
// `names`: complete once the command line is parsed.
void add_watch(CLI::App& app, std::shared_ptr<const DatabaseNames> names, int& exit_code);

// Adds all subcommands but those of add_sandbox() and add_self(), which need what add_commands() added.
void add_commands(CLI::App& app, const UserPaths& user_paths,
                  const std::shared_ptr<const DatabaseNames>& names, int& exit_code);

}  // namespace pgadvise::cli
