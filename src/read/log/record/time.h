// Parses the server's timestamps.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgadvise::log {

struct Stamp {
  std::int64_t time = 0;  // microseconds since 1970; in the log's own zone unless that is given as an offset,
                          // or by a name that means one
  bool whole_seconds = false;
  std::size_t length = 0;  // 0: no stamp here
};

// "2024-05-01 12:00:00[.123][ UTC]" at the front of `text`; without the zone when `zone` is false.
Stamp take_stamp(std::string_view text, bool zone);
// take_stamp(text, true) of line after line, for one thread: most are of the minute before.
class StampReader {
 public:
  Stamp take(std::string_view text);

 private:
  char minute_[17] = {};  // "2024-05-01 12:00:"
  std::int64_t time_ = 0;
  std::string zone_;  // " UTC", with the byte behind it
  std::int64_t east_ = 0;
};
// "1714560000[.123]", of %n.
Stamp take_epoch(std::string_view text);

}  // namespace pgadvise::log
