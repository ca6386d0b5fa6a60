// Findings about sessions that waited for a lock when pgadvise read the server's catalog.
#pragma once

#include "lint/run/context.h"

namespace pgadvise::lint {

// Adds one finding for each application that holds a lock for which at least one session of the database has
// waited for `least_seconds` or longer. The finding has the age of the holder's transaction and the length of
// each wait, but no text of a query. REQUIRES context.has_catalog().
void report_lock_queues(const Context& context, Reporter& reporter, double least_seconds);

}  // namespace pgadvise::lint
