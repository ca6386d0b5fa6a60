#include <algorithm>
#include <cmath>

#include "base/number_format.h"
#include "base/text.h"
#include "lint/lock_forecast.h"
#include "lint/migrations.h"
#include "lint/queries.h"
#include "lint/server_events.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

using lint::MigrationTransaction;
using lint::TableTraffic;

constexpr Option min_per_second{
    .name = "queries_per_second",
    .fallback = 1,
    .meaning = "queries per second on the table, in the log, above which the finding is a warning"};
constexpr Option long_transaction_ms{
    .name = "transaction_ms",
    .fallback = 1000,
    .meaning =
        "milliseconds of the longest transaction on the table, in the log, above which the finding is "
        "a warning"};
constexpr Option min_rows{
    .name = "rows", .fallback = 1000000, .meaning = "without a log: rows above which a table counts as busy"};
constexpr Option min_references{
    .name = "references",
    .fallback = 5,
    .meaning = "without a log: number of foreign keys to a table above which it counts as busy"};
constexpr const Option* options[] = {&min_per_second, &long_transaction_ms, &min_rows, &min_references};

struct Waiting {
  MigrationTransaction::Step at;
  const TableLock* lock = nullptr;
  TableTraffic traffic;
  std::string why_busy;  // "" with a workload
  bool severe = false;

  double weight() const { return static_cast<double>(traffic.calls) * (1 + traffic.longest_ms); }
};

// lock_timeout from the settings of the migration's role or database on the server.
bool set_by_server(const Context& context) {
  if (!context.has_catalog()) return false;
  const auto setting = context.catalog().settings.find("lock_timeout");
  return setting != context.catalog().settings.end() && setting->second != "0" && !setting->second.empty();
}

std::string why_busy(const Context& context, const QualifiedName& table) {
  if (const auto rows = known_rows(context, table); rows && *rows >= context.option(min_rows))
    return "it has " + grouped(*rows) + " rows";
  if (const auto keys = context.has_catalog() ? context.references_to(table).size() : 0;
      static_cast<double>(keys) >= context.option(min_references))
    return std::to_string(keys) + " foreign keys refer to it";
  return {};
}

std::optional<Waiting> waiting(const Context& context, const MigrationTransaction::Step& at,
                               const TableLock& lock) {
  Waiting out{at, &lock, lint::traffic_on(context, lock.table), {}, false};
  const TableTraffic& traffic = out.traffic;
  if (traffic.calls > 0) {
    if (!blocks_reads(lock.mode) && traffic.writes == 0) return std::nullopt;
    const auto rate = traffic.calls_per_second();
    out.severe = rate && *rate >= context.option(min_per_second) &&
                 traffic.longest_ms >= context.option(long_transaction_ms);
    if (!out.severe && !(rate && *rate >= context.option(min_per_second)) &&
        traffic.longest_ms < context.option(long_transaction_ms))
      return std::nullopt;
    return out;
  }
  if (context.has_workload() || !blocks_reads(lock.mode)) return std::nullopt;
  out.why_busy = why_busy(context, lock.table);
  if (out.why_busy.empty()) return std::nullopt;
  return out;
}

std::string rate_text(double rate) {
  return rate >= 10 ? std::to_string(std::llround(rate)) : short_count(rate);
}

