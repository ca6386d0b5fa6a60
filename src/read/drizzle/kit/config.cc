#include "drizzle/kit/config.h"

#include <algorithm>

#include "base/text/text.h"
#include "files/code_text.h"
#include "files/files.h"
#include "files/script_text.h"

namespace pgadvise::drizzle {
namespace {

// The strings of a value: up to the comma, bracket or line that ends it, all of an array's.
std::vector<std::string> strings_of(std::string_view text, std::size_t at) {
  constexpr std::size_t longest = 1 << 12;  // a quote that nobody closes does not take the whole file
  text = text.substr(0, at + longest);
  std::vector<std::string> out;
  int depth = 0;
  std::size_t end = at;
  for (bool quoted = false; end < text.size(); ++end) {
    const char c = text[end];
    if (c == '"' || c == '\'' || c == '`') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '(' || c == '{') ++depth;
    if ((c == ']' || c == ')' || c == '}') && --depth < 0) break;
    if ((c == ',' || c == ';') && depth <= 0) break;
  }
  for (const auto& literal : files::string_literals(text.substr(at, end - at))) out.push_back(literal.value);
  return out;
}

}  // namespace

bool DrizzleConfig::postgresql() const { return dialects.empty() || is_one_of("postgresql", dialects); }

std::optional<std::string> dialect_name(const std::string& value) {
  if (is_one_of(value, {"postgresql", "postgres", "pg"})) return "postgresql";
  for (const auto* name : {"sqlite", "mysql", "turso", "singlestore", "gel", "mssql", "cockroach",
                           "better-sqlite", "libsql", "mysql2", "d1", "d1-http", "expo", "durable-sqlite"})
    if (value == name) return name;
  return std::nullopt;
}

DrizzleConfig read_drizzle_config(const std::string& path, std::string_view text) {
  DrizzleConfig config{path, {}, {}, "drizzle"};
  const std::string code = files::without_comments(text);
  for (const auto* name : {"dialect", "driver"}) {
    for (auto at = files::value_of(code, name, 0); at; at = files::value_of(code, name, *at))
      for (const auto& value : strings_of(code, *at))
        if (const auto dialect = dialect_name(value)) config.dialects.push_back(*dialect);
    if (!config.dialects.empty()) break;
  }
  for (auto at = files::value_of(code, "schema", 0); at; at = files::value_of(code, "schema", *at))
    for (const auto& value : strings_of(code, *at))
      if (value.find_first_of("/*.") != std::string::npos) config.schema.push_back(value);
  if (const auto at = files::value_of(code, "out", 0))
    if (const auto values = strings_of(code, *at); !values.empty()) config.out = values.front();
  return config;
}

std::vector<DrizzleConfig> drizzle_configs(files::Tree& tree) {
  std::vector<DrizzleConfig> out;
  for (const auto& path : tree.files()) {
    const auto base = files::base_of(path);
    if (base.find("config") == std::string_view::npos || base.find('.') == std::string_view::npos) continue;
    if (!ends_with_any(base, {".ts", ".js", ".mjs", ".cjs", ".mts", ".json"})) continue;
    // Whatever its name, drizzle-kit's types or its own are what a config mentions.
    const std::string* text = tree.peek(path);
    if (!text || (!base.starts_with("drizzle") && !contains_any(*text, {"\"drizzle-kit\"", "'drizzle-kit'"})))
      continue;
    if ((text = tree.text(path))) out.push_back(read_drizzle_config(path, *text));
  }
  return out;
}

}  // namespace pgadvise::drizzle
