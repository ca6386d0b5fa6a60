// Diesel: a folder with up.sql for each migration; metadata.toml beside it can turn the transaction off.
#include <algorithm>
#include <filesystem>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"
#include "migrations/all_tools.h"
#include "migrations/scripts/script_files.h"
#include "migrations/scripts/versions.h"

namespace pgadvise::migrations::tools {
namespace {

constexpr OwnTable tables[] = {{.name = "__diesel_schema_migrations"}};

bool named(const QualifiedName& table) { return table.name == "__diesel_schema_migrations"; }

constexpr TrackingShape::Column columns[] = {{"version", "character varying"}, {"run_on", "timestamp"}};
constexpr TrackingShape tracking[] = {
    {.columns = columns, .max_columns = 2, .select = "version, '', 0, false", .named = named}};

// The name up to the first underscore, without hyphens.
std::string version_of(std::string_view entry) {
  return replace_all(std::string(entry.substr(0, entry.find('_'))), "-", "");
}

Files files_of(const Folder& folder, Diagnostics&) {
  Files out = subfolder_files(folder, "up.sql", any_name);
  if (out.empty() || holds_versions(folder, "up.sql")) return {};
  std::ranges::stable_sort(out, [](const SchemaFile& a, const SchemaFile& b) {
    return version_of(a.entry) < version_of(b.entry);
  });
  return out;
}

bool without_transaction(const std::filesystem::path& file) {
  const auto settings = read_file((file.parent_path() / "metadata.toml").string(), files::text_limit);
  return settings && contains(replace_all(*settings, " ", ""), "run_in_transaction=false");
}

}  // namespace

constinit const MigrationTool diesel{
    .facts = {.id = "diesel",
              .sentence = "Diesel",
              .tables = tables,
              .tracking = tracking,
              .leave_transaction =
                  "Put it into a migration of its own, with run_in_transaction = false in its metadata.toml"},
    .known = "folders with up.sql",
    .order = "the name up to the first _, hyphens left out",
    .rank = 30,
    .files = files_of,
    .file_without_transaction = without_transaction,
    .tracked_name = version_of,
};

}  // namespace pgadvise::migrations::tools