void report(SiteReporter& out, const Waiting& worst, std::size_t others) {
  const std::string table = display(worst.lock->table);
  SchemaAction action;
  action.place = worst.at.step->place;
  const std::string blocked = lint::blocked_by(worst.lock->mode);
  std::string message = "Without lock_timeout, the statement waits for every transaction that uses " + table +
                        ", and " + blocked + " of " + table + " wait behind it";
  if (worst.traffic.longest_ms > 0)
    message += ": the log has transactions of up to " + duration_text(worst.traffic.longest_ms);
  if (const auto rate = worst.traffic.calls_per_second(); rate && worst.traffic.calls > 0)
    message += std::string(worst.traffic.longest_ms > 0 ? " and " : ": the log has ") + rate_text(*rate) +
               " queries per second";
  if (!worst.why_busy.empty()) message += ": " + worst.why_busy;
  if (others == 1) message += ". So does one more statement of the migration";
  if (others > 1) message += ". So do " + std::to_string(others) + " more statements of the migration";
  Finding& finding =
      out.add({worst.at.migration, worst.at.step, &action},
              {.kind = "table", .schema = worst.lock->table.schema, .table = worst.lock->table.name},
              message + ".", worst.severe ? std::nullopt : std::optional(Severity::note));
  finding.evidence.push_back(
      {Evidence::Kind::project,
       std::string(label(worst.lock->mode)) + " lock on " + table + ", taken by: " + worst.at.step->text,
       worst.at.step->place,
       {}});
  if (!worst.traffic.longest.empty())
    finding.evidence.push_back(
        {Evidence::Kind::statement,
         "the longest: " + ellipsis(worst.traffic.longest, shown_statement),
         worst.traffic.longest_at.line ? std::optional(worst.traffic.longest_at) : std::nullopt,
         {}});
  finding.fix =
      Fix{.title =
              "Set lock_timeout at the beginning of the migration, and run it again if it fails "
              "with 55P03 (lock_not_available)",
          .sql = worst.at.step->transaction ? "SET LOCAL lock_timeout = '2s';" : "SET lock_timeout = '2s';",
          .safety = Fix::Safety::manual};
}

void check(const Context& context, Reporter& reporter) {
  if (set_by_server(context)) return;
  SiteReporter out(reporter);
  const Migration* migration = nullptr;
  std::vector<Waiting> found;
  const auto flush = [&] {
    if (found.empty()) return;
    const auto worst = std::max_element(found.begin(), found.end(), [](const Waiting& a, const Waiting& b) {
      return a.severe != b.severe ? b.severe : a.weight() < b.weight();
    });
    report(out, *worst, found.size() - 1);
    found.clear();
  };
  for (const MigrationTransaction& transaction : lint::transactions_of(context.migrations()))
    for (const MigrationTransaction::Step& step : transaction.steps) {
      if (step.migration != migration) flush();
      migration = step.migration;
      if (step.step->lock_timeout_ms.value_or(0) > 0) continue;
      for (const TableLock& lock : step.step->locks)
        if (!lock.on_new_table && blocks_writes(lock.mode))
          if (auto one = waiting(context, step, lock)) {
            found.push_back(std::move(*one));
            break;
          }
    }
  flush();
}

}  // namespace

constinit const Rule missing_lock_timeout{
    .id = "missing-lock-timeout",
    .severity = Severity::warning,
    .needs = all(Input::migrations, any(Input::schema, Input::workload)),
    .summary = "a migration that waits for a lock on a busy table without lock_timeout",
    .why =
        "ALTER TABLE waits until every transaction that uses the table has ended, and every query that comes "
        "later waits behind it. A change that takes a millisecond then stops the application for as long "
        "as the longest transaction lasts. With lock_timeout the migration fails instead, the queue goes "
        "away, and it can be run again.\n\n"
        "Measured on PostgreSQL 15 with a reader that stays idle in its transaction for 5 s: without "
        "lock_timeout 20 of 20 later readers waited, the worst for 4.9 s; with 500 ms, the worst waited for "
        "0.4 s.\n\n"
        "With a log the rule uses the traffic on each table: it is a warning where the table has queries "
        "all the time and also long transactions, and a note where it has one of them. Without a log, "
        "it is a note for tables with very many rows or many foreign keys to them. A lock_timeout that the "
        "script, or the server for the role or database, sets counts. One finding for each migration.",
    .fix =
        "Set lock_timeout at the beginning of the migration or in the connection that runs migrations, and "
        "let the deployment try again.",
    .when_to_ignore =
        "The deployment sets lock_timeout in a way that pgadvise does not see, or stops the "
        "application before it migrates.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
