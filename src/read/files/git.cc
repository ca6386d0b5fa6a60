#include "files/git.h"

#include <algorithm>
#include <filesystem>

#include "base/files/boundary.h"
#include "base/files/input_file.h"
#include "base/text/text.h"

namespace pgadvise::files {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_git_entries = 100'000;  // of .git
constexpr std::size_t git_memory = std::size_t{2} << 30;

std::string repository_of(const std::string& folder) {
  std::error_code code;
  std::string out = work_tree_of(folder);
  return out.empty() ? fs::weakly_canonical(folder, code).generic_string() : out;
}

// From the current folder.
std::string shown(const fs::path& path) {
  std::error_code code;
  return path.lexically_proximate(fs::current_path(code)).generic_string();
}

// The folder that a file such as `.git` or `commondir` names; "" when it names none.
fs::path named_in(const fs::path& file, std::string_view key, const fs::path& from) {
  std::error_code code;
  if (!fs::is_regular_file(file, code)) return {};
  const std::string text = read_head(file.string(), 4096);
  if (!text.starts_with(key)) return {};
  const auto line = trim(std::string_view(text).substr(key.size(), text.find('\n') - key.size()));
  const fs::path out = line.empty() ? fs::path() : (from / line).lexically_normal();
  return fs::is_directory(out, code) ? out : fs::path();
}

// The first file below a folder of git's that git would wait for. Loose objects, and what belongs to
// submodules, other work trees and other programs, is not looked at.
std::string waits_below(const fs::path& folder) {
  std::error_code code;
  std::size_t count = 0;
  for (fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, code), end;
       !code && it != end && ++count <= max_git_entries; it.increment(code)) {
    std::error_code ignored;
    if (!it->is_symlink(ignored) && it->is_regular_file(ignored)) continue;
    const std::string name = it->path().filename().string();
    const bool loose = name.size() == 2 && it->path().parent_path().filename() == "objects";
    if (loose || name == "modules" || name == "worktrees" || name == "lfs" || name == "annex")
      it.disable_recursion_pending();
    if (is_endless(it->path().string())) return it->path().string();
  }
  return {};
}

std::string waits_in_git(const fs::path& repository) {
  const fs::path dot = repository / ".git";
  if (is_endless(dot.string())) return dot.string();
  std::error_code code;
  const fs::path own = fs::is_directory(dot, code) ? dot : named_in(dot, "gitdir:", repository);
  if (own.empty()) return {};
  std::string out = waits_below(own);
  const fs::path common = out.empty() ? named_in(own / "commondir", "", own) : fs::path();
  return common.empty() ? out : waits_below(common);
}

// The files of the work tree that git reads by itself, from `folder` up to the repository.
std::string waits_on_the_way(const fs::path& repository, fs::path folder, std::set<std::string>& known) {
  while (known.insert(folder.string()).second) {
    for (const char* name : {".gitignore", ".gitattributes", ".gitmodules", ".mailmap"})
      if (is_endless((folder / name).string())) return (folder / name).string();
    if (folder == repository || folder == folder.parent_path()) break;
    folder = folder.parent_path();
  }
  return {};
}

std::optional<Error> would_wait(const std::string& repository, const std::string& folder,
                                const std::vector<std::string>& files, std::set<std::string>& known) {
  std::string file;
  if (known.empty()) file = waits_in_git(repository);
  std::error_code code;
  const fs::path from = fs::weakly_canonical(folder, code);
  if (file.empty()) file = waits_on_the_way(repository, from, known);
  for (const auto& name : files) {
    if (!file.empty()) break;
    const fs::path path = (from / name).lexically_normal();
    if (is_endless(path.string())) file = path.string();
    else file = waits_on_the_way(repository, fs::is_directory(path, code) ? path : path.parent_path(), known);
  }
  if (file.empty()) return std::nullopt;
  return Error{Error::Kind::nonfatal, shown(file), "is a pipe or a device, and git would wait for it",
               "remove it"};
}

std::vector<std::string> command_line(const std::string& folder, const std::vector<std::string>& words,
                                      const std::vector<std::string>& files) {
  // A repository's own configuration can name programs for git to run: a file system monitor, hooks, gpg, a
  // transport. A repository within a repository's files has a configuration, too.
  std::vector<std::string> out = {
      "git", "-C", folder, "--no-pager", "--no-optional-locks", "--literal-pathspecs"};
  for (const char* setting :
       {"core.fsmonitor=false", "core.hooksPath=/dev/null", "log.showSignature=false",
        "submodule.recurse=false", "safe.bareRepository=explicit", "core.quotePath=false"})
    out.insert(out.end(), {"-c", setting});
  out.insert(out.end(), words.begin(), words.end());
  if (!files.empty()) out.emplace_back("--");
  out.insert(out.end(), files.begin(), files.end());
  return out;
}

// Set, or with "" removed: variables that make git look at another repository than the folder's, as a hook
// that runs us sets them.
const std::vector<std::pair<std::string, std::string>>& variables() {
  static const auto out = [] {
    std::vector<std::pair<std::string, std::string>> set = {{"GIT_ALLOW_PROTOCOL", "none"},
                                                            {"GIT_NO_LAZY_FETCH", "1"},
                                                            {"GIT_TERMINAL_PROMPT", "0"},
                                                            {"LC_ALL", "C"}};
    for (const char* removed : {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR",
                                "GIT_NAMESPACE", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_ICASE_PATHSPECS",
                                "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS"})
      set.emplace_back(removed, "");
    return set;
  }();
  return out;
}

}  // namespace

Result<ProgramRun> Git::run(const std::string& folder, const std::vector<std::string>& words,
                            const std::vector<std::string>& files) {
  const std::string path = repository_of(folder);
  const std::lock_guard guard(lock_);
  Repository& repository = repositories_[path];
  if (!repository.failed) repository.failed = would_wait(path, folder, files, repository.folders);
  if (repository.failed) return tl::unexpected(*repository.failed);
  const auto start = std::chrono::steady_clock::now();
  const auto left = std::min(bounds_.call, bounds_.repository - repository.used);
  auto run = run_program(command_line(folder, words, files), variables(),
                         {.time = std::max(left, std::chrono::milliseconds(1)), .memory = git_memory});
  repository.used +=
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  if (run) return run;
  repository.failed = run.error();
  repository.failed->where = shown(path);
  if (repository.failed->hint.empty())
    repository.failed->hint = "does git status answer there? A pipe or device among the files makes git wait";
  return tl::unexpected(*repository.failed);
}

std::optional<Error> Git::failure(const std::string& folder) const {
  const std::lock_guard guard(lock_);
  const auto found = repositories_.find(repository_of(folder));
  return found == repositories_.end() ? std::nullopt : found->second.failed;
}

std::set<std::string> git_names(std::string_view answer) {
  std::set<std::string> out;
  for (const auto name : split(answer, '\0'))
    if (!name.empty()) out.emplace(name);
  return out;
}

}  // namespace pgadvise::files
