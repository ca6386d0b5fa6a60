// The first look of mask_secrets(): most texts of a report have no secret's name, and masking reads a text
// five times.
#pragma once

#include <string_view>

namespace pgadvise {

// False only for a text in which mask_secrets() hides nothing: it has no "://", no part of a secret's name in
// letters of any case (also across blanks, digits, '_' and '-'), no function that takes secrets, no prefix of
// a known credential, and no string in a string. The fuzz target `mask` compares the two. Takes time linear
// in the text.
bool may_hold_secret(std::string_view text);

}  // namespace pgadvise
