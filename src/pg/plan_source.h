// The PlanSource of a server: knowledge of what a statement would run, EXPLAIN, HypoPG. Never writes, leaves
// nothing.
#pragma once

#include <memory>

#include "base/result.h"
#include "pg/connection.h"
#include "plan/source.h"

namespace pgadvise::pg {

// The connection must outlive it.
Result<std::unique_ptr<plan::PlanSource>> make_plan_source(Connection& connection);

}  // namespace pgadvise::pg
