#include <optional>
#include <string>

#include "lint/migrations/lock_forecast.h"
#include "lint/migrations/migrations.h"
#include "lint/schema/tables.h"
#include "lint/server/server_events.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::concurrent_build_cut_short {
namespace {

constexpr Option long_transaction_ms{
    "transaction_ms", 10000,
    "milliseconds of the longest transaction in the log, above which a build without lock_timeout is a note"};
constexpr Option short_timeout_ms{
    "timeout_ms", 60000,
    "without a log: milliseconds of a timeout, above which a build under the timeout is not reported"};

// The timeout that ends a wait of this length, if one does.
std::optional<std::int64_t> cut_after(const Context& context, const SchemaStep& step, double wait_ms) {
  const auto timeout = lock_timeout_of(context, step);
  const auto limit = timeout ? timeout->ms : step.statement_timeout_ms;
  if (!limit || *limit == 0 || static_cast<double>(*limit) >= wait_ms) return std::nullopt;
  return limit;
}

Finding& add(SiteReporter& out, const MigrationTransaction::Step& step, const TableLock& lock,
             std::string message, bool cut, std::optional<Severity> severity) {
  Finding& finding =
      out.add(*step.migration, step.step->place, table_subject(lock.table), std::move(message), severity);
  finding.evidence.push_back(project_fact(step.step->text, step.step->place));
  finding.fix = manual_fix(cut ? "Turn the timeout off for this statement (SET lock_timeout = 0), and drop "
                                 "an invalid index before a second try"
                               : "Run the migration when no long transactions run");
  return finding;
}

// Without a log.
void report_timeout(const Context& context, SiteReporter& out, const MigrationTransaction::Step& step,
                    const TableLock& lock) {
  const auto cut = cut_after(context, *step.step, context.option(short_timeout_ms));
  if (!cut) return;
  const std::string limit = duration_text(static_cast<double>(*cut));
  add(out, step, lock,
      "CONCURRENTLY waits for older transactions, also on other tables than " + display(lock.table) +
          ". If one of them lasts longer than the timeout of " + limit +
          ", the build fails, and an invalid index remains.",
      true, Severity::note);
}

void report_wait(const Context& context, SiteReporter& out, const MigrationTransaction::Step& step,
                 const TableLock& lock) {
  const TableTraffic before = traffic_before_concurrent(context);
  const auto cut = cut_after(context, *step.step, before.longest_ms);
  if (!cut && before.longest_ms < context.option(long_transaction_ms)) return;
  std::string message = "CONCURRENTLY waits for older transactions, also on other tables than " +
                        display(lock.table) + ": the log has transactions of up to " +
                        duration_text(before.longest_ms);
  message += cut ? ". The timeout of " + duration_text(static_cast<double>(*cut)) +
                       " ends the wait, and an invalid index remains."
                 : ". The deployment takes that much longer.";
  Finding& finding = add(out, step, lock, std::move(message), cut.has_value(),
                         cut ? std::nullopt : std::optional(Severity::note));
  finding.evidence.push_back(longest_fact(before));
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const MigrationTransaction& transaction : transactions_of(context.migrations()))
    for (const MigrationTransaction::Step& step : transaction.steps)
      for (const TableLock& lock : step.step->locks)
        if (lock.concurrently && lock.work == TableLock::Work::build && !lock.on_new_table) {
          (context.has_workload() ? report_wait : report_timeout)(context, out, step, lock);
          break;
        }
}

}  // namespace

constinit const Rule rule{
    .id = "concurrent-build-cut-short",
    .severity = Severity::warning,
    .needs = all(Input::migrations, any(Input::schema, Input::workload)),
    .summary = "a concurrent index build that a timeout ends while it waits for long transactions",
    .why =
        "CREATE INDEX CONCURRENTLY waits for the writers of the table, and then for every transaction with "
        "an older snapshot in the database, whatever tables it uses. lock_timeout and statement_timeout also "
        "limit these waits. On 55P03 or 57014 an invalid index stays behind, which every write maintains and "
        "no query uses; IF NOT EXISTS then skips the build.\n\n"
        "The rule compares the timeout with the longest transaction or statement of the log. Without a "
        "timeout, a build that waits for long is a note. Without a log, a build under a timeout of up to a "
        "minute is a note: nobody knows which transactions run.",
    .fix = "Turn the timeout off for the build, which blocks neither reads nor writes.",
    .when_to_ignore = "The long transactions of the log do not run when migrations run.",
    .options = {&long_transaction_ms, &short_timeout_ms},
    .check = check};

}  // namespace pgadvise::rules::concurrent_build_cut_short
