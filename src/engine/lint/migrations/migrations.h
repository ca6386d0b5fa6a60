// Shared by the migration rules: selection of actions, subjects, and how the tool runs migrations.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "lint/run/context.h"
#include "model/schema/schema_step.h"

namespace pgadvise::lint {

struct Site {
  const Migration* migration;
  const SchemaStep* step;
  const SchemaAction* action;
};

// The option `min_rows` of the rules about sites.
constexpr Option rows_option(double fallback) {
  return size_option("rows", fallback,
                     "rows below which a table is not reported, where the statistics of a server are known");
}

// Actions of these kinds on tables with rows: tables that the migration itself did not create, not temporary,
// and with at least `min_rows` rows (an option) if the server's statistics are known.
std::vector<Site> sites(const Context& context, const Option& min_rows,
                        std::initializer_list<SchemaAction::Kind> kinds);

// The action's columns, or its table if it names none.
Subject subject_of(const SchemaAction& action);

// Rows of the table, from a server's statistics; nullopt without them.
std::optional<double> known_rows(const Context& context, const QualifiedName& table);

// Bytes of the table without indexes, from a server's statistics; nullopt without them.
std::optional<double> known_bytes(const Context& context, const QualifiedName& table);

// Whether the server's sessions begin with TimeZone UTC, in which a change between timestamp and timestamptz
// rewrites nothing. false if unknown.
bool sessions_in_utc(const Context& context);

// "; it has 1,200,000 rows", from the server's statistics; "" without them
std::string rows_known(const Context& context, const QualifiedName& table);

// Adds findings about sites: with subjects that distinguish two findings of one migration, locations, and the
// migration as evidence.
class SiteReporter {
 public:
  explicit SiteReporter(Reporter& reporter) : reporter_(reporter) {}
  Finding& add(const Site& site, Subject subject, std::string message,
               std::optional<Severity> severity = std::nullopt) {
    return add(*site.migration, site.action->place, std::move(subject), std::move(message), severity);
  }
  Finding& add(const Migration& migration, SourceLocation place, Subject subject, std::string message,
               std::optional<Severity> severity = std::nullopt);

 private:
  Reporter& reporter_;
  std::map<Subject, int> seen_;
};

// The first action of the steps for which `is` holds; nullptr if there is none.
template <class Is>
const SchemaAction* first_action(std::span<const SchemaStep> steps, const Is& is) {
  for (const SchemaStep& step : steps)
    if (const auto found = std::ranges::find_if(step.actions, is); found != step.actions.end())
      return &*found;
  return nullptr;
}
// The steps of the migration before that of the site.
std::span<const SchemaStep> steps_before(const Site& site);

// "drizzle runs all pending migrations in one transaction"; "" if unknown.
std::string how_it_runs(const Migration& migration);

// How to run a statement such as CREATE INDEX CONCURRENTLY. `leave`: what remains in the migration if the
// statement must be run by hand, "CREATE INDEX IF NOT EXISTS".
std::string outside_transaction(const Migration& migration, std::string_view leave);

// Whether the statement fails in a transaction block.
bool needs_own_transaction(const SchemaAction& action);

// Whether the migration's statements run without the transaction of its tool: one of them fails in it, and
// more migrations of the folder have such statements, so that whoever runs them has found a way.
bool avoids_transaction(const Migration& migration);

// Whether the project reads drizzle's files itself, and runs them in its own way.
bool own_runner(const Context& context, const Migration& migration);

// Whether outside_transaction() advises to run the statement by hand, with all or some versions of the tool.
bool may_run_by_hand(const Migration& migration);

// Whether the migration adds one of the columns, or gives it its name, up to the statement of the action.
bool made_here(const Site& site, const std::vector<std::string>& columns);

// Where the next of several steps must be, so that the first one has released its locks: "in a migration of
// its own", …
std::string in_its_own_transaction(const Migration& migration);

// Whether an earlier statement of the migration reads the column or table that is dropped, so that its values
// were copied.
bool carried_over(const Site& site);

// The first earlier step of the same transaction whose lock on the table blocks reads, also under a name that
// the table had before; nullptr if none.
const SchemaStep* locked_before(const Site& site);

}  // namespace pgadvise::lint
