#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

#include "base/text/text.h"
#include "lint/schema/stored_as_text.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::uuid_stored_as_text {
namespace {

constexpr Option convention_columns{
    "convention_columns", 8,
    "text columns with UUIDs in a schema below which there is one finding for each column"};

// The evidence that the column holds UUIDs; "" if there is none.
std::string evidence_of(const Column& column) {
  if (column.statistics && column.statistics->holds_uuids) return "the values that ANALYZE sampled are UUIDs";
  const std::string text = lower(column.default_expression.value_or(""));
  for (const auto* call : {"gen_random_uuid(", "uuid_generate_v", "uuidv4(", "uuidv7("})
    if (contains(text, call)) {
      // replace(gen_random_uuid()::text, '-', ''), 'pre_' || …, left(…): derived from a UUID, but not a UUID.
      const auto tokens = tokens_of(text);
      const bool changed =
          contains(text, "||") || std::ranges::any_of(tokens, [](const std::string& token) {
            static constexpr std::string_view calls[] = {
                "replace", "substr", "substring", "left", "right", "encode", "concat", "md5", "translate"};
            return is_one_of(token, calls);
          });
      // A name or a secret may have a UUID as its default and other values later.
      static constexpr std::string_view other[] = {"name",  "secret", "password", "slug", "title",
                                                   "label", "code",   "nonce",    "salt"};
      return changed || any_of(words_of(column.name), other) ? ""
                                                             : "its default is " + *column.default_expression;
    }
  static constexpr std::string_view uuid[] = {"uuid", "guid"};
  const bool other_default = column.default_expression && lower(*column.default_expression) != "null";
  if ((column.type == "character varying(36)" || column.type == "character(36)") && !other_default &&
      any_of(words_of(column.name), uuid))
    return "the column is 36 characters long, and its name says UUID";
  return {};
}

// Schemas whose tables have the type uuid: there, text with a UUID as its default is a choice, because the
// column also holds other ids.
bool generates_uuids(const Column& column) {
  return column.type == "uuid" && contains(lower(column.default_expression.value_or("")), "uuid");
}

std::string new_default(const Column& column) {
  return contains(lower(*column.default_expression), "gen_random_uuid(") ? "gen_random_uuid()" : "";
}

void check(const Context& context, Reporter& reporter) {
  constexpr std::ptrdiff_t convention = 5;
  std::map<std::string, std::ptrdiff_t> of_type;
  for (const Table* table : checked_tables(context))
    of_type[table->name.schema] += std::ranges::count_if(table->columns, generates_uuids);
  const auto reason = [&](const Table& table, const Column& column) -> std::string {
    const bool known = column.statistics && column.statistics->holds_uuids;
    const bool chosen = column.default_expression && of_type[table.name.schema] >= convention && !known;
    return chosen ? "" : evidence_of(column);
  };
  report_stored_as_text(
      context, reporter,
      {.holds = "UUIDs",
       .disadvantage = "each value takes 37 bytes instead of 16, also in every index and in the columns that "
                       "reference it, and the server accepts values that are not UUIDs",
       .type = [](const Column&) { return std::string("uuid"); },
       .new_default = new_default,
       .convention_columns = &convention_columns,
       .reason = reason,
       .from_values = nullptr});
}

}  // namespace

constinit const Rule rule{
    .id = "uuid-stored-as-text",
    .severity = Severity::note,
    .harm = Harm::upkeep,
    .needs = Input::schema,
    .summary = "UUIDs in a text column",
    .why =
        "As text, a UUID takes 37 bytes instead of 16, in the table, in each index and in every column that "
        "references it. Comparisons use the collation, and the same UUID in upper and lower case counts as "
        "two values. The type uuid rejects invalid values.\n\n"
        "The rule finds a column by a default that generates a UUID, by its length of 36 characters and its "
        "name, or, with a server's statistics, by values that are all UUIDs. A column that references "
        "another one is not reported, because it must have the same type. If a schema has many such columns, "
        "there is one finding for the schema. If five columns or more of the schema are of the type uuid and "
        "generate their values, text columns with such a default are left out unless their values are known.",
    .fix = "Use `ALTER COLUMN … TYPE uuid USING …::uuid`, together with the columns that reference it.",
    .when_to_ignore = "The column also holds other ids, or a library requires text.",
    .options = {&convention_columns},
    .check = check,
    .guesses = true};

}  // namespace pgadvise::rules::uuid_stored_as_text
