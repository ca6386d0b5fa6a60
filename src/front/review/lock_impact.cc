#include "review/lock_impact.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "model/schema/lock.h"
#include "model/schema/lock_rates.h"
#include "report/text/lock_timeline.h"
#include "sql/replay/replay.h"

namespace pgadvise::review {
namespace {

// The locks of the statements on the tables of the catalog.
std::vector<TableLock> locks_of(const std::vector<std::string>& statements, const Catalog* catalog) {
  sql::Replayer replayer(catalog ? *catalog : Catalog{});
  Migration migration;
  migration.transaction = Migration::Transaction::none;
  replayer.run(join(statements, ";\n"), migration, false);
  std::vector<TableLock> out;
  for (const SchemaStep& step : migration.steps)
    for (const TableLock& lock : step.locks)
      if (!lock.on_new_table) out.push_back(lock);
  return out;
}

std::string during(TableLock::Work work) {
  constexpr const char* words[] = {" for a short time", " while rows are changed",
                                   " during one scan of the table", " during the build",
                                   " during a rewrite of the table and its indexes"};
  return words[static_cast<std::size_t>(work)];
}

std::string sentence(const TableLock& lock, const QualifiedName& own) {
  using Work = TableLock::Work;
  std::string out = std::string(label(lock.mode)) + " lock";
  if (lock.table != own) out += " on " + display(lock.table);
  if (lock.concurrently)
    return out + (lock.work == Work::build
                      ? ": reads and writes continue during the build. The build waits for open "
                        "transactions; if it fails, an invalid index remains."
                      : ": reads and writes continue. The statement waits for open transactions.");
  if (!blocks_writes(lock.mode))
    return out + ": reads and writes continue" + (lock.work == Work::none ? "" : during(lock.work)) + ".";
  if (!blocks_reads(lock.mode))
    return out + ": writes to the table wait" + during(lock.work) + ", reads continue.";
  out += ": reads and writes wait" + during(lock.work) + ".";
  if (lock.work == Work::none)
    out += " Set lock_timeout: while the statement waits for the lock, other statements wait behind it.";
  return out;
}

// "The work under the lock takes 2 to 15 s."; "" where nothing is known to take time.
std::string time_text(const std::vector<TableLock>& locks, const Catalog* catalog) {
  SecondsRange all;
  for (const TableLock& lock : locks) {
    const Table* table = catalog ? catalog->table(lock.table) : nullptr;
    if (!table || !table->statistics || table->statistics->rows < 0) continue;
    const auto& statistics = *table->statistics;
    const auto time = time_of(lock.work, statistics.rows,
                              static_cast<double>(std::max(statistics.bytes, statistics.pages * page_bytes)),
                              static_cast<int>(table->indexes.size()));
    if (time) all = {all.from + time->from, all.to + time->to};
  }
  if (all.to < 0.1) return {};
  return "The work takes about " + report::range_text(all) + " (docs/lock-forecast.md).";
}

std::string size_of(const Table* table) {
  if (!table || !table->statistics || table->statistics->rows < 0)
    return "The table's size is unknown without --db.";
  const auto& statistics = *table->statistics;
  const auto bytes = static_cast<double>(std::max(statistics.bytes, statistics.pages * page_bytes));
  return fmt::format("The table has about {} rows, {}.", short_count(statistics.rows),
                     bytes < 1e6   ? fmt::format("{:.0f} KB", bytes / 1e3)
                     : bytes < 1e9 ? fmt::format("{:.1f} MB", bytes / 1e6)
                                   : fmt::format("{:.1f} GB", bytes / 1e9));
}

}  // namespace

std::vector<std::string> lock_impact(const std::vector<std::string>& statements, const Fix& fix,
                                     const Catalog* catalog, const Table* table) {
  std::vector<std::string> out;
  std::vector<TableLock> all;
  std::set<std::string> described;
  for (const TableLock& lock : locks_of(statements, catalog)) {
    if (lock.mode <= LockMode::row_exclusive) continue;
    all.push_back(lock);
    const std::string text = sentence(lock, table ? table->name : all.front().table);
    if (described.insert(text).second) out.push_back(text);
  }
  if (statements.empty()) return out;
  out.push_back(size_of(table));
  if (std::string time = time_text(all, catalog); !time.empty()) out.push_back(std::move(time));
  if (fix.cost_before && fix.cost_after)
    out.push_back(fmt::format("Planner cost {:.2f} -> {:.2f}.", *fix.cost_before, *fix.cost_after));
  out.push_back(fix.safety == Fix::Safety::safe
                    ? "Safe: no data and no query results change."
                    : "Review it first: the fix changes data, or which statements are allowed.");
  return out;
}

}  // namespace pgadvise::review
