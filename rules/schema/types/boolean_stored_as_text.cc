#include "base/text/text.h"
#include "lint/schema/stored_as_text.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::boolean_stored_as_text {
namespace {

constexpr Option convention_columns{
    "convention_columns", 8,
    "text columns with booleans in a schema below which there is one finding for each column"};

constexpr std::string_view yes[] = {"true", "t", "yes", "y", "on", "1"};
constexpr std::string_view no[] = {"false", "f", "no", "n", "off", "0"};

bool is_boolean(std::string_view value) {
  const std::string word = lower(trim(value));
  return is_one_of(word, yes) || is_one_of(word, no);
}

// "is_active", "hasChildren", "email_enabled"
bool named_like_boolean(const std::vector<std::string>& words) {
  static constexpr std::string_view first[] = {"is", "has", "can", "should", "was"};
  static constexpr std::string_view last[] = {"enabled", "disabled", "yn"};
  return words.size() > 1 && (is_one_of(words.front(), first) || is_one_of(words.back(), last));
}

// The string literals of a CHECK that names only this column; empty if it is of another form.
std::vector<std::string> listed_values(const Table& table, const Column& column) {
  for (const auto& check : table.constraints) {
    if (check.kind != Constraint::Kind::check) continue;
    if (!contains(tokens_of(check.expression), column.name)) continue;
    std::vector<std::string> out;
    const std::string& text = check.expression;
    for (auto at = text.find('\''); at != std::string::npos;) {
      const auto close = text.find('\'', at + 1);
      if (close == std::string::npos) break;
      out.push_back(text.substr(at + 1, close - at - 1));
      at = text.find('\'', close + 1);
    }
    if (!out.empty()) return out;
  }
  return {};
}

std::string reason(const Table& table, const Column& column) {
  if (column.generated_expression || (column.statistics && column.statistics->n_distinct > 3)) return {};
  const auto listed = listed_values(table, column);
  if (!listed.empty()) {
    const bool two = listed.size() == 2 && is_boolean(listed[0]) && is_boolean(listed[1]);
    return two ? "a CHECK admits '" + listed[0] + "' and '" + listed[1] + "' only" : "";
  }
  const std::string text = lower(column.default_expression.value_or("null"));
  const auto value = column.default_expression ? literal_of(*column.default_expression) : std::nullopt;
  const bool word = value && (lower(*value) == "true" || lower(*value) == "false");
  if (word && column.type.ends_with("(5)"))  // no third value fits that is longer than false
    return "its default is " + *column.default_expression;
  const bool fits = text.starts_with("null") || (value && (value->empty() || is_boolean(*value)));
  if (!fits || !named_like_boolean(words_of(column.name))) return {};
  return "its name is that of a boolean, and it has type " + column.type +
         (value && !value->empty() ? " with the default '" + *value + "'" : "");
}

std::string new_default(const Column& column) {
  const auto value = literal_of(*column.default_expression);
  if (!value || !is_boolean(*value)) return {};
  return is_one_of(lower(trim(*value)), yes) ? "true" : "false";
}

Conclusion conclude(const std::vector<std::string>& values) {
  return conclude_by_share(values, is_boolean, 100, "words for true and false");
}

void check(const Context& context, Reporter& reporter) {
  report_stored_as_text(
      context, reporter,
      {.holds = "booleans",
       .disadvantage =
           "the server accepts any other word, and each query has to know how true and false are spelled",
       .type = [](const Column&) { return std::string("boolean"); },
       .new_default = new_default,
       .convention_columns = &convention_columns,
       .reason = reason,
       .from_values = conclude});
}

}  // namespace

constinit const Rule rule{
    .id = "boolean-stored-as-text",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = Input::schema,
    .summary = "booleans in a text column",
    .why =
        "A text column accepts `true`, `True`, `yes` and `ture`. Queries that compare with one spelling miss "
        "the rows with the others, and in JavaScript the string `false` is true. A boolean takes one byte, "
        "and a partial index can use it as its condition.\n\n"
        "The rule finds a column by the default `'true'` or `'false'` of a varchar(5), by a CHECK that "
        "admits two words for true and false, or by its name (`is_active`, `has_children`, `email_enabled`) "
        "if nothing else speaks against it. With a server, sampled values decide. If a schema has many such "
        "columns, there is one finding for the schema.",
    .fix =
        "Use `ALTER COLUMN … TYPE boolean USING …::boolean`, which reads true, yes, on, 1 and their "
        "opposites.",
    .when_to_ignore = "The column has a third value, or another system defines the format.",
    .options = {&convention_columns},
    .check = check,
    .guesses = true};

}  // namespace pgadvise::rules::boolean_stored_as_text
