// The transactions of migrations under review, the locks that they hold, and the traffic that the locks hold
// up. Cost: grows with the number of steps times the locks of one transaction.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lint/run/context.h"
#include "lint/schema/table_growth.h"
#include "model/schema/lock.h"
#include "model/schema/schema_step.h"

namespace pgadvise::lint {

// One transaction, as the migration tool runs the files: its steps may be of several migrations.
struct MigrationTransaction {
  struct Step {
    const Migration* migration = nullptr;
    const SchemaStep* step = nullptr;
    // Of the tables of the step that the transaction renames up to the step (also by SET SCHEMA; not by a
    // rename of their schema): by the step's name the name when the transaction began.
    std::map<QualifiedName, QualifiedName> first_names = {};

    // The name of a table of the step when the transaction began. It is the same for all locks of the
    // transaction on one table, and other sessions know the table by it until the transaction ends.
    const QualifiedName& first_name(const QualifiedName& table) const;
  };
  std::vector<Step> steps;  // at least one
};

// In the order in which they run.
std::vector<MigrationTransaction> transactions_of(const std::vector<Migration>& migrations);

// What a step does to tables with rows that takes time, not counting `except`: "CREATE INDEX builds an index
// on events". "" if nothing that is known to take time.
struct LongWork {
  QualifiedName table;
  TableLock::Work work = TableLock::Work::none;
  // A rewrite, for a change between timestamp and timestamptz alone: none if the session's TimeZone is UTC.
  bool unless_utc = false;
};
// The longest kind of work of the step on a table that is not known to have fewer than `min_rows` rows.
// An UPDATE or DELETE of a few rows, found by a unique key, is none.
std::optional<LongWork> long_work(const Context& context, const SchemaStep& step, double min_rows);

// The lock that a query takes on a table that it uses.
LockMode lock_of(const Query& query, const QualifiedName& table);

// Queries of the workload that a lock on a table makes wait, and what the lock itself waits for.
struct TableTraffic {
  std::uint64_t calls = 0;        // of queries that conflict with the lock
  std::optional<double> seconds;  // of the log; nullopt: the workload has no times
  double longest_ms = 0;          // the longest transaction or statement that conflicts with the lock
  std::string longest;            // what it was, without literals
  SourceLocation longest_at;      // line 0: unknown

  std::optional<double> calls_per_second() const {
    return seconds ? std::optional(static_cast<double>(calls) / *seconds) : std::nullopt;
  }
};
// Evidence of the longest transaction or statement. REQUIRES one.
Evidence longest_fact(const TableTraffic& traffic);
// SELECT conflicts with ACCESS EXCLUSIVE alone, SELECT … FOR UPDATE also with EXCLUSIVE, and a change of rows
// with SHARE and stronger locks.
TableTraffic traffic_on(const Context& context, const QualifiedName& table, LockMode mode);
// What a CONCURRENTLY form on the table waits for: every transaction with a snapshot, also on other tables.
// Nothing waits behind it, so `calls` is 0.
TableTraffic traffic_before_concurrent(const Context& context);

// Above which a table counts as busy: with a log, and without one.
inline constexpr double busy_queries_per_second = 1;
inline constexpr double busy_transaction_ms = 1000;
inline constexpr double busy_rows = 1000000;
inline constexpr double busy_references = 5;  // foreign keys to the table

// Rows of a table that a migration processes in a short time.
inline constexpr double short_work_rows = 10000;

// Why a table counts as busy without a log: "it has 12,000,000 rows", "7 foreign keys refer to it"; "" if it
// does not.
std::string why_busy(const Context& context, const QualifiedName& table, double rows = busy_rows,
                     double references = busy_references);

// How the table grows, by its definition. nullopt: a server's statistics have its rows, or nothing defines
// it.
std::optional<Growth> growth_by_definition(const Context& context, const QualifiedName& table);

// A lock_timeout that is in force at a statement.
struct SettingInForce {
  std::optional<std::int64_t> ms;  // nullopt: the value is unknown
  SourceLocation place;            // line 0: of a server
  std::string what;                // where it is set: "PGOPTIONS", "the server", the migration's file
};
// What the script sets, else what the deployment sets for the migration's connection, else the server's role
// or database. nullopt: none, as far as is known.
std::optional<SettingInForce> lock_timeout_of(const Context& context, const SchemaStep& step);

// The command of a deployment to production that runs migrations: "drizzle-kit migrate"; nullptr: not known.
const DeployCommand* migrating_command(const Context& context);

// "blocks reads and writes of users": what the lock does to other sessions.
std::string blocked_by(LockMode mode);

}  // namespace pgadvise::lint
