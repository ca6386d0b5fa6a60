// The transactions of migrations under review, the locks that they hold, and the traffic that the locks hold
// up. Cost: grows with the number of steps times the locks of one transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lint/context.h"
#include "model/lock.h"
#include "model/schema_step.h"

namespace pgadvise::lint {

// One transaction, as the migration tool runs the files: its steps may be of several migrations.
struct MigrationTransaction {
  struct Step {
    const Migration* migration = nullptr;
    const SchemaStep* step = nullptr;
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
};
// The longest kind of work of the step on a table that is not known to have fewer than `min_rows` rows.
// An UPDATE or DELETE of a few rows, found by a unique key, is none.
std::optional<LongWork> long_work(const Context& context, const SchemaStep& step, double min_rows);

// Queries on a table, from the workload and the server.
struct TableTraffic {
  std::uint64_t calls = 0;        // of all queries that use the table
  std::uint64_t writes = 0;       // of those that change it
  std::optional<double> seconds;  // of the log; nullopt: the workload has no times
  double longest_ms = 0;          // the longest transaction or statement that used the table
  std::string longest;            // what it was, without literals
  SourceLocation longest_at;      // line 0: unknown

  std::optional<double> calls_per_second() const {
    return seconds ? std::optional(static_cast<double>(calls) / *seconds) : std::nullopt;
  }
};
TableTraffic traffic_on(const Context& context, const QualifiedName& table);

// "blocks reads and writes of users": what the lock does to other sessions.
std::string blocked_by(LockMode mode);

}  // namespace pgadvise::lint
