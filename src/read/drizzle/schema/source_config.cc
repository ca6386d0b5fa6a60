#include "drizzle/schema/source_config.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text/json_parse.h"
#include "base/text/text.h"
#include "drizzle/kit/config.h"
#include "drizzle/schema/source_value.h"
#include "files/files.h"
#include "files/glob.h"

namespace pgadvise::drizzle {
namespace {

using typescript::Program;
using typescript::Value;
using typescript::ValuePtr;
using Kind = Value::Kind;

// Words of an identifier: runs of capitals, of lower-case letters and digits, a capital with what follows.
std::vector<std::string> words_of(std::string_view key) {
  const auto small = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  std::vector<std::string> out;
  for (std::size_t at = 0; at < key.size();) {
    std::size_t end = at;
    if (small(key[at])) {
      while (end < key.size() && small(key[end])) ++end;
    } else if (capital(key[at])) {
      while (end < key.size() && capital(key[end])) ++end;
      if (end < key.size() && key[end] >= 'a' && key[end] <= 'z' && end - at > 1) --end;
      else if (end < key.size() && key[end] >= 'a' && key[end] <= 'z')
        while (end < key.size() && small(key[end])) ++end;
    } else {
      ++at;
      continue;
    }
    out.emplace_back(key.substr(at, end - at));
    at = end;
  }
  return out;
}

// A path in the configuration: a string, path.join(__dirname, 'a.ts'), fileURLToPath(new URL('./a.ts',
// import.meta.url)), relative(process.cwd(), …). Folders of the program are ".": where it runs.
std::optional<std::string> path_text(const ValuePtr& value, int depth = 0) {
  constexpr int max_calls = 10;
  if (value->is(Kind::string)) return value->text;
  if (is_one_of(value->name, {"__dirname", "dirname", "url"})) return ".";
  if (!value->is(Kind::call) || depth > max_calls) return std::nullopt;
  const std::string& function = value->base->name;
  if (function == "cwd" || function == "dirname") return ".";
  if (function == "URL" || function == "fileURLToPath") return path_text(argument(*value, 0), depth + 1);
  if (function == "relative") return path_text(argument(*value, 1), depth + 1);
  if (function != "join" && function != "resolve") return std::nullopt;
  std::string out;
  for (const auto& item : value->items) {
    const auto part = path_text(item, depth + 1);
    if (!part) return std::nullopt;
    out += (out.empty() ? "" : "/") + *part;
  }
  return out;
}

std::vector<std::string> texts(const Value& object, std::string_view key) {
  std::vector<std::string> out;
  const auto* property = object.property(key);
  if (!property) return out;
  if (const auto one = path_text(property->value)) out.push_back(*one);
  if (property->value->is(Kind::array))
    for (const auto& item : property->value->items)
      if (const auto one = path_text(item)) out.push_back(*one);
  return out;
}

// The object of a configuration file; nullptr when it is not known.
ValuePtr object_of(Program& program, const std::string& path) {
  if (!typescript::is_source(path)) return nullptr;
  ValuePtr value = program.exported(path, "default");
  if (value->is(Kind::call) && !value->items.empty()) value = value->items.front();  // defineConfig({…})
  return value->is(Kind::object) ? value : nullptr;
}

// The files that a path of the configuration names, seen from a folder.
std::vector<std::string> files_at(const files::Tree& tree, const std::string& folder,
                                  const std::string& written) {
  const std::string full = files::join_path(folder, written);
  std::vector<std::string> out;
  if (tree.has(full)) return {full};
  for (const auto& pattern : files::expand_braces(full)) {
    const auto meta = pattern.find_first_of("*?[(");
    const std::string fixed =
        meta == std::string::npos ? pattern : pattern.substr(0, pattern.rfind('/', meta) + 1);
    auto at = std::lower_bound(tree.files().begin(), tree.files().end(), fixed);
    for (; at != tree.files().end() && at->starts_with(fixed); ++at) {
      if (!typescript::is_source(*at)) continue;
      // A folder stands for the files that lie in it, and not in folders below.
      if (files::folder_of(*at) == pattern || files::matches_glob(pattern, *at) ||
          (pattern.find('*') != std::string::npos && files::matches_glob(pattern, files::folder_of(*at))))
        out.push_back(*at);
    }
  }
  return out;
}

// drizzle-kit takes paths from the folder in which it is run: mostly that of the configuration or of its
// package. `base` gets the folder in which the files were found.
std::vector<std::string> schema_files(files::Tree& tree, const std::string& config,
                                      const std::vector<std::string>& schema, std::string& base) {
  std::vector<std::string> folders{std::string(files::folder_of(config))};
  if (const auto* package = tree.package_of(folders.front())) folders.push_back(package->folder);
  for (std::string above = folders.front(); !above.empty();)
    folders.push_back(above = files::folder_of(above));
  for (const auto& folder : folders) {
    std::vector<std::string> out;
    for (const auto& written : schema)
      for (auto& file : files_at(tree, folder, written))
        if (std::ranges::find(out, file) == out.end()) out.push_back(std::move(file));
    if (out.empty()) continue;
    base = folder;
    return out;
  }
  return {};
}

// What of `schema` names no file, seen from the folder in which the others were found. A glob may match
// nothing where others match.
std::vector<std::string> missing_files(const files::Tree& tree, const std::string& base,
                                       const std::vector<std::string>& schema, bool others) {
  std::vector<std::string> out;
  for (const auto& written : schema) {
    const bool glob = written.find_first_of("*?[{") != std::string::npos;
    if (!others || (!glob && files_at(tree, base, written).empty())) out.push_back(written);
  }
  return out;
}

Casing casing_of(std::string_view text) {
  return text == "snake_case" ? Casing::snake_case : text == "camelCase" ? Casing::camel_case : Casing::none;
}

SourceConfig read_config(Program& program, const DrizzleConfig& scanned) {
  SourceConfig out{.paths = {scanned.path}};
  std::vector<std::string> schema;
  std::string folder = scanned.out;
  if (const ValuePtr object = object_of(program, scanned.path)) {
    schema = texts(*object, "schema");
    out.schema_filter = texts(*object, "schemaFilter");
    out.tables_filter = texts(*object, "tablesFilter");
    if (const auto written = texts(*object, "out"); !written.empty()) folder = written.front();
    if (const auto* casing = object->property("casing")) {
      const auto text = text_of(casing->value);
      out.casing_unknown = !text && !casing->value->is(Kind::undefined);
      out.casing = casing_of(text.value_or(""));
    }
  } else if (scanned.path.ends_with(".json")) {
    if (const std::string* text = program.tree().text(scanned.path)) {
      const files::Json json = parsed_json(*text);
      out.casing = casing_of(files::text_member(json, "casing"));
    }
  }
  const bool known = !schema.empty();  // a scan also finds the schema of `migrations`
  if (!known) schema = scanned.schema;
  std::string base(files::folder_of(scanned.path));
  out.files = schema_files(program.tree(), scanned.path, schema, base);
  if (known) out.missing = missing_files(program.tree(), base, schema, !out.files.empty());
  out.out = files::join_path(base, folder);
  return out;
}

// By the nearest package.json that names drizzle-orm and its version, else by all others, if they agree.
std::optional<bool> array_forgets_in(files::Tree& tree, std::string_view folder) {
  for (const auto* package = tree.package_of(folder); package;
       package = package->folder.empty() ? nullptr : tree.package_of(files::folder_of(package->folder)))
    if (const auto known = array_forgets(package->drizzle_orm)) return known;
  std::set<bool> found;
  for (const auto& package : tree.packages())
    if (const auto known = array_forgets(package.drizzle_orm)) found.insert(*known);
  return found.size() == 1 ? std::optional<bool>(*found.begin()) : std::nullopt;
}

// Files that import drizzle-orm/pg-core, by package.
std::vector<SourceConfig> without_configuration(files::Tree& tree) {
  std::map<std::string, SourceConfig> by_package;
  for (const auto& path : tree.files()) {
    if (!typescript::is_source(path) || files::never_deployed(path)) continue;
    const std::string* text = tree.peek(path);
    if (!text || (!contains(*text, "drizzle-orm/pg-core'") && !contains(*text, "drizzle-orm/pg-core\"")))
      continue;
    const auto* package = tree.package_of(files::folder_of(path));
    by_package[package ? package->folder : ""].files.push_back(path);
  }
  std::vector<SourceConfig> out;
  for (auto& [folder, config] : by_package) out.push_back(std::move(config));
  return out;
}

}  // namespace

std::optional<bool> array_forgets(std::string_view versions) {
  constexpr std::string_view digits = "0123456789";
  if (const auto alias = versions.rfind('@'); alias != std::string_view::npos)  // npm:drizzle-orm@1.0.0
    versions.remove_prefix(alias + 1);
  versions.remove_prefix(std::min(versions.find_first_not_of("^~>=<v "), versions.size()));
  if (versions.empty() || digits.find(versions.front()) == std::string_view::npos) return std::nullopt;
  // The first betas of 1.0 forget as 0.x does, later ones do not.
  if (versions.starts_with("1.0.0-beta.")) {
    versions.remove_prefix(std::string_view("1.0.0-beta.").size());
    const auto length = std::min(versions.find_first_not_of(digits), versions.size());
    if (length < 2 || (length == 2 && versions.front() < '2')) return std::nullopt;
  }
  return versions.front() == '0';
}

std::string cased(std::string_view key, Casing casing) {
  if (casing == Casing::none) return std::string(key);
  std::string out;
  for (const auto& word : words_of(replace_all(std::string(key), "'", ""))) {
    if (casing == Casing::snake_case) {
      out += (out.empty() ? "" : "_") + lower(word);
    } else if (out.empty()) {
      out = lower(word);
    } else {
      out += word;
      char& first = out[out.size() - word.size()];
      if (first >= 'a' && first <= 'z') first = static_cast<char>(first - 'a' + 'A');
    }
  }
  return out;
}

bool covers_table(const SourceConfig& config, const QualifiedName& table) {
  const auto named = [](const std::string& text) {
    return [&text](const std::string& pattern) { return files::matches_glob(pattern, text); };
  };
  if (!config.schema_filter.empty() && std::ranges::none_of(config.schema_filter, named(table.schema)))
    return false;
  if (config.tables_filter.empty()) return true;
  // As drizzle-kit: what a "!…" leaves out is out, whatever else matches.
  bool in = false;
  for (const auto& pattern : config.tables_filter)
    if (!pattern.starts_with("!")) in = in || files::matches_glob(pattern, table.name);
    else if (files::matches_glob(pattern.substr(1), table.name)) return false;
    else in = true;
  return in;
}

// Of PostgreSQL, tests excepted.
static std::vector<SourceConfig> configurations(Program& program) {
  std::vector<SourceConfig> out;
  for (const auto& scanned : drizzle_configs(program.tree()))
    if (scanned.postgresql() && !files::never_deployed(scanned.path))
      out.push_back(read_config(program, scanned));
  return out;
}

std::vector<SourceConfig> configs_with_missing_files(Program& program) {
  std::vector<SourceConfig> out = configurations(program);
  std::erase_if(out, [](const SourceConfig& config) { return config.missing.empty(); });
  return out;
}

std::vector<SourceConfig> source_configs(Program& program) {
  std::vector<SourceConfig> out;
  for (auto& config : configurations(program)) {
    if (config.files.empty()) continue;
    const auto same = std::ranges::find_if(out, [&](const SourceConfig& one) {
      return one.files == config.files && one.casing == config.casing && one.out == config.out;
    });
    if (same == out.end()) out.push_back(std::move(config));
    else same->paths.push_back(config.paths.front());
  }
  if (out.empty()) out = without_configuration(program.tree());
  for (auto& config : out) {
    const std::string& place = config.paths.empty() ? config.files.front() : config.paths.front();
    config.array_forgets = array_forgets_in(program.tree(), files::folder_of(place));
  }
  return out;
}

}  // namespace pgadvise::drizzle
