// Globs over paths.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::files {

// Whether the path matches a glob: *, ?, **, [a-z] and {a,b}.
bool matches_glob(std::string_view pattern, std::string_view path);

// "a/{b,c}" -> "a/b", "a/c". At most 100 of them.
std::vector<std::string> expand_braces(std::string pattern);

}  // namespace pgadvise::files
