// The new lines of a log that grows, across rotations and restarts of pgadvise.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"

namespace pgadvise::cli {

// Where the reader of a log is.
struct LogPosition {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;   // 0: nothing was read yet
  std::uint64_t offset = 0;  // of the first byte that is new
  std::uint64_t end = 0;     // of the lines that were given out and not yet taken; 0: none were
  std::string head = {};     // hash of the first `head_bytes` of the file
  std::uint64_t head_bytes = 0;
};

// For one thread. Begins at the end of the log, and keeps its position in a file.
class LogTail {
 public:
  // `state`: the file for the position; its folder exists.
  LogTail(std::string path, std::string state);
  ~LogTail();
  LogTail(const LogTail&) = delete;
  LogTail& operator=(const LogTail&) = delete;

  struct Lines {
    std::string text;   // whole lines
    bool lost = false;  // lines before them are lost: their file is gone
    bool more = false;  // lines follow: of the same file, or of the new one after a rotation
  };
  // The next lines, at most 16 MiB; "" if there are none. The same lines again, until take(), also after a
  // restart: lines that were sent twice then have the same beginning, by which a store knows them. A file
  // that was renamed is read to its end, while this object has it open or its folder has it; then the new
  // one, from its beginning, as soon as it has a line. A file that was truncated is read from its beginning.
  // Errors (input): the log cannot be read; (usage): the position cannot be written.
  Result<Lines> next();

  // Goes past the lines of the last next(). Errors (usage): the position cannot be written.
  Result<void> take();

 private:
  bool is_at(int file) const;
  bool reopen_rotated();
  Result<Lines> give(int file);
  void begin(int file, std::uint64_t offset);
  Result<void> save() const;

  std::string path_;
  std::string state_;
  LogPosition position_;
  int file_ = -1;  // that of the position, once it was found
};

}  // namespace pgadvise::cli
