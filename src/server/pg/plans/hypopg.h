// HypoPG on a server: whether its functions are what they seem to be.
#pragma once

#include <string>

#include "base/result.h"
#include "pg/connection/connection.h"

namespace pgadvise::pg {

struct HypoPG {
  std::string schema;    // quoted; "" unless pgadvise may call the functions
  bool created = false;  // the extension exists in the database
  std::string refused;   // why pgadvise does not call its functions: "… is not HypoPG's own"
};

// Every function of the extension's schema whose name begins with hypopg must belong to the extension and run
// its own symbol of HypoPG's library: whoever owns the schema could add others, which a call could reach.
// REQUIRES a transaction.
Result<HypoPG> find_hypopg(Connection& connection);

}  // namespace pgadvise::pg
