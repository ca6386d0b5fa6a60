// Where a store is: the value of --store.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace pgadvise::store {

struct Address {
  std::string path;                   // of a SQLite file
  std::optional<int> retention_days;  // nullopt: as stored, at first 400
  std::string conninfo;               // of a PostgreSQL database
  std::string clickhouse;             // the URL of a ClickHouse database. Both "": the SQLite file
};

// Reads `sqlite`, `sqlite:PATH`, `postgresql://…`, `clickhouse://…` (clickhouse_address.h), each with
// `retention=DAYS` behind the `?`, or `env` (the variable PGADVISE_STORE). Also reads service='NAME', which a
// profile of the user's own configuration has. Without PATH: pgadvise/store.db in $XDG_STATE_HOME, else in
// ~/.local/state. Errors (usage): anything else; no error shows a password.
Result<Address> read_url(const std::string& url);

// The folder pgadvise in $XDG_STATE_HOME, else in ~/.local/state, which may not exist. Errors (usage):
// neither XDG_STATE_HOME nor HOME is an absolute path.
Result<std::string> state_folder();

// For messages: the path, or the connection string or URL without a password.
std::string shown(const Address& address);

// Tells a store from others, for what is kept on disk for it: shown() without the retention, of a file with
// its absolute path. Stays the same when the password or the retention changes.
std::string id_of(const Address& address);

}  // namespace pgadvise::store
