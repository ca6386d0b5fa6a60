#include "files/git.h"

#include "base/text.h"

namespace pgadvise::files {

Result<ProgramRun> run_git(const std::string& folder, std::vector<std::string> words,
                           const std::vector<std::string>& files) {
  // A repository's own configuration can name programs for git to run: a file system monitor, hooks, gpg, a
  // transport.
  std::vector<std::string> all = {"git",
                                  "-C",
                                  folder,
                                  "--no-pager",
                                  "--no-optional-locks",
                                  "--literal-pathspecs",
                                  "-c",
                                  "core.fsmonitor=false",
                                  "-c",
                                  "core.hooksPath=/dev/null",
                                  "-c",
                                  "log.showSignature=false",
                                  "-c",
                                  "core.quotePath=false"};
  all.insert(all.end(), words.begin(), words.end());
  if (!files.empty()) all.emplace_back("--");
  all.insert(all.end(), files.begin(), files.end());
  // Variables that make git look at another repository than the folder's, as a hook that runs us sets them.
  return run_program(all,
                     {{"GIT_DIR", ""},
                      {"GIT_WORK_TREE", ""},
                      {"GIT_INDEX_FILE", ""},
                      {"GIT_EXTERNAL_DIFF", ""},
                      {"GIT_ALLOW_PROTOCOL", "none"},
                      {"GIT_NO_LAZY_FETCH", "1"},
                      {"GIT_TERMINAL_PROMPT", "0"},
                      {"LC_ALL", "C"}},
                     {std::chrono::seconds(60)});
}

std::set<std::string> git_names(std::string_view answer) {
  std::set<std::string> out;
  for (const auto name : split(answer, '\0'))
    if (!name.empty()) out.emplace(name);
  return out;
}

}  // namespace pgadvise::files
