#include "check/changes/changes.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/containers.h"
#include "base/files/input_file.h"
#include "base/text/text.h"
#include "check/changes/git.h"
#include "lint/run/rule.h"
#include "migrations/folders/schema_load.h"

namespace pgadvise::check {
namespace {

constexpr std::size_t max_file = std::size_t{2} << 20;

// The schema that the first `count` files create.
std::optional<Catalog> replayed_until(migrations::SchemaInput input, std::ptrdiff_t count) {
  if (count == 0) return Catalog{};
  input.files.resize(static_cast<std::size_t>(count));
  return replayed(input);
}

std::set<std::string> findings_of(const Catalog& catalog, const Project* project,
                                  const lint::Settings& settings) {
  static const std::vector<std::string> schema_rules = [] {
    std::vector<std::string> ids;
    for (const auto& known : lint::all_rules())
      if (std::string id(known.rule->id); about_schema_alone(id)) ids.push_back(std::move(id));
    return ids;
  }();
  std::set<std::string> out;
  const auto outcome =
      lint::run({.catalog = &catalog, .project = project, .settings = &settings}, schema_rules);
  for (const auto& finding : outcome.findings) out.insert(finding.id);
  return out;
}

}  // namespace

std::optional<Catalog> replayed(const migrations::SchemaInput& input) {
  Diagnostics reported_already;
  auto catalog = migrations::load(input, reported_already);
  return catalog ? std::optional(std::move(*catalog)) : std::nullopt;
}

std::optional<SchemaChange> schema_change(const migrations::SchemaInput& input, std::set<std::string> files,
                                          const Catalog& all) {
  const auto chosen = [&](const migrations::SchemaFile& file) { return files.count(file.path) > 0; };
  const auto first = std::ranges::find_if(input.files, chosen);
  const auto behind_last = std::find_if(input.files.rbegin(), input.files.rend(), chosen).base();
  if (first == input.files.end()) return SchemaChange{};
  auto before = replayed_until(input, first - input.files.begin());
  auto after = behind_last == input.files.end() ? std::optional(all)
                                                : replayed_until(input, behind_last - input.files.begin());
  if (!before || !after) return std::nullopt;
  return SchemaChange{std::move(*before), std::move(*after), std::move(files)};
}

std::set<std::string> caused_findings(const SchemaChange& change, const Project* project,
                                      const lint::Settings& settings) {
  if (change.files.empty()) return {};
  std::set<std::string> out = findings_of(change.after, project, settings);
  for (const auto& id : findings_of(change.before, project, settings)) out.erase(id);
  return out;
}

bool about_schema_alone(const std::string& rule) {
  using lint::Input;
  const auto* found = lint::find_rule(rule);
  if (!found) return false;
  const lint::Needs& needs = found->rule->needs;
  return needs.met_by({Input::schema}) || needs.met_by({Input::schema, Input::statistics});
}

bool rule_reads(const std::string& rule, lint::Input input) {
  const auto* found = lint::find_rule(rule);
  return found && found->rule->needs.names(input);
}

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
  const File* known = find_value(files_, place.file);
  if (!known) return false;
  const File& file = *known;
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
