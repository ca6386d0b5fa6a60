// Finds the definition of a table in a schema file, for inserting a line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgadvise::drizzle {

struct DrizzlePlace {
  int line = 0;           // line of the table's constant
  int list_line = 0;      // line of the list of indexes; 0: the table has none
  std::string parameter;  // the table's name in the list's function: "t" of (t) => [ … ]; "" without one
};

// Finds `export const orders = pgTable('orders', { … }, (t) => [ … ])` by a simple scan; nullopt if the text
// has no such constant.
std::optional<DrizzlePlace> drizzle_place(std::string_view text, std::string_view constant);

}  // namespace pgadvise::drizzle
