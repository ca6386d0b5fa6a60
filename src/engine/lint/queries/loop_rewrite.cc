#include "lint/queries/loop_rewrite.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "lint/queries/statement_words.h"

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
    const auto without_spaces = [](std::string_view front) {
      return front.substr(0, front.find_last_not_of(' ') + 1);
    };
    std::string_view front = without_spaces(text.substr(0, parameter.at));
    if (!front.ends_with('=')) return std::nullopt;
    front = without_spaces(front.substr(0, front.size() - 1));
    const auto key = front.substr(front.find_last_of(" (\n\t") + 1);
    if (key.empty() || key.find_first_of("<>!=~)+-*/%|") != std::string_view::npos ||
        std::ranges::count(key, '"') % 2 != 0)
      return std::nullopt;
    out = Comparison{key, parameter};
  }
  return out;
}

bool has_word(const std::vector<Word>& words, std::string_view word) {
  return std::ranges::find(words, word, &Word::text) != words.end();
}

// Whether one more key only adds the rows of that key: nothing groups, numbers, limits or combines the rows,
// and the key is no part of an OR, a subquery or an outer join.
bool rows_are_by_key(const std::vector<Word>& words, const QueryFacts& facts, const Predicate& key) {
  static constexpr auto others =
      word_list("having", "group", "over", "window", "distinct", "or", "not", "union", "intersect", "except",
                "with", "exists", "offset", "fetch", "right", "full", "natural", "lateral", "for", "case",
                "between", "any", "all", "tablesample", "into");
  if (words.empty() ||
      std::ranges::any_of(words, [](const Word& word) { return is_one_of(word.text, others); }))
    return false;
  const auto selects = std::ranges::count(words, "select", &Word::text);
  if (selects != (words.front().text == "select" ? 1 : 0)) return false;
  return !has_word(words, "left") || (!facts.from.empty() && facts.from.front() == key.column.table);
}

// Is "key = $n", which starts at `start`, one of the conditions that WHERE joins with AND?
bool conjunct(const std::vector<Word>& words, std::size_t start, std::size_t end) {
  const auto where = std::ranges::find(words, "where", &Word::text);
  if (where == words.end() || where->at > start) return false;
  std::vector<bool> groups;  // the brackets that are open: do they hold conditions?
  auto word = where;
  for (; word != words.end() && word->at < start; ++word) {
    if (word->text == "(") {
      const auto& before = (word - 1)->text;
      groups.push_back(before == "where" || before == "and" ||
                       (before == "(" && !groups.empty() && groups.back()));
    } else if (word->text == ")") {
      if (groups.empty()) return false;
      groups.pop_back();
    }
  }
  if (std::ranges::find(groups, false) != groups.end()) return false;
  const auto& before = (word - 1)->text;
  if (!is_one_of(before, {"where", "and", "("})) return false;
  while (word != words.end() && (word->at < end || word->text == ")")) ++word;
  return word == words.end() || is_one_of(word->text, {"and", "order", "limit", "returning"});
}

// The comparison, where the key can be made a list.
std::optional<Comparison> plain_comparison(const Query& query, const Predicate& key) {
  if (key.value != Predicate::Value::parameter || key.op != Predicate::Op::equality || key.under_or ||
      !key.wrapper.empty())
    return std::nullopt;
  const auto found = comparison_with(query.text, key.parameter);
  const auto words = words_of_statement(query.text);
  if (!found || !rows_are_by_key(words, query.facts, key)) return std::nullopt;
  const auto start = static_cast<std::size_t>(found->key.data() - query.text.data());
  return conjunct(words, start, found->parameter.end) ? found : std::nullopt;
}

bool unique_by(const Context& context, const Predicate& key) {
  const Table* table = context.table(key.column.table);
  return table && std::ranges::any_of(table->constraints, [&](const Constraint& constraint) {
           return (constraint.kind == Constraint::Kind::primary_key ||
                   constraint.kind == Constraint::Kind::unique) &&
                  constraint.columns == std::vector{key.column.column};
         });
}

// ORDER BY 2 means another column when one is put in front.
bool sorts_by_number(const std::vector<Word>& words) {
  return std::any_of(std::ranges::find(words, "order", &Word::text), words.end(),
                     [](const Word& one) { return one.text.front() == '$' || is_digit(one.text.front()); });
}

std::string with_any(std::string_view text, const Parameter& parameter) {
  return std::string(text.substr(0, parameter.at)) + "ANY(" +
         std::string(text.substr(parameter.at, parameter.end - parameter.at)) + ")" +
         std::string(text.substr(parameter.end));
}

