#include "migrations/folders/folder_reading.h"

#include "base/files/input_file.h"
#include "files/files.h"
#include "files/gitignore.h"

namespace pgadvise::migrations {

MigrationEntry& FolderReading::add(const std::string& name, const std::string& path, SourceLocation location,
                                   std::int64_t when) {
  MigrationEntry migration{.name = name, .place = std::move(location), .when = when};
  if (!path.empty()) {
    migration.file = files::relative_to(path, root);
    migration.repeatable = tool.repeatable && tool.repeatable(files::base_of(path));
    if (tool.checksums)
      if (const auto text = read_file(path, files::sql_limit)) migration.checksums = tool.checksums(*text);
  }
  return out.migrations.emplace_back(std::move(migration));
}

void FolderReading::problem(const char* kind, std::string entry, std::string text, SourceLocation location) {
  out.problems.push_back({kind, std::move(entry), std::move(text), std::move(location)});
}

void FolderReading::missing_file(std::string entry, const std::string& path, std::string text,
                                 SourceLocation location) {
  std::string line = files::ignoring_line(path);
  if (!root.empty() && line.starts_with(root + "/")) line.erase(0, root.size() + 1);
  if (!line.empty()) text += ". " + line + " makes git ignore it";
  problem(line.empty() ? "missing file" : "missing file, ignored by git", std::move(entry), std::move(text),
          std::move(location));
}

SourceLocation FolderReading::location_of(const std::string& name) const {
  return {files::relative_to(folder.path(name), root), 0, 0};
}

std::string leading_version(const MigrationEntry& migration) {
  return std::string(files::leading_digits(migration.name));
}

}  // namespace pgadvise::migrations
