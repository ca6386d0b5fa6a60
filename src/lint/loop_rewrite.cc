#include "lint/loop_rewrite.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

#include "base/identifier.h"
#include "base/text.h"

namespace pgadvise::lint {
namespace {

struct Parameter {
  int number = 0;
  std::size_t at = 0;
  std::size_t end = 0;
};

// A normalised text has no strings; a quoted name with a dollar in it only costs the rewrite.
std::vector<Parameter> parameters_of(std::string_view text) {
  std::vector<Parameter> out;
  for (std::size_t at = 0; (at = text.find('$', at)) != std::string_view::npos;) {
    Parameter found{0, at, at + 1};
    const char* first = text.data() + at + 1;
    const auto read = std::from_chars(first, text.data() + text.size(), found.number);
    found.end = at + 1 + static_cast<std::size_t>(read.ptr - first);
    if (read.ec == std::errc()) out.push_back(found);
    at = found.end;
  }
  return out;
}

// "key = $1" in a text.
struct Comparison {
  std::string_view key;  // as written
  Parameter parameter;
};

std::optional<Comparison> comparison_with(std::string_view text, int number) {
  std::optional<Comparison> out;
  for (const Parameter& parameter : parameters_of(text)) {
    if (parameter.number != number) continue;
    if (out) return std::nullopt;  // it is used twice
    const auto rest = text.substr(parameter.end);
    if (rest.starts_with("::") || rest.starts_with(" ::")) return std::nullopt;
    std::string_view front = text.substr(0, parameter.at);
    while (front.ends_with(' ')) front.remove_suffix(1);
    if (!front.ends_with('=')) return std::nullopt;
    front.remove_suffix(1);
    while (front.ends_with(' ')) front.remove_suffix(1);
    const auto start = front.find_last_of(" (\n\t");
    const auto key = front.substr(start == std::string_view::npos ? 0 : start + 1);
    if (key.empty() || key.find_first_of("<>!=~)+-*/%|") != std::string_view::npos || std::count(key.begin(), key.end(), '"') % 2 != 0) return std::nullopt;
    out = Comparison{key, parameter};
  }
  return out;
}

std::string with_any(std::string_view text, const Parameter& parameter) {
  return std::string(text.substr(0, parameter.at)) + "ANY(" + std::string(text.substr(parameter.at, parameter.end - parameter.at)) + ")" +
         std::string(text.substr(parameter.end));
}

// The LIMIT at the end, of one row's look-up.
bool take_limit(std::string& text, const QueryFacts& facts) {
  if (!facts.has_limit) return true;
  if (facts.has_offset || !facts.sort.empty()) return false;
  const auto at = lower(text).rfind(" limit ");
  if (at == std::string::npos || text.find_first_not_of("$0123456789", at + 7) != std::string::npos) return false;
  text.resize(at);
  return true;
}

// "($1, $2)" behind VALUES at the end of which `end` is.
std::string_view only_row(std::string_view text, std::size_t& end) {
  const auto at = lower(text).rfind("values (");
  if (at == std::string::npos) return {};
  int depth = 0;
  for (end = at + 7; end < text.size(); ++end) {
    if (text[end] == '\'' || text[end] == '"') return {};
    depth += (text[end] == '(') - (text[end] == ')');
    if (depth == 0) return text.substr(at + 7, ++end - at - 7);
  }
  return {};
}

}  // namespace

std::string ask_for_all(const Query& query, const Predicate& key) {
  const QueryFacts& facts = query.facts;
  if (key.value != Predicate::Value::parameter || facts.grouped || facts.locks_rows || facts.from_derived || !starts_with_nocase(query.text, "select ")) return {};
  std::string text = query.text;
  if (!take_limit(text, facts)) return {};
  const auto found = comparison_with(text, key.parameter);
  if (!found) return {};
  const std::string name(found->key);
  const bool told = facts.selects_all_columns || std::find(facts.selected.begin(), facts.selected.end(), key.column) != facts.selected.end();
  text = with_any(text, found->parameter);
  if (told) return text;
  if (facts.one_row && !facts.sort.empty()) return {};
  text.insert(7, name + ", ");
  return facts.one_row ? text + " group by " + name : text;
}

std::string insert_all(const Query& query) {
  std::size_t end = 0;
  const std::string_view text = query.text;
  const std::string_view row = only_row(text, end);
  const auto parameters = parameters_of(text);
  if (row.empty() || parameters.empty() || static_cast<int>(parameters.size()) != query.facts.parameters) return {};
  std::string second;
  std::size_t copied = 0;
  const std::size_t start = end - row.size();
  for (const Parameter& parameter : parameters) {
    if (parameter.at < start || parameter.end > end) return {};
    second += row.substr(copied, parameter.at - start - copied);
    second += "$" + std::to_string(parameter.number + query.facts.parameters);
    copied = parameter.end - start;
  }
  second += row.substr(copied);
  return std::string(text.substr(0, end)) + ", " + second + std::string(text.substr(end));
}

std::string update_all(const Context& context, const Query& query, const Predicate& key) {
  const QueryFacts& facts = query.facts;
  const Table* table = context.has_catalog() && facts.target ? context.catalog().table(*facts.target) : nullptr;
  const bool plain = facts.predicates.size() == 1 && facts.relations.size() == 1 && facts.updated.size() == facts.assigned_parameters.size() &&
                     facts.assigned_parameters.size() + 1 == static_cast<std::size_t>(facts.parameters) && !facts.from_derived && facts.functions.empty() &&
                     lower(query.text).find(" returning ") == std::string::npos;
  if (!table || !plain || key.parameter < 1 || !comparison_with(query.text, key.parameter)) return {};
  std::map<int, std::string> columns{{key.parameter, key.column.column}};
  std::vector<std::string> assigned;
  for (const auto& [column, parameter] : facts.assigned_parameters) {
    if (column.column == key.column.column) return {};
    columns[parameter] = column.column;
    assigned.push_back(quote_identifier(column.column) + " = v." + quote_identifier(column.column));
  }
  std::vector<std::string> arrays, names;
  for (const auto& [parameter, name] : columns) {
    const Column* column = table->column(name);
    if (!column || column->type.empty()) return {};
    arrays.push_back("$" + std::to_string(parameter) + "::" + column->type + "[]");
    names.push_back(quote_identifier(name));
  }
  if (static_cast<int>(columns.size()) != facts.parameters) return {};
  const std::string name = quote_identifier(key.column.column);
  return "update " + quote_name(table->name.schema == "public" ? "" : table->name.schema, table->name.name) + " as t set " + join(assigned, ", ") + " from unnest(" +
         join(arrays, ", ") + ") as v(" + join(names, ", ") + ") where t." + name + " = v." + name;
}

std::string delete_all(const Query& query, const Predicate& key) {
  const auto found = comparison_with(query.text, key.parameter);
  return found && starts_with_nocase(query.text, "delete ") ? with_any(query.text, found->parameter) : std::string();
}

}  // namespace pgadvise::lint
