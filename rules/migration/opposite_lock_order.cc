#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text/text.h"
#include "lint/migrations/lock_forecast.h"
#include "lint/migrations/migration_folders.h"
#include "lint/migrations/migrations.h"
#include "lint/queries/code.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::opposite_lock_order {
namespace {

constexpr double deadlock_timeout_ms = 1000;  // the server's default
constexpr std::size_t max_uses = 200;         // of a transaction: the first ones

struct Held {
  const MigrationTransaction::Step* step = nullptr;
  const TableLock* lock = nullptr;
};

// A table that a transaction of the application uses.
struct Use {
  QualifiedName table;
  LockMode mode = LockMode::access_share;
  std::size_t statement = 0;  // tables of one statement have no order
  const Query* query = nullptr;
  SourceLocation place;
};

// A transaction of the application, in code or in the log.
struct Application {
  std::vector<Use> uses;
  const CodeTransaction* code = nullptr;
  const TransactionOrder* logged = nullptr;
};

// Two tables that a transaction of the migration and one of the application lock in opposite orders.
struct Opposite {
  Held first, then;  // of the migration
  const Use* use_first = nullptr;
  const Use* use_then = nullptr;
};

// The locks that may wait for long, by table, each in the order of the migration: a lock_timeout below
// deadlock_timeout ends the wait first.
struct MigrationLocks {
  std::vector<Held> all;
  std::map<QualifiedName, std::vector<std::size_t>> by_table;  // indexes of `all`, by the first name
  std::map<QualifiedName, QualifiedName> first_names;          // of tables that the transaction renames
};

MigrationLocks locks_of(const Context& context, const MigrationTransaction& transaction) {
  MigrationLocks out;
  for (const MigrationTransaction::Step& step : transaction.steps) {
    const auto timeout = lock_timeout_of(context, *step.step);
    if (timeout && static_cast<double>(timeout->ms.value_or(0)) < deadlock_timeout_ms) continue;
    for (const TableLock& lock : step.step->locks) {
      if (lock.on_new_table || !blocks_writes(lock.mode)) continue;
      out.by_table[step.first_name(lock.table)].push_back(out.all.size());
      out.all.push_back({&step, &lock});
    }
    out.first_names.insert(step.first_names.begin(), step.first_names.end());
  }
  return out;
}

void add(Use use, Application& out) {
  if (out.uses.size() < max_uses) out.uses.push_back(std::move(use));
}

std::vector<Application> applications(const Context& context) {
  std::vector<Application> out;
  if (const CodeFacts* code = context.has_project() ? code_facts(context) : nullptr)
    for (const CodeTransaction& transaction : code->transactions) {
      Application& one = out.emplace_back();
      one.code = &transaction;
      for (const CodeTransaction::Use& use : transaction.tables)
        add({use.table, use.writes ? LockMode::row_exclusive : LockMode::access_share, one.uses.size(),
             nullptr, use.place},
            one);
    }
  if (!context.has_workload()) return out;
  for (const TransactionOrder& order : context.workload().transaction_orders) {
    Application& one = out.emplace_back();
    one.logged = &order;
    for (std::size_t i = 0; i < order.statements.size(); ++i)
      if (const Query* query = context.query(order.statements[i]))
        for (const RelationUse& relation : query->facts.relations)
          add({relation.table, lock_of(*query, relation.table), i, query,
               query->samples.empty() ? SourceLocation{} : query->samples.front().place},
              one);
  }
  return out;
}

// The first lock of the migration that waits for this use, or for which the use waits.
std::optional<std::size_t> first_conflict(const MigrationLocks& locks, const Use& use) {
  auto table = locks.by_table.find(use.table);
  if (const auto first = locks.first_names.find(use.table);
      table == locks.by_table.end() && first != locks.first_names.end())
    table = locks.by_table.find(first->second);
  if (table == locks.by_table.end()) return std::nullopt;
  for (const std::size_t at : table->second)
    if (conflict(locks.all[at].lock->mode, use.mode)) return at;
  return std::nullopt;
}

// The application holds one table and waits for another one, which the migration has locked before it waits
// for the first. Cost: the square of the number of uses that conflict.
std::optional<Opposite> opposite(const MigrationLocks& locks, const Application& application) {
  std::vector<std::pair<const Use*, std::size_t>> conflicts;
  for (const Use& use : application.uses)
    if (const auto at = first_conflict(locks, use)) conflicts.emplace_back(&use, *at);
  for (std::size_t j = 1; j < conflicts.size(); ++j) {
    const auto& [wanted, locked] = conflicts[j];
    const LockMode mode = locks.all[locked].lock->mode;
    for (std::size_t i = 0; i < j; ++i) {
      const auto& [held, waited_for] = conflicts[i];
      if (locked < waited_for && held->table != wanted->table && held->statement != wanted->statement)
        return Opposite{locks.all[locked], locks.all[waited_for], held, wanted};
      // The application uses this table before any that it could hold: the migration waits here.
      if (held->table == wanted->table && conflict(mode, held->mode)) break;
    }
  }
  return std::nullopt;
}

// "the transaction in transfer() uses", "1,200 transactions of the log use"
std::string who_uses(const Application& application) {
  if (application.code) return "the transaction" + in_function(application.code->function) + " uses";
  const auto count = application.logged->transactions;
  return count == 1 ? "a transaction of the log uses" : grouped(count) + " transactions of the log use";
}

// A note where the log has such a transaction less often than once a second.
std::optional<Severity> severity_of(const Context& context, const Application& application,
                                    const Opposite& found) {
  if (application.code) return std::nullopt;
  const auto seconds = traffic_on(context, found.use_first->table, LockMode::access_exclusive).seconds;
  const auto count = static_cast<double>(application.logged->transactions);
  if (seconds && count / *seconds >= busy_queries_per_second) return std::nullopt;
  return Severity::note;
}

Evidence evidence_of(const Context& context, const Use& use) {
  const std::string table = display(use.table);
  const char* verb = use.mode == LockMode::row_exclusive ? "writes " : "reads ";
  if (!use.query)
    return project_fact("the transaction " + std::string(verb) + table,
                        located(context.project(), use.place));
  return log_fact(verb + table + ": " + ellipsis(use.query->text, shown_statement),
                  use.place.line ? std::optional(use.place) : std::nullopt);
}

void report(const Context& context, SiteReporter& out, const Application& application,
            const Opposite& found) {
  const std::string a = display(found.first.lock->table), b = display(found.then.lock->table);
  Finding& finding = out.add(
      *found.then.step->migration, found.then.step->step->place, table_subject(found.then.lock->table),
      "The migration locks " + a + " and then " + b + ", while " + who_uses(application) + " " + b +
          " and then " + a +
          ": each may wait for the other, and PostgreSQL then ends one of them (40P01, deadlock detected).",
      severity_of(context, application, found));
  const auto locked = [&](const Held& held) {
    finding.evidence.push_back(project_fact(std::string(label(held.lock->mode)) + " lock on " +
                                                display(held.lock->table) + ": " + held.step->step->text,
                                            held.step->step->place));
  };
  locked(found.first);
  locked(found.then);
  finding.evidence.push_back(evidence_of(context, *found.use_first));
  finding.evidence.push_back(evidence_of(context, *found.use_then));
  finding.fix = manual_fix(
      "Put the two statements into separate transactions, or into the order of the application, and set "
      "lock_timeout below deadlock_timeout (1 s)");
}

// One finding for each transaction of the migrations: of code, else of the log's most frequent order.
void check(const Context& context, Reporter& reporter) {
  const auto known = applications(context);
  SiteReporter out(reporter);
  for (const MigrationTransaction& transaction : transactions_of(context.migrations())) {
    const MigrationLocks locks = locks_of(context, transaction);
    if (locks.by_table.size() < 2) continue;
    for (const Application& one : known)
      if (const auto found = opposite(locks, one)) {
        report(context, out, one, *found);
        break;
      }
  }
}

}  // namespace

constinit const Rule rule{
    .id = "opposite-lock-order",
    .severity = Severity::warning,
    .needs = all(Input::migrations, any(Input::code, all(Input::schema, Input::events))),
    .summary = "a migration that locks tables in the opposite order of the application's transactions",
    .why =
        "A transaction of the application has used the first table and waits for the second one, which the "
        "migration has locked; the migration waits for the first one. After deadlock_timeout (1 s) "
        "PostgreSQL ends one of the two. Measured on PostgreSQL 15, in two of three runs that was the "
        "application's transaction.\n\n"
        "pgadvise reads Drizzle transactions in TypeScript and JavaScript, transactions of the log from "
        "BEGIN to COMMIT or ROLLBACK (each with its first 16 different statements), and all transactions of "
        "the migrations under review. Queries in functions that the transaction in code calls are not read. "
        "An order that only the log has, less often than once a second, is a note.",
    .fix =
        "One transaction for each table, the application's order, or a lock_timeout below 1 s, which lets "
        "the migration fail instead.",
    .when_to_ignore = "The application is stopped while migrations run.",
    .check = check};

}  // namespace pgadvise::rules::opposite_lock_order
