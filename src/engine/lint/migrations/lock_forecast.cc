#include "lint/migrations/lock_forecast.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "base/text/text.h"
#include "lint/migrations/migrations.h"
#include "lint/queries/loops.h"
#include "lint/queries/queries.h"
#include "lint/schema/tables.h"
#include "model/schema/migration_tool.h"
#include "model/schema/type_change.h"

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
  return std::ranges::any_of(step.actions, [&](const SchemaAction& action) {
    if (action.table != table) return false;
    if (action.kind == Kind::insert_from) return !action.reads_from.empty();
    return (action.kind == Kind::update || action.kind == Kind::remove) && !action.on_new_table &&
           (action.rows == Selectivity::all || action.rows == Selectivity::most);
  });
}

// Whether the step rewrites tables in sessions alone whose TimeZone is not UTC.
bool rewrites_unless_utc(const SchemaStep& step) {
  bool unless_utc = false;
  for (const SchemaAction& action : step.actions) {
    if (action.kind != Kind::change_type || action.converts || action.indexed || !action.after) return false;
    const TypeChange change =
        type_change(action.before ? action.before->type : "", action.after->type, action.enums);
    if (change.cost == TypeChange::Cost::in_utc) unless_utc = true;
    else if (change.cost != TypeChange::Cost::none || action.rechecked || action.index_rebuilt) return false;
  }
  return unless_utc;
}

std::optional<double> log_seconds(const Workload& workload) {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
  for (const Query& query : workload.queries) {
    if (query.first) first = std::min(first, *query.first);
    if (query.last) last = std::max(last, *query.last);
  }
  const double seconds = last > first ? static_cast<double>(last - first) / 1e6 : 0;
  return seconds >= 1 ? std::optional(seconds) : std::nullopt;
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

void take_longest(TableTraffic& out, const Query& query) {
  if (query.max_ms <= out.longest_ms) return;
  out.longest_ms = query.max_ms;
  out.longest = query.text;
  out.longest_at = place_of(query).value_or(SourceLocation{});
}

// `fingerprints`: of the transactions to consider; nullptr: all.
void take_open_transactions(TableTraffic& out, const Workload& workload,
                            const std::set<std::string_view>* fingerprints) {
  for (const ServerEvent& event : workload.server_events) {
    if (event.kind != ServerEvent::Kind::open_transaction) continue;
    if (fingerprints && !fingerprints->count(event.fingerprint)) continue;
    if (event.longest_us / 1000 <= out.longest_ms) continue;
    out.longest_ms = event.longest_us / 1000;
    out.longest = event.statement;
    out.longest_at = event.place;
  }
}

// The tables that one transaction has renamed so far.
class FirstNames {
 public:
  void clear() { names_.clear(); }

  void add_step(MigrationTransaction::Step& step) {
    take_names(step);
    bool renames = false;
    for (const SchemaAction& action : step.step->actions) {
      if (action.kind != Kind::rename_table) continue;
      follow(action);
      renames = true;
    }
    if (renames) take_names(step);  // a DO block may use the new names
  }

 private:
  void take_names(MigrationTransaction::Step& step) const {
    if (names_.empty()) return;
    const auto take = [&](const QualifiedName& name) {
      if (const auto found = names_.find(name); found != names_.end()) step.first_names.insert(*found);
    };
    for (const TableLock& lock : step.step->locks) take(lock.table);
    for (const SchemaAction& action : step.step->actions) {
      take(action.table);
      for (const QualifiedName& table : action.reads_from) take(table);
    }
  }

  void follow(const SchemaAction& rename) {
    const auto known = names_.extract(rename.table);
    const QualifiedName first = known ? known.mapped() : rename.table;
    const QualifiedName now = renamed_table(rename);
    if (now == first) names_.erase(now);
    else names_.insert_or_assign(now, first);
  }

  std::map<QualifiedName, QualifiedName> names_;  // by the current name
};

}  // namespace

const QualifiedName& MigrationTransaction::Step::first_name(const QualifiedName& table) const {
  const auto found = first_names.find(table);
  return found == first_names.end() ? table : found->second;
}

