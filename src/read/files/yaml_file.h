// Parses YAML files without exceptions, within limits.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "base/result.h"

namespace pgadvise::files {

// Errors: invalid YAML, with its line; larger than text_limit.
Result<YAML::Node> parse_yaml(const std::string& text, const std::string& file);

// Access to members that tolerates wrong types.
YAML::Node yaml_member(const YAML::Node& node, const std::string& name);
std::string yaml_text(const YAML::Node& node);  // "" unless a scalar
// The text of a scalar, or of the mapping's member: "production" of `production` and of `{name: production}`.
std::string yaml_text(const YAML::Node& node, const std::string& member);
std::vector<YAML::Node> yaml_items(const YAML::Node& node);  // of a sequence, else none
// The keys and values of a mapping, in the order of the file; else none.
std::vector<std::pair<std::string, YAML::Node>> yaml_entries(const YAML::Node& node);
std::vector<std::string> yaml_list(const YAML::Node& node);  // of scalars; a single scalar counts as a list
std::size_t yaml_offset(const YAML::Node& node, const std::string& text);  // start of the node

}  // namespace pgadvise::files
