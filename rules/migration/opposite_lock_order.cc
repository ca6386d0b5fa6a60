#include <optional>
#include <string>
#include <vector>

#include "lint/code.h"
#include "lint/lock_forecast.h"
#include "lint/migration_folders.h"
#include "lint/migrations.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

using lint::MigrationTransaction;

constexpr double deadlock_timeout_ms = 1000;  // the server's default

struct Held {
  const MigrationTransaction::Step* step = nullptr;
  const TableLock* lock = nullptr;
};

// Two tables that a transaction of the migration and one of the code lock in opposite orders.
struct Opposite {
  Held first, then;  // of the migration
  const CodeTransaction* code = nullptr;
  const CodeTransaction::Use* code_first = nullptr;
  const CodeTransaction::Use* code_then = nullptr;
};

// The locks that may wait for long: a lock_timeout below deadlock_timeout ends the wait first.
std::vector<Held> locks_of(const Context& context, const MigrationTransaction& transaction) {
  std::vector<Held> out;
  for (const MigrationTransaction::Step& step : transaction.steps) {
    const auto timeout = lint::lock_timeout_of(context, *step.step);
    if (timeout && static_cast<double>(timeout->ms.value_or(0)) < deadlock_timeout_ms) continue;
    for (const TableLock& lock : step.step->locks)
      if (!lock.on_new_table && blocks_writes(lock.mode)) out.push_back({&step, &lock});
  }
  return out;
}

bool waits(const Held& held, const CodeTransaction::Use& use) {
  return held.lock->table == use.table &&
         conflict(held.lock->mode, use.writes ? LockMode::row_exclusive : LockMode::access_share);
}

std::optional<Opposite> opposite(const std::vector<Held>& locks, const CodeTransaction& code) {
  for (std::size_t then = 1; then < locks.size(); ++then)
    for (std::size_t first = 0; first < then; ++first) {
      if (locks[first].lock->table == locks[then].lock->table) continue;
      for (std::size_t i = 0; i < code.tables.size(); ++i)
        for (std::size_t j = i + 1; j < code.tables.size(); ++j)
          if (waits(locks[then], code.tables[i]) && waits(locks[first], code.tables[j]))
            return Opposite{locks[first], locks[then], &code, &code.tables[i], &code.tables[j]};
    }
  return std::nullopt;
}

void report(const Context& context, SiteReporter& out, const Opposite& found) {
  const std::string a = display(found.first.lock->table), b = display(found.then.lock->table);
  SchemaAction action;
  action.place = found.then.step->step->place;
  Finding& finding = out.add(
      {found.then.step->migration, found.then.step->step, &action},
      {.kind = "table", .schema = found.then.lock->table.schema, .table = found.then.lock->table.name},
      "The migration locks " + a + " and then " + b + ", while the transaction" +
          lint::in_function(found.code->function) + " uses " + b + " and then " + a +
          ": each may wait for the other, and PostgreSQL then ends one of them (40P01, deadlock detected).");
  const auto locked = [&](const Held& held) {
    finding.evidence.push_back({Evidence::Kind::project,
                                std::string(label(held.lock->mode)) + " lock on " +
                                    display(held.lock->table) + ": " + held.step->step->text,
                                held.step->step->place,
                                {}});
  };
  const auto used = [&](const CodeTransaction::Use& use) {
    finding.evidence.push_back(
        {Evidence::Kind::project,
         std::string("the transaction ") + (use.writes ? "writes " : "reads ") + display(use.table),
         lint::located(context.project(), use.place),
         {}});
  };
  locked(found.first);
  locked(found.then);
  used(*found.code_first);
  used(*found.code_then);
  finding.fix = Fix{.title =
                        "Put the two statements into separate transactions, or into the order of the "
                        "application, and set lock_timeout below deadlock_timeout (1 s)",
                    .safety = Fix::Safety::manual};
}

void check(const Context& context, Reporter& reporter) {
  const CodeFacts* code = lint::code_facts(context);
  if (!code) return;
  SiteReporter out(reporter);
  for (const MigrationTransaction& transaction : lint::transactions_of(context.migrations())) {
    const auto locks = locks_of(context, transaction);
    for (const CodeTransaction& one : code->transactions)
      if (const auto found = opposite(locks, one)) {
        report(context, out, *found);
        break;
      }
  }
}

}  // namespace

constinit const Rule opposite_lock_order{
    .id = "opposite-lock-order",
    .severity = Severity::warning,
    .needs = all(Input::migrations, Input::code),
    .summary = "a migration that locks tables in the opposite order of a transaction in code",
    .why =
        "A transaction of the application has used the first table and waits for the second one, which the "
        "migration has locked; the migration waits for the first one. After deadlock_timeout (1 s) "
        "PostgreSQL ends one of the two. Measured on PostgreSQL 15, in two of three runs that was the "
        "application's transaction.\n\n"
        "pgadvise reads Drizzle transactions in TypeScript and JavaScript, and all transactions of the "
        "migrations under review. Queries in functions that the transaction calls are not read.",
    .fix =
        "One transaction for each table, the application's order, or a lock_timeout below 1 s, which lets "
        "the migration fail instead.",
    .when_to_ignore = "The application is stopped while migrations run.",
    .check = check};

}  // namespace pgadvise::rules
