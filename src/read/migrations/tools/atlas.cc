// Atlas: a folder with atlas.sum.
#include <filesystem>

#include "base/text/text.h"
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "atlas_schema_revisions"}, {.schema = "atlas_schema_revisions"}};

namespace fs = std::filesystem;

Files files_of(const Folder& folder, Diagnostics&) {
  if (!folder.has("atlas.sum")) return {};
  return as_files(folder,
                  sql_files(folder, [](std::string_view name) { return is_sql(name) && !is_down(name); }));
}

std::optional<Migration::Transaction> by_comments(std::string_view text) {
  const auto mode = line_with(text, "-- atlas:txmode");
  if (mode.empty()) return std::nullopt;
  return contains(mode, "none") ? Migration::Transaction::none : Migration::Transaction::file;
}

std::optional<Migration::Transaction> by_folder(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file.parent_path() / "atlas.sum", ignored)) return std::nullopt;
  return Migration::Transaction::file;
}

}  // namespace

constinit const MigrationTool atlas{
    .facts = {.id = "atlas",
              .sentence = "Atlas",
              .tables = tables,
              .leave_transaction =
                  "Put it into a migration of its own that begins with -- atlas:txmode none"},
    .known = "atlas.sum",
    .order = "file names",
    .rank = 61,
    .files = files_of,
    .no_transaction = "atlas:txmode none",
    .by_comments = by_comments,
    .by_folder = by_folder,
};

}  // namespace pgadvise::migrations::tools
