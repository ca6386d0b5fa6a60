#include "base/identifier.h"
#include "lint/tables.h"
#include "lint/words.h"
#include "model/ddl.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr std::string_view money[] = {"price",  "amount",  "cost",       "fee",     "salary",
                                      "wage",   "balance", "subtotal",   "revenue", "payment",
                                      "payout", "refund",  "deposit",    "invoice", "budget",
                                      "spend",  "vat",     "commission", "earning", "debt"};
// With one of these words in the name, the number is not an amount of money.
constexpr std::string_view not_money[] = {
    "factor",   "ratio",  "rate",       "percent",    "percentage",  "pct",         "weight",
    "count",    "score",  "multiplier", "index",      "coefficient", "probability", "share",
    "change",   "growth", "average",    "avg",        "mean",        "median",      "deviation",
    "variance", "trend",  "confidence", "similarity", "threshold",   "limit",       "function",
    "type",     "ms",     "seconds",    "time",       "duration",    "load",        "quantity",
    "qty",      "token",  "estimate",   "estimated",  "predicted",   "forecast",    "expected"};

bool is_float(const std::string& type) { return type == "real" || type == "double precision"; }

bool named_like_money(const Table& table, const Column& column) {
  auto words = words_of(column.name);
  for (auto& word : words) word = singular(word);
  if (words.empty() || any_of(words, not_money)) return false;
  if (any_of(words, money)) return true;
  // "total" is an amount of money in a table of orders, and a count elsewhere.
  static constexpr std::string_view sold[] = {"order",   "invoice", "payment", "cart",  "checkout",
                                              "receipt", "quote",   "billing", "refund"};
  auto of_table = words_of(table.name.name);
  for (auto& word : of_table) word = singular(word);
  return words.back() == "total" && any_of(of_table, sold);
}

// numeric without a scale keeps every value.
Fix fix_of(const Table& table, const Column& column) {
  const std::string begin = ddl::alter_column(table.name, column.name) + " TYPE ";
  Fix fix;
  fix.title =
      "Change the type to numeric with a suitable scale, or store whole cents: this rewrites the table under "
      "an ACCESS EXCLUSIVE lock";
  fix.sql = begin + "numeric;";
  fix.down_sql = begin + column.type + ";";
  return fix;
}

void check(const Context& context, Reporter& reporter) {
  for (const Table* table : checked_tables(context)) {
    for (const auto& column : table->columns) {
      const bool locale = column.type == "money";
      if (!locale && !(is_float(column.type) && named_like_money(*table, column))) continue;
      Finding& finding = reporter.add(
          {.kind = "column",
           .schema = table->name.schema,
           .table = table->name.name,
           .columns = {column.name}},
          display(table->name) + "." + column.name + " is " + column.type +
              (locale ? ": its decimals and its currency depend on the lc_monetary setting of the server."
                      : ": sums have rounding errors, because 0.1 + 0.2 is not 0.3 in floating point."));
      finding.location = column.origin;
      finding.fix = fix_of(*table, column);
    }
  }
}

}  // namespace

constinit const Rule floating_point_money{
    .id = "floating-point-money",
    .severity = Severity::warning,
    .needs = Input::schema,
    .summary = "money in a floating-point column",
    .why =
        "real and double precision store binary fractions, which cannot represent 0.1 exactly. Sums depend "
        "on the order of the rows, comparisons fail, and cents get lost. The type money is exact, but its "
        "decimals and symbol come from lc_monetary: the same stored value means a different amount on "
        "another server.\n\n"
        "The rule finds floating-point columns by name (price, amount, balance, fee …). It leaves out names "
        "of a ratio, rate, count or estimate.",
    .fix = "Use numeric with a scale, or store the smallest unit as bigint.",
    .when_to_ignore = "The number is a statistic or an estimate that is never charged.",
    .check = check};

}  // namespace pgadvise::rules
