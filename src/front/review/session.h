// The screens and keys of review. Only Host::write() writes files, and it is called only from the last
// screen.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/result.h"
#include "model/results/finding.h"
#include "review/console.h"
#include "review/host.h"

namespace pgadvise::review {

struct Ending {
  enum class How { nothing, written, left, interrupted, no_more_input, failed };
  How how = How::nothing;
  int signal = 0;
  std::size_t seen = 0;
  Choices choices;
  Pending pending;
  std::optional<Error> error;
};

// `findings`: in the order to walk them, by impact. The ones whose index another one proposes are passed over
// once that is accepted.
Ending walk(const std::vector<const Finding*>& findings, Console& console, Host& host, Look look);

}  // namespace pgadvise::review
