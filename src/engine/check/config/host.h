// HOST:PORT, the form of a server in --allow-host and allow-hosts.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "pg/connection/conninfo.h"

namespace pgadvise::check {

// Returns the normalized form, which is the one to compare: host names in lower case, IPv6 addresses in
// brackets, the port as a number. A host is a name, an address, or a socket's folder
// (/var/run/postgresql:5432). No patterns; names are not resolved. Errors (usage): no port, a character that
// neither host names nor addresses have (letters beyond ASCII can imitate others), a user or a password
// (which the error does not show).
Result<std::string> allowed_host(std::string_view text);

// The normalized form of an address that libpq would use.
Result<std::string> allowed_host(const pg::Address& address);

}  // namespace pgadvise::check
