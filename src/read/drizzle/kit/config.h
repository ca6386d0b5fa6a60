// Reads drizzle.config.* by a simple scan of its text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "files/tree.h"

namespace pgadvise::drizzle {

struct DrizzleConfig {
  std::string path;
  std::vector<std::string> dialects;  // dialects in the text: "postgresql", "sqlite" …; empty: none found
  std::vector<std::string> schema;    // paths and globs, relative to the config's folder
  std::string out;                    // "drizzle" unless given
  bool postgresql() const;            // "postgresql" is named, or no dialect at all
};

// "postgresql" for "postgres" and "pg", too; "sqlite", "mysql" … unchanged; nullopt if drizzle-kit has no
// such dialect or driver.
std::optional<std::string> dialect_name(const std::string& value);

DrizzleConfig read_drizzle_config(const std::string& path, std::string_view text);
// All configs of the repository, in path order.
std::vector<DrizzleConfig> drizzle_configs(files::Tree& tree);

}  // namespace pgadvise::drizzle
