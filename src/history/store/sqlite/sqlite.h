// The store in a SQLite file.
#pragma once

#include <memory>

#include "store/sqlite/sqlite_connection.h"
#include "store/store/address.h"
#include "store/store/store.h"

namespace pgadvise::store {

// As open() of store/open.h.
Result<std::unique_ptr<Store>> open_sqlite(const Address& address, bool create);

// The store in a file that is open, and has the current schema.
std::unique_ptr<Store> sqlite_store(SqliteConnection connection);

}  // namespace pgadvise::store
