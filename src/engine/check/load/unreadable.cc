#include "check/load/unreadable.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/text/text.h"
#include "migrations/interface/tools.h"
#include "model/results/run_record.h"

namespace pgadvise::check {
namespace {

// A folder or file that by its name has migrations or a schema.
bool may_hold_schema(std::string_view path) {
  const std::string name = lower(path.substr(path.find_last_of('/') + 1));
  static constexpr std::string_view parts[] = {"migration", "schema", ".sql"};
  static constexpr std::string_view names[] = {"db", "sql", "database"};
  const auto& tools = migrations::migration_tools();
  return contains_any(name, parts) ||
         std::find(std::begin(names), std::end(names), name) != std::end(names) ||
         std::ranges::any_of(tools,
                             [&](const migrations::MigrationTool* tool) { return tool->id() == name; });
}

}  // namespace

bool is_unreadable(const Error& error) { return error.what.starts_with("can't be read: "); }

bool names_unreadable_schema(const Error& error, const std::string& migrations) {
  return is_unreadable(error) &&
         (may_hold_schema(error.where) || (!migrations.empty() && contains_file(error.where, migrations)));
}

}  // namespace pgadvise::check
