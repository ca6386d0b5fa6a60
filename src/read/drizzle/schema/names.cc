#include "drizzle/schema/names.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "drizzle/schema/source_config.h"
#include "drizzle/schema/source_tables.h"
#include "files/code_text.h"
#include "files/files.h"
#include "files/glob.h"
#include "files/script_text.h"

namespace pgadvise::drizzle {
namespace {

bool name_character(char c) { return files::word_character(c) || c == '$'; }

class SchemaText {
 public:
  explicit SchemaText(std::string code) : code_(std::move(code)), budget_(16 * code_.size() + 100'000) {}

  Names read() {
    find_schemas();
    for (auto at = code_.find("const "); at != std::string::npos; at = code_.find("const ", at + 6))
      table(at + 6);
    return std::move(out_);
  }

 private:
  std::size_t skip_space(std::size_t at) const {
    return std::min(code_.find_first_not_of(" \t\r\n", at), code_.size());
  }

  std::string name_at(std::size_t at) const {
    std::size_t end = at;
    while (end < code_.size() && name_character(code_[end])) ++end;
    return code_.substr(at, end - at);
  }

  std::optional<std::string> string_at(std::size_t at) const {
    if (at >= code_.size() || (code_[at] != '"' && code_[at] != '\'' && code_[at] != '`'))
      return std::nullopt;
    const auto end = code_.find(code_[at], at + 1);
    if (end == std::string::npos) return std::nullopt;
    return code_.substr(at + 1, end - at - 1);
  }

  // const billing = pgSchema('billing')
  void find_schemas() {
    for (auto at = code_.find("pgSchema("); at != std::string::npos; at = code_.find("pgSchema(", at + 1)) {
      const auto schema = string_at(skip_space(at + 9));
      const auto equals = code_.find_last_not_of(" \t\r\n", at == 0 ? 0 : at - 1);
      if (!schema || equals == std::string::npos || code_[equals] != '=') continue;
      auto end = code_.find_last_not_of(" \t\r\n", equals - 1);
      auto begin = end;
      while (begin != std::string::npos && begin > 0 && name_character(code_[begin - 1])) --begin;
      if (end != std::string::npos) schemas_[code_.substr(begin, end - begin + 1)] = *schema;
    }
  }

  // At the constant's name: `orders = pgTable('orders', {`, `orders = billing.table('orders', {`.
  void table(std::size_t at) {
    const std::string constant = name_at(at = skip_space(at));
    at = skip_space(at + constant.size());
    if (constant.empty() || at >= code_.size() || code_[at] != '=') return;
    at = skip_space(at + 1);
    const std::string maker = name_at(at);
    at = skip_space(at + maker.size());
    std::string schema = "public";
    if (const auto known = schemas_.find(maker);
        known != schemas_.end() && code_.compare(at, 6, ".table") == 0) {
      schema = known->second;
      at = skip_space(at + 6);
    } else if (maker.size() < 5 || lower(maker).find("table") == std::string::npos) {
      return;
    }
    if (at >= code_.size() || code_[at] != '(') return;
    const auto name = string_at(skip_space(at + 1));
    if (!name) return;
    const std::string key = schema + "." + *name;
    out_.emplace_back(key, constant);
    at = skip_space(code_.find_first_of("\"'`", skip_space(at + 1) + 1) + 1);
    if (at >= code_.size() || code_[at] != ',') return;
    at = skip_space(at + 1);
    if (at < code_.size() && code_[at] == '(') at = after_arrow(at);  // (t) => ({ … })
    if (at < code_.size() && code_[at] == '{') columns(key, at);
  }

  std::size_t after_arrow(std::size_t at) const {
    const auto arrow = std::string_view(code_).substr(at, 62).find("=>");
    if (arrow == std::string::npos) return code_.size();
    at = skip_space(at + arrow + 2);
    return at < code_.size() && code_[at] == '(' ? skip_space(at + 1) : at;
  }

  // One past the expression that begins here: up to a comma or the bracket that closes the object.
  std::size_t expression_end(std::size_t at) {
    const std::size_t begin = at;
    int depth = 0;
    for (; at < code_.size(); ++at) {
      if (at - begin >= budget_) {
        budget_ = 0;
        return code_.size();
      }
      const char c = code_[at];
      if (c == '"' || c == '\'' || c == '`') {
        for (++at; at < code_.size() && code_[at] != c; ++at)
          if (code_[at] == '\\') ++at;
      } else if (c == '(' || c == '[' || c == '{') {
        ++depth;
      } else if (c == ')' || c == ']' || c == '}') {
        if (depth-- == 0) break;
      } else if (c == ',' && depth == 0) {
        break;
      }
    }
    budget_ -= std::min(at - begin, budget_);
    return at;
  }

  void columns(const std::string& table_key, std::size_t at) {
    for (at = skip_space(at + 1); at < code_.size() && code_[at] != '}';) {
      const auto quoted = string_at(at);
      const std::string property = quoted ? *quoted : name_at(at);
      const std::size_t colon = skip_space(at + property.size() + (quoted ? 2 : 0));
      const std::size_t end = expression_end(at);
      if (!property.empty() && colon < code_.size() && code_[colon] == ':')
        column(table_key, property, skip_space(colon + 1));
      at = end < code_.size() && code_[end] == ',' ? skip_space(end + 1) : end;
      if (end < code_.size() && code_[end] != ',' && code_[end] != '}') return;
    }
  }

  // At the value: integer('customer_id'), t.text(), statusEnum("status").
  void column(const std::string& table_key, const std::string& property, std::size_t at) {
    std::size_t open = at;
    while (open < code_.size() && (name_character(code_[open]) || code_[open] == '.')) ++open;
    if (open == at || open >= code_.size() || code_[open] != '(') return;
    const auto name = string_at(skip_space(open + 1));
    out_.emplace_back(table_key + "." + name.value_or(property), property);
    if (!name && snake_case(property) != property)
      out_.emplace_back(table_key + "." + snake_case(property), property);
  }

  // drizzle's `casing: 'snake_case'` names columns so; where it isn't set, nothing has such a name.
  static std::string snake_case(const std::string& property) {
    std::string out;
    for (const char c : property) {
      if (c >= 'A' && c <= 'Z') out += '_';
      out += lower(std::string_view(&c, 1));
    }
    return out;
  }

  std::string code_;
  std::size_t budget_;  // bytes that expressions may take: tables that are never closed hold all that follow
  std::map<std::string, std::string> schemas_;
  Names out_;
};

bool script_file(std::string_view path) { return path.size() > 3 && ends_with_any(path, {".ts", ".js"}); }

void add_matching(const files::Tree& tree, const std::string& pattern, std::set<std::string>& out) {
  // A file, a glob, or a folder; an index file stands for its folder, which it exports.
  const bool index = files::base_of(pattern).substr(0, 6) == "index.";
  const std::string folder = (index ? std::string(files::folder_of(pattern)) : pattern) + "/";
  for (const auto& file : tree.files())
    if (script_file(file) && (file == pattern || file.compare(0, folder.size(), folder) == 0 ||
                              (pattern.find('*') != std::string::npos && files::matches_glob(pattern, file))))
      out.insert(file);
}

// Paths are relative to where drizzle-kit runs: the config's folder mostly, else its package's.
void add_schema_files(files::Tree& tree, const DrizzleConfig& config, std::set<std::string>& out) {
  const std::size_t before = out.size();
  for (const auto& written : config.schema)
    add_matching(tree, files::join_path(files::folder_of(config.path), written), out);
  const files::Package* package = tree.package_of(files::folder_of(config.path));
  if (out.size() == before && package)
    for (const auto& written : config.schema)
      add_matching(tree, files::join_path(package->folder, written), out);
}

}  // namespace

Names names_in(std::string_view text) { return SchemaText(files::without_comments(text)).read(); }

Names names_in_source(typescript::Program& program) {
  std::map<std::string, std::string> names;
  for (const auto& config : source_configs(program)) {
    program.parse_exports_ahead(config.files);
    SourceTables tables(program, config.casing);
    for (const auto& file : config.files)
      for (const auto& exported : program.exported_names(file)) {
        if (exported == "default") continue;  // no identifier of the project
        const SourceTable* table = tables.table(program.exported(file, exported));
        if (!table || !table->name) continue;
        const std::string key = table->name->schema + "." + cut_identifier(table->name->name);
        if (!names.emplace(key, exported).second) continue;
        for (const auto& [property, column] : table->column_names)
          names.emplace(key + "." + cut_identifier(column.name), property);
      }
  }
  return {names.begin(), names.end()};
}

Names drizzle_names(files::Tree& tree, const std::vector<DrizzleConfig>& configs) {
  std::set<std::string> files;
  for (const auto& config : configs)
    if (config.postgresql()) add_schema_files(tree, config, files);
  if (files.empty() && !configs.empty())
    for (const auto& file : tree.files())
      if (script_file(file) && file.find("schema") != std::string::npos && !files::never_deployed(file))
        files.insert(file);
  std::map<std::string, std::string> names;
  for (const auto& file : files)
    if (const std::string* text = tree.text(file); text)
      for (const auto& [key, name] : names_in(*text)) names.emplace(key, name);
  return {names.begin(), names.end()};
}

}  // namespace pgadvise::drizzle
