// Line ends of a file that is written again.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise {

// `content`, to be written over a file that held `before`: new and changed lines end as most lines of
// `before` do ("\n", "\r\n" or "\r"), unchanged ones at the beginning and end keep their own line ends, and a
// byte order mark stays.
std::string with_line_ends_of(std::string_view before, std::string_view content);

}  // namespace pgadvise
