#include "lint/schema/json_casts.h"

#include <algorithm>
#include <cstddef>

#include "lint/schema/words.h"

namespace pgadvise::lint {

bool treats_as_json(std::string_view expression, const std::string& column) {
  const auto tokens = tokens_of(expression);
  const auto word = [&](std::size_t i) { return i < tokens.size() ? tokens[i] : std::string(); };
  const auto json = [&](std::size_t i) { return word(i) == "json" || word(i) == "jsonb"; };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] != column) continue;
    std::size_t next = i + 1;
    while (word(next) == ")" || (word(next) == "::" && word(next + 1) == "text"))
      next += word(next) == ")" ? 1 : 2;
    if (word(next) == "::" && json(next + 1)) return true;
    if (word(next) == "as" && json(next + 1)) return true;
    if (word(next) == "is" &&
        (word(next + 1) == "json" || (word(next + 1) == "not" && word(next + 2) == "json")))
      return true;
  }
  return false;
}

bool treats_as_json(const Index& index, const std::string& column) {
  return (index.predicate && treats_as_json(*index.predicate, column)) ||
         std::ranges::any_of(index.keys,
                             [&](const IndexKey& key) { return treats_as_json(key.expression, column); });
}

}  // namespace pgadvise::lint
