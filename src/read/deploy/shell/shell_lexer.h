// The words and operators of a shell script. Internal to src/read/deploy.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgadvise::deploy {

struct ShellToken {
  enum class Kind { word, op, newline };
  Kind kind = Kind::word;
  std::string text;  // of a word: without quotes; of an operator: itself
  bool quoted = false;
  std::size_t offset = 0;
  std::size_t end = 0;
  std::vector<std::pair<std::size_t, std::string>> substitutions;  // $(…) and `…` inside a word
  std::string heredoc;                                             // of the word after <<: the body
};

// Never fails: an unclosed quote extends to the end.
std::vector<ShellToken> lex_shell(std::string_view script);

}  // namespace pgadvise::deploy
