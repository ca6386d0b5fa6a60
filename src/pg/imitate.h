// A production server's sizes and statistics on a sandbox that holds its schema and no row: so it plans as production does.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/relation_size.h"
#include "pg/connection.h"

namespace pgadvise::pg {

// Before the schema is built: the collation, which is fixed for good with the first index on text.
void imitate_collation(Connection& admin, const Catalog& production);

// The planner reads a table's size off its file, and scales reltuples by it; what else it knows it takes from pg_class, pg_statistic
// and, of a B-tree, from its first page. So: files without content of the right length, rows in pg_class and pg_statistic, and for
// each B-tree as many empty levels as it would have. Nothing of it can be run, only planned. `data`: the server's data directory.
// What has no counterpart on the sandbox is passed over.
void imitate(Connection& admin, const std::string& data, const Catalog& production, const std::vector<RelationSize>& sizes, Diagnostics& diagnostics);

// Bytes of the pages that a B-tree of so many levels over empty leaves begins with: the metapage, and one page a level.
std::string empty_tree(int height);

}  // namespace pgadvise::pg
