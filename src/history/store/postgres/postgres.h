// The store in the schema `pgadvise` of a PostgreSQL database.
#pragma once

#include <memory>

#include "store/store/address.h"
#include "store/store/store.h"

namespace pgadvise::store {

// As open() of store/open.h. Facts of one target are written by one upload at a time.
Result<std::unique_ptr<Store>> open_postgres(const Address& address, bool create);

}  // namespace pgadvise::store
