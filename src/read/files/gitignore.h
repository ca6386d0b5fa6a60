// Which line of a .gitignore keeps a file out of the repository.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise::files {

// Whether a pattern of a .gitignore matches a path relative to the folder of that .gitignore. `pattern` has
// no leading `!`. Time is linear in the product of both lengths.
bool ignore_pattern_matches(std::string_view pattern, std::string_view path, bool is_folder);

// Whether it matches the file, or a folder on the way to it.
bool ignore_pattern_covers(std::string_view pattern, std::string_view path);

// The line that decides that git ignores the file, as "FILE:LINE: PATTERN"; "" if none does. Reads the
// .gitignore files from the file's folder up to the work tree's root (without a work tree: of the file's
// folder alone); not .git/info/exclude, and not the user's own excludes. The file need not exist.
std::string ignoring_line(const std::string& file);

}  // namespace pgadvise::files
