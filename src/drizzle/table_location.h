// Where in a schema file a table is told, for who has to paste a line there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgadvise::drizzle {

struct DrizzlePlace {
  int line = 0;       // of the table's constant
  int list_line = 0;  // of the list of indexes; 0: the table has none yet
  std::string
      parameter;  // what the list's function calls the table: "t" of (t) => [ … ]; "" when there is none
};

// Of `export const orders = pgTable('orders', { … }, (t) => [ … ])`, by a plain reading; nullopt: the text
// has no such constant.
std::optional<DrizzlePlace> drizzle_place(std::string_view text, std::string_view constant);

}  // namespace pgadvise::drizzle
