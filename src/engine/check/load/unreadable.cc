#include "check/load/unreadable.h"

#include <algorithm>
#include <string_view>

#include "base/text/text.h"
#include "migrations/interface/tools.h"
#include "model/results/run_record.h"

namespace pgadvise::check {
namespace {

// A folder or file that by its name has migrations or a schema.
bool may_hold_schema(std::string_view path) {
  const std::string name = lower(path.substr(path.find_last_of('/') + 1));
  return contains_any(name, {"migration", "schema", ".sql"}) || is_one_of(name, {"db", "sql", "database"}) ||
         std::ranges::any_of(migrations::migration_tools(),
                             [&](const migrations::MigrationTool* tool) { return tool->id() == name; });
}

}  // namespace

bool is_unreadable(const Error& error) { return error.what.starts_with("can't be read: "); }

bool names_unreadable_schema(const Error& error, const std::string& migrations) {
  return is_unreadable(error) &&
         (may_hold_schema(error.where) || (!migrations.empty() && contains_file(error.where, migrations)));
}

}  // namespace pgadvise::check
