#include <algorithm>
#include <map>

#include "base/text/text.h"
#include "lint/migrations/lock_forecast.h"
#include "lint/migrations/migrations.h"
#include "lint/schema/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::lock_held_during_work {
namespace {

using Work = TableLock::Work;

constexpr Option min_rows = size_option("rows", 10000,
                                        "rows of the table that a later statement processes, below which "
                                        "nothing is reported, where the statistics of a server are known");

std::string verb(const LongWork& work) {
  const std::string table = display(work.table);
  switch (work.work) {
    case Work::build: return "builds an index on " + table;
    case Work::rewrite:
      return "rewrites " + table + (work.unless_utc ? ", unless the session's TimeZone is UTC" : "");
    case Work::rows: return "processes many rows of " + table;
    default: return "scans " + table;
  }
}

// A lock that lasts longer than the statement which takes it needs.
struct Hold {
  const MigrationTransaction::Step* from = nullptr;
  const TableLock* lock = nullptr;

  const QualifiedName& table() const { return from->first_name(lock->table); }
};

// Rules on single statements report work on the table itself under the lock: blocking-alter,
// blocking-constraint, unbatched-backfill. An index build is reported there as blocking writes only.
// `worked_on`: the table's name when the transaction began.
bool reported_elsewhere(const Hold& hold, const QualifiedName& worked_on, const LongWork& work) {
  return worked_on == hold.table() && work.work != Work::build;
}

// Whether the later step needs what the earlier one does: it creates again what that dropped or renamed,
// under the same name, or uses a column that it added. Also if the later step uses a table under a new name:
// the transaction may have renamed it after the earlier step.
bool depends_on(const MigrationTransaction::Step& later, const MigrationTransaction::Step& earlier) {
  using Kind = SchemaAction::Kind;
  const auto adds = [](const SchemaAction& action) {
    return action.kind == Kind::create_index || action.kind == Kind::add_constraint ||
           action.kind == Kind::add_column || action.kind == Kind::create_table;
  };
  const auto removes = [](const SchemaAction& action) {
    return action.kind == Kind::drop_index || action.kind == Kind::drop_constraint ||
           action.kind == Kind::drop_column || action.kind == Kind::drop_table ||
           action.kind == Kind::rename_column || action.kind == Kind::rename_table;
  };
  if (!later.first_names.empty()) return true;
  for (const SchemaAction& before : earlier.step->actions) {
    for (const SchemaAction& action : later.step->actions) {
      std::vector<std::string> used = action.columns;
      if (action.constraint)
        used.insert(used.end(), action.constraint->columns.begin(), action.constraint->columns.end());
      const auto uses = [&](const std::string& column) {
        return earlier.first_name(before.table) == later.first_name(action.table) && is_one_of(column, used);
      };
      const bool same_name = !action.name.empty() && before.name == action.name;
      const bool same_column = std::ranges::any_of(before.columns, uses);
      if (removes(before) && adds(action) && (same_name || same_column)) return true;
      if (before.kind == Kind::add_column && same_column) return true;
      if (before.kind == Kind::rename_column && uses(before.name)) return true;
    }
  }
  return false;
}

// "orders, users from line 2" if both are locked there, else "orders from line 4, users from line 2".
std::string with_lines(const std::map<std::string, int>& tables) {
  const bool one_line =
      std::ranges::all_of(tables, [&](const auto& table) { return table.second == tables.begin()->second; });
  const auto from = [](int line) { return " from line " + std::to_string(line); };
  std::vector<std::string> names;
  for (const auto& [table, line] : tables) names.push_back(table + (one_line ? "" : from(line)));
  return join_first(std::move(names), 3) + (one_line ? from(tables.begin()->second) : "");
}

// A lock, and the work during which it is held.
struct HeldDuring {
  Hold hold;
  const MigrationTransaction::Step* step = nullptr;  // which does the work
  LongWork work;
  std::map<std::string, int> tables;  // that are locked as strongly, with the lines of their locks
};

void report(SiteReporter& out, const HeldDuring& found) {
  const auto& [hold, step, work, tables] = found;
  const MigrationTransaction::Step& later = *step;
  const std::string blocked = blocked_by(hold.lock->mode);
  Finding& finding = out.add(
      *hold.from->migration, hold.from->step->place, table_subject(hold.lock->table),
      "The transaction blocks " + blocked + " of " + with_lines(tables) + " until it ends, and meanwhile " +
          (later.step->place.file == hold.from->step->place.file
               ? "line " + std::to_string(later.step->place.line)
               : later.step->place.str()) +
          " " + verb(work) + ".",
      blocks_reads(hold.lock->mode) && !work.unless_utc ? std::nullopt : std::optional(Severity::note));
  finding.evidence.push_back(
      project_fact(std::string(label(hold.lock->mode)) + " lock, taken by: " + hold.from->step->text,
                   hold.from->step->place));
  finding.evidence.push_back(project_fact("held while this runs: " + later.step->text, later.step->place));
  if (const auto how = how_it_runs(*hold.from->migration); !how.empty())
    finding.evidence.push_back(project_fact(how));
  // "in a later migration"
  const std::string where = in_its_own_transaction(*later.migration).substr(2);
  finding.fix =
      Fix{.title = "Move the statement at line " + std::to_string(later.step->place.line) + " to" + where +
                   (depends_on(later, *hold.from) ? "" : ", or put it before the one that takes the lock"),
          .safety = Fix::Safety::manual,
          .statement = later.step->place};
}

// The first statement after a lock that takes time (whatever the session's TimeZone is, if there is one), and
// the strongest lock that is held then.
void check_transaction(const Context& context, const MigrationTransaction& transaction, SiteReporter& out) {
  const double least = context.option(min_rows);
  std::vector<Hold> held;
  std::optional<HeldDuring> in_some_sessions;
  for (const MigrationTransaction::Step& step : transaction.steps) {
    if (const auto work = long_work(context, *step.step, least); work && !held.empty()) {
      const Hold* worst = nullptr;
      const QualifiedName& worked_on = step.first_name(work->table);
      std::map<std::string, int> tables;
      for (const Hold& hold : held) {
        if (reported_elsewhere(hold, worked_on, *work)) continue;
        if (!worst || hold.lock->mode > worst->lock->mode) {
          worst = &hold;
          tables.clear();
        }
        if (hold.lock->mode == worst->lock->mode)
          tables.emplace(display(hold.table()), hold.from->step->place.line);
      }
      // Under a weaker lock an index build on the same table blocks no more than the build itself.
      if (worst && worst->table() == worked_on && !blocks_reads(worst->lock->mode)) worst = nullptr;
      if (worst && !work->unless_utc) return report(out, {*worst, &step, *work, tables});
      if (worst && !in_some_sessions) in_some_sessions = HeldDuring{*worst, &step, *work, tables};
    }
    for (const TableLock& lock : step.step->locks)
      if (!lock.on_new_table && blocks_writes(lock.mode) && lock.work == Work::none)
        held.push_back({&step, &lock});
  }
  if (in_some_sessions) report(out, *in_some_sessions);
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const MigrationTransaction& transaction : transactions_of(context.migrations()))
    check_transaction(context, transaction, out);
}

}  // namespace

