#include "log/workload/workload_file.h"

#include "log/collect/merge.h"
#include "support.h"

namespace pgadvise::fuzz {

void workload_file(std::string_view input) {
  log::is_workload_file(input);
  auto read = log::parse_workload_file("w.json", input);
  if (!read) {
    require(!read.error().what.empty(), "an error says what");
    return;
  }
  for (const Workload& workload : *read) require(workload.sources.size() == 1, "one log each");
  Diagnostics diagnostics;
  log::count_once(*read, diagnostics);
  log::sort_workloads(*read);
  const std::string text = log::to_workload_file(*read, true);
  auto again = log::parse_workload_file("w.json", text);
  require(again.has_value(), "what is written is read");
  require(log::to_workload_file(*again, true) == text, "what is read is written again");
  log::total(std::move(*again));
}

}  // namespace pgadvise::fuzz