std::vector<MigrationTransaction> transactions_of(const std::vector<Migration>& migrations) {
  std::vector<MigrationTransaction> out;
  FirstNames names;
  int number = 0;  // of the last step; 0: its transaction has ended
  for (const Migration& migration : migrations) {
    const bool goes_on = migration.with_previous && migration.transaction == Migration::Transaction::run;
    const bool apart = avoids_transaction(migration);
    if (!goes_on || apart) number = 0;
    bool first = true;
    for (const SchemaStep& step : migration.steps) {
      const bool same = !apart && step.transaction != 0 && !out.empty() && number != 0 &&
                        (first ? goes_on && step.transaction == 1 : step.transaction == number);
      if (!same) {
        out.emplace_back();
        names.clear();
      }
      out.back().steps.push_back({&migration, &step});
      names.add_step(out.back().steps.back());
      number = apart ? 0 : step.transaction;
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
  const bool unless_utc = rewrites_unless_utc(step);
  if (unless_utc && sessions_in_utc(context)) return out;
  for (const TableLock& lock : step.locks) {
    if (lock.on_new_table || lock.work == Work::none || is_small(context, lock.table, min_rows)) continue;
    if (lock.work == Work::rows && !changes_many_rows(step, lock.table)) continue;
    take(lock.table, lock.work);
  }
  // Rows copied from a table that was there to a new one.
  for (const SchemaAction& action : step.actions)
    if (action.kind == Kind::insert_from && action.on_new_table)
      for (const QualifiedName& from : action.reads_from)
        if (!out && from != action.table && context.table(from) && !is_small(context, from, min_rows))
          take(from, Work::rows);
  if (out) out->unless_utc = unless_utc && out->work == Work::rewrite;
  return out;
}

LockMode lock_of(const Query& query, const QualifiedName& table) {
  if (changes_rows(query) && main_table(query) == table) return LockMode::row_exclusive;
  return query.facts.locks_rows ? LockMode::row_share : LockMode::access_share;
}

Evidence longest_fact(const TableTraffic& traffic) {
  return log_fact("the longest: " + ellipsis(traffic.longest, shown_statement),
                  traffic.longest_at.line ? std::optional(traffic.longest_at) : std::nullopt);
}

TableTraffic traffic_on(const Context& context, const QualifiedName& table, LockMode mode) {
  TableTraffic out;
  if (!context.has_workload()) return out;
  std::set<std::string_view> fingerprints;
  for (const Query* query : context.queries_on(table)) {
    if (!conflict(mode, lock_of(*query, table))) continue;
    fingerprints.insert(query->fingerprint);
    out.calls += query->calls;
    take_longest(out, *query);
  }
  take_open_transactions(out, context.workload(), &fingerprints);
  out.seconds = log_seconds(context.workload());
  return out;
}

TableTraffic traffic_before_concurrent(const Context& context) {
  TableTraffic out;
  if (!context.has_workload()) return out;
  for (const Query& query : context.workload().queries)
    if (query.facts.kind == StatementKind::select || changes_rows(query)) take_longest(out, query);
  take_open_transactions(out, context.workload(), nullptr);
  out.seconds = log_seconds(context.workload());
  return out;
}

std::string why_busy(const Context& context, const QualifiedName& table, double rows, double references) {
  if (const auto known = known_rows(context, table); known && *known >= rows)
    return "it has " + grouped(*known) + " rows";
  const auto keys = context.references_to(table).size();
  return static_cast<double>(keys) >= references ? std::to_string(keys) + " foreign keys refer to it" : "";
}

std::optional<Growth> growth_by_definition(const Context& context, const QualifiedName& name) {
  const Table* table = context.table(name);
  return table && !known_rows(context, name) ? std::optional(growth_of(*table)) : std::nullopt;
}

std::optional<SettingInForce> lock_timeout_of(const Context& context, const SchemaStep& step) {
  if (step.lock_timeout_ms) {
    if (*step.lock_timeout_ms == 0) return std::nullopt;
    return SettingInForce{*step.lock_timeout_ms, {}, step.place.file};
  }
  if (context.has_project())
    for (const SessionTimeout& timeout : context.project().timeouts)
      if (timeout.lock && timeout.ms > 0 && timeout.unread.empty())
        return SettingInForce{timeout.ms, timeout.place, timeout.what};
  const std::string* setting = context.setting("lock_timeout");
  if (!setting || *setting == "0" || setting->empty()) return std::nullopt;
  // "set by role": for another role than pgadvise's.
  std::int64_t ms = 0;
  const bool number =
      std::from_chars(setting->data(), setting->data() + setting->size(), ms).ec == std::errc();
  return SettingInForce{number ? std::optional(ms) : std::nullopt, {}, "the server"};
}

const DeployCommand* migrating_command(const Context& context) {
  if (!context.has_project()) return nullptr;
  const auto migrates = [](const DeployCommand& command) {
    if (!command.production || command.words.empty()) return false;
    const std::string& tool = command.words[0];
    const auto names = [&](std::string_view word) {
      return std::find(command.words.begin() + 1, command.words.end(), word) != command.words.end();
    };
    for (const ToolFacts* known : tool_facts())
      if (const auto space = known->command.find(' '); space != std::string_view::npos &&
                                                       tool == known->command.substr(0, space) &&
                                                       names(known->command.substr(space + 1)))
        return true;
    return std::ranges::any_of(command.words, [](const std::string& word) {
      return word == "migrate" || word == "db:migrate" || word.starts_with("migrate:") ||
             word.starts_with("migration:run") || word == "migrate-deploy";
    });
  };
  const auto& commands = context.project().deploy_commands;
  const auto found = std::ranges::find_if(commands, migrates);
  return found == commands.end() ? nullptr : &*found;
}

std::string blocked_by(LockMode mode) {
  if (blocks_reads(mode)) return "reads and writes";
  return blocks_writes(mode) ? "writes" : "";
}

}  // namespace pgadvise::lint
