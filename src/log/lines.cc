#include "log/lines.h"

#include <algorithm>
#include <cstring>

namespace pgadvise::log {

static constexpr std::size_t chunk = std::size_t{1} << 18;

LineReader::LineReader(std::unique_ptr<ByteSource> source) : source_(std::move(source)), buffer_(longest_text + 2 * chunk) {}

Result<LineReader> LineReader::open(const std::string& path) {
  auto source = ByteSource::open(path);
  if (!source) return tl::unexpected(source.error());
  return LineReader(std::move(*source));
}

// Reads one more chunk behind what is there; false at the end.
bool LineReader::fill() {
  if (ended_) return false;
  if (begin_ > 0 && (begin_ == end_ || end_ + chunk > buffer_.size())) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const auto got = source_->read(buffer_.data() + end_, std::min(chunk, buffer_.size() - end_));
  failed_ = got < 0;
  ended_ = got <= 0;
  if (got > 0) {
    identity_.add({buffer_.data() + end_, static_cast<std::size_t>(got)});
    end_ += static_cast<std::size_t>(got);
  }
  return !ended_;
}

std::string_view LineReader::head() {
  while (end_ < 2 * chunk && fill()) {
  }
  return {buffer_.data(), end_};
}

bool LineReader::discard_rest_of_line() {
  for (;;) {
    const void* newline =
        begin_ == end_ ? nullptr : std::memchr(buffer_.data() + begin_, '\n', end_ - begin_);
    if (newline) {
      begin_ = static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_.data()) + 1;
      return true;
    }
    begin_ = end_;
    if (!fill()) return false;
  }
}

bool LineReader::next(Line& line) {
  if (discarding_ && !discard_rest_of_line()) return false;
  discarding_ = false;
  if (at_start_) {
    at_start_ = false;
    head();
    if (std::string_view(buffer_.data() + begin_, end_ - begin_).starts_with("\xef\xbb\xbf")) begin_ += 3;
  }
  std::size_t searched = 0;
  line = {};
  for (;;) {
    const char* start = buffer_.data() + begin_;
    const std::size_t size = end_ - begin_;
    const void* newline = size > searched ? std::memchr(start + searched, '\n', size - searched) : nullptr;
    if (newline) {
      line.text = {start, static_cast<std::size_t>(static_cast<const char*>(newline) - start)};
      begin_ += line.text.size() + 1;
      if (line.text.size() > longest_text) line.cut = true, line.text = line.text.substr(0, longest_text);
      if (!line.cut && line.text.ends_with('\r')) line.text.remove_suffix(1);
      return true;
    }
    if (size > longest_text) {
      line.text = {start, longest_text};
      line.cut = discarding_ = true;
      begin_ += longest_text;
      return true;
    }
    searched = size;
    if (!fill()) {
      if (size == 0) return false;
      line.text = {buffer_.data() + begin_, size};
      line.terminated = false;
      begin_ = end_;
      return true;
    }
  }
}

}  // namespace pgadvise::log
