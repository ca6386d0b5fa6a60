// Lengths, in bytes, of what PostgreSQL writes for an escape of log_line_prefix. prefix.h uses them to match
// lines, prefix_search.h to guess the setting. The functions look at the front of a text, keep nothing, and
// take time linear in the length that they return.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/text/text.h"

namespace pgadvise::log {

// Lower-case hexadecimal digits, as in session IDs.
inline bool hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }

// The length of the value of %e (SQLSTATE), %c (session ID), %v (virtual transaction ID, which may be empty),
// or of any escape whose value is a whole number; %Q (query ID) may be negative. npos: the text does not
// begin with a SQLSTATE or a session ID.
std::size_t fixed_length(char escape, std::string_view text);

// The number of digits from byte `at` on.
std::size_t digits_at(std::string_view text, std::size_t at = 0);

// The length of the value of %h or %r: "10.0.0.1", "10.0.0.1(5555)", "2001:db8::1(5555)", "[local]". 0: the
// text does not begin with an address. A host name is not recognized.
std::size_t address_length(std::string_view text);

}  // namespace pgadvise::log
