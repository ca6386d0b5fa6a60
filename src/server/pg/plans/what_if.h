// Implements plan::WhatIf with HypoPG on a server. Several requests share one READ ONLY transaction, which is
// renewed each second, so that locks are held for a short time only. Hypothetical indexes are removed before
// the end of each transaction.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "pg/connection/connection.h"
#include "plan/run/what_if.h"

namespace pgadvise::pg {

// Further connections to the server of `first`, which `conninfo` opened, with the same session settings. At
// most `wanted`, at most half of the connections that server, database and role have free, and fewer if the
// server rejects some.
std::vector<Connection> more_connections(Connection& first, const std::string& conninfo, std::size_t wanted);

// REQUIRES an empty PlanSource::what_if_missing(). The connection must outlive the result, and must not be
// used otherwise until clear(). `more`: further connections for for_each().
Result<std::unique_ptr<plan::WhatIf>> make_what_if(Connection& connection, std::vector<Connection> more = {});

}  // namespace pgadvise::pg
