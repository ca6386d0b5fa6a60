// The screens and keys of review. Only Host::write() writes files, and it is called only from the last
// screen.
#pragma once

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
  Choices choices;
  Pending pending;
  std::optional<Error> error;
};

// Shows the findings in the given order until the user leaves, and returns what the user chose. Passes over
// findings whose index another finding proposes once the fix of that one is accepted. The objects must
// outlive the call.
Ending walk(const std::vector<const Finding*>& findings, Console& console, Host& host, Look look);

}  // namespace pgadvise::review
