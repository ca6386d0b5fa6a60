// Which migration tool a program belongs to (MigrationTool::programs).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "migrations/interface/tools.h"

namespace pgadvise::migrations {

// Whether a file of this name may be a migration of one of the tools.
bool may_be_program(std::string_view folder, std::string_view name);
// The tool whose migration the program is, according to its text; nullptr if none.
const MigrationTool* tool_of_program(std::string_view path, const std::string& text);
// The number of migrations directly in a folder that are programs. Reads the beginnings of the files.
std::size_t count_programs(const Folder& folder);

}  // namespace pgadvise::migrations
