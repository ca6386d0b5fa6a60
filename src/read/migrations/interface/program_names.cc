#include "migrations/interface/program_names.h"

#include <string>

#include "base/text/text.h"
#include "files/files.h"

namespace pgadvise::migrations {

bool is_script(std::string_view name) {
  return ends_with_any(name, {".ts", ".js", ".mjs", ".cjs", ".mts", ".cts"}) && !name.ends_with(".d.ts");
}

bool numbered_script(std::string_view folder, std::string_view name) {
  const std::string_view base = files::base_of(folder);
  return is_script(name) && (base == "migrations" || base == "migration" || base == "migrate") &&
         !files::leading_digits(name).empty();
}

bool numbered_script(std::string_view path) {
  return numbered_script(files::folder_of(path), files::base_of(path));
}

bool script_migration(std::string_view path) {
  if (!path.ends_with(".ts") && !path.ends_with(".js")) return false;
  const auto folder = files::base_of(files::folder_of(path));
  if (folder != "migrations" && folder != "migration") return false;
  std::string_view name = files::base_of(path);
  if (name.starts_with("Migration")) name.remove_prefix(9);
  return files::leading_digits(name).size() >= 8;
}

bool in_folder(std::string_view path, std::string_view folder, std::string_view extension) {
  return path.ends_with(extension) &&
         (path.starts_with(folder) || path.find("/" + std::string(folder)) != std::string_view::npos);
}

}  // namespace pgadvise::migrations
