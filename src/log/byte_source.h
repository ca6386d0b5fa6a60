// The bytes of a log: a file or standard input, decompressed where its first bytes say that it is gzip,
// bzip2, xz, zstd or lz4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/input_file.h"
#include "base/result.h"

namespace pgadvise::log {

// Do a file's first bytes say so?
bool compressed(std::string_view head);

// Does a text begin as what ByteSource::entries() reads?
bool holds_entries(std::string_view head);

class ByteSource {
 public:
  // "-" is standard input. Errors: missing, a folder, unreadable.
  static Result<std::unique_ptr<ByteSource>> open(const std::string& path, const UserPaths& user_paths = {});
  // The lines of a regular file that is not compressed, the last one first.
  static Result<std::unique_ptr<ByteSource>> open_backwards(const std::string& path);
  // What `source` has behind `head`, a JSON array of entries or an object with one as its first member
  // ("records"), as one entry a line: at the line where it begins, as far as entries don't share one.
  static std::unique_ptr<ByteSource> entries(std::string head, std::unique_ptr<ByteSource> source);
  // The lines of `head` and of what `source` has behind it, the last one first, by way of a temporary file.
  // Errors: over 2 GB, no room, unreadable.
  static Result<std::unique_ptr<ByteSource>> turned(std::string_view head, ByteSource& source);
  virtual ~ByteSource() = default;
  // At least one byte; 0 at the end; below zero when reading failed: what came before it is good.
  virtual std::ptrdiff_t read(char* into, std::size_t size) = 0;
  // How many lines there are, of what is given from the last one on; 0: it is given from the first one on.
  virtual std::uint64_t lines() const { return 0; }
  // Why reading failed; "" while it did not.
  virtual std::string failure() const = 0;
};

}  // namespace pgadvise::log
