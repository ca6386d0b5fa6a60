#include "lint/migrations/migration_forecast.h"

#include <algorithm>
#include <map>

#include "lint/migrations/lock_forecast.h"
#include "lint/migrations/migrations.h"
#include "lint/schema/table_growth.h"

namespace pgadvise::lint {
namespace {

using Work = TableLock::Work;

bool adds_foreign_key(const SchemaStep& step, const QualifiedName& table) {
  using Kind = SchemaAction::Kind;
  return std::ranges::any_of(step.actions, [&](const SchemaAction& action) {
    return action.table == table && action.constraint &&
           action.constraint->kind == Constraint::Kind::foreign_key &&
           (action.kind == Kind::add_constraint || action.kind == Kind::validate_constraint);
  });
}

// Not where the tool or the project is likely to run such a statement outside the transaction.
bool fails_in_transaction(const Context& context, const MigrationTransaction::Step& step) {
  const Migration& migration = *step.migration;
  if (step.step->transaction == 0 || migration.concurrently_elsewhere || own_runner(context, migration) ||
      migration.transaction == Migration::Transaction::script)
    return false;
  return std::ranges::any_of(step.step->actions, needs_own_transaction);
}

class Forecaster {
 public:
  explicit Forecaster(const Context& context) : context_(context) {}

  std::vector<LockForecast> forecast() {
    const Migration* last = nullptr;
    for (const MigrationTransaction& transaction : transactions_of(context_.migrations())) {
      const Migration* first = transaction.steps.front().migration;
      if (first != last) begin(*first);
      last = transaction.steps.back().migration;
      if (!out_.back().statements.empty() && out_.back().statements.back().fails) continue;
      add(transaction);
    }
    std::erase_if(out_, [](const LockForecast& one) { return one.locks.empty(); });
    return std::move(out_);
  }

 private:
  void begin(const Migration& migration) {
    LockForecast& out = out_.emplace_back();
    out.migration = migration.entry;
    out.file = migration.file;
    if (!avoids_transaction(migration)) out.how = how_it_runs(migration);
    transactions_ = 0;
  }

  void add(const MigrationTransaction& transaction) {
    LockForecast& out = out_.back();
    const std::size_t first_lock = out.locks.size();
    ++transactions_;
    std::map<QualifiedName, LockMode> held;
    for (const MigrationTransaction::Step& step : transaction.steps) {
      ForecastStatement statement = statement_of(step);
      if (fails_in_transaction(context_, step)) {
        statement.fails = true;
        statement.work = Work::none;
        statement.seconds = SecondsRange{};
        out.statements.push_back(std::move(statement));
        break;
      }
      const std::size_t at = out.statements.size();
      bool locks = false;
      for (const TableLock& lock : step.step->locks) {
        if (lock.on_new_table || lock.mode <= LockMode::row_exclusive) continue;
        locks = true;
        const auto [known, is_new] = held.try_emplace(step.first_name(lock.table), lock.mode);
        if (!is_new && known->second >= lock.mode) continue;
        known->second = std::max(known->second, lock.mode);
        out.locks.push_back(lock_of(*step.step, lock, at));
      }
      if (locks || statement.work != Work::none) out.statements.push_back(std::move(statement));
    }
    for (std::size_t i = first_lock; i < out.locks.size(); ++i) finish(out, out.locks[i]);
  }

  ForecastStatement statement_of(const MigrationTransaction::Step& step) const {
    ForecastStatement out;
    out.migration = step.migration->entry;
    out.place = step.step->place;
    out.text = step.step->text;
    out.transaction = transactions_;
    const auto timeout = lock_timeout_of(context_, *step.step);
    if (timeout) out.lock_timeout_ms = timeout->ms;
    const auto work = long_work(context_, *step.step, short_work_rows);
    out.seconds = SecondsRange{};
    if (!work || lookup(work->table)) return out;
    out.work = work->work;
    out.work_table = work->table;
    for (const TableLock& lock : step.step->locks)
      if (!lock.on_new_table && lock.work != Work::none) add_time(out, *step.step, lock.table, lock.work);
    if (out.work == Work::rows && *out.seconds == SecondsRange{})
      add_time(out, *step.step, out.work_table, out.work);
    return out;
  }

  void add_time(ForecastStatement& out, const SchemaStep& step, const QualifiedName& table, Work work) const {
    const Table* known = context_.table(table);
    const auto time =
        time_of(work, known_rows(context_, table), known_bytes(context_, table),
                known ? static_cast<int>(known->indexes.size()) : 0, adds_foreign_key(step, table));
    if (!time) out.seconds.reset();
    if (!out.seconds) return;
    out.seconds->from += time->from;
    out.seconds->to += time->to;
  }

  // A table whose name says that it has few rows, where no statistics say otherwise.
  bool lookup(const QualifiedName& name) const {
    return growth_by_definition(context_, name) == Growth::lookup;
  }

  ForecastLock lock_of(const SchemaStep& step, const TableLock& lock, std::size_t at) const {
    ForecastLock out;
    out.table = lock.table;
    out.mode = lock.mode;
    out.through = lock.through;
    out.concurrently = lock.concurrently;
    out.from = at;
    out.rows = known_rows(context_, lock.table);
    out.bytes = known_bytes(context_, lock.table);
    const TableTraffic traffic =
        lock.concurrently ? traffic_before_concurrent(context_) : traffic_on(context_, lock.table, lock.mode);
    out.queued_per_second = traffic.calls_per_second();
    out.longest_ms = traffic.longest_ms;
    out.longest_at = traffic.longest_at;
    if (!context_.has_workload()) out.why_busy = why_busy(context_, lock.table);
    if (!blocks_writes(lock.mode) || lock_timeout_of(context_, step)) return out;
    const bool much = out.queued_per_second && *out.queued_per_second >= busy_queries_per_second;
    out.harmful = much || (traffic.calls > 0 && traffic.longest_ms >= busy_transaction_ms) ||
                  (!out.why_busy.empty() && blocks_reads(lock.mode));
    return out;
  }

  static void finish(const LockForecast& forecast, ForecastLock& lock) {
    lock.until = forecast.statements.size() - 1;
    lock.held = SecondsRange{};
    for (std::size_t i = lock.from; i <= lock.until; ++i) {
      const ForecastStatement& statement = forecast.statements[i];
      if (blocks_writes(lock.mode) && statement.work != Work::none) lock.harmful = true;
      if (!statement.seconds) lock.held.reset();
      if (!lock.held) continue;
      lock.held->from += statement.seconds->from;
      lock.held->to += statement.seconds->to;
    }
  }

  const Context& context_;
  std::vector<LockForecast> out_;
  int transactions_ = 0;
};

}  // namespace

std::vector<LockForecast> forecast_locks(const Context& context) {
  return context.has_migrations() ? Forecaster(context).forecast() : std::vector<LockForecast>();
}

}  // namespace pgadvise::lint
