#include "base/process/shell.h"

#include <algorithm>

#include "base/text/text.h"

namespace pgadvise {

std::string quote_shell(std::string_view text) {
  return "'" + replace_all(std::string(text), "'", "'\\''") + "'";
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view others = "._/:@=,+-";
  const bool plain = !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != others.npos;
  });
  return plain ? std::string(text) : quote_shell(text);
}

}  // namespace pgadvise