// The LIMIT at the end, of one row's look-up.
bool take_limit(std::string& text, const QueryFacts& facts) {
  if (!facts.has_limit) return true;
  if (facts.has_offset || !facts.sort.empty()) return false;
  const auto at = lower(text).rfind(" limit ");
  if (at == std::string::npos || text.find_first_not_of("$0123456789", at + 7) != std::string::npos)
    return false;
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

bool varies(const Query& query, int parameter, const std::vector<const Sample*>& samples) {
  if (query.facts.parameters < 2) return true;
  const auto at = static_cast<std::size_t>(parameter) - 1;
  for (const Sample* sample : samples)
    if (!sample->parameters || at >= sample->parameters->size() ||
        (*sample->parameters)[at] != (*samples.front()->parameters)[at])
      return true;
  return samples.size() < 2;
}

bool only_key(const Query& query, const Predicate& key, const std::vector<const Sample*>& samples) {
  if (!plain_comparison(query, key)) return false;
  for (const Parameter& other : parameters_of(query.text))
    if (other.number != key.parameter && varies(query, other.number, samples)) return false;
  return true;
}

}  // namespace

std::string all_keys(const Query& query, const std::vector<const Sample*>& samples) {
  std::vector<std::string> columns;
  for (const auto& predicate : query.facts.predicates) {
    if (predicate.value != Predicate::Value::parameter || predicate.parameter < 1 ||
        !varies(query, predicate.parameter, samples))
      continue;
    if (!plain_comparison(query, predicate) || predicate.column.column.empty()) return {};
    columns.push_back(predicate.column.column);
  }
  if (columns.empty()) return {};
  return columns.size() == 1 ? "WHERE " + columns.front() + " = ANY($1)"
                             : "WHERE (" + join(columns, ", ") + ") IN (…)";
}

std::string ask_for_all(const Context& context, const Query& query, const Predicate& key,
                        const std::vector<const Sample*>& samples) {
  const QueryFacts& facts = query.facts;
  if (facts.grouped || facts.locks_rows || facts.from_derived || !starts_with_nocase(query.text, "select "))
    return {};
  Query asked{.text = query.text, .facts = facts};
  if (facts.has_limit && (!unique_by(context, key) || facts.relations.size() != 1)) return {};
  if (!take_limit(asked.text, facts)) return {};
  const auto found = plain_comparison(asked, key);
  if (!found || !only_key(asked, key, samples)) return {};
  const auto words = words_of_statement(asked.text);
  const std::string name(found->key);
  const bool in_output =
      facts.selects_all_columns || std::ranges::find(facts.selected, key.column) != facts.selected.end();
  std::string text = with_any(asked.text, found->parameter);
  if (facts.one_row && (in_output || has_word(words, "order") || !has_word(words, "from"))) return {};
  if (in_output) return text;
  if (sorts_by_number(words)) return {};
  text.insert(7, name + ", ");
  return facts.one_row ? text + " group by " + name : text;
}

std::string taken_for_granted(const std::string& rewritten, const Predicate& key, std::size_t samples,
                              std::uint64_t calls) {
  std::vector<std::string> others;
  for (const Parameter& parameter : parameters_of(rewritten))
    if (const std::string name = "$" + std::to_string(parameter.number);
        parameter.number != key.parameter && std::ranges::find(others, name) == others.end())
      others.push_back(name);
  if (others.empty() || samples >= calls) return {};
  const std::string seen = samples == 0 ? "pgadvise kept no call to verify this"
                                        : "true for the " + std::to_string(samples) + " of the " +
                                              std::to_string(calls) + " calls that pgadvise kept";
  return "the rewrite assumes that " + join(others, " and ") + (others.size() == 1 ? " is" : " are") +
         " the same in every call: " + seen;
}

std::string insert_all(const Query& query) {
  std::size_t end = 0;
  const std::string_view text = query.text;
  const std::string_view row = only_row(text, end);
  const auto parameters = parameters_of(text);
  if (row.empty() || parameters.empty() || static_cast<int>(parameters.size()) != query.facts.parameters)
    return {};
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
  const Table* table = facts.target ? context.table(*facts.target) : nullptr;
  const bool plain = facts.predicates.size() == 1 && facts.relations.size() == 1 &&
                     facts.updated.size() == facts.assigned_parameters.size() &&
                     facts.assigned_parameters.size() + 1 == static_cast<std::size_t>(facts.parameters) &&
                     !facts.from_derived && facts.functions.empty() &&
                     !pgadvise::contains(lower(query.text), " returning ");
  if (!table || !plain || key.parameter < 1 || !plain_comparison(query, key)) return {};
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
  return "update " + quote_name(table->name.schema == "public" ? "" : table->name.schema, table->name.name) +
         " as t set " + join(assigned, ", ") + " from unnest(" + join(arrays, ", ") + ") as v(" +
         join(names, ", ") + ") where t." + name + " = v." + name;
}

std::string delete_all(const Query& query, const Predicate& key) {
  // Three rounds are not enough to be sure that another parameter never varies.
  if (query.facts.parameters != 1 || !starts_with_nocase(query.text, "delete ")) return {};
  const auto found = plain_comparison(query, key);
  return found ? with_any(query.text, found->parameter) : std::string();
}

}  // namespace pgadvise::lint
