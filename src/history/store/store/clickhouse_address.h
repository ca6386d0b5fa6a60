// The URL of a ClickHouse database that keeps a store.
#pragma once

#include <string>

#include "base/result.h"

namespace pgadvise::store {

struct ClickHouseAddress {
  std::string host;  // an IPv6 address has brackets
  int port = 8123;
  bool secure = false;            // https
  std::string root_certificates;  // of https: a PEM file of the authorities to trust; "": the system's
  std::string user;               // "": the user default
  std::string password;
  std::string database;
  std::string cluster;  // "": tables of one server

  std::string url() const;  // "https://host:8443/", without credentials
};

// Reads
// clickhouse://user:password@host:port/database?secure=true&sslrootcert=FILE&cluster=NAME&retention=DAYS;
// only the host is required. sslrootcert requires secure=true. Parts may be percent-encoded. Defaults: port
// 8123, with secure=true 8443; the database pgadvise; user and password of the variables CLICKHOUSE_USER and
// CLICKHOUSE_PASSWORD. Ignores the value of retention. Errors (usage): anything else; no error shows a part
// of the URL that may be a password.
Result<ClickHouseAddress> read_clickhouse_url(const std::string& url);

// For messages: "clickhouse://user@host:8123/database".
std::string shown(const ClickHouseAddress& address);

}  // namespace pgadvise::store
