// Connection strings: read, completed, and never echoed.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace pgadvise::pg {

// libpq keywords and values, with pgadvise's own added. Errors (Kind::database) never show the string: it
// holds a password, and where it is malformed nobody knows which part that is.
Result<std::vector<std::pair<std::string, std::string>>> read_conninfo(const std::string& conninfo);

// A server that libpq may try: the name, address or socket's folder, and the port.
struct Address {
  std::string host;  // "" where nothing names one: libpq's built-in default
  std::string port;
  bool operator==(const Address&) const = default;
};

// Every address that libpq would use for the connection string: each host and each hostaddr with its port,
// after the defaults of the environment (PGHOST, PGHOSTADDR, PGPORT, PGSERVICE). A host beside a hostaddr is
// in the list, too: ~/.pgpass and certificates go by it. Errors (usage): read_conninfo()'s, and lists of
// different lengths, which libpq refuses.
Result<std::vector<Address>> addresses(const std::string& conninfo);

// libpq's report of a failed connection -> one line and what to do about it.
Error connection_error(std::string where, std::string_view message);

// key='value' for a connection string.
std::string conninfo_pair(std::string_view key, std::string_view value);

// A server's message, printable, cut at 2,000 characters and at 4,000 bytes of what was sent.
std::string shortened(std::string_view message);

}  // namespace pgadvise::pg
