// What pgadvise.toml may hold, as a JSON Schema for editors: docs/config.schema.json.
#pragma once

#include <string>

namespace pgadvise::check {

// Of the rules that are in this program, with their options.
std::string config_schema();

}  // namespace pgadvise::check
