#include "files/yaml_file.h"

#include "files/files.h"
#include "model/source_location.h"

namespace pgadvise::files {

Result<YAML::Node> parse_yaml(const std::string& text, const std::string& file) {
  if (text.size() > text_limit)
    return fail(Error::Kind::nonfatal, file, "is too large for a workflow", "it was not read");
  try {
    return YAML::Load(text);  // the first document; LoadAll never ends where one begins with a comma
  } catch (const YAML::Exception& error) {
    return fail(Error::Kind::nonfatal, SourceLocation{file, error.mark.line + 1, error.mark.column + 1}.str(),
                "broken YAML", "it was not read");
  }
}

YAML::Node yaml_member(const YAML::Node& node, const std::string& name) {
  if (!node.IsDefined() || !node.IsMap()) return YAML::Node(YAML::NodeType::Undefined);
  for (const auto& item : node)
    if (item.first.IsScalar() && item.first.Scalar() == name) return item.second;
  return YAML::Node(YAML::NodeType::Undefined);
}

std::string yaml_text(const YAML::Node& node) {
  return node.IsDefined() && node.IsScalar() ? node.Scalar() : std::string();
}

std::string yaml_text(const YAML::Node& node, const std::string& member) {
  return yaml_text(node.IsMap() ? yaml_member(node, member) : node);
}

std::vector<YAML::Node> yaml_items(const YAML::Node& node) {
  return node.IsSequence() ? std::vector<YAML::Node>(node.begin(), node.end()) : std::vector<YAML::Node>();
}

std::vector<std::pair<std::string, YAML::Node>> yaml_entries(const YAML::Node& node) {
  std::vector<std::pair<std::string, YAML::Node>> out;
  if (node.IsMap())
    for (const auto& item : node) out.emplace_back(yaml_text(item.first), item.second);
  return out;
}

std::vector<std::string> yaml_list(const YAML::Node& node) {
  std::vector<std::string> out;
  if (!node.IsDefined()) return out;
  if (node.IsScalar()) out.push_back(node.Scalar());
  if (node.IsSequence())
    for (const auto& item : node)
      if (item.IsScalar()) out.push_back(item.Scalar());
  return out;
}

std::size_t yaml_offset(const YAML::Node& node, const std::string& text) {
  const YAML::Mark mark = node.Mark();
  return mark.pos < 0 || static_cast<std::size_t>(mark.pos) > text.size()
             ? 0
             : static_cast<std::size_t>(mark.pos);
}

}  // namespace pgadvise::files
