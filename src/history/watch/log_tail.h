// The new lines of a log that grows, across rotations and restarts of pgadvise.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "watch/log_file.h"

namespace pgadvise::watch {

// Where the reader of a log is.
struct LogPosition {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;   // 0: nothing was read yet
  std::uint64_t offset = 0;  // of the first byte that is new
  std::uint64_t end = 0;     // of the lines that were given out and not yet taken; 0: none were
  std::string head = {};     // hash of the first `head_bytes` of the file
  std::uint64_t head_bytes = 0;
  std::vector<std::string> finished = {};  // hashes of the beginnings of the last files that were read
};

// For one thread. Begins at the end of the log, and keeps its position in a file.
class LogTail {
 public:
  // `path`: a file, or a pattern as is_log_pattern() has it; the server writes to the file that was written
  // last. `state`: the file for the position; its folder exists. `stop` ends a long next(), which then gives
  // no lines.
  LogTail(std::string path, std::string state, std::stop_token stop = {});
  LogTail(const LogTail&) = delete;
  LogTail& operator=(const LogTail&) = delete;

  struct Lines {
    std::string text;   // whole lines
    bool lost = false;  // lines before them may be lost: their file is gone, truncated, damaged or unreadable
    bool more = false;  // lines follow: of the same file, or of the new one after a rotation
  };
  // The next lines, at most 16 MiB; "" if there are none. The same lines again, until take(), also after a
  // restart: lines that were sent twice then have the same beginning, by which a store knows them.
  //
  // A file that was renamed, compressed or copied is read to its end, while this object has it open or its
  // folder has it; then the rotated files that were written after it, the oldest first; then the new one, as
  // soon as it has a line. A compressed file or a copy is found by its first 1 KiB (at least 64 bytes); of
  // the files in the folder, the first 10,000 are looked at, and the beginnings of 1,000 are read. Their
  // order is that of their times, which compression keeps. A file that was truncated is read from its
  // beginning. Errors (input): the log cannot be read; (usage): the position cannot be written.
  Result<Lines> next();

  // Goes past the lines of the last next(). Errors (usage): the position cannot be written.
  Result<void> take();

 private:
  bool has_position(LogFile& file) const;
  std::optional<LogFile> find_renamed() const;
  std::optional<LogFile> find_follower(LogFile* now, bool& unreadable);
  Result<Lines> give();
  Result<Lines> next_after_rotation(LogFile* now);
  void begin(LogFile file, std::uint64_t offset);
  void set_id(const LogFileId& id);
  void set_head(const std::string& beginning);
  Result<void> save() const;

  std::string path_;
  std::string state_;
  std::stop_token stop_;
  LogPosition position_;
  std::optional<LogFile> file_;  // that of the position, once it was found
};

}  // namespace pgadvise::watch
