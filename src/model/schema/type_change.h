// The effect of ALTER COLUMN … TYPE on existing rows, from the two types as format_type() spells them.
#pragma once

#include <string_view>

namespace pgadvise {

struct TypeChange {
  enum class Cost {
    none,     // the same type, or one with the same storage format
    in_utc,   // timestamp <-> timestamptz: no effect if the session's TimeZone is UTC, otherwise a rewrite
    rewrite,  // rewrites the table and all indexes under an ACCESS EXCLUSIVE lock
    unknown,  // an unknown type: a domain, an extension's type
  };
  Cost cost = Cost::unknown;
  bool loses = false;       // values are rounded or truncated without an error
  bool fails = false;       // fails if a value does not fit
  bool drops_zone = false;  // timestamptz to timestamp: a value becomes the local time of the session
};

// Measured on PostgreSQL 15 with client_min_messages = debug1 ("rewriting table"). `enums`: one of the two is
// an enum. An empty `from` is not known: then it is a rewrite if no other type is stored like `to`.
TypeChange type_change(std::string_view from, std::string_view to, bool enums = false);

}  // namespace pgadvise
