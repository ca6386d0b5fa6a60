#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/text/number_format.h"
#include "base/text/text.h"
#include "lint/migrations/lock_forecast.h"
#include "lint/migrations/migrations.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "lint/server/server_events.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::missing_lock_timeout {
namespace {

constexpr Option min_per_second{
    "queries_per_second", busy_queries_per_second,
    "queries per second on the table, in the log, above which the finding is a warning"};
constexpr Option long_transaction_ms{
    "transaction_ms", busy_transaction_ms,
    "milliseconds of the longest transaction on the table, in the log, above which the finding is a warning"};
constexpr Option min_rows{"rows", busy_rows, "without a log: rows above which a table counts as busy"};
constexpr Option min_references{
    "references", busy_references,
    "without a log: number of foreign keys to a table above which it counts as busy"};

// More notes than these become one: what they ask for is one setting of the deployment.
constexpr std::size_t max_notes = 3;

// A lock that an earlier statement of the transaction took.
struct Held {
  MigrationTransaction::Step at;
  const TableLock* lock = nullptr;
};

// A statement that waits for a lock.
struct Waiting {
  MigrationTransaction::Step at;
  const TableLock* lock = nullptr;
  TableTraffic traffic;
  std::string why_busy;  // "" with a workload
  bool severe = false;
  // What the transaction keeps locked meanwhile, if that is the reason.
  std::optional<Held> held;

  double weight() const { return static_cast<double>(traffic.calls) * (1 + traffic.longest_ms); }
};

std::optional<Waiting> waiting(const Context& context, const MigrationTransaction::Step& at,
                               const TableLock& lock) {
  Waiting out{.at = at, .lock = &lock, .traffic = traffic_on(context, lock.table, lock.mode)};
  const TableTraffic& traffic = out.traffic;
  if (traffic.calls > 0) {
    const auto rate = traffic.calls_per_second();
    const bool frequent = rate && *rate >= context.option(min_per_second);
    const bool slow = traffic.longest_ms >= context.option(long_transaction_ms);
    out.severe = frequent && slow;
    return frequent || slow ? std::optional(out) : std::nullopt;
  }
  if (context.has_workload() || !blocks_reads(lock.mode)) return std::nullopt;
  out.why_busy =
      lint::why_busy(context, lock.table, context.option(min_rows), context.option(min_references));
  return out.why_busy.empty() ? std::nullopt : std::optional(out);
}

bool stops_readers(const TableLock& lock) { return !lock.on_new_table && blocks_reads(lock.mode); }

// Without a log and without the rows of a table: an instant statement whose lock is also on a table that it
// does not name, or that waits while the transaction keeps another table locked.
std::optional<Waiting> waiting_by_role(const Context& context, const MigrationTransaction::Step& at,
                                       const std::vector<Held>& held) {
  for (const TableLock& lock : at.step->locks) {
    const auto growth = growth_by_definition(context, lock.table);
    if (lock.work != TableLock::Work::none || !stops_readers(lock) || !growth || *growth == Growth::lookup)
      continue;
    if (lock.through == TableLock::Through::foreign_key)
      return Waiting{
          .at = at,
          .lock = &lock,
          .why_busy = "a foreign key connects " + display(lock.table) + " with the statement's table"};
    for (const Held& one : held) {
      const auto other = growth_by_definition(context, one.lock->table);
      const bool same = one.at.first_name(one.lock->table) == at.first_name(lock.table);
      if (same || !other || *other == Growth::lookup) continue;
      if (*growth == Growth::growing || *other == Growth::growing)
        return Waiting{.at = at, .lock = &lock, .held = one};
    }
  }
  return std::nullopt;
}

std::string rate_text(double rate) {
  return rate >= 10 ? std::to_string(std::llround(rate)) : short_count(rate);
}

// "ALTER TABLE users", "CREATE INDEX on users"; of a table that the statement does not name, "The lock of
// DROP TABLE on users".
std::string statement_on(const std::string& text, const TableLock& lock) {
  std::vector<std::string> words;
  const std::string line = replace_all(text.substr(0, 100), "\n", " ");
  for (const auto word : split(line, ' ')) {
    if (trim(word).empty() || word == "unique" || word == "UNIQUE") continue;
    std::string& upper = words.emplace_back(trim(word));
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](unsigned char c) { return std::toupper(c); });
    if (words.size() == 2) break;
  }
  const std::string table = display(lock.table);
  if (words.empty()) return "The lock on " + table;
  const bool two = words.size() > 1 && (words[0] == "ALTER" || words[0] == "CREATE" || words[0] == "DROP");
  const std::string head = words[0] == "DO" ? "a DO block" : two ? words[0] + " " + words[1] : words[0];
  if (lock.through != TableLock::Through::statement || words[0] == "DO")
    return "The lock of " + head + " on " + table;
  return head + (head == "ALTER TABLE" || head == "DROP TABLE" ? " " : " on ") + table;
}

