// Reads pg_stat_statements of a live server into a Workload.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "model/queries/workload.h"
#include "pg/connection/connection.h"

namespace pgadvise::pg {

enum class StatementScope : std::uint8_t { server, database };

// Reads the statements of all databases that the role may see, or of the connection's database, in one READ
// ONLY transaction that is rolled back. They are one source, identified by the server and the time of the
// last reset, so that a later reading includes an earlier one. Errors: the extension is not in this database,
// or the server was started without its library.
Result<Workload> read_statement_statistics(Connection& connection, StatementScope scope,
                                           Diagnostics& diagnostics);

}  // namespace pgadvise::pg
