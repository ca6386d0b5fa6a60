#include "lint/schema/table_growth.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "lint/schema/tables.h"
#include "lint/schema/words.h"

namespace pgadvise::lint {
namespace {

constexpr std::array<std::string_view, 42> growing_names = {
    "activity",   "analytics",    "attachment",  "audit",  "call",      "click",       "comment",
    "delivery",   "email",        "entry",       "event",  "execution", "file",        "history",
    "impression", "invoice",      "item",        "job",    "log",       "measurement", "message",
    "metric",     "notification", "order",       "outbox", "payment",   "post",        "queue",
    "reading",    "request",      "response",    "run",    "sample",    "session",     "task",
    "token",      "trace",        "transaction", "usage",  "view",      "visit",       "vote"};

constexpr std::array<std::string_view, 25> lookup_names = {
    "category",   "class",  "country",  "currency",  "feature", "kind",   "language", "level",  "locale",
    "permission", "plan",   "priority", "privilege", "reason",  "region", "role",     "source", "stage",
    "state",      "status", "tier",     "timezone",  "type",    "unit",   "zone"};

bool references_others(const Table& table) {
  return std::ranges::any_of(foreign_keys(table),
                             [&](const Constraint& key) { return key.referenced_table != table.name; });
}

}  // namespace

bool rows_known(const Table& table) { return table.statistics && table.statistics->rows >= 0; }

Growth growth_of(const Table& table) {
  constexpr double not_a_lookup = 100'000;
  constexpr std::size_t few_columns = 8;
  const auto words = words_of(table.name.name);
  if (words.empty()) return Growth::ordinary;
  const std::string last = singular(words.back());
  const bool large = rows_known(table) && table.statistics->rows >= not_a_lookup;
  if (!large && is_one_of(last, lookup_names) && table.columns.size() <= few_columns &&
      !references_others(table))
    return Growth::lookup;
  // People make these by hand: tokens of sessions and of e-mails grow with use.
  const bool api_token = last == "token" && words.size() > 1 && words[words.size() - 2] == "api";
  return !api_token && is_one_of(last, growing_names) ? Growth::growing : Growth::ordinary;
}

double likely_rows(const Table& table) {
  if (rows_known(table)) return table.statistics->rows;
  switch (growth_of(table)) {
    case Growth::lookup: return 200;
    case Growth::growing: return 1'000'000;
    case Growth::ordinary: break;
  }
  return 20'000;
}

}  // namespace pgadvise::lint
