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
// Beside one of those they say that the number is something else; alone they are no money at all.
constexpr std::string_view others[] = {
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
  if (words.empty() || any_of(words, others)) return false;
  if (any_of(words, money)) return true;
  // "total" is money in an order, and a count elsewhere.
  static constexpr std::string_view sold[] = {"order",   "invoice", "payment", "cart",  "checkout",
                                              "receipt", "quote",   "billing", "refund"};
  auto of_table = words_of(table.name.name);
  for (auto& word : of_table) word = singular(word);
  return words.back() == "total" && any_of(of_table, sold);
}

// The same number of values fit, and cents stay cents.
Fix fix_of(const Table& table, const Column& column) {
  const std::string begin = ddl::alter_column(table.name, column.name) + " TYPE ";
  Fix fix;
  fix.title =
      "Make it numeric, with the decimals that the sums need, or whole cents: this rewrites the table under "
      "an exclusive lock";
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
              (locale ? ": its decimals and its currency are whatever the server's lc_monetary says."
                      : ": sums of money in binary fractions drift, 0.1 + 0.2 is not 0.3."));
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
        "real and double precision hold binary fractions: 0.1 is none of them. Sums differ by the order of "
        "the rows, comparisons miss, and a cent "
        "gets lost now and then. The type money is exact, but its decimals and symbol come from lc_monetary, "
        "so the same bytes mean another "
        "sum on another server.\n\nFloating-point columns are found by name (price, amount, balance, fee …), "
        "without those that name a ratio, "
        "rate, count or estimate.",
    .fix = "numeric with a scale, or the smallest unit as bigint.",
    .when_to_ignore = "The number is a statistic or an estimate that nobody is charged by.",
    .check = check};

}  // namespace pgadvise::rules
