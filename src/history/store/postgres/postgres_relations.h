// Checks that the tables in the schema pgadvise cannot run other users' code when pgadvise uses them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "pg/connection/connection.h"
#include "store/postgres/postgres_session.h"
#include "store/store/views.h"

namespace pgadvise::store {

// The tables of the store as view definitions, which name them in full: behind with_definitions() they stand
// for the tables' names where the search path is pg_catalog alone.
std::vector<View> postgres_tables();

// In a transaction of Access::read or write: looks in the catalog at the tables of the store that exist,
// their partitions and their indexes. Errors (usage): one is a view or a foreign table, has a rule, a
// trigger, row-level security, a generated column, a default, a constraint, a column type, an index
// expression, predicate, operator class or access method that pgadvise does not create; the schema has
// functions or operators, which can stand in for built-in ones.
Result<void> check_relations(PostgresTransaction& transaction);

// Until the end of the transaction of Access::write nobody can add a trigger, rule, policy or index to these
// relations of the schema pgadvise; then check_relations(). Partitions are locked only if they are named.
// Called while the transaction holds its advisory lock (StoreLock): dropping a partition takes the exclusive
// one. Errors: a relation is missing, or the role may not write to it; those of check_relations().
Result<void> keep_unchanged(PostgresTransaction& transaction, const std::set<std::string>& relations);

}  // namespace pgadvise::store
