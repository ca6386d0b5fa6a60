#include <algorithm>
#include <functional>

#include "lint/tables.h"
#include "lint/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option least_names{
    .name = "least_names", .fallback = 5, .meaning = "names from which the majority makes a rule"};
constexpr Option min_share{.name = "share", .fallback = 0.8, .meaning = "share of the names that makes it"};
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
  const Column* column;  // nullptr: the table's own
  std::string text;
};

void judge(const Context& context, Reporter& reporter, const std::vector<Name>& names,
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
        what + " is " + (own == Way::first ? first : second) + ", where " +
            grouped(std::max(firsts, seconds)) + " of " + grouped(all) + " " +
            (name.column ? "columns" : "tables") + " of its schema are " +
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
    judge(context, reporter, names, spelling, "snake_case", "camelCase");
    judge(context, reporter, names, number, "plural", "singular");
    judge(context, reporter, columns[schema], spelling, "snake_case", "camelCase");
  }
}

}  // namespace

constinit const Rule inconsistent_naming{
    .id = "inconsistent-naming",
    .severity = Severity::note,
    .needs = Input::schema,
    .summary = "a table or column named unlike the others",
    .why =
        "A schema that says `users` and `order`, `created_at` and `updatedAt`, makes everyone look names up. "
        "What most names of a schema do is taken for its rule: "
        "snake_case or camelCase, plural or singular tables. Taste, so off by default.",
    .fix = "ALTER TABLE … RENAME, together with the code.",
    .when_to_ignore = "A library owns the name.",
    .options = options,
    .check = check,
    .on_by_default = false};

}  // namespace pgadvise::rules
