// The PlanSource of a server: dependencies of a statement, EXPLAIN, and HypoPG. It writes nothing and leaves
// nothing on the server.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "pg/connection/connection.h"
#include "plan/run/source.h"

namespace pgadvise::pg {

// The connection must outlive the result.
Result<std::unique_ptr<plan::PlanSource>> make_plan_source(Connection& connection);

// Further plan sources beside that of `first`, which `conninfo` opened: each with its own connection
// (more_connections()). None behind a pooler, whose connections are limited by somebody else.
std::vector<std::unique_ptr<plan::PlanSource>> more_plan_sources(Connection& first,
                                                                 const std::string& conninfo,
                                                                 std::size_t wanted);

}  // namespace pgadvise::pg
