// pg_stat_statements of a live server -> Workload.
#pragma once

#include "base/result.h"
#include "model/workload.h"
#include "pg/connection.h"

namespace pgadvise::pg {

// All databases' statements that the role may see, in one READ ONLY transaction that is rolled back; of one
// source, whose identity is the server's and the time of the last reset: a later reading holds an earlier
// one. Errors: the extension is not in this database, or the server was not started with its library.
Result<Workload> read_statement_statistics(Connection& connection, Diagnostics& diagnostics);

}  // namespace pgadvise::pg
