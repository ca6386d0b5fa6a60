// Keeps the line ends of a file that is overwritten.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise {

// `content` with the line ends of `before`, the file's old content: unchanged lines at the beginning and end
// keep theirs, all others get those of most lines of `before` ("\n", "\r\n" or "\r"). A byte order mark is
// kept.
std::string with_line_ends_of(std::string_view before, std::string_view content);

}  // namespace pgadvise
