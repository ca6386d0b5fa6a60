// Absolute paths, in the form in which patterns of a configuration are compared with them.
#pragma once

#include <string>

namespace pgadvise::check {

// The path from the root, without "." and "..", and without "/" at its end; symbolic links stay. The path
// itself, without these parts, where the current folder is not known.
std::string absolute_path(const std::string& path);

}  // namespace pgadvise::check
