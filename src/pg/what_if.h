// HypoPG on a server as a plan::WhatIf. One READ ONLY transaction holds many questions; it is ended and begun
// anew each second, so that no lock is held for long. The hypothetical indexes are dropped before each end.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "pg/connection.h"
#include "plan/what_if.h"

namespace pgadvise::pg {

// Connections beside `first`, which `conninfo` opened: to the same server, acting as it does. At most
// `wanted` of them, and half of what the server, the database and the role have free; fewer where it refuses
// more.
std::vector<Connection> more_connections(Connection& first, const std::string& conninfo, std::size_t wanted);

// Only where PlanSource::what_if_missing() is empty. The connection must outlive it, and serves nothing else
// until clear(). `more`: for for_each() to ask on, too.
Result<std::unique_ptr<plan::WhatIf>> make_what_if(Connection& connection, std::vector<Connection> more = {});

}  // namespace pgadvise::pg
