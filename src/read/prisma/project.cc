#include "prisma/project.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/text/text.h"
#include "files/code_text.h"
#include "files/files.h"

namespace pgadvise::prisma {
namespace {

struct Configured {
  std::string schema;      // file or folder
  std::string migrations;  // "": the default
};

// The path of `schema: "prisma"`, `schema: path.join("prisma", "schema")` and the like; "" if it has parts
// that are not literals.
std::string path_at(std::string_view text, std::size_t at) {
  std::string out;
  int depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' || c == '\'' || c == '`') {
      const auto end = text.find(c, at + 1);
      if (end == std::string_view::npos) return {};
      const std::string part(text.substr(at + 1, end - at - 1));
      if (part.find("${") != std::string::npos) return {};
      out = out.empty() ? part : files::join_path(out, part);
      at = end;
    } else if (c == '(' || c == '{' || c == '[') {
      ++depth;
    } else if (c == ')' || c == '}' || c == ']') {
      if (--depth < 0) break;
    } else if ((c == ',' || c == ';' || c == '\n') && depth == 0) {
      break;
    }
  }
  return out;
}

bool is_config(std::string_view base) {
  return base.starts_with("prisma.config.") || base == "prisma.ts" || base == "prisma.js";
}

class Finder {
 public:
  Finder(files::Tree& tree, Diagnostics& diagnostics) : tree_(tree), diagnostics_(diagnostics) {}

  std::vector<ProjectSchema> find() {
    for (const auto& path : tree_.files())
      if (path.ends_with(".prisma") && !files::never_deployed(path)) read(path);
    if (files_.empty()) return {};
    read_configurations();
    for (const auto& one : configured_) add_configured(one);
    for (const auto& [path, file] : files_)
      if (!used_.count(path) && has_datasource(path) && !copy(path)) add_found(path);
    return std::move(out_);
  }

 private:
  void read(const std::string& path) {
    if (const std::string* text = tree_.peek(path)) files_[path] = parse(path, *text);
  }

  void read_configurations() {
    for (const auto& package : tree_.packages())
      if (!package.prisma_schema.empty()) configure(package.folder, package.prisma_schema, "");
    for (const auto& path : tree_.files()) {
      if (!is_config(files::base_of(path)) || files::never_deployed(path)) continue;
      const std::string* content = tree_.peek(path);
      if (!content) continue;
      const files::CodeText code = files::code_text(*content);
      const auto value = [&](std::string_view name, std::size_t from) {
        const auto at = files::value_of(code.text, name, from);
        return at ? path_at(code.text, *at) : std::string();
      };
      const auto migrations = files::value_of(code.text, "migrations", 0);
      configure(std::string(files::folder_of(path)), value("schema", 0),
                migrations ? value("path", *migrations) : std::string());
    }
  }

  void configure(const std::string& folder, const std::string& schema, const std::string& migrations) {
    if (schema.empty()) return;
    Configured& one = configured_.emplace_back();
    one.schema = files::join_path(folder, schema);
    if (!migrations.empty()) one.migrations = files::join_path(folder, migrations);
  }

  bool has_datasource(const std::string& path) const {
    const auto& blocks = files_.at(path).blocks;
    return std::ranges::any_of(blocks, [](const Block& block) { return block.keyword == "datasource"; });
  }

  // Beside Prisma's default file, or one that a configuration names.
  bool copy(const std::string& path) const {
    const std::string folder(files::folder_of(path)), own = files::join_path(folder, "schema.prisma");
    return configured_folders_.count(folder) || (path != own && files_.count(own) && has_datasource(own));
  }

  void add_configured(const Configured& one) {
    std::vector<std::string> paths;
    for (const auto& [path, file] : files_)
      if (path == one.schema || path.starts_with(one.schema + "/")) paths.push_back(path);
    std::ranges::sort(paths, [&](const std::string& x, const std::string& y) {
      return std::pair(!has_datasource(x), x) < std::pair(!has_datasource(y), y);
    });
    if (paths.empty() || !has_datasource(paths.front()) || used_.count(paths.front())) return;
    configured_folders_.emplace(files::folder_of(paths.front()));
    add(std::move(paths), one.migrations);
  }

  void add_found(const std::string& path) {
    const std::string folder(files::folder_of(path));
    std::vector<std::string> paths{path};
    for (const auto& [other, file] : files_) {
      const std::string place(files::folder_of(other));
      const bool below = place == folder || (!folder.empty() && place.starts_with(folder + "/"));
      if (below && !has_datasource(other) && !used_.count(other)) paths.push_back(other);
    }
    if (declares_twice(paths)) paths.resize(1);
    add(std::move(paths), {});
  }

  bool declares_twice(const std::vector<std::string>& paths) const {
    std::set<std::string> names;
    for (const auto& path : paths)
      for (const auto& block : files_.at(path).blocks)
        if ((block.keyword == "model" || block.keyword == "enum") && !names.insert(block.name).second)
          return true;
    return false;
  }

  void add(std::vector<std::string> paths, std::string migrations) {
    std::vector<File> parsed;
    for (const auto& path : paths) {
      used_.insert(path);
      parsed.push_back(files_.at(path));
    }
    const std::string folder(files::folder_of(paths.front()));
    Schema schema = read_schema(parsed, join_key(folder));
    if (schema.provider.empty()) return;
    if (!is_postgresql(schema.provider)) {
      diagnostics_.push_back({Error::Kind::nonfatal, paths.front(),
                              "is a Prisma schema of another database (" + schema.provider + ")",
                              "pgadvise reads only PostgreSQL's"});
      return;
    }
    if (migrations.empty()) migrations = files::join_path(folder, "migrations");
    out_.push_back({std::move(paths), std::move(migrations), std::move(schema)});
  }

  // Of the version of prisma that the package depends on, else another package of the repository.
  JoinKey join_key(const std::string& folder) {
    std::optional<int> version;
    if (const auto* own = tree_.package_of(folder)) version = prisma_version(own->path);
    for (const auto& package : tree_.packages()) {
      if (version) break;
      version = prisma_version(package.path);
    }
    return version && *version < 6 ? JoinKey::unique_index : JoinKey::primary_key;
  }

  std::optional<int> prisma_version(const std::string& package) {
    const std::string* text = tree_.peek(package);
    for (const std::string_view name : {"\"prisma\"", "\"@prisma/client\""}) {
      for (std::size_t at = text ? text->find(name) : std::string::npos; at != std::string::npos;
           at = text->find(name, at + 1)) {
        const auto value = text->find_first_not_of(" \t\r\n:", at + name.size());
        if (value == std::string::npos || (*text)[value] != '"') continue;
        const auto number = text->find_first_of("0123456789\"", value + 1);
        if (number != std::string::npos && (*text)[number] != '"') return std::atoi(text->c_str() + number);
      }
    }
    return std::nullopt;
  }

  files::Tree& tree_;
  Diagnostics& diagnostics_;
  std::map<std::string, File> files_;
  std::vector<Configured> configured_;
  std::set<std::string> configured_folders_;
  std::set<std::string> used_;
  std::vector<ProjectSchema> out_;
};

}  // namespace

std::vector<ProjectSchema> project_schemas(files::Tree& tree, Diagnostics& diagnostics) {
  return Finder(tree, diagnostics).find();
}

}  // namespace pgadvise::prisma
