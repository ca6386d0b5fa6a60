#include <algorithm>
#include <map>

#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::inconsistent_key_type {
namespace {

constexpr Option least_keys{"least_keys", 5,
                            "keys of a schema from which the majority counts as its convention"};
constexpr Option min_share{"share", 0.8, "share of the keys that must follow the convention"};
constexpr std::string_view types[] = {"uuid", "bigint", "integer", "text"};
constexpr Option stated_keys{.name = "keys",
                             .meaning =
                                 "`\"uuid\"`, `\"bigint\"`, `\"integer\"` or `\"text\"`: the type of primary "
                                 "keys, instead of the majority; stating it turns on the rule",
                             .choices = types};

struct Key {
  const Table* table;
  const Column* column;
};

// The generated key of a table: one column, named id, of no other table. nullptr: it has none.
const Column* generated_key(const Table& table) {
  const Constraint* primary = primary_key(table);
  if (!primary || primary->columns.size() != 1) return nullptr;
  const Column* column = table.column(primary->columns[0]);
  const auto words = words_of(primary->columns[0]);
  const bool named = !words.empty() && (words.back() == "id" || words.back() == "uuid");
  const bool shared = std::ranges::any_of(
      foreign_keys(table), [&](const Constraint& key) { return key.columns == primary->columns; });
  return named && !shared ? column : nullptr;
}

std::string type_of(const Column& column) {
  if (column.type.starts_with("character")) return "text";
  return column.type == "smallint" ? "integer" : column.type;
}

void report(Reporter& reporter, const Key& key, const std::string& wanted, const std::string& because) {
  const auto& [table, column] = key;
  reporter.add(column_subject(table->name, column->name), column->type_origin(),
               "The primary key of " + display(table->name) + " has type " + column->type + ", but " +
                   because + " " + wanted + ".");
}

void check_schema(const Context& context, Reporter& reporter, const std::vector<Key>& keys) {
  if (const double stated = context.option(stated_keys); stated > 0) {
    const std::string wanted(types[static_cast<std::size_t>(stated) - 1]);
    for (const auto& key : keys)
      if (type_of(*key.column) != wanted)
        report(reporter, key, wanted, "the configuration states that keys are");
    return;
  }
  // bigint and integer differ by size only: one convention.
  const auto kind = [](const Column& column) {
    const std::string type = type_of(column);
    return type == "bigint" || type == "integer" ? std::string("integer or bigint") : type;
  };
  std::map<std::string, double> count;
  for (const auto& key : keys) ++count[kind(*key.column)];
  const auto most =
      std::ranges::max_element(count, [](const auto& a, const auto& b) { return a.second < b.second; });
  const auto all = static_cast<double>(keys.size());
  if (all < context.option(least_keys) || most->second < all * context.option(min_share)) return;
  for (const auto& key : keys)
    if (kind(*key.column) != most->first)
      report(reporter, key, most->first,
             grouped(most->second) + " of " + grouped(all) + " keys of its schema are");
}

void check(const Context& context, Reporter& reporter) {
  std::map<std::string, std::vector<Key>> schemas;
  for (const Table* table : checked_tables(context))
    if (const Column* column = generated_key(*table)) schemas[table->name.schema].push_back({table, column});
  for (const auto& [schema, keys] : schemas) check_schema(context, reporter, keys);
}

}  // namespace

constinit const Rule rule{
    .id = "inconsistent-key-type",
    .severity = Severity::note,
    .harm = Harm::upkeep,
    .needs = Input::schema,
    .summary = "a primary key of another type than the convention",
    .why =
        "If some tables have uuid keys and others bigint, each reference, API and test has to know which. "
        "The type of most keys in a schema counts as its convention; integer and bigint are one. This is a "
        "matter of taste, so the rule is off by default. A configuration that states the type (`keys = "
        "\"uuid\"`) turns on the rule, and the majority then no longer counts.\n\n"
        "Only keys of one column are compared whose name is `id` or ends with it, and that reference no "
        "other table. Natural keys such as a country code are left out.",
    .fix =
        "Use the convention's type for new tables. Changing a key means changing all columns that reference "
        "it.",
    .when_to_ignore = "A library defines the table, or its ids come from another system.",
    .options = {&least_keys, &min_share, &stated_keys},
    .check = check,
    .on_by_default = false,
    .guesses = true};

}  // namespace pgadvise::rules::inconsistent_key_type
