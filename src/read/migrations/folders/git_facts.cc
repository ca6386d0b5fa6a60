#include "migrations/folders/git_facts.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/files/boundary.h"
#include "base/text/text.h"
#include "files/files.h"
#include "files/git.h"
#include "files/tree.h"
#include "migrations/interface/tools.h"
#include "sql/replay/same_statements.h"

namespace pgadvise::migrations {
namespace {

// Asks git about folders or files of a repository.
struct Questions {
  files::Git& git;
  const std::string& root;
  std::vector<std::string> folders;
  Diagnostics& diagnostics;
  bool failed = false;

  // Its answer; "" when it failed, which is reported once for a repository. Before the first commit there is
  // no history, which is no failure.
  std::string ask(const std::vector<std::string>& command) {
    auto run = git.run(root, command, folders);
    if (run && run->status == 0) return std::move(run->out);
    if (!run) report(run.error());
    else if (!contains(run->err, "does not have any commits yet"))
      report({Error::Kind::nonfatal, root, "git failed with exit code " + std::to_string(run->status),
              "is the repository yours?"});
    return {};
  }

  void report(Error error) {
    failed = true;
    const bool known = std::ranges::any_of(diagnostics, [&](const Error& other) {
      return other.where == error.where && other.what.starts_with(error.what);
    });
    error.what += ": pgadvise can't tell which migrations are committed";
    if (!known) diagnostics.push_back(std::move(error));
  }
};

// One version of a file: the commit that made it, and its content.
struct Version {
  std::int64_t time = 0;
  std::string commit;
  std::string blob;
};

// The versions of each file on the main line since the file was last added, the oldest first; empty if the
// log does not reach back to that commit.
std::map<std::string, std::vector<Version>> versions_of(const std::vector<GitChange>& changes) {
  std::map<std::string, std::vector<Version>> out;
  std::set<std::string> whole;
  for (const auto& change : changes) {  // git tells the newest first
    if (whole.count(change.path)) continue;
    if (change.status != 'A' && change.status != 'M') {
      out[change.path].clear();
      whole.insert(change.path);
      continue;
    }
    out[change.path].insert(out[change.path].begin(),
                            {change.time, change.commit.substr(0, 12), change.blob});
    if (change.status == 'A') whole.insert(change.path);
  }
  std::erase_if(out, [&](const auto& file) { return !whole.count(file.first); });
  return out;
}

using Texts = std::map<std::string, std::string>;  // of blobs, by hash

// One that is missing (a partial clone) makes git fail, and its part and the later ones are not known.
Texts texts_of(files::Git& git, const std::string& root, const std::vector<std::string>& blobs) {
  constexpr std::size_t at_once = 32;  // within the limit of a program's output
  Texts out;
  for (std::size_t at = 0; at < blobs.size(); at += at_once) {
    // The empty tree, which every git knows, separates them.
    const std::string tree = blobs[at].size() == 64
                                 ? "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
                                 : "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    const std::size_t end = std::min(at + at_once, blobs.size());
    std::vector<std::string> words = {"show", "--no-textconv", "--no-color", tree};
    for (std::size_t i = at; i < end; ++i) words.insert(words.end(), {blobs[i], tree});
    const auto run = git.run(root, words);
    if (!run || run->status != 0) return out;
    std::string_view rest = run->out;
    // git writes a line end in front of each tree but the first.
    const std::string separator = "\ntree " + tree + "\n\n";
    rest.remove_prefix(std::min(separator.size() - 1, rest.size()));
    for (std::size_t i = at; i < end; ++i) {
      const auto size = rest.find(separator);
      if (size == std::string_view::npos) return out;
      out[blobs[i]] = std::string(rest.substr(0, size));
      rest.remove_prefix(size + separator.size());
    }
  }
  return out;
}

// Whether the change is an edit for the tool. Two versions of which one is not known are different.
bool edited(const MigrationTool* tool, const Texts& texts, const Version& before, const Version& after) {
  if (before.blob == after.blob) return false;
  const auto old_text = texts.find(before.blob), new_text = texts.find(after.blob);
  return old_text == texts.end() || new_text == texts.end() || !tool ||
         !same_migration(*tool, old_text->second, new_text->second);
}

// Whether a database may have run this version. A text that is not known may have run.
bool can_run(const MigrationTool* tool, const Texts& texts, const Version& version) {
  const auto text = texts.find(version.blob);
  return text == texts.end() || sql::can_run(tool && tool->up ? tool->up(text->second) : text->second);
}

// The version that edited the migration last; nullopt: none did. Versions that no database can have run do
// not count, if the newest can run. `newest`: the last commit that changed any migration.
std::optional<Version> set_history(MigrationEntry& migration, const MigrationTool* tool,
                                   std::vector<Version> versions, const Texts& texts,
                                   const std::vector<std::int64_t>& releases, std::int64_t newest) {
  constexpr std::int64_t day = 86400, long_past = 90 * day;
  const Version* last = nullptr;
  if (versions.size() > 1 && can_run(tool, texts, versions.back()))
    std::erase_if(versions, [&](const Version& version) { return !can_run(tool, texts, version); });
  for (std::size_t i = 1; i < versions.size(); ++i)
    if (edited(tool, texts, versions[i - 1], versions[i])) last = &versions[i];
  if (!last || !edited(tool, texts, versions.front(), versions.back())) return std::nullopt;
  const std::int64_t added = versions.front().time;
  migration.changed_in = last->commit;
  migration.changed_after_days =
      static_cast<int>(std::clamp<std::int64_t>((last->time - added) / day, 0, 100'000));
  const auto release = std::ranges::lower_bound(releases, added);
  migration.released_since =
      releases.empty() ? newest - last->time >= long_past : releases.back() > last->time;
  migration.changed_after_release = release != releases.end() && *release < last->time;
  return *last;
}

// The blobs whose texts decide: those of files with several versions, without very large ones.
std::vector<std::string> blobs_to_compare(const Project& project,
                                          const std::map<std::string, std::vector<Version>>& histories) {
  constexpr std::uintmax_t max_bytes = 1 << 20;
  constexpr std::size_t max_blobs = 2'000;
  std::set<std::string> out;
  for (const auto& folder : project.migrations)
    for (const auto& migration : folder.migrations) {
      const auto it = histories.find(migration.file);
      if (migration.file.empty() || it == histories.end() || it->second.size() < 2) continue;
      std::error_code code;
      const auto size = std::filesystem::file_size(files::path_under(project.root, migration.file), code);
      if (code || size > max_bytes || out.size() > max_blobs) continue;
      for (const auto& version : it->second) out.insert(version.blob);
    }
  return {out.begin(), out.end()};
}

std::vector<std::string> folders_of(const Project& project) {
  std::vector<std::string> out;
  for (const auto& folder : project.migrations) out.push_back(folder.path.empty() ? "." : folder.path);
  return out;
}

struct Edit {
  MigrationEntry* migration;
  std::string blob;
  std::int64_t added = 0;        // seconds since 1970
  std::int64_t time = 0;         // of the edit
  std::set<std::string> before;  // the blobs of the versions that differ from the edited one
};

// Not of a version that is only tried out: v2.0.0-rc1, nightly-20240102.
bool is_final(std::string_view tag) {
  return !contains_any(lower(tag),
                       {"-rc", ".rc", "alpha", "beta", "nightly", "canary", "preview", "snapshot"});
}

// The tags that are releases: final ones, and not those of modules (api/v1.2) where there are others.
std::map<std::string, std::int64_t> releases_in(std::string_view refs) {
  std::map<std::string, std::int64_t> out;
  bool plain = false;
  for (const auto line : split(refs, '\n')) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos || !is_final(line.substr(space + 1))) continue;
    const std::string name(trim(line.substr(space + 1)));
    const auto time = std::strtoll(std::string(line.substr(0, space)).c_str(), nullptr, 10);
    if (name.empty() || time == 0) continue;
    out[name] = time;
    plain = plain || !contains(name, "/");
  }
  if (plain) std::erase_if(out, [](const auto& tag) { return contains(tag.first, "/"); });
  return out;
}

std::vector<std::string> tags_command() {
  return {"for-each-ref", "refs/tags", "--format=%(creatordate:unix) %(refname:strip=2)"};
}

std::vector<std::string> log_command(std::vector<std::string> which) {
  std::vector<std::string> out = {"log", "-z"};
  out.insert(out.end(), which.begin(), which.end());
  out.insert(out.end(), {"--no-renames", "--no-ext-diff", "--no-textconv", "--no-mailmap", "-O/dev/null",
                         "--raw", "--no-abbrev", "--relative", "--format=tformat:%x01%H %ct"});
  return out;
}

// Where the edit came to the main line by a merge, `changed_in` becomes the merged commit that made this
// content. The merge stays where no such commit exists: it made the content itself.
void name_commits(files::Git& git, const std::string& root, const std::vector<Edit>& edits,
                  Diagnostics& diagnostics) {
  if (edits.empty()) return;
  std::vector<std::string> names;
  for (const Edit& edit : edits) names.push_back(edit.migration->file);
  Questions questions{git, root, std::move(names), diagnostics};
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> commits;  // by path and blob
  for (const GitChange& change : parse_git_log(questions.ask(log_command({"--no-merges", "--full-history"}))))
    commits[{change.path, change.blob}].push_back(change.commit.substr(0, 12));
  for (const Edit& edit : edits) {
    const auto& made = commits[{edit.migration->file, edit.blob}];
    if (!made.empty() && !is_one_of(edit.migration->changed_in, made))
      edit.migration->changed_in = made.front();
  }
}

// At most 40 of the tags with their times, the newest first: the newest one, for each edit the three latest
// between the addition of the file and the edit, and others evenly.
std::vector<std::pair<std::int64_t, std::string>> tags_to_ask(
    const std::map<std::string, const Edit*>& edited, const std::map<std::string, std::int64_t>& releases) {
  constexpr std::size_t most = 40;
  constexpr int nearest = 3;
  std::vector<std::pair<std::int64_t, std::string>> tags;
  for (const auto& [name, time] : releases) tags.emplace_back(-time, name);
  std::ranges::sort(tags);
  std::set<std::size_t> chosen{0};
  for (int round = 0; round < nearest; ++round)
    for (const auto& [file, edit] : edited) {
      const auto before = std::ranges::upper_bound(tags, std::pair(-edit->time, std::string()));
      const auto at = static_cast<std::size_t>(before - tags.begin()) + static_cast<std::size_t>(round);
      if (at < tags.size() && -tags[at].first >= edit->added && chosen.size() < most) chosen.insert(at);
    }
  const std::size_t step = 1 + tags.size() / most;
  for (std::size_t at = 0; at < tags.size() && chosen.size() < most; at += step) chosen.insert(at);
  std::vector<std::pair<std::int64_t, std::string>> out;
  for (const std::size_t at : chosen) out.emplace_back(-tags[at].first, tags[at].second);
  return out;
}

// By time a release lies between two commits, or is later. One of another branch may have neither version:
// the contents of the tags decide. Asks git once for each tag of tags_to_ask(). Without an answer, and for
// an edit before which no tag was asked, the times hold.
void confirm_releases(files::Git& git, const std::string& root, const std::vector<Edit>& edits,
                      const std::map<std::string, std::int64_t>& releases) {
  std::map<std::string, const Edit*> edited;
  for (const Edit& edit : edits)
    if (edit.migration->changed_after_release || (edit.migration->released_since && !releases.empty()))
      edited[edit.migration->file] = &edit;
  if (edited.empty()) return;
  std::vector<std::string> names;
  for (const auto& [file, unused] : edited) names.push_back(file);
  std::set<std::string> old_versions, new_versions;  // files of which a tag has one
  Diagnostics unused;
  Questions questions{git, root, std::move(names), unused};
  const auto asked = tags_to_ask(edited, releases);
  for (const auto& [unused_time, tag] : asked) {
    const auto listed = questions.ask({"ls-tree", "-r", "-z", "refs/tags/" + tag});
    if (questions.failed) return;
    for (const auto entry : split(listed, '\0')) {  // "<mode> blob <hash>\t<path>"
      const auto tab = entry.find('\t');
      if (tab == std::string_view::npos) continue;
      const auto file = edited.find(std::string(entry.substr(tab + 1)));
      const std::string blob(entry.substr(0, tab).substr(entry.substr(0, tab).rfind(' ') + 1));
      if (file == edited.end()) continue;
      if (file->second->before.count(blob)) old_versions.insert(file->first);
      else new_versions.insert(file->first);
    }
  }
  for (const auto& [file, edit] : edited) {
    const bool any_before = std::ranges::any_of(
        asked, [&](const auto& tag) { return tag.first >= edit->added && tag.first < edit->time; });
    if (any_before || old_versions.count(file))
      edit->migration->changed_after_release = old_versions.count(file) > 0;
    edit->migration->released_since = new_versions.count(file) > 0;
  }
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
  Questions questions{git, project.root, folders_of(project), diagnostics};
  const auto tracked = files::git_names(questions.ask({"ls-files", "-z"}));
  const auto ignored =
      files::git_names(questions.ask({"ls-files", "-z", "--others", "--ignored", "--exclude-standard"}));
  if (questions.failed) return;
  const auto log = questions.ask(log_command({"--first-parent", "-m"}));
  questions.folders.clear();
  const auto tags = questions.ask(tags_command());
  const auto changes = parse_git_log(log);  // the newest first
  const auto histories = versions_of(changes);
  const std::int64_t newest = changes.empty() ? 0 : changes.front().time;
  const Texts texts = texts_of(git, project.root, blobs_to_compare(project, histories));
  const auto tagged = releases_in(tags);
  std::vector<std::int64_t> releases;
  for (const auto& [tag, time] : tagged) releases.push_back(time);
  std::ranges::sort(releases);
  std::vector<Edit> edits;
  for (auto& folder : project.migrations) {
    folder.has_releases = !releases.empty();
    for (auto& migration : folder.migrations) {
      if (migration.file.empty()) continue;
      migration.git = tracked.count(migration.file)   ? MigrationEntry::Git::committed
                      : ignored.count(migration.file) ? MigrationEntry::Git::ignored
                                                      : MigrationEntry::Git::untracked;
      const auto it = histories.find(migration.file);
      if (it == histories.end()) continue;
      const auto last =
          set_history(migration, migration_tool(folder.tool), it->second, texts, releases, newest);
      if (!last) continue;
      const auto& versions = it->second;
      edits.push_back({&migration, last->blob, versions.front().time, last->time, {}});
      for (const Version& version : versions)
        if (edited(migration_tool(folder.tool), texts, version, versions.back()))
          edits.back().before.insert(version.blob);
    }
  }
  name_commits(git, project.root, edits, diagnostics);
  confirm_releases(git, project.root, edits, tagged);
}

std::optional<std::string> newest_release_with(files::Git& git, const std::string& folder,
                                               const std::string& file) {
  if (work_tree_of(folder).empty()) return std::nullopt;
  const auto tags = git.run(folder, tags_command());
  if (!tags || tags->status != 0) return std::nullopt;
  std::pair<std::int64_t, std::string> newest;
  for (const auto& [tag, time] : releases_in(tags->out)) newest = std::max(newest, std::pair(time, tag));
  if (newest.second.empty()) return std::nullopt;
  const std::string release = "refs/tags/" + newest.second;
  const auto commits = git.run(folder, {"rev-parse", "HEAD", release + "^{commit}"});
  if (!commits || commits->status != 0) return std::nullopt;
  const auto lines = split(commits->out, '\n');
  if (lines.size() < 2 || lines[0] == lines[1]) return std::nullopt;
  const auto listed = git.run(folder, {"ls-tree", "-z", "--full-name", release}, {file});
  if (!listed || listed->status != 0) return std::nullopt;
  const auto tab = listed->out.find('\t');  // "<mode> blob <hash>\t<path>"
  if (tab == std::string::npos) return std::nullopt;
  const std::string entry = listed->out.substr(0, tab);
  const auto words = split(entry, ' ');
  // The path ends at a zero byte.
  if (words.size() != 3 || files::never_deployed(listed->out.c_str() + tab + 1)) return std::nullopt;
  const auto now = git.run(folder, {"hash-object", "--no-filters"}, {file});
  if (!now || now->status != 0 || trim(now->out) != words[2]) return std::nullopt;
  return newest.second;
}

}  // namespace pgadvise::migrations
