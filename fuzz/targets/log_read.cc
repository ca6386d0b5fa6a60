// A whole log, to a workload and back from the workload file.
#include "base/text/text.h"
#include "log/collect/merge.h"
#include "log/reader.h"
#include "log/workload/workload_file.h"
#include "support.h"

namespace pgadvise::fuzz {

static void check(const Workload& workload) {
  for (const LogSource& source : workload.sources)
    require(source.lines == source.used + source.continuation + source.other + source.not_understood,
            "each line is booked once");
  for (const Query& query : workload.queries) {
    require(query.calls > 0 && query.timed_calls <= query.calls, "calls are counted");
    require(query.times.count() == query.timed_calls, "each time is in the histogram");
    require(query.min_ms <= query.max_ms && query.total_ms >= 0, "times are in order");
    require(!query.first || *query.first <= *query.last, "first before last");
    require(query.samples.size() <= 16, "samples are few");
  }
}

void log_read(std::string_view input) {
  const MemoryFile file(input);
  Diagnostics diagnostics;
  const Workload sum = log::read({file.path()}, {}, diagnostics);
  check(sum);
  auto each = log::read_each({file.path()}, {}, diagnostics);
  require(each.size() == 1, "one log, one workload");
  check(each[0]);
  require(each[0].queries.size() == sum.queries.size(), "both ways find the same");
  for (std::size_t i = 0; i < sum.queries.size(); ++i)
    require(
        each[0].queries[i].text == sum.queries[i].text && each[0].queries[i].calls == sum.queries[i].calls,
        "both ways count the same");
  log::sort_workloads(each);
  for (const bool literals : {false, true}) {
    const std::string text = log::to_workload_file(each, literals);
    const auto again = log::parse_workload_file("w.json", text);
    require(again.has_value(), "a workload file is read");
    require(log::to_workload_file(*again, literals) == text, "a workload file is what it was written from");
  }
  for (const Error& error : diagnostics)
    require(printable(error.line()) == error.line(), "a diagnostic is printable");
}

}  // namespace pgadvise::fuzz
