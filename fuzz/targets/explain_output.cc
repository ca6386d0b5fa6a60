#include "plan/analysis.h"
#include "plan/reader.h"
#include "report/plan_text.h"
#include "support.h"

namespace pgadvise::fuzz {

static void shows_no_control(const std::string& text) {
  for (const char c : text) require(c == '\n' || (static_cast<unsigned char>(c) >= 32 && c != 127), "no control character is shown");
}

void explain_output(std::string_view input) {
  const auto plan = plan::read(input);
  if (!plan) return;
  const auto times = plan::self_times(*plan);
  require(times.nodes.size() <= input.size(), "a node has its text");
  for (const auto& time : times.nodes) require(!(time.self_ms < 0), "no node takes less than nothing");
  const auto insights = plan::insights(*plan, times, nullptr);
  shows_no_control(report::plan_text(*plan, times, insights, {}));
  shows_no_control(report::plan_json(*plan, times, insights));
}

}  // namespace pgadvise::fuzz
