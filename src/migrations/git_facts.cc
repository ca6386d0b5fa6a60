#include "migrations/git_facts.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/boundary.h"
#include "base/text.h"
#include "files/files.h"
#include "files/git.h"

namespace pgadvise::migrations {
namespace {

class Questions {
 public:
  Questions(files::Git& git, const std::string& root, std::vector<std::string> folders,
            Diagnostics& diagnostics)
      : git_(git), root_(root), folders_(std::move(folders)), diagnostics_(diagnostics) {}

  // Its answer; "" when it failed, which is reported once for a repository. Before the first commit there is
  // no history, which is no failure.
  std::string ask(const std::vector<std::string>& command, bool of_folders = true) {
    std::vector<std::string> folders;
    for (const auto& folder : folders_)
      if (of_folders) folders.push_back(folder.empty() ? "." : folder);
    auto run = git_.run(root_, command, folders);
    if (run && run->status == 0) return std::move(run->out);
    if (!run) report(run.error());
    else if (!contains(run->err, "does not have any commits yet"))
      report({Error::Kind::nonfatal, root_, "git failed with exit code " + std::to_string(run->status),
              "is the repository yours?"});
    return {};
  }

  bool failed() const { return failed_; }

 private:
  void report(Error error) {
    failed_ = true;
    const bool known = std::any_of(diagnostics_.begin(), diagnostics_.end(), [&](const Error& other) {
      return other.where == error.where && other.what.starts_with(error.what);
    });
    error.what += ": pgadvise can't tell which migrations are committed";
    if (!known) diagnostics_.push_back(std::move(error));
  }

  files::Git& git_;
  std::string root_;
  std::vector<std::string> folders_;
  Diagnostics& diagnostics_;
  bool failed_ = false;
};

struct History {
  std::int64_t added = 0;
  std::int64_t changed = 0;
  std::string commit;
  std::string blob;  // of the newest version
};

std::map<std::string, History> history_of(const std::vector<GitChange>& changes) {
  std::map<std::string, History> out;  // git tells the newest first
  for (const auto& change : changes) {
    History& history = out[change.path];
    if (history.added) continue;
    if (history.blob.empty()) history.blob = change.blob;
    if (change.status == 'A') {
      history.added = change.time;
      if (change.blob == history.blob) history.commit.clear();  // a later commit restored the file
    }
    if (change.status == 'M' && history.commit.empty()) {
      history.changed = change.time;
      history.commit = change.commit.substr(0, 12);
    }
  }
  return out;
}

std::vector<std::string> folders_of(const Project& project) {
  std::vector<std::string> out;
  for (const auto& folder : project.migrations) out.push_back(folder.path);
  return out;
}

}  // namespace

std::vector<GitChange> parse_git_log(std::string_view log) {
  std::vector<GitChange> out;
  GitChange commit;
  const auto parts = split(log, '\0');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    std::string_view part = parts[i];
    while (!part.empty() && part.front() == '\n') part.remove_prefix(1);
    if (part.empty()) continue;
    if (part.front() == '\x01') {
      const auto space = part.find(' ');
      commit.commit = std::string(part.substr(1, space == part.npos ? part.npos : space - 1));
      commit.time =
          space == part.npos ? 0 : std::strtoll(std::string(part.substr(space + 1)).c_str(), nullptr, 10);
    } else if (part.front() == ':' && i + 1 < parts.size()) {  // ":<mode> <mode> <blob> <blob> <status>"
      const auto words = split(part, ' ');
      commit.path = std::string(parts[++i]);
      if (words.size() != 5 || words[4].empty()) continue;
      commit.blob = std::string(words[3]);
      commit.status = words[4].front();
      out.push_back(commit);
    }
  }
  return out;
}

void read_git(files::Git& git, Project& project, Diagnostics& diagnostics) {
  if (project.migrations.empty() || work_tree_of(project.root).empty()) return;
  Questions questions(git, project.root, folders_of(project), diagnostics);
  const auto tracked = files::git_names(questions.ask({"ls-files", "-z"}));
  const auto ignored =
      files::git_names(questions.ask({"ls-files", "-z", "--others", "--ignored", "--exclude-standard"}));
  if (questions.failed()) return;
  const auto log = questions.ask({"log", "-z", "--first-parent", "-m", "--no-renames", "--no-ext-diff",
                                  "--no-textconv", "--no-mailmap", "-O/dev/null", "--raw", "--no-abbrev",
                                  "--relative", "--format=tformat:%x01%H %ct"});
  const auto tags = questions.ask({"for-each-ref", "refs/tags", "--format=%(creatordate:unix)"}, false);
  const auto histories = history_of(parse_git_log(log));
  std::vector<std::int64_t> releases;
  for (const auto tag : split(tags, '\n'))
    if (const auto time = std::strtoll(std::string(trim(tag)).c_str(), nullptr, 10)) releases.push_back(time);
  std::sort(releases.begin(), releases.end());
  for (auto& folder : project.migrations) {
    folder.has_releases = !releases.empty();
    for (auto& migration : folder.migrations) {
      if (migration.file.empty()) continue;
      migration.git = tracked.count(migration.file)   ? MigrationEntry::Git::committed
                      : ignored.count(migration.file) ? MigrationEntry::Git::ignored
                                                      : MigrationEntry::Git::untracked;
      const auto it = histories.find(migration.file);
      if (it == histories.end() || it->second.commit.empty() || it->second.added == 0) continue;
      const History& history = it->second;
      migration.changed_in = history.commit;
      migration.changed_after_days =
          static_cast<int>(std::clamp<std::int64_t>((history.changed - history.added) / 86400, 0, 100'000));
      const auto release = std::lower_bound(releases.begin(), releases.end(), history.added);
      migration.changed_after_release = release != releases.end() && *release < history.changed;
    }
  }
}

}  // namespace pgadvise::migrations
