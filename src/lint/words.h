// Names as words, and expressions as tokens: what rules that judge by names read.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::lint {

// "createdAt", "created_at", "CreatedAT" -> created, at
std::vector<std::string> words_of(std::string_view name);

// "categories" -> "category", "statuses" -> "status", "users" -> "user"; what is no plural stays.
std::string singular(std::string_view word);

// The words in the singular, one beside the other: "order_items", "OrderItem" -> "order item".
std::string singular_name(std::string_view name);

inline bool one_of(std::string_view text, std::span<const std::string_view> list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}
inline bool any_of(const std::vector<std::string>& words, std::span<const std::string_view> list) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) { return one_of(word, list); });
}

// The value of a default that is one literal, cast or not: "'{}'::text" -> {}.
std::optional<std::string> literal_of(std::string_view expression);

// Identifiers (unquoted ones in lower case), "::", and single characters; string literals left out.
std::vector<std::string> tokens_of(std::string_view expression);

}  // namespace pgadvise::lint
