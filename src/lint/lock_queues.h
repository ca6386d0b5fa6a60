// The sessions of a server that waited for locks when its catalog was read.
#pragma once

#include "lint/context.h"

namespace pgadvise::lint {

// Adds one finding for each application whose sessions hold locks that others have waited for at least
// `least_seconds` for: with the ages of both, and without the text of a query. Leaves out sessions of other
// databases that wait. REQUIRES context.has_catalog().
void report_lock_queues(const Context& context, Reporter& reporter, double least_seconds);

}  // namespace pgadvise::lint
