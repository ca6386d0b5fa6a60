#include "lint/migrations/migrations.h"

#include <algorithm>

#include "base/text/text.h"
#include "lint/schema/tables.h"
#include "model/schema/migration_tool.h"

namespace pgadvise::lint {
namespace {

using Kind = SchemaAction::Kind;
using Transaction = Migration::Transaction;

const TableStatistics* statistics(const Context& context, const QualifiedName& name) {
  // A catalog without settings is that of a sandbox, whose tables are empty.
  const Table* table =
      context.has_catalog() && !context.catalog().settings.empty() ? context.table(name) : nullptr;
  return table && table->statistics && table->statistics->rows >= 0 ? &*table->statistics : nullptr;
}

std::string tool_of(const Migration& migration) {
  const ToolFacts* tool = find_tool_facts(migration.tool);
  return tool ? std::string(tool->sentence) : "the migration tool";
}

std::string left_in_migration(std::string_view leave) {
  return leave.empty() ? std::string()
                       : ". In the migration, write " + std::string(leave) +
                             ": it does nothing after that, and takes effect in a new database";
}

}  // namespace

std::vector<Site> sites(const Context& context, const Option& min_rows, std::initializer_list<Kind> kinds) {
  const double least = context.option(min_rows);
  std::vector<Site> out;
  for (const Migration& migration : context.migrations())
    for (const SchemaStep& step : migration.steps)
      for (const SchemaAction& action : step.actions) {
        if (std::ranges::find(kinds, action.kind) == kinds.end() || action.on_new_table) continue;
        if (action.table_kind == Table::Kind::view || action.table_kind == Table::Kind::foreign) continue;
        const TableStatistics* known = statistics(context, action.table);
        if (known && known->rows < least) continue;
        out.push_back({&migration, &step, &action});
      }
  return out;
}

std::optional<double> known_rows(const Context& context, const QualifiedName& table) {
  const TableStatistics* known = statistics(context, table);
  return known ? std::optional(known->rows) : std::nullopt;
}

std::optional<double> known_bytes(const Context& context, const QualifiedName& table) {
  const TableStatistics* known = statistics(context, table);
  if (!known) return std::nullopt;
  return static_cast<double>(std::max(known->bytes, known->pages * page_bytes));
}

bool sessions_in_utc(const Context& context) {
  const std::string* zone = context.setting("TimeZone");
  return zone && is_one_of(*zone, {"UTC", "Etc/UTC", "GMT"});
}

Subject subject_of(const SchemaAction& action) {
  return subject_in(action.table, action.columns.empty() ? "table" : "column", action.columns);
}

std::string rows_known(const Context& context, const QualifiedName& table) {
  const TableStatistics* known = statistics(context, table);
  return known ? "; it has " + grouped(known->rows) + " rows" : std::string();
}

Finding& SiteReporter::add(const Migration& migration, SourceLocation place, Subject subject,
                           std::string message, std::optional<Severity> severity) {
  subject.entry = migration.entry;
  const int count = ++seen_[subject];
  subject.entry = numbered(std::move(subject.entry), count);
  return reporter_.add(std::move(subject), std::move(place), std::move(message), severity);
}

std::span<const SchemaStep> steps_before(const Site& site) {
  const SchemaStep* first = site.migration->steps.data();
  return {first, site.step};
}

std::string how_it_runs(const Migration& migration) {
  switch (migration.transaction) {
    case Transaction::run: return tool_of(migration) + " runs all pending migrations in one transaction";
    case Transaction::file: return tool_of(migration) + " runs each migration in a transaction";
    case Transaction::script:
      if (const ToolFacts* tool = find_tool_facts(migration.tool); tool && !tool->runs_script.empty())
        return std::string(tool->runs_script);
      return tool_of(migration) + " sends a migration as one string of statements, which is one transaction";
    default: return {};
  }
}

std::string outside_transaction(const Migration& migration, std::string_view leave) {
  const ToolFacts* tool = find_tool_facts(migration.tool);
  const std::string own_way(tool ? tool->leave_transaction : "");
  if (migration.transaction == Transaction::run)
    return how_it_runs(migration) +
           ", in which CONCURRENTLY fails. Run the statement by hand before the deployment" +
           left_in_migration(leave);
  if (tool && tool->leaving_may_fail) return own_way + left_in_migration(leave);
  if (migration.transaction == Transaction::script)
    return "Put it into a migration of its own, with no other statement: " + how_it_runs(migration) +
           " unless it is a single statement";
  if (!own_way.empty()) return own_way;
  if (migration.transaction == Transaction::none) return {};
  return "CONCURRENTLY can't run in a transaction block: if the migration tool opens one, put the statement "
         "into a migration of its own and turn off its transaction";
}

bool needs_own_transaction(const SchemaAction& action) {
  switch (action.kind) {
    case Kind::create_index:
    case Kind::drop_index:
    case Kind::detach_partition: return action.concurrently;
    case Kind::reindex: return action.concurrently || !action.detail.empty();
    default: return false;
  }
}

bool avoids_transaction(const Migration& migration) {
  return migration.concurrently_elsewhere && std::ranges::any_of(migration.steps, [](const SchemaStep& step) {
           return step.transaction != 0 && std::ranges::any_of(step.actions, needs_own_transaction);
         });
}

bool own_runner(const Context& context, const Migration& migration) {
  if (migration.transaction != Transaction::run || !context.has_project()) return false;
  const auto& commands = context.project().deploy_commands;
  return std::ranges::any_of(commands, [](const DeployCommand& command) {
    return command.words.size() > 1 && command.words[1] == "readMigrationFiles";
  });
}

bool may_run_by_hand(const Migration& migration) {
  const ToolFacts* tool = find_tool_facts(migration.tool);
  return migration.transaction == Transaction::run || (tool && tool->leaving_may_fail);
}

bool made_here(const Site& site, const std::vector<std::string>& columns) {
  return first_action({site.migration->steps.data(), site.step + 1}, [&](const SchemaAction& action) {
    if (action.table != site.action->table) return false;
    if (action.kind == Kind::rename_column) return contains(columns, action.name);
    return action.kind == Kind::add_column &&
           std::ranges::find_first_of(columns, action.columns) != columns.end();
  });
}

std::string in_its_own_transaction(const Migration& migration) {
  if (migration.transaction == Transaction::run)
    return "in a later deployment, since " + how_it_runs(migration);
  if (migration.transaction == Transaction::none) return "in a statement of its own";
  return "in a later migration";
}

bool carried_over(const Site& site) {
  const SchemaAction& dropped = *site.action;
  return first_action(steps_before(site), [&](const SchemaAction& action) {
    if (action.kind != Kind::insert_from && action.kind != Kind::update) return false;
    if (std::ranges::find(action.reads_from, dropped.table) == action.reads_from.end()) return false;
    return dropped.columns.empty() ? action.table != dropped.table
                                   : contains(action.reads, dropped.columns[0]);
  });
}

const SchemaStep* locked_before(const Site& site) {
  if (site.step->transaction == 0 || avoids_transaction(*site.migration)) return nullptr;
  const SchemaStep* first = nullptr;
  QualifiedName name = site.action->table;  // as the step at hand finds it
  for (std::size_t at = static_cast<std::size_t>(site.step - site.migration->steps.data()); at > 0; --at) {
    const SchemaStep& step = site.migration->steps[at - 1];
    if (step.transaction != site.step->transaction) continue;
    const QualifiedName after = name;
    for (auto action = step.actions.rbegin(); action != step.actions.rend(); ++action)
      if (action->kind == Kind::rename_table && renamed_table(*action) == name) name = action->table;
    for (const TableLock& lock : step.locks)
      if ((lock.table == name || lock.table == after) && blocks_reads(lock.mode)) first = &step;
  }
  return first;
}

}  // namespace pgadvise::lint
