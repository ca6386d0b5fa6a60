// The jobs of the command `fleet`, which checks many databases, a few at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <stop_token>

namespace pgadvise::cli {

// Calls work(0) … work(count - 1), in this order, at most `jobs` (1 or more) at a time, on threads of their
// own. Returns when all are done; after a stop request those that have not begun are left out. `work` must
// not throw.
void run_jobs(std::size_t count, std::size_t jobs, const std::stop_token& stop,
              const std::function<void(std::size_t)>& work);

}  // namespace pgadvise::cli
