// Words of commands as a POSIX shell reads them.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise {

// In single quotes.
std::string quote_shell(std::string_view text);

// As it is if it consists of ASCII letters, digits and ._/:@=,+- alone; else in single quotes.
std::string shell_word(std::string_view text);

}  // namespace pgadvise
