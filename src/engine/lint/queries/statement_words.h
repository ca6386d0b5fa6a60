// The words of a normalised statement, for rewrites of its text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::lint {

struct Word {
  std::string text;  // lower case; a name in quotes as written
  std::size_t at = 0;
};

// Words, parameters, and single other characters; nothing where the text has strings or comments.
std::vector<Word> words_of_statement(std::string_view text);

}  // namespace pgadvise::lint
