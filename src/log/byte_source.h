// The bytes of a log: a file or standard input, decompressed where its first bytes say that it is gzip, bzip2, xz, zstd or lz4.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pgadvise::log {

// Do a file's first bytes say so?
bool compressed(std::string_view head);

class ByteSource {
 public:
  // "-" is standard input. Errors: missing, a folder, unreadable.
  static Result<std::unique_ptr<ByteSource>> open(const std::string& path);
  // The lines of a regular file that is not compressed, the last one first.
  static Result<std::unique_ptr<ByteSource>> open_backwards(const std::string& path);
  virtual ~ByteSource() = default;
  // At least one byte; 0 at the end; below zero when reading failed: what came before it is good.
  virtual std::ptrdiff_t read(char* into, std::size_t size) = 0;
  // Why reading failed; "" while it did not.
  virtual std::string failure() const = 0;
};

}  // namespace pgadvise::log