// ". No lock_timeout is set by the deploy step (Dockerfile:14)"
std::string not_set(const Context& context) {
  const DeployCommand* step = migrating_command(context);
  if (!step) return ". No lock_timeout is set";
  return ". No lock_timeout is set by the deploy step (" + step->place.file + ":" +
         std::to_string(step->place.line) + ")";
}

// What one finding is about.
struct Waits {
  Waiting worst;
  std::size_t others = 0;      // more statements of the same migration
  std::size_t migrations = 0;  // more migrations
};

std::string message_of(const Context& context, const Waits& waits) {
  const auto& [worst, others, migrations] = waits;
  const std::string table = display(worst.lock->table);
  std::string message = statement_on(worst.at.step->text, *worst.lock);
  message += worst.traffic.longest_ms > 0 ? " waits for transactions of up to " +
                                                duration_text(worst.traffic.longest_ms) + " seen in the log; "
                                          : " waits for every transaction that uses " + table + "; ";
  if (const auto rate = worst.traffic.calls_per_second(); rate && worst.traffic.calls > 0)
    message += rate_text(*rate) + " queries/s queue behind it";
  else message += blocked_by(worst.lock->mode) + " of " + table + " queue behind it";
  if (!worst.why_busy.empty()) message += " (" + worst.why_busy + ")";
  if (worst.held) {
    const SourceLocation& place = worst.held->at.step->place;
    message += ", and those of " + display(worst.held->lock->table) +
               ", which the transaction has locked at " +
               (place.file == worst.at.step->place.file ? "line " + std::to_string(place.line) : place.str());
  }
  message += not_set(context);
  if (others == 1) message += ". The same holds for one more statement of the migration";
  if (others > 1)
    message += ". The same holds for " + std::to_string(others) + " more statements of the migration";
  if (migrations > 0)
    message += (others > 0 ? ", and for " : ". The same holds for ") + std::to_string(migrations) +
               " more migrations";
  return message + ".";
}

// A setting that the migration's driver does not read.
void add_unread(const Context& context, Finding& finding) {
  if (!context.has_project()) return;
  for (const SessionTimeout& timeout : context.project().timeouts)
    if (timeout.lock && !timeout.unread.empty())
      finding.evidence.push_back(
          project_fact(timeout.what + " sets lock_timeout, but " + timeout.unread, timeout.place));
}

void report(const Context& context, SiteReporter& out, const Waits& waits) {
  const Waiting& worst = waits.worst;
  Finding& finding =
      out.add(*worst.at.migration, worst.at.step->place, table_subject(worst.lock->table),
              message_of(context, waits), worst.severe ? std::nullopt : std::optional(Severity::note));
  const auto taken_by = [&](const TableLock& lock, const SchemaStep& step) {
    finding.evidence.push_back(project_fact(
        std::string(label(lock.mode)) + " lock on " + display(lock.table) + ", taken by: " + step.text,
        step.place));
  };
  taken_by(*worst.lock, *worst.at.step);
  if (worst.held) taken_by(*worst.held->lock, *worst.held->at.step);
  if (const DeployCommand* step = migrating_command(context))
    finding.evidence.push_back(project_fact("deployed by: " + step->command, step->place));
  add_unread(context, finding);
  if (!worst.traffic.longest.empty()) finding.evidence.push_back(longest_fact(worst.traffic));
  finding.fix =
      Fix{.title =
              "Set lock_timeout at the beginning of the migration, and run it again if it fails with 55P03 "
              "(lock_not_available)",
          .sql = std::string(worst.at.step->transaction ? set_local_lock_timeout : set_session_lock_timeout) +
                 ";",
          .safety = Fix::Safety::manual};
}

