#include <algorithm>
#include <iterator>
#include <set>

#include "base/text.h"
#include "lint/lock_forecast.h"
#include "lint/migrations.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

using lint::LongWork;
using lint::MigrationTransaction;
using Work = TableLock::Work;

constexpr Option min_rows{
    .name = "rows",
    .fallback = 10000,
    .table_size = true,
    .meaning =
        "rows of the table that a later statement processes, below which nothing is reported, where "
        "the statistics of a server are known"};
constexpr const Option* options[] = {&min_rows};

std::string verb(const LongWork& work) {
  const std::string table = display(work.table);
  switch (work.work) {
    case Work::build: return "builds an index on " + table;
    case Work::rewrite: return "rewrites " + table;
    case Work::rows: return "processes many rows of " + table;
    default: return "scans " + table;
  }
}

// A lock that lasts longer than the statement which takes it needs.
struct Hold {
  const MigrationTransaction::Step* from = nullptr;
  const TableLock* lock = nullptr;
};

// Rules on single statements report work on the table itself under the lock: blocking-alter,
// blocking-constraint, unbatched-backfill. An index build is reported there as blocking writes only.
bool reported_elsewhere(const Hold& hold, const LongWork& work) {
  return work.table == hold.lock->table && work.work != Work::build;
}

void report(SiteReporter& out, const Hold& hold, const MigrationTransaction::Step& later,
            const LongWork& work, const std::set<std::string>& tables) {
  SchemaAction action;
  action.place = hold.from->step->place;
  const std::string blocked = lint::blocked_by(hold.lock->mode);
  constexpr std::size_t shown = 3;
  std::vector<std::string> first(tables.begin(), std::next(tables.begin(), std::min(shown, tables.size())));
  std::string names = join(first, ", ");
  if (tables.size() > shown) names += " and " + std::to_string(tables.size() - shown) + " more";
  Finding& finding =
      out.add({hold.from->migration, hold.from->step, &action},
              {.kind = "table", .schema = hold.lock->table.schema, .table = hold.lock->table.name},
              "The transaction blocks " + blocked + " of " + names + " from line " +
                  std::to_string(hold.from->step->place.line) + " until it ends, and meanwhile " +
                  (later.step->place.file == hold.from->step->place.file
                       ? "line " + std::to_string(later.step->place.line)
                       : later.step->place.str()) +
                  " " + verb(work) + ".",
              blocks_reads(hold.lock->mode) ? std::nullopt : std::optional(Severity::note));
  finding.evidence.push_back(
      {Evidence::Kind::project,
       std::string(label(hold.lock->mode)) + " lock, taken by: " + hold.from->step->text,
       hold.from->step->place,
       {}});
  finding.evidence.push_back(
      {Evidence::Kind::project, "held while this runs: " + later.step->text, later.step->place, {}});
  if (const auto how = how_it_runs(*hold.from->migration); !how.empty())
    finding.evidence.push_back({Evidence::Kind::project, how, std::nullopt, {}});
  // "in a later migration"
  const std::string where = in_its_own_transaction(*later.migration).substr(2);
  finding.fix = Fix{.title = "Move the statement at line " + std::to_string(later.step->place.line) + " to" +
                             where + ", or put it before the one that takes the lock",
                    .safety = Fix::Safety::manual};
}

// The first statement after a lock that takes time, and the strongest lock that is held then.
void check_transaction(const Context& context, const MigrationTransaction& transaction, SiteReporter& out) {
  const double least = context.option(min_rows);
  std::vector<Hold> held;
  for (const MigrationTransaction::Step& step : transaction.steps) {
    if (const auto work = lint::long_work(context, *step.step, least); work && !held.empty()) {
      const Hold* worst = nullptr;
      std::set<std::string> tables;
      for (const Hold& hold : held) {
        if (reported_elsewhere(hold, *work)) continue;
        if (!worst || hold.lock->mode > worst->lock->mode) {
          worst = &hold;
          tables.clear();
        }
        if (hold.lock->mode == worst->lock->mode) tables.insert(display(hold.lock->table));
      }
      // Under a weaker lock an index build on the same table blocks no more than the build itself.
      if (worst && worst->lock->table == work->table && !blocks_reads(worst->lock->mode)) worst = nullptr;
      if (worst) return report(out, *worst, step, *work, tables);
    }
    for (const TableLock& lock : step.step->locks)
      if (!lock.on_new_table && blocks_writes(lock.mode) && lock.work == Work::none)
        held.push_back({&step, &lock});
  }
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const MigrationTransaction& transaction : lint::transactions_of(context.migrations()))
    check_transaction(context, transaction, out);
}

}  // namespace

constinit const Rule lock_held_during_work{
    .id = "lock-held-during-work",
    .severity = Severity::warning,
    .needs = Input::migrations,
    .summary = "a transaction that locks a table, and then does something that takes long",
    .why =
        "A lock lasts until the transaction ends, not until the statement ends. Most forms of ALTER TABLE "
        "need a lock that blocks reads and writes for milliseconds. In a transaction that afterwards "
        "builds an index, validates a constraint, rewrites or fills a table, the same lock lasts as long "
        "as that work, even where the work is on another table.\n\n"
        "Measured on PostgreSQL 15: after an ADD COLUMN of 1 ms, a rewrite of another table of 0.34 s "
        "kept readers of the first table waiting for 0.65 s.\n\n"
        "Locks count as PostgreSQL takes them: a foreign key also locks the table that it references, and "
        "DROP CONSTRAINT of a foreign key both tables. A lock that blocks only writes is a note. "
        "Tables that the migration itself creates are left out.",
    .fix =
        "Put what takes time into another transaction, or run it before the statement that takes the lock.",
    .when_to_ignore =
        "Nobody uses the locked table while migrations run, or the work is short because the "
        "table is small.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
