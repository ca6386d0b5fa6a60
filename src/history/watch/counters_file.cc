#include "watch/counters_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <utility>

#include <unistd.h>

#include "base/files/input_file.h"
#include "base/files/write_file.h"
#include "store/facts/counters.h"

namespace pgadvise::watch {
namespace {

store::CounterState read_state(const std::string& path) {
  return store::read_counters_json(read_file(path).value_or(""));
}

}  // namespace

CountersFile::CountersFile(std::string path) : path_(std::move(path)), next_(path_ + "-next") {}

CountersFile::~CountersFile() {
  if (added_) ::unlink(next_.c_str());
}

Result<void> CountersFile::add(const Workload& workload, std::int64_t now,
                               std::vector<store::QueryStatistics>& out) {
  auto state = read_state(path_);
  std::vector<store::QueryStatistics> found;
  // Of a process that died: its statistics may be stored, or not.
  if (auto unfinished = read_state(next_); unfinished.taken > state.taken) {
    added_ = true;
    if (const auto kept = keep(); !kept) return kept;
    found = store::bucket_statistics(unfinished);
    state = std::move(unfinished);
  }
  auto grown = store::add_reading(state, workload, now);
  // The same bucket, which has grown.
  if (!grown.empty() && !found.empty() && grown.front().source == found.front().source) found.clear();
  if (auto written = replace_file(next_, store::counters_json(state), mode_of_new_files()); !written) {
    written.error().hint = "the next run that can write it stores how much the counters grew";
    return written;
  }
  added_ = true;
  std::move(found.begin(), found.end(), std::back_inserter(out));
  std::move(grown.begin(), grown.end(), std::back_inserter(out));
  return {};
}

Result<void> CountersFile::keep() {
  // If it fails, PATH-next stays: the next object continues with it.
  if (!std::exchange(added_, false) || std::rename(next_.c_str(), path_.c_str()) == 0) return {};
  return fail(Error::Kind::usage, path_, std::string("can't be written: ") + std::strerror(errno));
}

}  // namespace pgadvise::watch
