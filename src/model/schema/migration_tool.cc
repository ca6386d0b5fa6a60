#include "model/schema/migration_tool.h"

#include <algorithm>

#include "base/text/text.h"

namespace pgadvise {
namespace {

bool matches(const OwnTable& own, const QualifiedName& name, std::string_view lower_name,
             const Table* table) {
  if (!own.schema.empty() && own.schema != name.schema) return false;
  if (!own.name.empty() && own.name != lower_name) return false;
  return own.column.empty() || !table || table->column(own.column);
}

}  // namespace

const ToolFacts* find_tool_facts(std::string_view id) {
  for (const auto* tool : tool_facts()) {
    if (tool->id == id) return tool;
    if (tool->without_comparison && tool->without_comparison->id == id) return tool->without_comparison;
  }
  return nullptr;
}

const ToolFacts* owner_of_table(const QualifiedName& name, const Table* table) {
  const std::string lower_name = lower(name.name);
  for (const auto* tool : tool_facts())
    for (const auto& own : tool->tables)
      if (matches(own, name, lower_name, table)) return tool;
  return nullptr;
}

bool is_migration_tool(std::string_view application) {
  const auto tools = tool_facts();
  return std::ranges::any_of(tools, [&](const ToolFacts* tool) {
    return !tool->application.empty() && starts_with_nocase(application, tool->application);
  });
}

}  // namespace pgadvise
