#include "check/changes/git.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/text/text.h"
#include "files/git.h"

namespace pgadvise::check {
namespace {

using files::git_names;

// What git answered; the stderr of a git that could not be run is the error.
ProgramRun run_git(files::Git& git, const std::string& folder, const std::vector<std::string>& words,
                   const std::vector<std::string>& files = {}) {
  auto run = git.run(folder, words, files);
  return run ? std::move(*run) : ProgramRun{-1, {}, run.error().what};
}

tl::unexpected<Error> failed(const std::string& folder, const ProgramRun& ran, const std::string& otherwise) {
  std::string what = ran.err.substr(0, ran.err.find('\n'));
  if (what.find("not a git repository") != std::string::npos ||
      what.find("Not a git repository") != std::string::npos)
    what = "is not in a git repository";
  if (what.find("dubious ownership") != std::string::npos)
    what = "git refuses a repository of another owner (git config --global --add safe.directory …)";
  return fail(Error::Kind::usage, folder, what.empty() ? otherwise : ellipsis(what, 200),
              "--since and --changed use git to find new migrations; without them pgadvise checks only the "
              "newest one");
}

// The commit of a revision; "" when there is none.
std::string commit_of(files::Git& git, const std::string& folder, const std::string& revision) {
  const ProgramRun ran =
      run_git(git, folder, {"rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"});
  const std::string out(trim(ran.out));
  const bool plain = out.size() >= 40 && out.find_first_not_of("0123456789abcdef") == std::string::npos;
  return ran.status == 0 && plain ? out : std::string();
}

Result<void> is_repository(files::Git& git, const std::string& folder) {
  const ProgramRun ran = run_git(git, folder, {"rev-parse", "--is-inside-work-tree"});
  if (ran.status != 0) return failed(folder, ran, "git could not be run");
  if (trim(ran.out) != "true")
    return fail(Error::Kind::usage, folder, "is not in a git work tree",
                "a bare repository has no files to compare");
  return {};
}

// Of files that the index knows, those whose bytes are others now. By their hashes and not by git diff: that
// would run what the repository's configuration names as a filter.
void add_edited(files::Git& git, const std::string& folder, const std::vector<std::string>& files,
                std::set<std::string>& out) {
  std::map<std::string, std::string> hashes;  // by name
  const ProgramRun index = run_git(git, folder, {"ls-files", "-s", "-z"});
  for (const auto entry : split(index.out, '\0')) {  // "100644 <hash> 0\t<name>"
    const auto tab = entry.find('\t');
    const auto words = split(entry.substr(0, tab), ' ');
    if (tab != std::string_view::npos && words.size() == 3)
      hashes[std::string(entry.substr(tab + 1))] = words[1];
  }
  std::vector<std::string> known;
  for (const auto& file : files)
    if (hashes.count(file) && !out.count(file)) known.push_back(file);
  auto now = file_hashes(git, folder, known);
  for (const auto& file : known)
    if (now[file] != hashes[file]) out.insert(file);
}

}  // namespace

std::map<std::string, std::string> file_hashes(files::Git& git, const std::string& folder,
                                               const std::vector<std::string>& files) {
  constexpr std::size_t at_once = 200;  // names on a command line
  std::map<std::string, std::string> out;
  for (std::size_t from = 0; from < files.size(); from += at_once) {
    const std::vector<std::string> part(
        files.begin() + static_cast<std::ptrdiff_t>(from),
        files.begin() + static_cast<std::ptrdiff_t>(std::min(from + at_once, files.size())));
    const ProgramRun ran = run_git(git, folder, {"hash-object", "--no-filters"}, part);
    const auto answers = split(trim(ran.out), '\n');
    for (std::size_t i = 0; i < part.size() && answers.size() == part.size(); ++i) out[part[i]] = answers[i];
  }
  return out;
}

static Result<std::string> find_branch_point(files::Git& git, const std::string& folder) {
  TRY_VOID(is_repository(git, folder));
  std::vector<std::string> candidates;
  for (const char* variable : {"GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"})
    if (const char* name = std::getenv(variable); name && *name)
      candidates.push_back(std::string("refs/remotes/origin/") + name);
  for (const char* name : {"refs/remotes/origin/HEAD", "refs/remotes/origin/main",
                           "refs/remotes/origin/master", "refs/heads/main", "refs/heads/master"})
    candidates.emplace_back(name);
  for (const auto& candidate : candidates) {
    const std::string commit = commit_of(git, folder, candidate);
    if (commit.empty()) continue;
    const ProgramRun base = run_git(git, folder, {"merge-base", "HEAD", commit});
    const std::string out(trim(base.out));
    if (base.status == 0 && !out.empty()) return out;
    return fail(Error::Kind::usage, folder, "no commit in common with " + candidate,
                "a shallow clone? fetch the whole history (actions/checkout: fetch-depth: 0), or name a "
                "revision: --since REV");
  }
  return fail(Error::Kind::usage, folder, "has no branch origin/HEAD, main or master to compare with",
              "name a revision: --since REV");
}

static Result<std::string> known_commit(files::Git& git, const std::string& folder, const std::string& option,
                                        const std::string& revision) {
  TRY_VOID(is_repository(git, folder));
  std::string commit = commit_of(git, folder, revision);
  if (commit.empty())
    return fail(Error::Kind::usage, option,
                "unknown revision " + ellipsis(revision, 80) + " in the repository of " + folder,
                "a shallow clone lacks old ones (actions/checkout: fetch-depth: 0)");
  return commit;
}

static Result<std::set<std::string>> find_changed(files::Git& git, const std::string& folder,
                                                  const std::string& revision,
                                                  const std::vector<std::string>& files) {
  TRY(const std::string commit, known_commit(git, folder, "--since", revision));
  // A file of the repository's configuration may not order the answer: it could be one without end.
  // Of the whole repository: a file may come from outside of the folder. Exact renames alone (-M100%) need no
  // file's content.
  const std::vector<std::string> plain = {"-z",
                                          "--name-only",
                                          "-M100%",
                                          "-O/dev/null",
                                          "--ignore-submodules=all",
                                          "--no-ext-diff",
                                          "--no-textconv",
                                          "--diff-filter=AMT"};
  const auto asked = [&](std::vector<std::string> words, const std::vector<std::string>& behind) {
    words.insert(words.end(), behind.begin(), behind.end());
    return words;
  };
  std::set<std::string> names;
  const ProgramRun prefix = run_git(git, folder, {"rev-parse", "--show-prefix"});
  if (prefix.status != 0) return failed(folder, prefix, "git does not answer");
  const std::string below = prefix.out.substr(0, prefix.out.find('\n'));
  for (const auto& words :
       {asked(asked({"-c", "diff.relative=false", "diff-tree", "-r"}, plain), {commit, "HEAD"}),
        asked(asked({"-c", "diff.relative=false", "diff-index", "--cached"}, plain), {"HEAD"})}) {
    const ProgramRun ran = run_git(git, folder, words);
    if (ran.status != 0) return failed(folder, ran, "git does not answer");
    for (const auto& name : git_names(ran.out))
      if (name.starts_with(below)) names.insert(name.substr(below.size()));
  }
  const ProgramRun others = run_git(git, folder, {"ls-files", "-z", "--others", "--exclude-standard"});
  if (others.status != 0) return failed(folder, others, "git does not answer");
  names.merge(git_names(others.out));
  std::set<std::string> out;
  for (const auto& file : files)
    if (names.count(file)) out.insert(file);
  add_edited(git, folder, files, out);
  return out;
}

// A git that gave no answer is the error, whatever was made of the answers it gave before.
template <class T>
static Result<T> unless_git_failed(const files::Git& git, const std::string& folder, Result<T> found) {
  auto failure = git.failure(folder);
  if (!failure) return found;
  failure->kind = Error::Kind::usage;
  return tl::unexpected(std::move(*failure));
}

Result<std::string> branch_point(files::Git& git, const std::string& folder) {
  return unless_git_failed(git, folder, find_branch_point(git, folder));
}

Result<std::string> find_commit(files::Git& git, const std::string& folder, const std::string& option,
                                const std::string& revision) {
  return unless_git_failed(git, folder, known_commit(git, folder, option, revision));
}

Result<std::set<std::string>> changed_since(files::Git& git, const std::string& folder,
                                            const std::string& revision,
                                            const std::vector<std::string>& files) {
  return unless_git_failed(git, folder, find_changed(git, folder, revision, files));
}

}  // namespace pgadvise::check
