// What the migration rules share: which actions count, what they are about, how the tool runs them.
#pragma once

#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "lint/context.h"
#include "model/schema_step.h"

namespace pgadvise::lint {

struct Site {
  const Migration* migration;
  const SchemaStep* step;
  const SchemaAction* action;
};

// Actions of these kinds on tables that hold rows, as far as files and server tell: not made by the migration
// itself, not temporary, and by the server's statistics, where there are any, of at least as many rows as the
// option `min_rows` says.
std::vector<Site> sites(const Context& context, const Option& min_rows,
                        std::initializer_list<SchemaAction::Kind> kinds);

// "; it has 1,200,000 rows" by the server's statistics; "" without.
std::string rows_known(const Context& context, const QualifiedName& table);

// Adds findings about sites: subjects that tell two of one migration apart, places, the migration as
// evidence.
class SiteReporter {
 public:
  explicit SiteReporter(Reporter& reporter) : reporter_(reporter) {}
  Finding& add(const Site& site, Subject subject, std::string message,
               std::optional<Severity> severity = std::nullopt);

 private:
  Reporter& reporter_;
  std::map<Subject, int> seen_;
};

// "drizzle runs all pending migrations in one transaction"; "" when it is not known how this one runs.
std::string how_it_runs(const Migration& migration);

// What to do so that a statement like CREATE INDEX CONCURRENTLY may run; `leave`: what stays in the migration
// when it has to be run by hand, "CREATE INDEX IF NOT EXISTS".
std::string outside_transaction(const Migration& migration, std::string_view leave);

// Where the next step of several must stand for the locks of the first to be gone: "in a migration of its
// own", …
std::string in_its_own_transaction(const Migration& migration);

// Something earlier in the migration reads the column (or table) that is about to go: its values were carried
// over.
bool carried_over(const Site& site);

// The other steps of the transaction that this one runs in, which took a lock on the table that shuts readers
// out, before it.
const SchemaStep* locked_before(const Site& site);

}  // namespace pgadvise::lint
