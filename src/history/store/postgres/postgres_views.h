// The views of the PostgreSQL store: new versions of them, and who may read them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "pg/connection/connection.h"
#include "store/postgres/postgres_session.h"
#include "store/store/views.h"

namespace pgadvise::store {

// Creates the views, or replaces them where they exist. Keeps their owners, the privileges on them, and other
// views that read them. Views whose columns do not only grow are dropped and created with the same owners and
// privileges. Errors (usage): as an error of `transaction`, if another program's view reads a view that would
// have to be dropped: the message names both.
Result<void> replace_views(PostgresTransaction& transaction, const std::vector<View>& views);

// The tables and views of the store, without partitions; quoted, as SQL names them.
Result<std::set<std::string>> relations_of_store(PostgresTransaction& transaction);

// Lets the roles that may read the table `run` read all tables and views that are not in `before`, too.
Result<void> grant_new_relations(PostgresTransaction& transaction, const std::set<std::string>& before);

}  // namespace pgadvise::store
