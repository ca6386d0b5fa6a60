// Reads one table of Drizzle source: its columns, and the keys, indexes, checks and policies beside them.
#pragma once

#include "drizzle/schema/source_schema.h"
#include "drizzle/schema/source_tables.h"

namespace pgadvise::drizzle {

// Adds the table to the catalog of `out`, with the sequences of its columns; what is unknown goes to the list
// of `out`, as does a table without a known name. Names that drizzle-kit generates are as it generates them.
void add_table(SourceSchema& out, SourceTables& tables, const SourceTable& table, bool row_security);

// A policy that pgPolicy(…) makes, with calls behind it.
Policy read_policy(const typescript::Value& call, const SqlNames& names, std::vector<std::string>& unknown);

}  // namespace pgadvise::drizzle
