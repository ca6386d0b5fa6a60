// HOST:PORT, as --allow-host and allow-hosts name a server.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "pg/conninfo.h"

namespace pgadvise::check {

// The one way to write it that is compared: host names in lower case, IPv6 addresses in brackets, the port a
// number. A host is a name, an address, or the folder of a socket (/var/run/postgresql:5432). There are no
// patterns, and names are not resolved. Errors (usage): no port, a character that neither host names nor
// addresses have (letters beyond ASCII look like others), a user or a password (which the error does not
// show).
Result<std::string> allowed_host(std::string_view text);

// The same of an address that libpq would use.
Result<std::string> allowed_host(const pg::Address& address);

}  // namespace pgadvise::check
