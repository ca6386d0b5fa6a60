#include "store/open.h"

#include "store/sqlite.h"

namespace pgadvise::store {

Result<std::unique_ptr<Store>> open(const Address& address, bool create) {
  return open_sqlite(address, create);
}

}  // namespace pgadvise::store
