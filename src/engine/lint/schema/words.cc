#include "lint/schema/words.h"

#include <array>

#include "base/text/text.h"

namespace pgadvise::lint {

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> out;
  bool fresh = true;
  bool after_lower = false;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (c == '_' || c == '-' || c == ' ') {
      fresh = true;
      continue;
    }
    if (fresh || (upper && after_lower)) out.emplace_back();
    out.back() += lower(std::string_view(&c, 1));
    fresh = false;
    after_lower = !upper;
  }
  return out;
}

std::string singular(std::string_view word) {
  const auto ends = [&](std::string_view end) {
    return word.size() > end.size() + 1 && word.substr(word.size() - end.size()) == end;
  };
  const auto without = [&](std::size_t count) { return std::string(word.substr(0, word.size() - count)); };
  static constexpr std::array<std::string_view, 10> kept = {
      "status", "news", "address", "series", "access", "analytics", "bus", "gas", "settings", "has"};
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> odd = {
      {{"statuses", "status"},
       {"bonuses", "bonus"},
       {"people", "person"},
       {"children", "child"},
       {"men", "man"},
       {"women", "woman"}}};
  if (is_one_of(word, kept)) return std::string(word);
  for (const auto& [plural, one] : odd)
    if (word == plural) return std::string(one);
  if (ends("ies")) return without(3) + "y";
  for (const auto* end : {"sses", "shes", "ches", "xes", "zes"})
    if (ends(end)) return without(2);
  if (ends("s") && !ends("ss") && !ends("us") && !ends("is")) return without(1);
  return std::string(word);
}

bool ends_with_word(std::string_view name, std::span<const std::string_view> list) {
  const auto words = words_of(name);
  return !words.empty() && is_one_of(words.back(), list);
}

std::vector<std::string> singular_words(std::string_view name) {
  auto words = words_of(name);
  for (auto& word : words) word = singular(word);
  return words;
}

std::string singular_name(std::string_view name) { return join(singular_words(name), " "); }

std::optional<std::string> literal_of(std::string_view expression) {
  std::string_view text = trim(expression);
  while (text.size() > 2 && text.front() == '(' && text.back() == ')')
    text = trim(text.substr(1, text.size() - 2));
  if (text.size() < 2 || text.front() != '\'') return std::nullopt;
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] != '\'') {
      value += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '\'') {
      value += text[i++];
    } else {
      const auto rest = trim(text.substr(i + 1));
      if (!rest.empty() && rest.substr(0, 2) != "::") return std::nullopt;
      return value;
    }
  }
  return std::nullopt;
}

std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> out;
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '\'' || c == '"') {
      const auto close = text.find(c, at + 1);
      const auto end = close == std::string_view::npos ? text.size() : close;
      if (c == '"') out.emplace_back(text.substr(at + 1, end - at - 1));
      at = std::min(end + 1, text.size());
    } else if (letter(c)) {
      std::size_t end = at;
      while (end < text.size() && letter(text[end])) ++end;
      out.push_back(lower(text.substr(at, end - at)));
      at = end;
      // From 17 on the parser names JSON's types with their schema.
      if (out.back() == "pg_catalog" && at < text.size() && text[at] == '.') out.pop_back(), ++at;
    } else {
      const std::size_t length = text.substr(at, 2) == "::" ? 2 : 1;
      if (c != ' ' && c != '\n' && c != '\t') out.emplace_back(text.substr(at, length));
      at += length;
    }
  }
  return out;
}

}  // namespace pgadvise::lint
