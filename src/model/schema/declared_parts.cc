#include "model/schema/declared_parts.h"

#include <algorithm>
#include <utility>

#include "base/containers.h"
#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/type_name.h"

namespace pgadvise {
namespace {

// Takes `word` off the end of the text, and the space before it.
bool ends_with_word(std::string_view& text, std::string_view word) {
  if (text.size() <= word.size() || lower(text.substr(text.size() - word.size())) != word) return false;
  const char before = text[text.size() - word.size() - 1];
  if (before != ' ' && before != '\t' && before != '\n' && before != '"' && before != ')') return false;
  text = trim(text.substr(0, text.size() - word.size()));
  return true;
}

// `COLLATE "C"` at the end of a type or of an index's key: its name, and the text without it.
std::string take_collation(std::string_view& text) {
  const auto at = lower(text).rfind(" collate ");
  if (at == std::string::npos) return {};
  std::string_view name = trim(text.substr(at + 9));
  if (name.size() > 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
  if (name.empty() || name.find_first_of(" \t\n()'\"") != std::string_view::npos) return {};
  text = trim(text.substr(0, at));
  return std::string(name);
}

// Takes ASC, DESC, NULLS FIRST and NULLS LAST off the end of an index element's text.
void take_order(std::string_view& text, IndexKey& key) {
  const bool first = ends_with_word(text, "nulls first");
  const bool last = !first && ends_with_word(text, "nulls last");
  const bool down = ends_with_word(text, "desc");
  if (down || ends_with_word(text, "asc")) key.descending = down;
  if (down || first || last) key.nulls_first = first || (down && !last);
}

// What follows an expression in the text of an index element: its order, and behind a closing parenthesis its
// operator class and collation.
void take_what_follows(IndexKey& key) {
  const std::string written = key.expression;
  std::string_view text = trim(written);
  take_order(text, key);
  const auto close = text.rfind(')');
  const auto behind = close == std::string_view::npos ? std::string_view{} : trim(text.substr(close + 1));
  if (!behind.empty() &&
      behind.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos) {
    key.operator_class = behind;
    text = trim(text.substr(0, close + 1));
  } else if (starts_with_nocase(behind, "collate ")) {
    key.collation = take_collation(text);
  }
  key.expression = text;
}

// What people write as sql`…` in an index is often a column with what follows one: "created_at" DESC, "id"
// COLLATE "C", "name" gin_trgm_ops. False: an expression indeed.
bool column_element(std::string_view text, const Table& table, IndexKey& key) {
  IndexKey out = key;
  text = trim(text);
  take_order(text, out);
  const bool quoted = !text.empty() && text.front() == '"';
  const auto end = quoted ? text.find('"', 1) : text.find_first_of(" \t\n(");
  std::string_view rest =
      end == std::string_view::npos ? std::string_view{} : trim(text.substr(end + (quoted ? 1 : 0)));
  const std::string name = quoted ? std::string(text.substr(1, end == std::string_view::npos ? end : end - 1))
                                  : lower(text.substr(0, end));
  if (!rest.empty() && starts_with_nocase(rest, "collate ")) {
    const std::string with_space = " " + std::string(rest);
    std::string_view collation = with_space;
    out.collation = take_collation(collation);
    if (out.collation.empty()) return false;
    rest = {};
  }
  if (rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string_view::npos ||
      !table.column(name))
    return false;
  if (!rest.empty()) out.operator_class = rest;
  out.column = name;
  key = std::move(out);
  return true;
}

// The sequence of a column, with the name that PostgreSQL gives it where `name` is empty.
QualifiedName add_sequence(Catalog& catalog, const Table& table, const Column& column,
                           std::string name = {}) {
  if (name.empty()) name = table.name.name + "_" + column.name + "_seq";
  const QualifiedName whole{table.name.schema, cut_identifier(std::move(name))};
  catalog.sequences[whole] = {whole, column.type, table.name, column.name, column.origin};
  return whole;
}

std::string sequence_reference(const QualifiedName& name) {
  return name.schema == "public" ? quote_identifier(name.name) : quote_name(name.schema, name.name);
}

}  // namespace

std::string or_public(const std::string& schema) { return schema.empty() ? "public" : schema; }

std::string referential_action_name(std::string_view written) {
  if (written.empty()) return "NO ACTION";
  std::string out(written);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? char(c - 32) : c; });
  return out;
}

