#include "migrations/scripts/sqlc.h"

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"
#include "files/yaml_file.h"

namespace pgadvise::migrations {
namespace {

// The maps that may have the keys: those of `packages` in version 1, of `sql` in version 2. YAML reads JSON.
std::vector<YAML::Node> packages_of(const YAML::Node& document) {
  std::vector<YAML::Node> out = {document};
  for (const char* list : {"packages", "sql"})
    if (const YAML::Node items = files::yaml_member(document, list); items.IsDefined() && items.IsSequence())
      for (const auto& item : items) out.push_back(item);
  return out;
}

void add_paths(const YAML::Node& values, std::string_view folder, std::set<std::string>& out) {
  for (const auto& value : files::yaml_list(values)) {
    std::string path = files::join_path(folder, value);
    if (contains(files::base_of(path), "*")) path = std::string(files::folder_of(path));
    path = files::normal_path(path);
    if (!value.empty() && !path.empty()) out.insert(path);
  }
}

}  // namespace

SqlcPaths sqlc_paths(const std::string& root, const std::vector<std::string>& files) {
  constexpr std::size_t max_files = 50;
  SqlcPaths out;
  std::size_t read = 0;
  for (const auto& file : files) {
    const auto base = files::base_of(file);
    if (base != "sqlc.yaml" && base != "sqlc.yml" && base != "sqlc.json") continue;
    if (++read > max_files) break;
    const auto text = read_file(files::path_under(root, file), files::text_limit);
    const auto document = text ? files::parse_yaml(*text, file) : tl::unexpected(text.error());
    if (!document) continue;
    for (const YAML::Node& package : packages_of(*document)) {
      add_paths(files::yaml_member(package, "schema"), files::folder_of(file), out.schemas);
      add_paths(files::yaml_member(package, "queries"), files::folder_of(file), out.queries);
    }
  }
  return out;
}

}  // namespace pgadvise::migrations
