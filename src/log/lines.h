// A log as lines, read by chunks: memory is bounded by the longest line that is kept, not by the file.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "log/byte_source.h"
#include "log/provenance.h"

namespace pgadvise::log {

inline constexpr std::size_t longest_text = std::size_t{1} << 20;  // of a line or a record; more is cut off

struct Line {
  std::string_view text;   // without its line end; valid until the next call of next()
  bool cut = false;        // was longer than longest_text
  bool terminated = true;  // false: the file ends within it
};

class LineReader {
 public:
  // "-" is standard input. Errors: missing, a folder, unreadable.
  static Result<LineReader> open(const std::string& path);

  // The first bytes, up to half a megabyte; only before the first next().
  std::string_view head();
  bool next(Line& line);
  SourceIdentity identity() const { return identity_.identity(); }  // of what was read so far
  bool failed() const { return failed_; }  // a read failed: what came before it was given
  std::string failure() const { return source_->failure(); }

 private:
  explicit LineReader(std::unique_ptr<ByteSource> source);
  bool fill();
  bool discard_rest_of_line();

  std::unique_ptr<ByteSource> source_;
  IdentityBuilder identity_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool discarding_ = false;
  bool at_start_ = true;
  bool ended_ = false;
  bool failed_ = false;
};

}  // namespace pgadvise::log
