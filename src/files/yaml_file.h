// YAML files: parsed without exceptions, within bounds.
#pragma once

#include <string>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "base/result.h"

namespace pgadvise::files {

// Errors: broken YAML with its line, or larger than text_limit.
Result<YAML::Node> parse_yaml(const std::string& text, const std::string& file);

// Look-ups that tolerate a wrong type.
YAML::Node yaml_member(const YAML::Node& node, const std::string& name);
std::string yaml_text(const YAML::Node& node);               // "" unless a scalar
std::vector<std::string> yaml_list(const YAML::Node& node);  // of scalars; one scalar is a list of one
std::size_t yaml_offset(const YAML::Node& node, const std::string& text);  // where the node begins

}  // namespace pgadvise::files
