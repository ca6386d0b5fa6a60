// Whether the schema pgadvise runs nothing of others when pgadvise reads and writes its tables.
#pragma once

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
Result<void> check_relations(PostgresTransaction& transaction, const pg::Connection& connection);

// A transaction of Access::write on a store that exists, in which nobody can add a trigger, rule, policy or
// index to a table until it ends. Errors: those of check_relations().
Result<PostgresTransaction> begin_write(pg::Connection& connection);

}  // namespace pgadvise::store
