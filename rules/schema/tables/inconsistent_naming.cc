#include <algorithm>
#include <functional>

#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::inconsistent_naming {
namespace {

constexpr Option least_names{"least_names", 5,
                             "names of a schema from which the majority counts as its convention"};
constexpr Option min_share{"share", 0.8, "share of the names that must follow the convention"};
constexpr std::string_view numbers[] = {"plural", "singular"};
constexpr std::string_view spellings[] = {"snake_case", "camelCase"};
constexpr Option stated_tables{.name = "tables",
                               .meaning =
                                   "`\"plural\"` or `\"singular\"`: how tables are named, instead of the "
                                   "majority; stating it turns on the rule",
                               .choices = numbers};
constexpr Option stated_names{
    .name = "names",
    .meaning =
        "`\"snake_case\"` or `\"camelCase\"` (PascalCase, too): how tables and columns are spelled, instead "
        "of the majority; stating it turns on the rule",
    .choices = spellings};

enum class Way { either, first, second };

// snake_case: first; camelCase and PascalCase: second; one lower-case word: either.
Way spelling(const std::string& name) {
  const bool upper = std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
  if (upper) return Way::second;
  return name.find('_') == std::string::npos ? Way::either : Way::first;
}

// Plural: first; singular: second; words that are both: either.
Way number(const std::string& name) {
  static constexpr std::string_view both[] = {"media",     "data",      "metadata", "settings", "news",
                                              "series",    "analytics", "info",     "stock",    "staff",
                                              "equipment", "history",   "status",   "access"};
  const auto words = words_of(name);
  if (words.empty() || is_one_of(words.back(), both)) return Way::either;
  return singular(words.back()) != words.back() ? Way::first : Way::second;
}

struct Name {
  const Table* table;
  const Column* column;  // nullptr: the name of the table
  std::string text;
};

// A property of names with two forms, and the one that the configuration states.
struct Property {
  std::function<Way(const std::string&)> way;
  std::string first;
  std::string second;
  Way stated = Way::either;
};

Way stated_in(const Context& context, const Option& option) {
  const double choice = context.option(option);
  return choice == 1 ? Way::first : choice == 2 ? Way::second : Way::either;
}

void check_names(const Context& context, Reporter& reporter, const std::vector<Name>& names,
                 const Property& property) {
  const auto& [way, first, second, stated] = property;
  double firsts = 0;
  double seconds = 0;
  for (const auto& name : names)
    (way(name.text) == Way::first ? firsts : seconds) += way(name.text) != Way::either;
  const double all = firsts + seconds;
  const bool by_majority = stated == Way::either;
  const bool others_stated = context.option(stated_tables) > 0 || context.option(stated_names) > 0;
  if (by_majority && others_stated) return;
  if (by_majority &&
      (all < context.option(least_names) || std::max(firsts, seconds) < all * context.option(min_share)))
    return;
  const Way usual = !by_majority ? stated : firsts >= seconds ? Way::first : Way::second;
  const std::string wanted = usual == Way::first ? first : second;
  const auto because = [&](bool of_tables) {
    const std::string kind = of_tables ? "tables" : "columns";
    return by_majority ? grouped(std::max(firsts, seconds)) + " of " + grouped(all) + " " + kind +
                             " of its schema are "
                       : "the configuration states that names of " + kind + " are ";
  };
  for (const auto& name : names) {
    const Way own = way(name.text);
    if (own == Way::either || own == usual) continue;
    const std::string what =
        name.column ? display(name.table->name) + "." + name.column->name : display(name.table->name);
    reporter.add(
        {.kind = name.column ? "column" : "table",
         .schema = name.table->name.schema,
         .table = name.table->name.name,
         .columns = name.column ? std::vector<std::string>{name.column->name} : std::vector<std::string>{},
         .entry = wanted},
        name.column ? name.column->origin : name.table->origin,
        what + " is " + (own == Way::first ? first : second) + ", but " + because(!name.column) + wanted +
            ".");
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
  const Property written{spelling, "snake_case", "camelCase", stated_in(context, stated_names)};
  const Property counted{number, "plural", "singular", stated_in(context, stated_tables)};
  for (const auto& [schema, names] : tables) {
    check_names(context, reporter, names, written);
    check_names(context, reporter, names, counted);
    check_names(context, reporter, columns[schema], written);
  }
}

}  // namespace

constinit const Rule rule{
    .id = "inconsistent-naming",
    .severity = Severity::note,
    .harm = Harm::upkeep,
    .needs = Input::schema,
    .summary = "a table or column that does not follow the naming convention of its schema",
    .why =
        "A schema with `users` and `order`, or with `created_at` and `updatedAt`, makes everyone look names "
        "up. The style of most names in a schema counts as its convention: snake_case or camelCase, plural "
        "or singular tables. This is a matter of taste, so the rule is off by default. A configuration that "
        "states a convention (`tables = \"singular\"`) turns on the rule, which then compares names with the "
        "stated conventions only: the majority no longer counts.",
    .fix = "Use ALTER TABLE … RENAME, and change the code at the same time.",
    .when_to_ignore = "A library defines the name.",
    .options = {&least_names, &min_share, &stated_tables, &stated_names},
    .check = check,
    .on_by_default = false,
    .guesses = true};

}  // namespace pgadvise::rules::inconsistent_naming
