#include "lint/queries/statement_words.h"

#include <cctype>

#include "base/text/text.h"

namespace pgadvise::lint {

std::vector<Word> words_of_statement(std::string_view text) {
  std::vector<Word> out;
  const auto of_name = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = at;
    if (text[at] == '\'' || text.substr(at).starts_with("--") || text.substr(at).starts_with("/*")) return {};
    if (text[at] == '"') {
      at = text.find('"', at + 1);
      if (at == std::string_view::npos) return {};
      ++at;
    } else if (of_name(text[at])) {
      while (at < text.size() && of_name(text[at])) ++at;
    } else if (std::isspace(static_cast<unsigned char>(text[at++]))) {
      continue;
    }
    const auto word = text.substr(start, at - start);
    out.push_back({word.front() == '"' ? std::string(word) : lower(word), start});
  }
  return out;
}

}  // namespace pgadvise::lint
