#include "lint/lock_forecast.h"

#include <algorithm>
#include <limits>
#include <set>

#include "lint/loops.h"
#include "lint/migrations.h"

namespace pgadvise::lint {
namespace {

using Kind = SchemaAction::Kind;
using Work = TableLock::Work;

bool is_small(const Context& context, const QualifiedName& name, double min_rows) {
  const auto rows = known_rows(context, name);
  return rows && *rows < min_rows;
}

// Whether the step's statement changes or copies more than a few rows of a table that was there.
bool changes_many_rows(const SchemaStep& step, const QualifiedName& table) {
  return std::any_of(step.actions.begin(), step.actions.end(), [&](const SchemaAction& action) {
    if (action.table != table) return false;
    if (action.kind == Kind::insert_from) return !action.reads_from.empty();
    return (action.kind == Kind::update || action.kind == Kind::remove) && !action.on_new_table &&
           (action.rows == Selectivity::all || action.rows == Selectivity::most);
  });
}

double log_seconds(const Workload& workload) {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (const Query& query : workload.queries) {
    if (query.first) first = std::min(first, *query.first);
    if (query.last) last = std::max(last, *query.last);
  }
  return last > first ? static_cast<double>(last - first) / 1e6 : 0;
}

bool changes_rows(const Query& query) {
  switch (query.facts.kind) {
    case StatementKind::insert:
    case StatementKind::update:
    case StatementKind::delete_:
    case StatementKind::merge: return true;
    default: return false;
  }
}

}  // namespace

std::vector<MigrationTransaction> transactions_of(const std::vector<Migration>& migrations) {
  std::vector<MigrationTransaction> out;
  int number = 0;  // of the last step; 0: its transaction has ended
  for (const Migration& migration : migrations) {
    const bool goes_on = migration.with_previous && migration.transaction == Migration::Transaction::run;
    if (!goes_on) number = 0;
    bool first = true;
    for (const SchemaStep& step : migration.steps) {
      const bool same = step.transaction != 0 && !out.empty() && number != 0 &&
                        (first ? goes_on && step.transaction == 1 : step.transaction == number);
      if (!same) out.emplace_back();
      out.back().steps.push_back({&migration, &step});
      number = step.transaction;
      first = false;
    }
  }
  return out;
}

std::optional<LongWork> long_work(const Context& context, const SchemaStep& step, double min_rows) {
  std::optional<LongWork> out;
  const auto take = [&](const QualifiedName& table, Work work) {
    if (!out || work > out->work) out = LongWork{table, work};
  };
  for (const TableLock& lock : step.locks) {
    if (lock.on_new_table || lock.work == Work::none || is_small(context, lock.table, min_rows)) continue;
    if (lock.work == Work::rows && !changes_many_rows(step, lock.table)) continue;
    take(lock.table, lock.work);
  }
  // Rows copied from a table that was there to a new one.
  for (const SchemaAction& action : step.actions)
    if (action.kind == Kind::insert_from && action.on_new_table)
      for (const QualifiedName& from : action.reads_from)
        if (!out && from != action.table && context.has_catalog() && context.catalog().table(from) &&
            !is_small(context, from, min_rows))
          take(from, Work::rows);
  return out;
}

TableTraffic traffic_on(const Context& context, const QualifiedName& table) {
  TableTraffic out;
  if (!context.has_workload()) return out;
  const Workload& workload = context.workload();
  if (const double seconds = log_seconds(workload); seconds >= 1) out.seconds = seconds;
  std::set<std::string_view> fingerprints;
  for (const Query* query : context.queries_on(table)) {
    fingerprints.insert(query->fingerprint);
    out.calls += query->calls;
    if (changes_rows(*query) && main_table(*query) == table) out.writes += query->calls;
    if (query->max_ms <= out.longest_ms) continue;
    out.longest_ms = query->max_ms;
    out.longest = query->text;
    out.longest_at = query->samples.empty() ? SourceLocation{} : query->samples.front().place;
  }
  for (const ServerEvent& event : workload.server_events) {
    if (event.kind != ServerEvent::Kind::open_transaction || !fingerprints.count(event.fingerprint)) continue;
    if (event.longest_us / 1000 <= out.longest_ms) continue;
    out.longest_ms = event.longest_us / 1000;
    out.longest = event.statement;
    out.longest_at = event.place;
  }
  return out;
}

std::string blocked_by(LockMode mode) {
  if (blocks_reads(mode)) return "reads and writes";
  return blocks_writes(mode) ? "writes" : "";
}

}  // namespace pgadvise::lint
