#include "plan/insights/analysis.h"
#include "plan/insights/insights.h"
#include "plan/read/reader.h"
#include "support.h"

namespace pgadvise::fuzz {

void explain_output(std::string_view input) {
  Diagnostics incomplete;
  const auto plan = plan::read(input, incomplete);
  for (const auto& warning : incomplete) require(!warning.what.empty(), "a warning says something");
  if (!plan) return;
  const auto times = plan::self_times(*plan);
  require(times.nodes.size() <= input.size(), "a node has its text");
  for (const auto& time : times.nodes) require(!(time.self_ms < 0), "no node takes less than nothing");
  for (const auto& insight : plan::insights(*plan, times, nullptr))
    require(!insight.text.empty() && !insight.flag.empty(), "an insight says something");
}

}  // namespace pgadvise::fuzz
