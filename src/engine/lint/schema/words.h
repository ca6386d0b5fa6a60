// Splits names into words, and expressions into tokens, for rules that depend on names.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/text/text.h"

namespace pgadvise::lint {

// "createdAt", "created_at", "CreatedAT" -> created, at
std::vector<std::string> words_of(std::string_view name);

// "categories" -> "category", "statuses" -> "status", "users" -> "user"; other words stay unchanged.
std::string singular(std::string_view word);

// The words in the singular, separated by spaces: "order_items", "OrderItem" -> "order item".
std::string singular_name(std::string_view name);

inline bool any_of(const std::vector<std::string>& words, std::span<const std::string_view> list) {
  return std::ranges::any_of(words, [&](const std::string& word) { return is_one_of(word, list); });
}

// Whether the last word of the name is in the list.
bool ends_with_word(std::string_view name, std::span<const std::string_view> list);

// The words in the singular.
std::vector<std::string> singular_words(std::string_view name);

// The value of a default that is a literal, with or without a cast: "'{}'::text" -> {}.
std::optional<std::string> literal_of(std::string_view expression);

// Tokens: identifiers (unquoted ones in lower case), "::", and single characters, without string literals.
std::vector<std::string> tokens_of(std::string_view expression);

}  // namespace pgadvise::lint
