#include <algorithm>
#include <functional>

#include "lint/tables.h"
#include "lint/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option least_names{.name = "least_names",
                             .fallback = 5,
                             .meaning = "names of a schema from which the majority counts as its convention"};
constexpr Option min_share{
    .name = "share", .fallback = 0.8, .meaning = "share of the names that must follow the convention"};
constexpr const Option* options[] = {&least_names, &min_share};

enum class Way { either, first, second };

// snake_case: first; camelCase and PascalCase: second; one lower-case word: either.
Way spelling(const std::string& name) {
  const bool upper = std::any_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (upper) return Way::second;
  return name.find('_') == std::string::npos ? Way::either : Way::first;
}

// Plural: first; singular: second; words that are both: either.
Way number(const std::string& name) {
  static constexpr std::string_view both[] = {"media",     "data",      "metadata", "settings", "news",
                                              "series",    "analytics", "info",     "stock",    "staff",
                                              "equipment", "history",   "status",   "access"};
  const auto words = words_of(name);
  if (words.empty() || one_of(words.back(), both)) return Way::either;
  return singular(words.back()) != words.back() ? Way::first : Way::second;
}

struct Name {
  const Table* table;
  const Column* column;  // nullptr: the name of the table
  std::string text;
};

void check_names(const Context& context, Reporter& reporter, const std::vector<Name>& names,
                 const std::function<Way(const std::string&)>& way, const std::string& first,
                 const std::string& second) {
  double firsts = 0;
  double seconds = 0;
  for (const auto& name : names)
    (way(name.text) == Way::first ? firsts : seconds) += way(name.text) != Way::either;
  const double all = firsts + seconds;
  if (all < context.option(least_names) || std::max(firsts, seconds) < all * context.option(min_share))
    return;
  const Way usual = firsts >= seconds ? Way::first : Way::second;
  for (const auto& name : names) {
    const Way own = way(name.text);
    if (own == Way::either || own == usual) continue;
    const std::string what =
        name.column ? display(name.table->name) + "." + name.column->name : display(name.table->name);
    Finding& finding = reporter.add(
        {.kind = name.column ? "column" : "table",
         .schema = name.table->name.schema,
         .table = name.table->name.name,
         .columns = name.column ? std::vector<std::string>{name.column->name} : std::vector<std::string>{},
         .entry = usual == Way::first ? first : second},
        what + " is " + (own == Way::first ? first : second) + ", but " + grouped(std::max(firsts, seconds)) +
            " of " + grouped(all) + " " + (name.column ? "columns" : "tables") + " of its schema are " +
            (usual == Way::first ? first : second) + ".");
    finding.location = name.column ? name.column->origin : name.table->origin;
  }
}

void check(const Context& context, Reporter& reporter) {
  std::map<std::string, std::vector<Name>> tables;
  std::map<std::string, std::vector<Name>> columns;
  for (const Table* table : checked_tables(context)) {
    tables[table->name.schema].push_back({table, nullptr, table->name.name});
    for (const auto& column : table->columns)
      columns[table->name.schema].push_back({table, &column, column.name});
  }
  for (const auto& [schema, names] : tables) {
    check_names(context, reporter, names, spelling, "snake_case", "camelCase");
    check_names(context, reporter, names, number, "plural", "singular");
    check_names(context, reporter, columns[schema], spelling, "snake_case", "camelCase");
  }
}

}  // namespace

constinit const Rule inconsistent_naming{
    .id = "inconsistent-naming",
    .severity = Severity::note,
    .harm = Harm::upkeep,
    .needs = Input::schema,
    .summary = "a table or column that does not follow the naming convention of its schema",
    .why =
        "A schema with `users` and `order`, or with `created_at` and `updatedAt`, makes everyone look names "
        "up. The style of most names in a schema counts as its convention: snake_case or camelCase, plural "
        "or singular tables. This is a matter of taste, so the rule is off by default.",
    .fix = "Use ALTER TABLE … RENAME, and change the code at the same time.",
    .when_to_ignore = "A library defines the name.",
    .options = options,
    .check = check,
    .on_by_default = false,
    .guesses = true};

}  // namespace pgadvise::rules
