#include "lint/run/suppress.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include "base/text/text.h"

namespace pgadvise::lint {

// Linear but for the last star's part.
bool matches(std::string_view pattern, std::string_view text) {
  auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  text.remove_prefix(star);
  for (;;) {
    pattern.remove_prefix(star + 1);
    star = pattern.find('*');
    if (star == std::string_view::npos) return text.ends_with(pattern);
    const void* found = ::memmem(text.data(), text.size(), pattern.data(), star);
    if (!found) return false;
    text.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + star);
  }
}

namespace {

// Every name that a person may call the subject by.
std::vector<std::string> names_of(const Subject& subject) {
  std::vector<std::string> out;
  const auto with_schema = [&](const std::string& name) {
    if (name.empty()) return;
    if (subject.schema.empty() || subject.schema == "public") out.push_back(name);
    if (!subject.schema.empty()) out.push_back(subject.schema + "." + name);
  };
  if (subject.kind == "schema") out.push_back(subject.schema);
  with_schema(subject.table);
  with_schema(subject.index);
  with_schema(subject.constraint);
  if (!subject.table.empty()) {
    if (!subject.columns.empty()) with_schema(subject.table + "." + join(subject.columns, ","));
    if (!subject.constraint.empty()) with_schema(subject.table + "." + subject.constraint);
  }
  for (const auto* name : {&subject.fingerprint, &subject.entry, &subject.file})
    if (!name->empty()) out.push_back(*name);
  return out;
}

std::string seen_from_entry(const std::string& file, const std::string& folder) {
  if (folder.empty() || file.empty() || file.starts_with('/')) return file;
  return std::filesystem::path(folder + file).lexically_normal().generic_string();
}

using Position = std::pair<int, int>;  // line, column

// Comments that apply to the same part, as indexes into the suppressions, in order.
struct Group {
  Position last;
  std::vector<std::size_t> members;
  bool met = false;
};

// The comments of one file for one rule. Statements don't overlap, so that a finding lies in one of each.
struct FileComments {
  Group whole_file;
  std::map<int, Group> lines;
  std::map<Position, Group> statements;  // by where they begin
};

class Matcher {
 public:
  Matcher(const std::vector<Suppression>& suppressions, UsedSuppressions& used, const std::string& folder)
      : suppressions_(suppressions), used_(used), folder_(folder) {
    for (std::size_t i = 0; i < suppressions.size(); ++i)
      for (const auto& rule : suppressions[i].rules) add(i, rule);
  }

  // The first suppression that applies to the finding.
  const Suppression* match(const Finding& finding) {
    first_ = suppressions_.size();
    if (finding.location) by_comment(finding, *finding.location);
    for (const auto& place : finding.other_locations) by_comment(finding, place);
    by_entry(finding);
    return first_ < suppressions_.size() ? &suppressions_[first_] : nullptr;
  }

 private:
  void add(std::size_t i, const std::string& rule) {
    const Suppression& one = suppressions_[i];
    if (!one.comment()) return entries_[rule].push_back(i);
    FileComments& file = comments_[{rule, one.place.file}];
    const bool line = one.first_line == one.last_line && one.last_column == std::numeric_limits<int>::max();
    Group& group = one.first_line == 0 ? file.whole_file
                   : line              ? file.lines[one.first_line]
                                       : file.statements[{one.first_line, one.first_column}];
    group.last = std::max(group.last, Position(one.last_line, one.last_column));
    group.members.push_back(i);
  }

  void by_comment(const Finding& finding, const SourceLocation& place) {
    const auto found = comments_.find({finding.rule, place.file});
    if (found == comments_.end()) return;
    FileComments& file = found->second;
    meet(file.whole_file, finding.rule);
    if (finding.subject.kind == "schema") return;
    const Position at(place.line, place.column);
    if (const auto line = file.lines.find(place.line); line != file.lines.end())
      meet(line->second, finding.rule);
    const auto after = file.statements.upper_bound(at);
    if (after == file.statements.begin()) return;
    if (Group& before = std::prev(after)->second; at <= before.last) meet(before, finding.rule);
  }

  void by_entry(const Finding& finding) {
    const auto found = entries_.find(finding.rule);
    if (found == entries_.end()) return;
    const FindingNames names(finding, folder_);
    for (const std::size_t i : found->second) {
      if (!names.match(suppressions_[i].object, suppressions_[i].path)) continue;
      used_.emplace(i, finding.rule);
      first_ = std::min(first_, i);
    }
  }

  void meet(Group& group, const std::string& rule) {
    if (group.members.empty()) return;
    first_ = std::min(first_, group.members.front());
    if (std::exchange(group.met, true)) return;
    for (const std::size_t i : group.members) used_.emplace(i, rule);
  }

  const std::vector<Suppression>& suppressions_;
  UsedSuppressions& used_;
  const std::string& folder_;
  std::map<std::pair<std::string, std::string>, FileComments> comments_;  // by rule and file
  std::map<std::string, std::vector<std::size_t>> entries_;               // of pgadvise.toml, by rule
  std::size_t first_ = 0;
};

}  // namespace

FindingNames::FindingNames(const Finding& finding, const std::string& folder)
    : names_(names_of(finding.subject)) {
  files_.push_back(seen_from_entry(finding.location ? finding.location->file : finding.subject.file, folder));
  for (const auto& place : finding.other_locations) files_.push_back(seen_from_entry(place.file, folder));
}

bool FindingNames::match(std::string_view object, const std::string& path) const {
  const auto of_object = [&](const std::string& name) { return matches(object, name); };
  const auto of_path = [&](const std::string& file) {
    return matches(path, file) || matches("*/" + path, file);
  };
  return (path.empty() || std::ranges::any_of(files_, of_path)) &&
         (object.empty() || std::ranges::any_of(names_, of_object));
}

std::vector<SuppressedFinding> suppress(std::vector<Finding>& findings,
                                        const std::vector<Suppression>& suppressions, UsedSuppressions& used,
                                        const std::string& folder) {
  std::vector<SuppressedFinding> out;
  if (suppressions.empty()) return out;
  Matcher matcher(suppressions, used, folder);
  std::vector<Finding> kept;
  for (Finding& finding : findings) {
    if (const Suppression* by = matcher.match(finding)) out.push_back({std::move(finding), *by});
    else kept.push_back(std::move(finding));
  }
  findings = std::move(kept);
  return out;
}

}  // namespace pgadvise::lint
