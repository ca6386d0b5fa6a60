// The locks of the migrations under review over time: which statement takes a lock, until when the
// transaction holds it, what runs meanwhile, for how long, and which queries wait.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/schema/lock.h"
#include "model/schema/lock_rates.h"
#include "model/source_location.h"

namespace pgadvise {

// A statement that takes a lock or does work.
struct ForecastStatement {
  std::string migration;  // its usual name, Migration::entry
  SourceLocation place;
  std::string text;     // as the migration has it, truncated
  int transaction = 0;  // counts from 1 within the forecast; all locks of a transaction end with it
  TableLock::Work work = TableLock::Work::none;
  QualifiedName work_table;  // of `work`
  // Of `work`, without any wait for locks. nullopt: the table's size is unknown.
  std::optional<SecondsRange> seconds;
  std::optional<std::int64_t> lock_timeout_ms;  // in force, wherever it is set; nullopt or 0: none
  // The server refuses the statement in a transaction (CREATE INDEX CONCURRENTLY …), and the migration stops:
  // the last statement of a forecast.
  bool fails = false;
};

// A lock on a table that exists before its transaction.
struct ForecastLock {
  QualifiedName table;
  LockMode mode = LockMode::access_exclusive;  // a stronger lock on the table is another ForecastLock
  TableLock::Through through = TableLock::Through::statement;
  bool concurrently = false;
  std::size_t from = 0;        // the statement that takes it, by index
  std::size_t until = 0;       // the last statement of its transaction, by index
  std::optional<double> rows;  // of a server's statistics; nullopt: unknown
  std::optional<double> bytes;
  std::optional<SecondsRange> held;  // from the grant until the last statement's end; nullopt: unknown
  // Known with a workload:
  std::optional<double> queued_per_second;  // queries that conflict with the mode; nullopt: unknown
  double longest_ms = 0;      // the longest transaction or statement that the lock waits for; 0: unknown
  SourceLocation longest_at;  // line 0: unknown
  std::string why_busy;       // "it has 12,000,000 rows"; "" for a table that is not known to be busy
  // Blocks reads or writes while a statement does work on a table that is not known to be small, or blocks
  // those of a busy table.
  bool harmful = false;
};

// The transactions of one migration, or of several that share one transaction.
struct LockForecast {
  std::string migration;  // the first one's name
  std::string file;
  std::string how;  // "Goose runs each migration in a transaction"; "" if unknown
  std::vector<ForecastStatement> statements;
  std::vector<ForecastLock> locks;  // by the statement that takes them

  bool harmful() const {
    for (const ForecastLock& lock : locks)
      if (lock.harmful) return true;
    return false;
  }
};

}  // namespace pgadvise
