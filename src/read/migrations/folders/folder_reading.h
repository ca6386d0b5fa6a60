// Collects the description of a migrations folder; the tools' entries add to it.
#pragma once

#include <string>

#include "migrations/interface/schema_input.h"
#include "model/schema/migrations.h"

namespace pgadvise::migrations {

struct FolderReading {
  const SchemaInput& input;
  const Folder folder;
  const MigrationTool& tool;
  const std::string& root;  // of the project; paths are relative to it
  MigrationFolder out;

  // `path`: "" if the file does not exist.
  MigrationEntry& add(const std::string& name, const std::string& path, SourceLocation location,
                      std::int64_t when);
  // Adds a problem; parameters as in JournalProblem.
  void problem(const char* kind, std::string entry, std::string text, SourceLocation location);
  // Adds the problem "missing file" or, with the line of the .gitignore, "missing file, ignored by git".
  void missing_file(std::string entry, const std::string& path, std::string text, SourceLocation location);
  SourceLocation location_of(const std::string& name) const;  // of a file in the folder
};

// The digits at the start of the migration's name: MigrationTool::version of tools with numeric versions.
std::string leading_version(const MigrationEntry& migration);

}  // namespace pgadvise::migrations
