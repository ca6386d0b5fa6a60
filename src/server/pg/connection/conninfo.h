// Parses and completes connection strings. No error message quotes one.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace pgadvise::pg {

// Returns libpq keywords and values, with pgadvise's own added. Errors (Kind::database) never quote the
// string, as any part of a malformed one may be a password.
Result<std::vector<std::pair<std::string, std::string>>> read_conninfo(const std::string& conninfo);

// A server that libpq may try: name, address or socket folder, and port.
struct Address {
  std::string host;  // "" for libpq's built-in default
  std::string port;
  bool operator==(const Address&) const = default;
};

// Every address that libpq would use for the connection string: each host and each hostaddr with its port,
// after the defaults of the environment (PGHOST, PGHOSTADDR, PGPORT, PGSERVICE). A host beside a hostaddr is
// included, as ~/.pgpass and certificates use it. Errors (usage): those of read_conninfo(), and lists of
// different lengths, which libpq rejects.
Result<std::vector<Address>> addresses(const std::string& conninfo);

// Converts libpq's report of a failed connection to one line with a hint.
Error connection_error(std::string where, std::string_view message);

// key='value' for a connection string.
std::string conninfo_pair(std::string_view key, std::string_view value);

// A server's message, made printable, cut at 2,000 characters and 4,000 bytes of input.
std::string shortened(std::string_view message);

}  // namespace pgadvise::pg
