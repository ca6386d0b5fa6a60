// A migrations folder while it is read for rules: what the entries of the tools add to.
#pragma once

#include <string>

#include "migrations/schema_input.h"
#include "model/migrations.h"

namespace pgadvise::migrations {

struct FolderReading {
  const SchemaInput& input;
  const Folder folder;
  const MigrationTool& tool;
  const std::string& root;  // of the project; paths are relative to it
  MigrationFolder out;

  // `path`: "" if there is no file.
  MigrationEntry& add(const std::string& name, const std::string& path, SourceLocation location,
                      std::int64_t when);
  // Something that the tool stumbles over; the parameters are JournalProblem's.
  void problem(const char* kind, std::string entry, std::string text, SourceLocation location);
  SourceLocation location_of(const std::string& name) const;  // of a file in the folder
};

// The digits in front of the migration's name: MigrationTool::version of tools whose versions are numbers.
std::string leading_version(const MigrationEntry& migration);

}  // namespace pgadvise::migrations
