#include "deploy/ci/ci_run.h"

#include <algorithm>

#include "base/text/text.h"
#include "files/files.h"

namespace pgadvise::deploy {
namespace {

// The working directory after the line: later lines of the job run in the same shell.
std::string folder_after(std::string folder, const std::string& line) {
  for (const auto& command : parse_shell(line)) {
    if (command.words.size() != 2 || command.words[0] != "cd" || !command.branch.empty()) continue;
    const std::string& to = command.words[1];
    if (to[0] == '/' || to[0] == '~' || contains(to, "$")) {
      folder.clear();
    } else {
      folder = files::join_path(folder, to);
    }
  }
  return folder;
}

}  // namespace

void run_script(Resolver& resolver, const std::string& path, CiScript script) {
  for (const auto* name : {"NODE_ENV", "RAILS_ENV"})
    if (const auto mode = script.environment.find(name); mode != script.environment.end())
      if (environment_named(mode->second) == Target::development) return;
  const Database named = database_of(script.environment, script.services);
  Database written = Database::unknown;
  std::string folder = files::normal_path(script.folder);
  for (const auto& line : script.lines) {
    script.facts.database = named == Database::unknown ? written : named;
    if (const auto target = target_of_job(script.facts)) {
      Way way;
      way.stage = DeployCommand::Stage::ci;
      way.target = *target;
      way.unprotected = script.environment.count("DISABLE_DATABASE_ENVIRONMENT_CHECK") > 0;
      way.entry = "job " + script.name;
      way.path = {path + " job " + script.name};
      way.folder =
          line.folder.empty() || contains(line.folder, "~") ? folder : files::normal_path(line.folder);
      resolver.shell({line.text, path, line.offset}, way);
    }
    script.facts.own_database = script.facts.own_database || starts_database(line.text);
    written = std::max(written, database_written(line.text, script.services));
    folder = folder_after(std::move(folder), line.text);
  }
}

}  // namespace pgadvise::deploy
