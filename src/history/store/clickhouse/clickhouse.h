// The store in a ClickHouse database.
#pragma once

#include <memory>

#include "store/store/address.h"
#include "store/store/store.h"

namespace pgadvise::store {

// As open() of store/open.h, but for put(): ClickHouse has no transactions. An upload writes its facts first,
// and last the rows that the views join with: readers see complete uploads only, and an upload that failed
// can be repeated.
Result<std::unique_ptr<Store>> open_clickhouse(const Address& address, bool create);

}  // namespace pgadvise::store
