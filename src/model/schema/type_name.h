// Converts type names to the spelling of format_type().
#pragma once

#include <string>
#include <string_view>

namespace pgadvise {

// "varchar(10)" -> "character varying(10)", "timestamp (3) with time zone" -> "timestamp(3) with time zone",
// "int4[]" -> "integer[]", "numeric(10, 2)" -> "numeric(10,2)". A name it does not know stays as it is.
// serial types become the integer they are; see serial_base.
std::string canonical_type(std::string_view type);

// "serial" -> "integer", "bigserial" -> "bigint", "smallserial" -> "smallint"; "" for other types.
std::string serial_base(std::string_view type);

}  // namespace pgadvise
