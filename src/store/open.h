// Opens the store that an address names, whatever its engine.
#pragma once

#include <memory>

#include "store/address.h"
#include "store/store.h"

namespace pgadvise::store {

// `create`: makes a new store, and its folder, if there is none; both are accessible to the user only. Brings
// a store of an earlier version to this version's schema. Errors (usage): no store and not `create`; a file
// of another program, or of a later version of pgadvise.
Result<std::unique_ptr<Store>> open(const Address& address, bool create);

}  // namespace pgadvise::store
