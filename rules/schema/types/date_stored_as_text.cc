#include <algorithm>

#include "base/text/text.h"
#include "lint/schema/stored_as_text.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::date_stored_as_text {
namespace {

constexpr Option convention_columns{
    "convention_columns", 8,
    "text columns with dates in a schema below which there is one finding for each column"};

// "created_at", "expires_at", "due_date", "birthDate"
bool named_like_date(const std::vector<std::string>& words) {
  static constexpr std::string_view last[] = {"date",     "timestamp", "datetime", "dob",
                                              "birthday", "birthdate", "deadline"};
  static constexpr std::string_view before_at[] = {"sent",    "read",   "paid",  "seen",   "run",   "made",
                                                   "expires", "starts", "ends",  "start",  "end",   "taken",
                                                   "held",    "built",  "begin", "begins", "given", "due"};
  if (words.empty()) return false;
  if (is_one_of(words.back(), last)) return true;
  if (words.size() < 2 || words.back() != "at") return false;
  const std::string& before = words[words.size() - 2];
  return before.ends_with("ed") || is_one_of(before, before_at);
}

// The text is more, or less, than a date.
bool named_otherwise(const std::vector<std::string>& words) {
  static constexpr std::string_view other[] = {
      "format", "formatted", "range", "label",   "text",   "string",    "display",  "raw",
      "type",   "name",      "human", "pattern", "zone",   "style",     "original", "fuzzy",
      "approx", "partial",   "free",  "note",    "source", "encrypted", "relative", "release"};
  return any_of(words, other);
}

// Tables that take the values as another system sends them.
bool takes_foreign_values(const Table& table) {
  static constexpr std::string_view other[] = {"raw",     "staging", "stage", "import",
                                               "imports", "stg",     "tmp",   "cache"};
  return any_of(words_of(table.name.name), other) || any_of(words_of(table.name.schema), other);
}

// varchar(n) and char(n) with n < 8 hold no date.
bool too_short(const std::string& type) {
  const auto open = type.find('(');
  if (open == std::string::npos) return type == "character";
  const auto digits = type.find(')', open) - open - 1;
  return digits == 1 && type[open + 1] < '8';
}

std::string reason(const Table& table, const Column& column) {
  const auto words = words_of(column.name);
  if (column.generated_expression || too_short(column.type) || named_otherwise(words)) return {};
  const std::string text = lower(column.default_expression.value_or(""));
  const bool named = named_like_date(words);
  for (const auto* call : {"now()", "current_timestamp", "current_date", "localtimestamp",
                           "clock_timestamp()", "statement_timestamp()"})
    if (contains(text, call)) {
      const bool part = contains(text, "||") || contains(text, "extract") || contains(text, "date_part");
      return part && !named ? "" : "its default is " + *column.default_expression;
    }
  if (!named || takes_foreign_values(table)) return {};
  if (column.default_expression && text != "null")
    if (const auto value = literal_of(*column.default_expression);
        !value || (!value->empty() && (value->front() < '0' || value->front() > '9')))
      return {};
  return "its name is that of a date, and it has type " + column.type;
}

std::string type_of(const Column& column) {
  static constexpr std::string_view days[] = {"date", "dob", "birthday", "birthdate"};
  return ends_with_word(column.name, days) ? "date" : "timestamp with time zone";
}

std::string new_default(const Column& column) {
  const std::string text = lower(*column.default_expression);
  if (contains(text, "to_char") || contains(text, "'")) return {};
  return type_of(column) == "date" ? "CURRENT_DATE" : "now()";
}

bool is_date(std::string_view value) {
  const auto digits = [&](std::size_t at, std::size_t count) {
    const auto part = value.substr(std::min(at, value.size()), count);
    return part.size() == count && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (digits(0, 4) && value.size() >= 10 && (value[4] == '-' || value[4] == '/'))
    return digits(5, 2) && value[7] == value[4] && digits(8, 2);
  return value.size() >= 10 && digits(0, 2) && (value[2] == '/' || value[2] == '.' || value[2] == '-') &&
         digits(3, 2) && value[5] == value[2] && digits(6, 4);
}

Conclusion conclude(const std::vector<std::string>& values) {
  return conclude_by_share(values, [](std::string_view value) { return is_date(trim(value)); }, 90, "dates");
}

void check(const Context& context, Reporter& reporter) {
  report_stored_as_text(context, reporter,
                        {.holds = "dates",
                         .disadvantage = "the server accepts values that are no dates, and comparisons and "
                                         "sorting follow the collation instead of time",
                         .type = type_of,
                         .new_default = new_default,
                         .convention_columns = &convention_columns,
                         .reason = reason,
                         .from_values = conclude});
}

}  // namespace

constinit const Rule rule{
    .id = "date-stored-as-text",
    .severity = Severity::note,
    .harm = Harm::correctness,
    .needs = Input::schema,
    .summary = "dates in a text column",
    .why =
        "As text, a date is a string: the server accepts `2025-02-30` and `tomorrow`, compares and sorts by "
        "characters, and cannot subtract, truncate or convert time zones without a cast that fails on the "
        "first bad value. A timestamptz takes 8 bytes, and an index on it serves ranges.\n\n"
        "The rule finds a column by a default such as `now()`, or by its name (`created_at`, `due_date`). "
        "With a server, sampled values decide. Not reported: columns whose names say that they hold a "
        "format, a range or a label, tables for raw or imported data, columns with another default, and "
        "columns that are too short. If a schema has many such columns, there is one finding for the schema.",
    .fix =
        "Use `ALTER COLUMN … TYPE timestamptz USING …::timestamptz`, or `date`. Look for values that are no "
        "dates first.",
    .when_to_ignore = "The column holds incomplete dates (`2025-06`), or exactly what another system sent.",
    .options = {&convention_columns},
    .check = check,
    .guesses = true};

}  // namespace pgadvise::rules::date_stored_as_text
