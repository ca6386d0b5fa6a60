#include "migrations/scripts/sqlc.h"

#include <algorithm>
#include <string_view>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/files.h"

namespace pgadvise::migrations {
namespace {

std::string_view without_quotes(std::string_view text) {
  text = trim(text);
  while (text.ends_with(",") || text.ends_with("}")) text = trim(text.substr(0, text.size() - 1));
  if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front())
    text = text.substr(1, text.size() - 2);
  return text;
}

// The line without a comment and the dashes in front.
std::string_view content_of(std::string_view line) {
  line = trim(line);
  if (line.starts_with("#")) return {};
  return trim(line.substr(0, line.find(" #")));
}

// What stands behind `key:`; npos: the line has another key.
std::size_t value_at(std::string_view line, std::string_view key) {
  std::size_t at = std::min(line.find_first_not_of("-{ \t"), line.size());
  const bool quoted = at < line.size() && (line[at] == '"' || line[at] == '\'');
  at += quoted ? 1 : 0;
  if (!line.substr(at).starts_with(key)) return std::string_view::npos;
  at += key.size() + (quoted ? 1 : 0);
  return at < line.size() && line[at] == ':' ? at + 1 : std::string_view::npos;
}

// The values of `key`, each a text or a list, in YAML or JSON with one key a line.
std::vector<std::string> values_of(std::string_view text, std::string_view key) {
  std::vector<std::string> out;
  const auto lines = split(text, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = content_of(lines[i]);
    const auto at = value_at(line, key);
    if (at == std::string_view::npos) continue;
    const std::string_view value = trim(line.substr(at));
    if (value.starts_with("[")) {
      std::string list(value);
      while (!contains(list, "]") && i + 1 < lines.size()) list += content_of(lines[++i]);
      for (const auto item : split(std::string_view(list).substr(1, list.find(']') - 1), ','))
        out.emplace_back(without_quotes(item));
    } else if (!value.empty()) {
      out.emplace_back(without_quotes(value));
    } else {
      for (; i + 1 < lines.size() && content_of(lines[i + 1]).starts_with("-"); ++i) {
        const std::string_view item = without_quotes(content_of(lines[i + 1]).substr(1));
        if (contains(item, ":")) break;
        out.emplace_back(item);
      }
    }
  }
  return out;
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
    if (!text) continue;
    const auto add = [&](std::string_view key, std::set<std::string>& paths) {
      for (const auto& value : values_of(*text, key)) {
        std::string path = files::join_path(files::folder_of(file), value);
        if (contains(files::base_of(path), "*")) path = std::string(files::folder_of(path));
        path = files::normal_path(path);
        if (!value.empty() && !path.empty()) paths.insert(path);
      }
    };
    add("schema", out.schemas);
    add("queries", out.queries);
  }
  return out;
}

}  // namespace pgadvise::migrations
