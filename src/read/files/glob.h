// Globs over paths.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::files {

// Whether the path matches a glob: *, ?, **, [a-z], {a,b}, and within a part of the path also !(a|b), @(a|b),
// ?(a), +(a) and *(a), as bash's extglob and Node's glob packages define them. A part whose groups would take
// long (over 100,000 steps) matches nothing.
bool matches_glob(std::string_view pattern, std::string_view path);

// "a/{b,c}" -> "a/b", "a/c". At most 100 of them.
std::vector<std::string> expand_braces(std::string pattern);

}  // namespace pgadvise::files
