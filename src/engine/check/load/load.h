// Reads the inputs of a check: files, logs, snapshots, a server's catalog. Replays migrations into catalogs.
#pragma once

#include "base/result.h"
#include "check/load/loaded.h"

namespace pgadvise::check {

// Fails, before reading any input, if the configuration is invalid or an input is also an output. An
// unreadable input becomes an entry of Inputs::diagnostics. A stop request takes effect at the next chunk of
// a log, before the next input, and before the server is connected; the result has what was read until then.
// The caller handles signals.
// Cost: reads every input once; memory for the catalogs, and for one workload (at most log::Limits).
tl::expected<Inputs, Diagnostics> load(Sources sources, const Settings& settings);

}  // namespace pgadvise::check