// The first lock of the step that makes queries wait, by the traffic or size of its table; else by its role.
std::optional<Waiting> first_waiting(const Context& context, const MigrationTransaction::Step& at,
                                     const std::vector<Held>& held) {
  if (lock_timeout_of(context, *at.step)) return std::nullopt;
  for (const TableLock& lock : at.step->locks)
    if (!lock.on_new_table && blocks_writes(lock.mode))
      if (auto one = waiting(context, at, lock)) return one;
  return context.has_workload() ? std::nullopt : waiting_by_role(context, at, held);
}

bool less_harmful(const Waiting& a, const Waiting& b) {
  return a.severe != b.severe ? b.severe : a.weight() < b.weight();
}

// One for each migration.
std::vector<Waits> all_waits(const Context& context) {
  std::vector<Waits> out;
  const Migration* migration = nullptr;
  std::vector<Waiting> found;
  const auto flush = [&] {
    if (!found.empty()) out.push_back({*std::ranges::max_element(found, less_harmful), found.size() - 1});
    found.clear();
  };
  for (const MigrationTransaction& transaction : transactions_of(context.migrations())) {
    std::vector<Held> held;
    for (const MigrationTransaction::Step& step : transaction.steps) {
      if (step.migration != migration) flush();
      migration = step.migration;
      if (auto one = first_waiting(context, step, held)) found.push_back(std::move(*one));
      for (const TableLock& lock : step.step->locks)
        if (stops_readers(lock)) held.push_back({step, &lock});
    }
  }
  flush();
  return out;
}

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  std::vector<Waits> waits = all_waits(context);
  const auto is_note = [](const Waits& one) { return !one.worst.severe; };
  const auto notes = static_cast<std::size_t>(std::ranges::count_if(waits, is_note));
  if (notes > max_notes) {
    const auto worst = std::ranges::max_element(waits, [&](const Waits& a, const Waits& b) {
      return is_note(a) != is_note(b) ? is_note(b) : less_harmful(a.worst, b.worst);
    });
    worst->migrations = notes - 1;
    const Migration* kept = worst->worst.at.migration;
    std::erase_if(waits, [&](const Waits& one) { return is_note(one) && one.worst.at.migration != kept; });
  }
  for (const Waits& one : waits) report(context, out, one);
}

}  // namespace

constinit const Rule rule{
    .id = "missing-lock-timeout",
    .severity = Severity::warning,
    .needs = all(Input::migrations, any(Input::schema, Input::workload)),
    .summary = "a migration that waits for a lock on a busy table without lock_timeout",
    .why =
        "ALTER TABLE waits until every transaction that uses the table has ended, and every query that comes "
        "later waits behind it. A change that takes a millisecond then stops the application for as long as "
        "the longest transaction lasts. With lock_timeout the migration fails instead, the queue goes away, "
        "and it can be run again.\n\n"
        "Measured on PostgreSQL 15 with a reader that stays idle in its transaction for 5 s: without "
        "lock_timeout 20 of 20 later readers waited, the worst for 4.9 s; with 500 ms, the worst waited for "
        "0.4 s.\n\n"
        "With a log the rule uses the traffic on each table: it is a warning where the table has queries all "
        "the time and also long transactions, and a note where it has one of them. Without a log, it is a "
        "note for tables with very many rows or many foreign keys to them. Where no statistics have the rows "
        "of a table, it is also a note for a statement whose lock stops readers of a table that the "
        "statement does not name (DROP CONSTRAINT of a foreign key, DROP TABLE), and for one that waits for "
        "a table while the transaction keeps another one locked, if the name of one of the two says that it "
        "grows with use (`orders`, `events`), and neither looks like a lookup table. A lock_timeout that the "
        "script sets counts, and one that its connection gets: by PGOPTIONS, the options of a connection "
        "URL, the migration tool's configuration, or the server for the role or database. One finding for "
        "each migration; of more than three notes, one for all.",
    .fix =
        "Set lock_timeout at the beginning of the migration or in the connection that runs migrations, and "
        "let the deployment try again.",
    .when_to_ignore =
        "The deployment sets lock_timeout in a way that pgadvise does not see, or stops the application "
        "before it migrates.",
    .options = {&min_per_second, &long_transaction_ms, &min_rows, &min_references},
    .check = check};

}  // namespace pgadvise::rules::missing_lock_timeout
