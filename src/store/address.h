// Where a store is: the value of --store.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace pgadvise::store {

struct Address {
  std::string path;                   // of a SQLite file
  std::optional<int> retention_days;  // nullopt: as stored, at first 400
};

// Reads `sqlite`, `sqlite:PATH`, each with `?retention=DAYS`, or `env` (the variable PGADVISE_STORE). Without
// PATH: pgadvise/store.db in $XDG_STATE_HOME, else in ~/.local/state. Errors (usage): anything else; no error
// shows a password.
Result<Address> read_url(const std::string& url);

}  // namespace pgadvise::store