std::vector<std::string> policy_roles(std::vector<std::string> written) {
  std::vector<std::string> out;
  for (std::string& role : written) {
    if (role == "public") return {};
    if (role == "current_role") role = "current_user";
    if (role == "current_user" || role == "session_user")
      for (char& c : role) c = c == '_' ? c : static_cast<char>(c - 'a' + 'A');
    out.push_back(std::move(role));
  }
  return out;
}

// An enum's type carries its schema unless that is public; drizzle gives the bare name and the schema.
static std::string column_type(const Catalog& catalog, std::string type, const std::string& type_schema) {
  std::string array;
  for (auto open = type.rfind('['); !type.empty() && type.back() == ']' && open != std::string::npos;
       open = type.rfind('[')) {
    array = "[]";
    type.resize(open);
  }
  const std::string bare = cut_identifier(std::string(trim(type)));
  const std::string schema = or_public(type_schema);
  if (!type_schema.empty() || catalog.enums.count({schema, bare}))
    return (schema == "public" ? quote_identifier(bare) : quote_name(schema, bare)) + array;
  return canonical_type(type + array);
}

void set_type(const Catalog& catalog, Column& column, std::string_view type, const std::string& type_schema) {
  column.collation = take_collation(type);
  column.type = column_type(catalog, std::string(type), type_schema);
}

void add_serial(Catalog& catalog, const Table& table, Column& column) {
  const QualifiedName sequence = add_sequence(catalog, table, column);
  column.not_null = true;
  if (!column.default_expression)
    column.default_expression = "nextval(" + quote_literal(sequence_reference(sequence)) + "::regclass)";
}

void add_identity(Catalog& catalog, const Table& table, Column& column, bool always, std::string name) {
  column.identity = always ? Column::Identity::always : Column::Identity::by_default;
  column.not_null = true;
  add_sequence(catalog, table, column, std::move(name));
}

void add_key(Table& table, Constraint::Kind kind, std::string name, std::vector<std::string> columns,
             bool nulls_not_distinct, const SourceLocation& origin) {
  for (auto& column : columns) column = cut_identifier(column);
  if (name.empty()) name = table.name.name + "_" + join(columns, "_") + "_key";
  Constraint key{.kind = kind, .name = cut_identifier(std::move(name)), .columns = std::move(columns)};
  key.nulls_not_distinct = nulls_not_distinct;
  key.origin = origin;
  Index index{.name = key.name};
  for (const auto& column : key.columns) index.keys.push_back({.column = column});
  index.unique = index.constraint = true;
  index.nulls_not_distinct = nulls_not_distinct;
  index.origin = key.origin;
  table.constraints.push_back(std::move(key));
  table.indexes.push_back(std::move(index));
}

void read_written_key(IndexKey& key, const Table& table) {
  if (key.expression.empty()) return;
  if (column_element(key.expression, table, key)) key.expression.clear();
  else take_what_follows(key);
}

std::vector<std::string> not_null_columns(std::string_view predicate, const Table& table) {
  std::vector<std::string> words;
  const std::string text = replace_all(replace_all(lower(predicate), "\n", " "), "\t", " ");
  for (const auto word : split(text, ' '))
    if (!word.empty()) words.emplace_back(word);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < words.size(); i += 5) {
    if (i + 3 >= words.size() || words[i + 1] != "is" || words[i + 2] != "not" || words[i + 3] != "null")
      return {};
    if (i + 4 < words.size() && words[i + 4] != "and") return {};
    std::string name = words[i].substr(words[i].rfind('.') + 1);
    std::erase(name, '"');
    const auto* column =
        find_first(table.columns, [&](const Column& one) { return lower(one.name) == name; });
    if (!column) return {};
    out.push_back(column->name);
  }
  return out;
}

}  // namespace pgadvise
