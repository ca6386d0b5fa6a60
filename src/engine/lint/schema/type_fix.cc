#include "lint/schema/type_fix.h"

#include <string_view>
#include <vector>

#include "base/text/text.h"
#include "lint/schema/words.h"

namespace pgadvise::lint {
namespace {

bool names(const std::string& expression, const std::string& name) {
  const auto tokens = tokens_of(replace_all(expression, "\"", ""));
  return is_one_of(name, tokens) || is_one_of(lower(name), tokens);
}

}  // namespace

const Table* inherited_from(const Context& context, const Table& table, const std::string& column) {
  if (table.partition_of) return context.table(*table.partition_of);
  for (const auto& name : table.inherits)
    if (const Table* parent = context.table(name); parent && parent->column(column)) return parent;
  return nullptr;
}

// Why the server refuses ALTER TABLE … ALTER COLUMN … TYPE for the column: a clause such as "the column is
// generated"; "" if nothing in the catalog shows a reason. `with_using`: the statement has a USING clause.
static std::string type_change_refused(const Context& context, const Table& table, const Column& column,
                                       bool with_using) {
  if (column.generated_expression && with_using)
    return "the column is generated, so that USING is not allowed: change its expression, too";
  if (const Table* parent = inherited_from(context, table, column.name))
    return "the column is inherited: change it in " + display(parent->name);
  if (names(table.partition_key, column.name)) return "the column is part of the partition key";
  for (const auto& other : table.columns)
    if (other.generated_expression && names(*other.generated_expression, column.name))
      return "the generated column " + other.name + " uses the column: drop it first, and add it again";
  for (const auto& policy : table.policies)
    if (names(policy.using_expression, column.name) || names(policy.check_expression, column.name))
      return "the policy " + policy.name + " uses the column: drop it first, and create it again";
  for (const auto& [name, view] : context.catalog().tables) {
    const bool is_view = view.kind == Table::Kind::view || view.kind == Table::Kind::materialized_view;
    if (is_view && names(view.definition, table.name.name) && names(view.definition, column.name))
      return "the view " + display(name) + " uses the column: drop it first, and create it again";
  }
  return {};
}

std::optional<std::string> zone_of_default(const Column& column) {
  if (!column.default_expression) return std::nullopt;
  static constexpr std::string_view clocks[] = {"now", "current_timestamp", "transaction_timestamp",
                                                "statement_timestamp", "clock_timestamp"};
  static constexpr std::string_view noise[] = {"(", ")", ",", "::", "text"};
  const std::string& text = *column.default_expression;
  std::vector<std::string> tokens = tokens_of(text);
  std::erase_if(tokens, [](const std::string& token) { return is_one_of(token, noise); });
  for (auto& token : tokens)
    if (is_one_of(token, clocks)) token = "now";
  const std::string form = join(tokens, " ");
  const auto begin = text.find('\''), end = text.rfind('\'');
  if ((form == "now at time zone" || form == "timezone now") && begin < end &&
      text.find('\'', begin + 1) == end)
    return text.substr(begin + 1, end - begin - 1);
  static constexpr std::string_view conversions[] = {"zone", "timezone"};
  return any_of(tokens, conversions) ? std::optional(std::string()) : std::nullopt;
}

void restrict_type_fix(const Context& context, const Table& table, const Column& column, Fix& fix) {
  if (!pgadvise::contains(fix.sql, " TYPE ")) return;
  const std::string reason =
      type_change_refused(context, table, column, pgadvise::contains(fix.sql, " USING "));
  if (reason.empty()) return;
  fix.title += "; " + reason;
  fix.sql.clear();
  fix.down_sql.clear();
  fix.safety = Fix::Safety::manual;
}

}  // namespace pgadvise::lint
