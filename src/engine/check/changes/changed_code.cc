#include "check/changes/changed_code.h"

#include <algorithm>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "check/changes/git.h"
#include "lint/migrations/migration_folders.h"

namespace pgadvise::check {
namespace {

constexpr std::size_t max_file = std::size_t{2} << 20;

}  // namespace

Result<void> ChangedCode::add(files::Git& git, const Project& project, const std::string& revision) {
  if (!project.code) return {};
  const std::string folder = project.root.empty() ? "." : project.root;
  std::vector<std::string> names;
  for (const auto& [file, functions] : project.code->functions) names.push_back(file);
  TRY(const auto changed, changed_since(git, folder, revision, names));
  for (const auto& name : changed) {
    const std::string path = lint::located(project, {name, 0, 0}).file;
    const auto text = read_file(path, max_file);
    if (!text) continue;
    File& file = files_[path];
    for (const auto line : split(*text, '\n')) file.lines.emplace_back(line);
    file.functions = project.code->functions.at(name);
    if (const auto before = git.run(folder, {"cat-file", "blob", revision + ":./" + name});
        before && before->status == 0)
      file.before = before->out;
  }
  return {};
}

bool ChangedCode::touches(const SourceLocation& place) const {
  const auto known = files_.find(place.file);
  if (known == files_.end()) return false;
  const File& file = known->second;
  if (file.before.empty()) return true;
  LineRange range{place.line, place.line};
  for (const auto& function : file.functions)  // an inner one follows its outer one
    if (function.first <= place.line && place.line <= function.last) range = function;
  std::string text;
  for (int line = std::max(range.first, 1); line <= range.last; ++line)
    if (static_cast<std::size_t>(line) <= file.lines.size())
      text += file.lines[static_cast<std::size_t>(line) - 1] + "\n";
  if (!text.empty()) text.pop_back();  // the file may end without it
  return !contains(file.before, text);
}

bool ChangedCode::touches(const Finding& finding) const {
  return (finding.location && touches(*finding.location)) ||
         std::ranges::any_of(finding.evidence,
                             [&](const Evidence& one) { return one.place && touches(*one.place); });
}

}  // namespace pgadvise::check
