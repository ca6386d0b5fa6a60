#include "model/schema/lock_rates.h"

#include <algorithm>

namespace pgadvise {
namespace {

void add(SecondsRange& out, const WorkRate& rate, double rows, double bytes, int times = 1) {
  const double seconds = (rows * rate.us_per_row / 1e6 + bytes / 1e6 * rate.ms_per_mb / 1e3) * times;
  out.from += seconds * rate.fastest;
  out.to += seconds * rate.slowest * slow_server;
}

}  // namespace

std::optional<SecondsRange> time_of(TableLock::Work work, std::optional<double> rows,
                                    std::optional<double> bytes, int indexes, bool foreign_key) {
  SecondsRange out;
  if (work == TableLock::Work::none) return out;
  if (!rows || !bytes) return std::nullopt;
  switch (work) {
    case TableLock::Work::none: break;
    case TableLock::Work::rows: add(out, update_rate, *rows, *bytes); break;
    case TableLock::Work::scan: add(out, foreign_key ? foreign_key_rate : scan_rate, *rows, *bytes); break;
    case TableLock::Work::build: add(out, build_rate, *rows, *bytes); break;
    case TableLock::Work::rewrite:
      add(out, rewrite_rate, *rows, *bytes);
      add(out, build_rate, *rows, *bytes, std::max(0, indexes - 1));
      break;
  }
  return out;
}

}  // namespace pgadvise
