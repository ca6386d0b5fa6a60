// Quotes SQL identifiers and literals. The only place that decides which identifiers are quoted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgadvise {

// Quotes an identifier where PostgreSQL's quote_ident() does: key words that are not non-reserved, upper
// case, other characters, "". Key words that are reserved for column names alone, or for functions and types
// alone, are quoted everywhere, as quote_ident() quotes them: the same name is spelled the same in each line.
// Quotes what any supported server version reserves ("system_user": 16 and later), because a migration that
// was written for one server also runs on others.
std::string quote_identifier(std::string_view name);
// 'it''s'; with an E prefix if it contains a backslash, so that the value does not depend on
// standard_conforming_strings.
std::string quote_literal(std::string_view value);
// "schema.name", each part quoted if needed; only the name if the schema is empty.
std::string quote_name(std::string_view schema, std::string_view name);

// PostgreSQL's limit for an identifier, in bytes (NAMEDATALEN - 1).
inline constexpr std::size_t longest_identifier = 63;
// Cuts a name to at most `limit` bytes, not through a character, as PostgreSQL does.
std::string cut_identifier(std::string name, std::size_t limit = longest_identifier);

}  // namespace pgadvise
