#include "deploy/commands/orm_dialect.h"

#include <algorithm>
#include <string_view>

#include "base/text/text.h"
#include "deploy/shell/command.h"
#include "files/code_text.h"
#include "files/files.h"

namespace pgadvise::deploy {
bool drizzle_is_postgresql(const std::vector<drizzle::DrizzleConfig>& configs, const std::string& folder,
                           const std::vector<std::string>& words) {
  if (const auto named = drizzle::dialect_name(option_value(words, "--dialect")))
    return *named == "postgresql";
  for (const auto& word : words)  // push:sqlite, push:mysql of older versions
    if (word.starts_with("push:")) return word == "push:pg";
  if (const auto file = option_value(words, "--config"); !file.empty()) {
    for (const auto& config : configs)
      if (config.path == files::join_path(folder, file) ||
          files::base_of(config.path) == files::base_of(file))
        return config.postgresql();
  }
  for (std::string_view at = folder;; at = files::folder_of(at)) {
    bool seen = false;
    for (const auto& config : configs) {
      if (files::folder_of(config.path) != at) continue;
      seen = true;
      if (config.postgresql()) return true;
    }
    if (seen) return false;
    if (at.empty()) break;
  }
  return configs.empty() || std::ranges::any_of(configs, &drizzle::DrizzleConfig::postgresql);
}

bool node_is_postgresql(files::Tree& tree, const std::string& file, const std::string& folder) {
  if (const std::string* content = tree.text(file)) {
    const std::string text = lower(*content);
    if (contains(text, "postgres")) return true;
    if (contains_any(text, {"mysql", "mariadb", "sqlite", "mssql", "mongodb", "oracle", "sqljs"}))
      return false;
  }
  const files::Package* package = tree.package_of(files::folder_of(file));
  if (!package) package = tree.package_of(folder);
  while (package && !package->dependencies.count("pg") && !package->folder.empty())
    package = tree.package_of(files::folder_of(package->folder));
  return package && package->dependencies.count("pg") &&
         std::ranges::none_of(package->dependencies, [](const std::string& name) {
           return is_one_of(name, {"mysql", "mysql2", "sqlite3", "better-sqlite3", "mssql"});
         });
}

bool rails_is_postgresql(files::Tree& tree) {
  const std::string* gems = tree.text("Gemfile");
  return !gems || contains_any(*gems, {"'pg'", "\"pg\"", "postgis"});
}

bool prisma_is_postgresql(files::Tree& tree, const std::string& folder,
                          const std::vector<std::string>& words) {
  std::string best = files::join_path(folder, option_value(words, "--schema"));
  if (!tree.has(best)) {
    best.clear();
    for (const auto& path : tree.files()) {
      if (files::base_of(path) != "schema.prisma") continue;
      const bool below = folder.empty() || path.starts_with(folder + "/");
      if (best.empty() || below) best = path;
      if (below) break;
    }
  }
  const std::string* text = best.empty() ? nullptr : tree.text(best);
  if (!text) return true;
  const auto source = text->find("datasource");
  if (source == std::string::npos) return true;
  const auto at = files::value_of(*text, "provider", source);
  if (!at) return true;
  const auto line = text->substr(*at, text->find('\n', *at) - *at);
  return contains_any(line, {"postgres", "cockroachdb", "env("});
}

}  // namespace pgadvise::deploy
