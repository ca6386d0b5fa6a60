#include "check/changes/changes.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "lint/run/rule.h"
#include "migrations/folders/schema_load.h"

namespace pgadvise::check {
namespace {

// The schema that the first `count` files create.
std::optional<Catalog> replayed(migrations::SchemaInput input, std::size_t count) {
  if (count == 0) return Catalog{};
  input.files.resize(count);
  Diagnostics reported_already;
  auto catalog = migrations::load(input, reported_already);
  if (!catalog) return std::nullopt;
  return std::move(*catalog);
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

std::optional<SchemaChange> schema_change(const migrations::SchemaInput& input, std::set<std::string> files,
                                          const Catalog& all) {
  const auto chosen = [&](const migrations::SchemaFile& file) { return files.count(file.path) > 0; };
  const auto first = std::ranges::find_if(input.files, chosen);
  const auto behind_last = std::find_if(input.files.rbegin(), input.files.rend(), chosen).base();
  if (first == input.files.end()) return SchemaChange{};
  auto before = replayed(input, static_cast<std::size_t>(first - input.files.begin()));
  auto after = behind_last == input.files.end()
                   ? std::optional(all)
                   : replayed(input, static_cast<std::size_t>(behind_last - input.files.begin()));
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

}  // namespace pgadvise::check
