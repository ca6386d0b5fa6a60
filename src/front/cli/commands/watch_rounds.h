// The rounds of `watch`.
#pragma once

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "net/otlp.h"
#include "store/store/address.h"
#include "watch/watch_board.h"
#include "watch/watch_check.h"

namespace pgadvise::cli {

struct WatchPlan {
  std::vector<watch::WatchedCheck> checks;  // of one database each
  long every = 600;                         // seconds between the beginnings of two checks of a database
  long sample_every = 10;                   // seconds between two samples of the sessions; 0: none
  int time_limit = 600;                     // seconds for one check
  std::size_t jobs = 2;                     // checks at the same time
  std::size_t rounds = 0;                   // 0: until `stop`
  std::string output;                       // the file for metrics; "": none
  std::optional<net::OtlpAddress> otlp;     // where the results are sent; nullopt: nowhere
  std::optional<store::Address> store;      // of the samples; nullopt: none are taken
};

// Checks each database on a thread of its own, so that none waits for another one's time limit. Reports
// failures on standard error. Returns whether the last check of each database succeeded and its results were
// sent; a stop request ends the running checks, which then count as neither.
bool run_rounds(const WatchPlan& plan, watch::WatchBoard& board, const std::stop_token& stop);

}  // namespace pgadvise::cli
