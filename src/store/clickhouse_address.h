// The URL of a ClickHouse database that keeps a store.
#pragma once

#include <string>

#include "base/result.h"

namespace pgadvise::store {

struct ClickHouseAddress {
  std::string host;  // an IPv6 address has brackets
  int port = 8123;
  bool secure = false;  // https
  std::string user;     // "": the user default
  std::string password;
  std::string database;
  std::string cluster;  // "": tables of one server

  std::string url() const;  // "https://host:8443/", without credentials
};

// Reads clickhouse://user:password@host:port/database?secure=true&cluster=NAME&retention=DAYS; only the host
// is required. Parts may be percent-encoded. Defaults: port 8123, with secure=true 8443; the database
// pgadvise; user and password of the variables CLICKHOUSE_USER and CLICKHOUSE_PASSWORD. Ignores the value of
// retention. Errors (usage): anything else; no error shows a part of the URL that may be a password.
Result<ClickHouseAddress> read_clickhouse_url(const std::string& url);

// For messages: "clickhouse://user@host:8123/database".
std::string shown(const ClickHouseAddress& address);

}  // namespace pgadvise::store
