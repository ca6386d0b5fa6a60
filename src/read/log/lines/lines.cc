#include "log/lines/lines.h"

#include <algorithm>
#include <cstring>

namespace pgadvise::log {

static constexpr std::size_t chunk_size = std::size_t{1}
                                          << 16;  // what one core's cache holds with what is found in it
static constexpr std::size_t head_size = std::size_t{1} << 19;

void Buffer::reserve(std::size_t size) {
  if (size <= capacity_) return;
  capacity_ = std::max(size, capacity_ * 2);
  std::unique_ptr<char[]> grown(new char[capacity_]);
  if (size_) std::memcpy(grown.get(), data_.get(), size_);
  data_ = std::move(grown);
}

void Buffer::append(const char* bytes, std::size_t size) {
  if (size == 0) return;
  reserve(size_ + size);
  std::memcpy(data_.get() + size_, bytes, size);
  size_ += size;
}

void RawChunk::split(std::vector<Line>& lines) const {
  lines.clear();
  const char* at = buffer.data() + first;
  const char* const stop = buffer.data() + end;
  while (at < stop) {
    const auto* newline =
        cut ? nullptr : static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(stop - at)));
    Line line;
    line.text = {at, static_cast<std::size_t>((newline ? newline : stop) - at)};
    line.cut = line.text.size() > longest_text || cut;
    line.terminated = newline || cut || terminated;
    if (line.cut) line.text = line.text.substr(0, longest_text);
    if (newline && !line.cut && line.text.ends_with('\r')) line.text.remove_suffix(1);
    lines.push_back(line);
    at = newline ? newline + 1 : stop;
  }
}

Result<ChunkReader> ChunkReader::open(const std::string& path, const UserPaths& user_paths) {
  TRY(auto source, ByteSource::open(path, user_paths));
  return ChunkReader(std::move(source));
}

Result<ChunkReader> ChunkReader::open_backwards(const std::string& path) {
  TRY(auto source, ByteSource::open_backwards(path));
  return ChunkReader(std::move(source));
}

// How many bytes stay.
std::size_t ChunkReader::close_hole(char* bytes, std::size_t size) {
  constexpr std::uint64_t shortest_hole = 512;  // less is padding, or no text at all
  const char* const end = bytes + size;
  if (run_ == 0 && !std::memchr(bytes, '\0', size)) {
    at_line_ = end[-1] == '\n';
    return size;
  }
  char* to = bytes;
  for (const char* at = bytes; at < end; ++at) {
    if (at_line_ && *at == '\0') {
      ++run_;
      hole_ += run_ == shortest_hole ? run_ : run_ > shortest_hole;
      continue;
    }
    run_ = 0;
    at_line_ = *at == '\n';
    *to++ = *at;
  }
  return static_cast<std::size_t>(to - bytes);
}

// Reads more behind what is there; false at the end.
bool ChunkReader::fill(Buffer& buffer) {
  if (ended_) return false;
  buffer.reserve(buffer.size() + chunk_size);
  const auto got = source_->read(buffer.data() + buffer.size(), chunk_size);
  failed_ = got < 0;
  ended_ = got <= 0;
  if (got > 0) {
    char* const fresh = buffer.data() + buffer.size();
    identity_.add({fresh, static_cast<std::size_t>(got)});
    buffer.resize(buffer.size() + close_hole(fresh, static_cast<std::size_t>(got)));
  }
  return !ended_;
}

std::string_view ChunkReader::head() {
  while (rest_.size() < head_size && fill(rest_)) {
  }
  return rest_.view();
}

void ChunkReader::as_entries() {
  source_ = ByteSource::entries(std::string(rest_.view()), std::move(source_));
  start_again();
}

Result<void> ChunkReader::turn_round() {
  TRY(source_, ByteSource::turned(rest_.view(), *source_));
  start_again();
  return {};
}

void ChunkReader::start_again() {
  identity_ = {};
  rest_.clear();
  hole_ = run_ = 0;
  at_line_ = at_start_ = true;
  ended_ = failed_ = false;
}

void ChunkReader::discard_rest_of_line(RawChunk& chunk) {
  while (discarding_) {
    const auto newline = chunk.buffer.view().find('\n');
    if (newline != std::string_view::npos) {
      chunk.first = newline + 1;
      chunk.bytes += newline + 1;
      discarding_ = false;
    } else {
      chunk.bytes += chunk.buffer.size();
      chunk.buffer.clear();
      if (!fill(chunk.buffer)) discarding_ = false;
    }
  }
}

// The chunk ends at `end`; what is read of the next one begins at `next`.
void ChunkReader::take(RawChunk& chunk, std::size_t end, std::size_t next) {
  chunk.end = end;
  chunk.bytes += next - chunk.first;
  rest_.clear();
  rest_.append(chunk.buffer.data() + next, chunk.buffer.size() - next);
}

bool ChunkReader::next(RawChunk& chunk) {
  if (at_start_) head();
  chunk.buffer.clear();
  chunk.buffer.append(rest_.data(), rest_.size());
  chunk.first = chunk.end = 0;
  chunk.bytes = 0;
  chunk.cut = false;
  chunk.terminated = true;
  if (at_start_ && chunk.buffer.view().starts_with("\xef\xbb\xbf")) chunk.first = chunk.bytes = 3;
  at_start_ = false;
  discard_rest_of_line(chunk);
  for (std::size_t searched = chunk.first;;) {
    const std::string_view text = chunk.buffer.view();
    const auto newline = text.substr(searched).rfind('\n');
    if (newline != std::string_view::npos) {
      take(chunk, searched + newline + 1, searched + newline + 1);
      return true;
    }
    if (text.size() - chunk.first > longest_text) {
      chunk.cut = discarding_ = true;
      take(chunk, text.size(), text.size());
      return true;
    }
    searched = text.size();
    if (fill(chunk.buffer)) continue;
    if (text.size() == chunk.first) return false;
    chunk.terminated = false;
    take(chunk, text.size(), text.size());
    return true;
  }
}

}  // namespace pgadvise::log
