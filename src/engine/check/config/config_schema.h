// The JSON Schema of pgadvise.toml, for editors: docs/config.schema.json.
#pragma once

#include <string>

namespace pgadvise::check {

// Includes all rules of this program and their options.
std::string config_schema();

}  // namespace pgadvise::check
