#include "store/open.h"

#include "store/clickhouse/clickhouse.h"
#include "store/postgres/postgres.h"
#include "store/sqlite/sqlite.h"

namespace pgadvise::store {

Result<std::unique_ptr<Store>> open(const Address& address, bool create) {
  if (!address.clickhouse.empty()) return open_clickhouse(address, create);
  return address.conninfo.empty() ? open_sqlite(address, create) : open_postgres(address, create);
}

}  // namespace pgadvise::store
