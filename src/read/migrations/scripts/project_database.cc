#include "migrations/scripts/project_database.h"

#include <algorithm>
#include <optional>
#include <span>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "drizzle/kit/config.h"
#include "files/files.h"

namespace pgadvise::migrations {
namespace {

using Decided = std::optional<std::string>;  // "": PostgreSQL; nullopt: the file does not decide

// The files below a folder of the repository.
std::span<const std::string> files_below(const std::vector<std::string>& files, std::string_view folder) {
  const std::string prefix = folder.empty() ? "" : std::string(folder) + "/";
  const auto begin = std::ranges::lower_bound(files, prefix);
  auto end = begin;
  while (end != files.end() && end->starts_with(prefix)) ++end;
  return {begin, end};
}

// sqlx writes one file for each query, all for one database: {"db_name": "SQLite", …}.
Decided by_prepared_query(const std::string& text) {
  const auto name = text.find("\"db_name\"");
  if (name == std::string::npos) return std::nullopt;
  for (const auto* database : {"SQLite", "MySQL"})
    if (contains(std::string_view(text).substr(name, 60), database)) return database;
  return "";
}

// The features of a database's library. A Cargo.toml that names PostgreSQL, too, decides nothing.
Decided by_features(const std::string& text) {
  const std::string low = lower(text);
  if (contains(low, "postgres"))
    return contains(low, "sqlite") || contains(low, "mysql") ? Decided() : Decided("");
  const bool library = contains(low, "sqlx") || contains(low, "diesel") || contains(low, "sea-orm");
  if (contains(low, "rusqlite") || (library && contains(low, "\"sqlite"))) return "SQLite";
  if (library && contains(low, "\"mysql")) return "MySQL";
  return std::nullopt;
}

Decided by_drizzle(const std::string& path, const std::string& text, const std::string& folder) {
  const auto config = drizzle::read_drizzle_config(path, text);
  const std::string out = files::join_path(files::folder_of(path), config.out);
  if (config.dialects.empty() || (folder != out && !folder.starts_with(out + "/"))) return std::nullopt;
  return config.postgresql() ? "" : config.dialects.front();
}

Decided by_file(const std::string& root, const std::string& file, std::string_view at,
                const std::string& folder) {
  const std::string_view base = files::base_of(file), inside = files::folder_of(file);
  const bool cargo = base == "Cargo.toml", config = base.starts_with("drizzle.config.");
  const bool prepared = base.ends_with(".json") && files::base_of(inside) == ".sqlx";
  if (!(cargo || config || prepared) || (prepared ? files::folder_of(inside) : inside) != at)
    return std::nullopt;
  const auto text = read_file(files::path_under(root, file), files::text_limit);
  if (!text) return std::nullopt;
  return prepared ? by_prepared_query(*text) : cargo ? by_features(*text) : by_drizzle(file, *text, folder);
}

}  // namespace

std::string other_database_of_project(const std::string& root, const std::vector<std::string>& files,
                                      const std::string& folder) {
  for (std::string at = folder;; at = files::folder_of(at)) {
    for (const auto& file : files_below(files, at))
      if (const auto decided = by_file(root, file, at, folder))
        return decided->empty() ? "" : *decided + ", according to " + file;
    if (at.empty()) return {};
  }
}

}  // namespace pgadvise::migrations
