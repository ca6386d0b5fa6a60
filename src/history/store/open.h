// Opens the store that an address names, whatever its engine.
#pragma once

#include <memory>

#include "store/store/address.h"
#include "store/store/store.h"

namespace pgadvise::store {

// `create`: makes a new store if there is none: a file and its folder, which are accessible to the user only,
// or the schema pgadvise of a database. Brings a store of an earlier version to this version's schema. Errors
// (usage): no store and not `create`; a file or schema of another program, or of a later version of pgadvise;
// a database without the schema that has tables of other programs; a server that cannot be reached.
Result<std::unique_ptr<Store>> open(const Address& address, bool create);

}  // namespace pgadvise::store
