// The PlanSource of a server: knowledge of what a statement would run, EXPLAIN, HypoPG. Never writes, leaves
// nothing.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "pg/connection.h"
#include "plan/source.h"

namespace pgadvise::pg {

// The connection must outlive it.
Result<std::unique_ptr<plan::PlanSource>> make_plan_source(Connection& connection);

// Others beside the one of `first`, which `conninfo` opened: each on a connection of its own, as
// more_connections() has them. None behind a pooler, whose connections are not ours to count.
std::vector<std::unique_ptr<plan::PlanSource>> more_plan_sources(Connection& first,
                                                                 const std::string& conninfo,
                                                                 std::size_t wanted);

}  // namespace pgadvise::pg
