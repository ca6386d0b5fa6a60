#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "lint/schema/type_fix.h"
#include "lint/schema/words.h"
#include "model/schema/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::floating_point_money {
namespace {

constexpr std::string_view money[] = {"price",  "amount",  "cost",       "fee",     "salary",
                                      "wage",   "balance", "subtotal",   "revenue", "payment",
                                      "payout", "refund",  "deposit",    "invoice", "budget",
                                      "spend",  "vat",     "commission", "earning", "debt"};
// With one of these words in the name, the number is not an amount of money.
constexpr std::string_view not_money[] = {
    "factor",     "ratio",       "rate",        "fraction", "portion",   "proportion", "bps",
    "percent",    "percentage",  "pct",         "weight",   "count",     "score",      "multiplier",
    "index",      "coefficient", "probability", "share",    "split",     "change",     "growth",
    "average",    "avg",         "mean",        "median",   "deviation", "variance",   "trend",
    "confidence", "similarity",  "threshold",   "limit",    "function",  "type",       "ms",
    "seconds",    "time",        "duration",    "load",     "quantity",  "qty",        "token",
    "estimate",   "estimated",   "predicted",   "forecast", "expected"};

// The number of a default such as 0.025, '0.025' or (0.025)::double precision.
std::optional<double> number_in(const std::string& expression) {
  const std::string text = literal_of(expression).value_or(expression);
  const auto digits = text.find_first_of("0123456789.");
  if (digits == std::string::npos || digits > 1 || (digits == 1 && text[0] != '(')) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text.c_str() + digits, &end);
  return end == text.c_str() + digits ? std::nullopt : std::optional(value);
}

bool is_float(const std::string& type) { return type == "real" || type == "double precision"; }

// "hourlyRate", "day_rate": an amount for a time, and no share of another amount.
bool is_paid_rate(const std::vector<std::string>& words) {
  static constexpr std::string_view paid[] = {"hourly", "hour",    "daily",   "day",   "nightly", "night",
                                              "weekly", "week",    "monthly", "month", "yearly",  "annual",
                                              "pay",    "billing", "bill",    "room",  "labor",   "labour",
                                              "salary", "wage",    "overtime"};
  // With one of these it is a share or a count all the same.
  static constexpr std::string_view share[] = {"tax",     "interest", "growth", "conversion", "churn",
                                               "success", "error",    "limit",  "exchange",   "return"};
  return words.size() > 1 && words.back() == "rate" && any_of(words, paid) && !any_of(words, share);
}

// A default or a check between 0 and 1 shows a fraction: a fee of 0.025 is a share of the price.
bool is_fraction(const Table& table, const Column& column) {
  const auto value = number_in(column.default_expression.value_or(""));
  if (value && *value > 0 && *value < 1) return true;
  return std::ranges::any_of(table.constraints, [&](const Constraint& check) {
    if (check.kind != Constraint::Kind::check || !contains(check.columns, column.name)) return false;
    const auto tokens = tokens_of(check.expression);
    const std::string name = lower(column.name);
    for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
      const bool bound = (tokens[i] == name || tokens[i] == column.name) && tokens[i + 1] == "<";
      const std::size_t at = i + 2 + (tokens[i + 2] == "=" || tokens[i + 2] == "(" ? 1 : 0);
      const bool one = at < tokens.size() && tokens[at] == "1" &&
                       (at + 1 >= tokens.size() || tokens[at + 1].find_first_of("0123456789") != 0);
      if (bound && one) return true;
    }
    return false;
  });
}

bool named_like_money(const Table& table, const Column& column) {
  const auto words = singular_words(column.name);
  if (is_paid_rate(words)) return true;
  if (words.empty() || any_of(words, not_money) || is_fraction(table, column)) return false;
  if (any_of(words, money)) return true;
  // "total" is an amount of money in a table of orders, and a count elsewhere.
  static constexpr std::string_view sold[] = {"order",   "invoice", "payment", "cart",  "checkout",
                                              "receipt", "quote",   "billing", "refund"};
  return words.back() == "total" && any_of(singular_words(table.name.name), sold);
}

// numeric without a scale keeps every value.
Fix fix_of(const Table& table, const Column& column) {
  const std::string begin = ddl::alter_column(table.name, column.name) + " TYPE ";
  return {.title =
              "Change the type to numeric with a suitable scale, or store whole cents: this rewrites the "
              "table under an ACCESS EXCLUSIVE lock",
          .sql = begin + "numeric;",
          .down_sql = begin + column.type + ";"};
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    for (const auto& column : table->columns) {
      const bool locale = column.type == "money";
      if (!locale && !(is_float(column.type) && named_like_money(*table, column))) continue;
      if (inherited_from(context, *table, column.name)) continue;
      Finding& finding = reporter.add(
          column_subject(table->name, column.name), column.type_origin(),
          display(table->name) + "." + column.name + " is " + column.type +
              (locale ? ": its decimals and its currency depend on the lc_monetary setting of the server."
                      : ": sums have rounding errors, because 0.1 + 0.2 is not 0.3 in floating point."));
      finding.fix = fix_of(*table, column);
      restrict_type_fix(context, *table, column, *finding.fix);
    }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "floating-point-money",
    .severity = Severity::warning,
    .harm = Harm::correctness,
    .needs = Input::schema,
    .summary = "money in a floating-point column",
    .why =
        "real and double precision store binary fractions, which cannot represent 0.1 exactly. Sums depend "
        "on the order of the rows, comparisons fail, and cents get lost. The type money is exact, but its "
        "decimals and symbol come from lc_monetary: the same stored value means a different amount on "
        "another server.\n\n"
        "The rule finds floating-point columns by name (price, amount, balance, fee …). It leaves out names "
        "of a ratio, rate, count or estimate, and columns that a default or a check shows to be a fraction "
        "of 1. A rate for a time (hourlyRate) is money.",
    .fix = "Use numeric with a scale, or store the smallest unit as bigint.",
    .when_to_ignore = "The number is a statistic or an estimate that is never charged.",
    .check = check,
    .guesses = true};

}  // namespace pgadvise::rules::floating_point_money