constinit const Rule rule{
    .id = "lock-held-during-work",
    .severity = Severity::warning,
    .needs = Input::migrations,
    .summary = "a transaction that locks a table, and then does something that takes long",
    .why =
        "A lock lasts until the transaction ends, not until the statement ends. Most forms of ALTER TABLE "
        "need a lock that blocks reads and writes for milliseconds. In a transaction that afterwards builds "
        "an index, validates a constraint, rewrites or fills a table, the same lock lasts as long as that "
        "work, even where the work is on another table.\n\n"
        "Measured on PostgreSQL 15: after an ADD COLUMN of 1 ms, a rewrite of another table of 0.34 s kept "
        "readers of the first table waiting for 0.65 s.\n\n"
        "Locks count as PostgreSQL takes them: a foreign key also locks the table that it references, and "
        "DROP CONSTRAINT of a foreign key both tables. A lock that blocks only writes is a note. So is a "
        "change between timestamp and timestamptz, which rewrites nothing in a session whose TimeZone is "
        "UTC. Tables that the migration itself creates are left out.",
    .fix =
        "Put what takes time into another transaction, or run it before the statement that takes the lock.",
    .when_to_ignore =
        "Nobody uses the locked table while migrations run, or the work is short because the table is small.",
    .options = {&min_rows},
    .check = check};

}  // namespace pgadvise::rules::lock_held_during_work
