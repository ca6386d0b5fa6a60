// The files of a log: the one that grows, and those that rotations left, perhaps compressed.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/files/input_file.h"
#include "base/result.h"
#include "log/lines/byte_source.h"

namespace pgadvise::watch {

inline constexpr std::size_t beginning_bytes = 1024;

struct LogFileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const LogFileId&) const = default;
};

// A file that is open for reading. Offsets are those of the decompressed text.
class LogFile {
 public:
  // `stop` ends the decompression of a large file: the object then seems to have no further bytes. Errors
  // (input): those of InputFile::open().
  static Result<LogFile> open(const std::string& path, std::stop_token stop = {});

  LogFileId id() const;
  std::int64_t modified() const;  // nanoseconds since 1970
  bool compressed() const { return stream_ != nullptr; }
  std::string beginning();  // the first 1 KiB

  // In a compressed file the offset must not be less than that of an earlier call. The file is decompressed
  // up to it; no file has bytes behind the first 32 GiB.
  //
  // The number of bytes from `offset` on, at most `most`, which a compressed file keeps in memory.
  std::uint64_t available(std::uint64_t offset, std::uint64_t most);
  // Whether the file has `offset` bytes, and `size` more.
  bool has(std::uint64_t offset, std::uint64_t size);
  std::string bytes(std::uint64_t offset, std::uint64_t size);

  // Why a compressed file could not be read to its end; "" if nothing failed so far.
  std::string failure() const;

 private:
  explicit LogFile(InputFile file) : file_(std::move(file)) {}
  bool fill();

  InputFile file_;
  std::unique_ptr<log::ByteSource> stream_;  // of a compressed file
  std::stop_token stop_;
  std::string beginning_;  // of a compressed file
  std::string buffer_;     // from `at_` on
  std::uint64_t at_ = 0;
};

// A file of the log's folder.
struct LogName {
  std::string path;
  LogFileId id;
  std::int64_t modified = 0;  // nanoseconds since 1970
  // The name begins like the log's, or matches its pattern.
  bool alike = false;
  // The name is the log's with a number or a date ("app.log.2.gz", "app-20261123.log"), or matches its
  // pattern.
  bool rotated = false;
};

// The regular files in the folder of `log`, which may have a pattern as its last part; the oldest first. At
// most 10,000 files.
std::vector<LogName> files_beside(const std::string& log);

// Whether the last part of `log` is a pattern (files/glob.h), and no file has this name.
bool is_log_pattern(const std::string& log);

// The file that the server writes: `log`, or of its pattern the file that was written last; "" if no file
// matches.
std::string current_log(const std::string& log);

}  // namespace pgadvise::watch
