// HypoPG on a server as a plan::WhatIf. One READ ONLY transaction holds many questions; it is ended and begun anew each
// second, so that no lock is held for long. The hypothetical indexes are dropped before each end.
#pragma once

#include <memory>

#include "base/result.h"
#include "pg/connection.h"
#include "plan/what_if.h"

namespace pgadvise::pg {

// Only where PlanSource::what_if_missing() is empty. The connection must outlive it, and serves nothing else until clear().
Result<std::unique_ptr<plan::WhatIf>> make_what_if(Connection& connection);

}  // namespace pgadvise::pg
