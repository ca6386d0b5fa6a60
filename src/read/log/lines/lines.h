// Splits a log into chunks of complete lines. Memory is bounded by the longest line kept, not by the file,
// and several threads can process chunks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files/input_file.h"
#include "base/result.h"
#include "log/lines/byte_source.h"
#include "log/lines/provenance.h"

namespace pgadvise::log {

inline constexpr std::size_t longest_text = std::size_t{1} << 20;  // of a line or a record; more is cut off

struct Line {
  std::string_view text;   // without its line end; lives as long as its chunk is not read into again
  bool cut = false;        // was longer than longest_text
  bool terminated = true;  // false: the file ends within it
  bool extra = false;      // a part of the log's line that the line before it is of
  int number = 0;          // in the log; 0: behind the line before it
};

// A byte buffer that grows without initialization, and is reused for the next chunk.
class Buffer {
 public:
  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  std::size_t size() const { return size_; }
  void clear() { size_ = 0; }
  void resize(std::size_t size) { size_ = size; }  // within what reserve() made room for
  void reserve(std::size_t size);
  void append(const char* bytes, std::size_t size);
  std::string_view view() const { return {data_.get(), size_}; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Strings with stable addresses, reused after clear().
class TextPool {
 public:
  std::string& next() {
    if (used_ == texts_.size()) texts_.emplace_back();
    std::string& out = texts_[used_++];
    out.clear();
    return out;
  }
  void clear() { used_ = 0; }

 private:
  std::deque<std::string> texts_;
  std::size_t used_ = 0;
};

struct RawChunk {
  Buffer buffer;
  std::size_t first = 0;    // where its text begins
  std::size_t end = 0;      // behind its last line end
  bool cut = false;         // it is one line that was longer than longest_text
  bool terminated = true;   // false: the file ends within its last line
  std::uint64_t bytes = 0;  // of the log, what was cut off included

  void split(std::vector<Line>& lines) const;
};

class ChunkReader {
 public:
  // "-" is standard input. Errors: missing, a folder, unreadable.
  static Result<ChunkReader> open(const std::string& path, const UserPaths& user_paths = {});
  // A regular file that is not compressed, its last line first.
  static Result<ChunkReader> open_backwards(const std::string& path);

  // The first bytes, up to half a megabyte; only before the first next().
  std::string_view head();
  // Between head() and the first next():
  void as_entries();           // a JSON array of entries as lines, as ByteSource::entries() has them
  Result<void> turn_round();   // the last line first; errors as of ByteSource::turned()
  bool next(RawChunk& chunk);  // false at the end
  std::uint64_t lines_from_end() const { return source_->lines(); }  // as ByteSource::lines()
  SourceIdentity identity() const { return identity_.identity(); }   // of what was read so far
  bool failed() const { return failed_; }  // a read failed: what came before it was given
  // NUL bytes where a line begins are left out. How many, of long runs: the hole that a log gets when it is
  // truncated while the server writes.
  std::uint64_t hole() const { return hole_; }
  std::string failure() const { return source_->failure(); }

 private:
  explicit ChunkReader(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}
  void start_again();
  bool fill(Buffer& buffer);
  std::size_t close_hole(char* bytes, std::size_t size);
  void discard_rest_of_line(RawChunk& chunk);
  void take(RawChunk& chunk, std::size_t end, std::size_t next);

  std::unique_ptr<ByteSource> source_;
  IdentityBuilder identity_;
  Buffer rest_;  // read already, not given yet
  std::uint64_t hole_ = 0;
  std::uint64_t run_ = 0;  // NUL bytes that were left out just now
  bool at_line_ = true;    // what is read next begins a line, or goes on with a hole
  bool discarding_ = false;
  bool at_start_ = true;
  bool ended_ = false;
  bool failed_ = false;
};

}  // namespace pgadvise::log
