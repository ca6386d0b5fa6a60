// What ALTER COLUMN … TYPE does to the rows that are there, by the two types as format_type() spells them.
#pragma once

#include <string_view>

namespace pgadvise::lint {

struct TypeChange {
  enum class Cost {
    none,    // the same type, or one whose values are stored alike
    in_utc,  // timestamp <-> timestamptz: none while the session's TimeZone is UTC, else every row is written
    rewrite,  // every row and every index is written, with the table locked
    unknown,  // a type that these files don't explain: a domain, an extension's
  };
  Cost cost = Cost::unknown;
  bool loses = false;  // values are rounded or cut without an error
  bool fails = false;  // a value that doesn't fit ends it with an error
};

// Measured on PostgreSQL 15 with client_min_messages = debug1 ("rewriting table"). `enums`: one of the two is
// an enum. An empty `from` is not known: then it is a rewrite if no other type is stored like `to`.
TypeChange type_change(std::string_view from, std::string_view to, bool enums = false);

}  // namespace pgadvise::lint
