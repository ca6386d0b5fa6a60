#include "lint/migrations/migration_folders.h"

#include <algorithm>

#include "base/text/text.h"

namespace pgadvise::lint {
namespace {

bool about(const TrackingTable::Row& row, const MigrationFolder& folder, const MigrationEntry& migration) {
  switch (facts_of(folder).row_key) {
    case ToolFacts::RowKey::when: return row.when == migration.when;
    case ToolFacts::RowKey::version:
      return replace_all(row.migration, "_", ".") == replace_all(migration.name, "_", ".");
    case ToolFacts::RowKey::number: {
      const auto digits = std::min(migration.name.find_first_not_of("0123456789"), migration.name.size());
      const auto zeros = std::min(migration.name.find_first_not_of('0'), digits);
      return digits > 0 && row.migration == migration.name.substr(zeros, digits - zeros);
    }
    case ToolFacts::RowKey::name: break;
  }
  return row.migration == migration.name;
}

}  // namespace

const ToolFacts& facts_of(const MigrationFolder& folder) {
  static constexpr ToolFacts unknown{};
  const ToolFacts* facts = find_tool_facts(folder.tool);
  return facts ? *facts : unknown;
}

std::vector<const TrackingTable::Row*> rows_of(const TrackingTable& table, const MigrationFolder& folder,
                                               const MigrationEntry& migration) {
  std::vector<const TrackingTable::Row*> out;
  for (const auto& row : table.rows)
    if (!row.failed && about(row, folder, migration)) out.push_back(&row);
  return out;
}

const TrackingTable* tracking_of(const Context& context, const MigrationFolder& folder) {
  if (!context.has_catalog()) return nullptr;
  const TrackingTable* best = nullptr;
  std::ptrdiff_t most = 0;
  for (const auto& table : context.catalog().tracking) {
    const ToolFacts* keeper = find_tool_facts(table.tool);
    const ToolFacts* variant = keeper ? keeper->without_comparison : nullptr;
    if (table.tool != folder.tool && (!variant || variant->id != folder.tool)) continue;
    const auto known = std::ranges::count_if(folder.migrations, [&](const MigrationEntry& migration) {
      return !rows_of(table, folder, migration).empty();
    });
    if (known <= most) continue;
    most = known;
    best = &table;
  }
  return best;
}

bool runs_journal_itself(const Project& project) {
  return std::ranges::any_of(project.deploy_commands, [](const DeployCommand& command) {
    return command.words.size() > 1 && command.words[1] == "_journal.json";
  });
}

std::string label(const MigrationFolder& folder, const MigrationEntry& migration) {
  return facts_of(folder).names_by_file ? migration.file.substr(migration.file.rfind('/') + 1)
                                        : migration.name;
}

std::string enumerated(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), shown); ++i)
    out += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return names.size() > shown ? out + " and " + std::to_string(names.size() - shown) + " more" : out;
}

bool has_word(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::any_of(words, [&](const std::string& each) {
    return each == word || each.starts_with(std::string(word) + "=");
  });
}

std::string display(const TrackingTable& table) {
  return pgadvise::display(QualifiedName{table.schema, table.name});
}

}  // namespace pgadvise::lint
