#include "cli/git.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>

#include "base/text.h"

extern char** environ;

namespace pgadvise::cli {
namespace {

constexpr std::size_t most_output = std::size_t{64} << 20;
constexpr auto patience = std::chrono::seconds(60);

struct Ran {
  int status = -1;  // exit code; -1: could not be run, or had to be ended
  std::string out;
  std::string err;
};

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (auto& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

// Both ends of the child's output until they close; false when it takes too long or too much.
bool drain(int out, int err, Ran& ran) {
  pollfd ends[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
  const auto until = std::chrono::steady_clock::now() + patience;
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    const int ready = ::poll(ends, 2, static_cast<int>(left));
    if (ready < 0 && errno != EINTR) return false;
    for (int i = 0; ready > 0 && i < 2; ++i) {
      if (ends[i].fd < 0 || ends[i].revents == 0) continue;
      char buffer[65536];
      const ssize_t got = ::read(ends[i].fd, buffer, sizeof buffer);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) ends[i].fd = -1;
      else (i == 0 ? ran.out : ran.err).append(buffer, static_cast<std::size_t>(got));
      if (ran.out.size() + ran.err.size() > most_output) return false;
    }
  }
  return true;
}

Ran run_git(const std::string& folder, std::initializer_list<std::string> arguments, const std::vector<std::string>& files = {}) {
  // What a repository's configuration could have git run on the way is turned off.
  std::vector<std::string> words = {"git", "-C", folder, "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-pager", "--literal-pathspecs"};
  words.insert(words.end(), arguments);
  if (!files.empty()) words.emplace_back("--");
  words.insert(words.end(), files.begin(), files.end());
  std::vector<std::string> environment = {"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1", "LC_ALL=C"};
  for (char** entry = environ; *entry; ++entry)
    if (std::strncmp(*entry, "LC_ALL=", 7) != 0 && std::strncmp(*entry, "GIT_EXTERNAL_DIFF=", 18) != 0) environment.emplace_back(*entry);
  Ran ran;
  int out[2];
  int err[2];
  if (::pipe2(out, O_CLOEXEC) != 0) return ran;
  if (::pipe2(err, O_CLOEXEC) != 0) {
    ::close(out[0]), ::close(out[1]);
    return ran;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, err[1], 2);
  pid_t child = -1;
  const int failed = ::posix_spawnp(&child, "git", &actions, nullptr, pointers(words).data(), pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(out[1]), ::close(err[1]);
  if (failed == 0) {
    const bool whole = drain(out[0], err[0], ran);
    if (!whole) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    ran.status = whole && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  } else {
    ran.err = failed == ENOENT ? "git is not installed" : std::strerror(failed);
  }
  ::close(out[0]), ::close(err[0]);
  return ran;
}

tl::unexpected<Error> failed(const std::string& folder, const Ran& ran, const std::string& otherwise) {
  std::string what = ran.err.substr(0, ran.err.find('\n'));
  if (what.find("not a git repository") != std::string::npos || what.find("Not a git repository") != std::string::npos) what = "is in no git repository";
  if (what.find("dubious ownership") != std::string::npos) what = "git refuses a repository of another owner (git config --global --add safe.directory …)";
  return fail(Error::Kind::usage, folder, what.empty() ? otherwise : ellipsis(what, 200), "--since and --changed ask git which migrations are new; without them the newest one is judged");
}

// The commit of a revision; "" when there is none.
std::string commit_of(const std::string& folder, const std::string& revision) {
  const Ran ran = run_git(folder, {"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"});
  const std::string out(trim(ran.out));
  const bool plain = out.size() >= 40 && out.find_first_not_of("0123456789abcdef") == std::string::npos;
  return ran.status == 0 && plain ? out : std::string();
}

Result<void> is_repository(const std::string& folder) {
  const Ran ran = run_git(folder, {"rev-parse", "--is-inside-work-tree"});
  if (ran.status != 0) return failed(folder, ran, "git does not answer");
  if (trim(ran.out) != "true") return fail(Error::Kind::usage, folder, "is in no git work tree", "a bare repository has no files to compare");
  return {};
}

void add_names(const Ran& ran, std::set<std::string>& out) {
  for (const auto name : split(ran.out, '\0'))
    if (!name.empty()) out.insert(std::string(name));
}

// Of files that the index knows, those whose bytes are others now. By their hashes and not by git diff: that would run what
// the repository's configuration names as a filter.
void add_edited(const std::string& folder, const std::vector<std::string>& files, std::set<std::string>& out) {
  std::map<std::string, std::string> hashes;  // by name
  const Ran index = run_git(folder, {"ls-files", "-s", "-z"});
  for (const auto entry : split(index.out, '\0')) {  // "100644 <hash> 0\t<name>"
    const auto tab = entry.find('\t');
    const auto words = split(entry.substr(0, tab), ' ');
    if (tab != std::string_view::npos && words.size() == 3) hashes[std::string(entry.substr(tab + 1))] = words[1];
  }
  std::vector<std::string> known;
  for (const auto& file : files)
    if (hashes.count(file) && !out.count(file)) known.push_back(file);
  constexpr std::size_t at_once = 200;
  for (std::size_t from = 0; from < known.size(); from += at_once) {
    const std::vector<std::string> part(known.begin() + static_cast<std::ptrdiff_t>(from), known.begin() + static_cast<std::ptrdiff_t>(std::min(from + at_once, known.size())));
    const Ran now = run_git(folder, {"hash-object", "--no-filters"}, part);
    const auto answers = split(trim(now.out), '\n');
    for (std::size_t i = 0; i < part.size(); ++i)
      if (answers.size() != part.size() || answers[i] != hashes[part[i]]) out.insert(part[i]);
  }
}

}  // namespace

Result<std::string> branch_point(const std::string& folder) {
  if (const auto repository = is_repository(folder); !repository) return tl::unexpected(repository.error());
  std::vector<std::string> candidates;
  for (const char* variable : {"GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"})
    if (const char* name = std::getenv(variable); name && *name) candidates.push_back(std::string("refs/remotes/origin/") + name);
  for (const char* name : {"refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master", "refs/heads/main", "refs/heads/master"})
    candidates.emplace_back(name);
  for (const auto& candidate : candidates) {
    const std::string commit = commit_of(folder, candidate);
    if (commit.empty()) continue;
    const Ran base = run_git(folder, {"merge-base", "HEAD", commit});
    const std::string out(trim(base.out));
    if (base.status == 0 && !out.empty()) return out;
    return fail(Error::Kind::usage, folder, "no commit in common with " + candidate, "a shallow clone? fetch the whole history (actions/checkout: fetch-depth: 0), or name a revision: --since REV");
  }
  return fail(Error::Kind::usage, folder, "has no branch origin/HEAD, main or master to compare with", "name a revision: --since REV");
}

Result<std::set<std::string>> changed_since(const std::string& folder, const std::string& revision, const std::vector<std::string>& files) {
  if (const auto repository = is_repository(folder); !repository) return tl::unexpected(repository.error());
  const std::string commit = commit_of(folder, revision);
  if (commit.empty()) return fail(Error::Kind::usage, "--since", "there is no revision " + ellipsis(revision, 80) + " in the repository of " + folder, "a shallow clone lacks old ones (actions/checkout: fetch-depth: 0)");
  std::set<std::string> names;
  const Ran committed = run_git(folder, {"diff-tree", "-r", "-z", "--name-only", "--relative", "--no-renames", "--diff-filter=AMT", commit, "HEAD"});
  if (committed.status != 0) return failed(folder, committed, "git does not answer");
  add_names(committed, names);
  add_names(run_git(folder, {"diff-index", "--cached", "-z", "--name-only", "--relative", "--no-renames", "--diff-filter=AMT", "HEAD"}), names);
  add_names(run_git(folder, {"ls-files", "-z", "--others", "--exclude-standard"}), names);
  std::set<std::string> out;
  for (const auto& file : files)
    if (names.count(file)) out.insert(file);
  add_edited(folder, files, out);
  return out;
}

}  // namespace pgadvise::cli
