// Expressions of a schema that treat a column as JSON.
#pragma once

#include <string>
#include <string_view>

#include "model/schema/catalog.h"

namespace pgadvise::lint {

// Whether the expression treats the column as JSON: c::jsonb, (c)::json, CAST(c AS jsonb), c IS JSON.
bool treats_as_json(std::string_view expression, const std::string& column);

// Whether a key or the predicate of the index does.
bool treats_as_json(const Index& index, const std::string& column);

}  // namespace pgadvise::lint
