// Tries the SQL of fixes before they are reported.
#pragma once

#include <stop_token>
#include <vector>

#include "advisor/candidates/propose.h"
#include "model/results/finding.h"
#include "pg/connection/connection.h"
#include "sql/parse/placeholders.h"

namespace pgadvise::check {

// The table that the finding is about, or whose index it proposes; of empty names: none.
QualifiedName table_of(const Finding& finding);

// Whether a fix of the finding's rule changes the schema that was checked: not that of a rule about
// migrations or queries, unless it proposes an index.
bool changes_schema(const Finding& finding);

// Parses each fix and its undo, and executes both in the sandbox, if there is one, in a transaction that is
// rolled back (so without CONCURRENTLY). A fix that the parser or the server rejects loses its SQL and
// becomes manual, and a proposed index is withdrawn; an undo that is rejected is left out; where only the
// loaded rows stand in the way (SQLSTATE class 23) the fix keeps its SQL and needs review. The finding's
// evidence has the server's message. Fixes that are manual, and those of migrations and queries, which are no
// change of the sandbox's schema, are parsed only. `proposals`: fixes for `findings`. `sandbox` may be null.
// Takes at most 10 s for a statement and 30 s in all; fixes after that are parsed only.
void try_fixes(std::vector<Finding>& findings, std::vector<advisor::ProposedFix>& proposals,
               pg::Connection* sandbox, const std::stop_token& stop);

// Puts the placeholders of templates back into the SQL of fixes, in place of the names that pgadvise made
// from them: the SQL can be added to migrations of the same template, and runs only once they are filled in.
// Such a fix needs review; it is manual where a placeholder is the whole name of a table or the like, which
// may be several tables.
void put_back_placeholders(std::vector<Finding>& findings, std::vector<advisor::ProposedFix>& proposals,
                           const sql::PlaceholderNames& names);

}  // namespace pgadvise::check
