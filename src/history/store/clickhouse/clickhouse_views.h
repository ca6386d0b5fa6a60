// The views of docs/store.md in ClickHouse's SQL.
#pragma once

#include "store/store/views.h"

namespace pgadvise::store {

// The views do not depend on settings of the reader: they use neither correlated subqueries, which ClickHouse
// 24.8 does not have, nor the NULLs of outer joins.
extern const Dialect clickhouse_dialect;

}  // namespace pgadvise::store
