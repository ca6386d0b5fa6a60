// The file of --counters: the last reading of pg_stat_statements.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/queries/workload.h"
#include "store/facts/facts.h"

namespace pgadvise::watch {

// One reading, in three steps: add(), then the caller stores the statistics, then keep(). No call is counted
// twice: statistics are returned only if the new reading is on disk, in the file PATH-next. If the process
// dies before keep(), the next object continues with that reading, and returns its statistics again, which
// changes nothing in a store that has them.
class CountersFile {
 public:
  explicit CountersFile(std::string path);
  // Without keep(): the reading counts as not taken.
  ~CountersFile();
  CountersFile(const CountersFile&) = delete;
  CountersFile& operator=(const CountersFile&) = delete;

  // As add_reading() of store/counters.h; appends to `out`. Errors (usage): the reading cannot be written.
  // The growth is then left for the next reading, `out` unchanged.
  Result<void> add(const Workload& workload, std::int64_t now, std::vector<store::QueryStatistics>& out);
  // Errors (usage): the file cannot be replaced.
  Result<void> keep();

 private:
  std::string path_;
  std::string next_;
  bool added_ = false;
};

}  // namespace pgadvise::watch
