// SQL names and literals as text, for those who write SQL without the parser.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise {

// Quoted where PostgreSQL would need it: keywords that are not unreserved, upper case, odd characters.
std::string quote_identifier(std::string_view name);
// 'it''s'; with an E prefix when it holds a backslash, so that the value does not depend on a setting.
std::string quote_literal(std::string_view value);
// "schema.name", each part quoted as needed; the name alone when the schema is empty.
std::string quote_name(std::string_view schema, std::string_view name);

}  // namespace pgadvise
