// How long the parts of a log_line_prefix are. Internal to the prefix's readers.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/text/text.h"

namespace pgadvise::log {

inline bool hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

// How many bytes of `text` belong to an escape whose form is fixed; npos: it does not fit.
std::size_t fixed_length(char escape, std::string_view text);
std::size_t digits_at(std::string_view text, std::size_t at = 0);
// "10.0.0.1", "10.0.0.1(5555)", "2001:db8::1(5555)", "[local]"; 0: none of these.
std::size_t address_length(std::string_view text);

}  // namespace pgadvise::log
