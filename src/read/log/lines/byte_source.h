// Reads the bytes of a log from a file or standard input; decompresses gzip, bzip2, xz, zstd and lz4,
// detected from the first bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/files/input_file.h"
#include "base/result.h"

namespace pgadvise::log {

// Whether the first bytes are those of a compressed file.
bool compressed(std::string_view head);

// Whether the text starts like input of ByteSource::entries().
bool holds_entries(std::string_view head);

class ByteSource {
 public:
  // "-" is standard input. Errors: missing, a folder, unreadable.
  static Result<std::unique_ptr<ByteSource>> open(const std::string& path, const UserPaths& user_paths = {});
  // The lines of an uncompressed regular file, last line first.
  static Result<std::unique_ptr<ByteSource>> open_backwards(const std::string& path);
  // Converts a JSON array of entries, or an object with one as its first member ("records"), to one line per
  // entry. The text is `head` followed by `source`. An entry keeps its line number, unless it shares the line
  // with another entry.
  static std::unique_ptr<ByteSource> entries(std::string head, std::unique_ptr<ByteSource> source);
  // The lines of `head` and `source`, last line first, by means of a temporary file. Errors: over 2 GB, no
  // space, unreadable.
  static Result<std::unique_ptr<ByteSource>> turned(std::string_view head, ByteSource& source);
  virtual ~ByteSource() = default;
  // Reads at least one byte; 0 at the end; negative if reading failed (earlier bytes are valid).
  virtual std::ptrdiff_t read(char* into, std::size_t size) = 0;
  // The number of lines, if they come last line first; 0 if first line first.
  virtual std::uint64_t lines() const { return 0; }
  // Why reading failed; "" if it has not.
  const std::string& failure() const { return failure_; }

 protected:
  std::string failure_;
};

}  // namespace pgadvise::log
