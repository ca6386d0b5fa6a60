#include "log/lines/byte_source.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include "base/text/text.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t block_size = 1 << 18;  // of one read

// Text that a source has made, and how much of it was read.
struct MadeText {
  std::string text;
  std::size_t given = 0;

  bool all_given() const { return given == text.size(); }
  void clear() {
    text.clear();
    given = 0;
  }
  std::ptrdiff_t give(char* into, std::size_t size) {
    const std::size_t count = std::min(size, text.size() - given);
    std::memcpy(into, text.data() + given, count);
    given += count;
    return static_cast<std::ptrdiff_t>(count);
  }
};

// A descriptor whose first bytes were looked at already.
class Descriptor {
 public:
  explicit Descriptor(InputFile file) : file_(std::move(file)) {}

  std::string_view peek(std::size_t size) {
    for (char byte = 0; peeked_.text.size() < size && file_.read(&byte, 1) > 0;) peeked_.text += byte;
    return peeked_.text;
  }
  std::ptrdiff_t read(char* into, std::size_t size) {
    return peeked_.all_given() ? file_.read(into, size) : peeked_.give(into, size);
  }
  // At the end: is a file shorter than it was? "" where it isn't.
  std::string why_short() const {
    const auto size = static_cast<off_t>(file_.size());
    const off_t at = size > 0 ? ::lseek(file_.descriptor(), 0, SEEK_CUR) : -1;
    if (at < 0 || at >= size) return {};
    return fmt::format(
        "the file became shorter during the read (logrotate's copytruncate does this): {} of {} bytes were "
        "read",
        at, size);
  }

 private:
  InputFile file_;
  MadeText peeked_;
};

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(std::unique_ptr<Descriptor> file) : file_(std::move(file)) {}
  std::ptrdiff_t read(char* into, std::size_t size) override {
    const auto got = file_->read(into, size);
    if (got < 0) failure_ = std::strerror(errno);
    if (got != 0) return got;
    failure_ = file_->why_short();
    return failure_.empty() ? 0 : -1;
  }

 private:
  std::unique_ptr<Descriptor> file_;
};

constexpr std::string_view gzip_magic = "\x1f\x8b";

std::string broken(const char* why) {
  return std::string("the compressed data is damaged or truncated") +
         (why ? ": " + std::string(why) : std::string());
}

// By zlib, because libarchive leaves gzip's checksums unlooked at. Members that follow one another are one
// file, as for gzip(1), and so are zeros after the last one (padding of tapes and block devices).
class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<Descriptor> file) : file_(std::move(file)), buffer_(block_size) {
    constexpr int gzip_wrapper = 16;
    if (inflateInit2(&stream_, MAX_WBITS + gzip_wrapper) != Z_OK)
      failure_ = "not enough memory to decompress the file";
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  std::ptrdiff_t read(char* into, std::size_t size) override {
    if (!failure_.empty()) return -1;
    stream_.next_out = reinterpret_cast<Bytef*>(into);
    const auto room = static_cast<uInt>(std::min<std::size_t>(size, 1U << 30));
    stream_.avail_out = room;
    while (stream_.avail_out == room && has_input() && failure_.empty()) step();
    const std::ptrdiff_t got = room - stream_.avail_out;
    return got == 0 && !failure_.empty() ? -1 : got;
  }

 private:
  // False at the end of the file, which may be the wrong place for one.
  bool has_input() {
    if (!in_member_ && started_) {
      while (refill() && *stream_.next_in == 0) ++stream_.next_in, --stream_.avail_in;
    }
    if (refill()) return true;
    if (in_member_ && failure_.empty()) failure_ = broken("truncated");
    return false;
  }
  bool refill() {
    if (stream_.avail_in > 0) return true;
    const std::ptrdiff_t got = file_->read(buffer_.data(), buffer_.size());
    if (got < 0) failure_ = std::strerror(errno);
    stream_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
    stream_.avail_in = static_cast<uInt>(std::max<std::ptrdiff_t>(got, 0));
    return got > 0;
  }
  void step() {
    in_member_ = true;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      in_member_ = false;
      started_ = true;
      inflateReset(&stream_);
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      failure_ = broken(stream_.msg);
    }
  }

  std::unique_ptr<Descriptor> file_;
  std::vector<char> buffer_;
  z_stream stream_{};
  bool in_member_ = false;
  bool started_ = false;  // a member is complete
};

class CompressedSource final : public ByteSource {
 public:
  explicit CompressedSource(std::unique_ptr<Descriptor> file)
      : file_(std::move(file)), archive_(archive_read_new(), &archive_read_free), buffer_(block_size) {
    archive* in = archive_.get();
    archive_read_support_format_raw(in);
    archive_read_support_format_empty(in);
    archive_read_support_filter_bzip2(in);
    archive_read_support_filter_xz(in);
    archive_read_support_filter_zstd(in);
    archive_read_support_filter_lz4(in);
    archive_entry* entry = nullptr;
    if (archive_read_open(in, this, nullptr, &CompressedSource::give, nullptr) != ARCHIVE_OK ||
        archive_read_next_header(in, &entry) != ARCHIVE_OK)
      fail_with_last();
  }

  std::ptrdiff_t read(char* into, std::size_t size) override {
    if (!failure_.empty()) return -1;
    // Block by block: archive_read_data() forgets what it has when the next block is broken.
    while (left_ == 0) {
      la_int64_t offset = 0;
      const void* block = nullptr;
      const int result = archive_read_data_block(archive_.get(), &block, &left_, &offset);
      block_ = static_cast<const char*>(block);
      if (result == ARCHIVE_EOF) return 0;
      if (result < ARCHIVE_WARN) {
        fail_with_last();
        return -1;
      }
    }
    const std::size_t given = std::min(size, left_);
    std::memcpy(into, block_, given);
    block_ += given;
    left_ -= given;
    return static_cast<std::ptrdiff_t>(given);
  }

 private:
  static la_ssize_t give(archive*, void* self, const void** data) {
    auto* source = static_cast<CompressedSource*>(self);
    *data = source->buffer_.data();
    return source->file_->read(source->buffer_.data(), source->buffer_.size());
  }
  void fail_with_last() { failure_ = broken(archive_error_string(archive_.get())); }

  std::unique_ptr<Descriptor> file_;
  std::unique_ptr<archive, decltype(&archive_read_free)> archive_;
  std::vector<char> buffer_;
  const char* block_ = nullptr;
  std::size_t left_ = 0;
};

class BackwardSource final : public ByteSource {
 public:
  BackwardSource(int descriptor, std::uint64_t size) : descriptor_(descriptor), left_(size) { count_lines(); }
  ~BackwardSource() override { ::close(descriptor_); }
  BackwardSource(const BackwardSource&) = delete;
  BackwardSource& operator=(const BackwardSource&) = delete;

  std::ptrdiff_t read(char* into, std::size_t size) override {
    while (lines_.all_given())
      if (!fill()) return failure_.empty() ? 0 : -1;
    return lines_.give(into, size);
  }
  std::uint64_t lines() const override { return lines_in_all_; }

 private:
  void count_lines() {
    std::string block(block_size, '\0');
    char last = '\n';
    for (std::uint64_t at = 0; at < left_;) {
      const auto got = ::pread(descriptor_, block.data(),
                               static_cast<std::size_t>(std::min<std::uint64_t>(left_ - at, block_size)),
                               static_cast<off_t>(at));
      if (got <= 0) break;
      lines_in_all_ += static_cast<std::uint64_t>(std::count(block.begin(), block.begin() + got, '\n'));
      last = block[static_cast<std::size_t>(got) - 1];
      at += static_cast<std::uint64_t>(got);
    }
    lines_in_all_ += last != '\n';
  }

  // The block before what was read, and what was left of its first line.
  bool fill() {
    lines_.clear();
    if (left_ == 0 || !failure_.empty()) return false;
    const std::uint64_t from = left_ - std::min<std::uint64_t>(left_, block_size);
    std::string block(static_cast<std::size_t>(left_ - from), '\0');
    if (::pread(descriptor_, block.data(), block.size(), static_cast<off_t>(from)) !=
        static_cast<ssize_t>(block.size())) {
      failure_ = "the file became shorter, or can't be read";
      return false;
    }
    left_ = from;
    block += rest_;
    const auto first = left_ == 0 ? 0 : block.find('\n');
    constexpr std::size_t max_kept = 64 * block_size;  // a line of which only the beginning will be kept
    rest_.clear();
    if (first == std::string::npos && block.size() < max_kept) {
      rest_ = std::move(block);
      return true;
    }
    const std::size_t begin = left_ == 0 || first == std::string::npos ? 0 : first + 1;
    rest_ = block.substr(0, begin);
    for (std::size_t end = block.size(); end > begin;) {
      const std::size_t stop = block[end - 1] == '\n' ? end - 1 : end;
      const auto newline = stop > begin ? block.rfind('\n', stop - 1) : std::string::npos;
      const std::size_t start = newline == std::string::npos || newline < begin ? begin : newline + 1;
      lines_.text.append(block, start, stop - start).append(1, '\n');
      end = start;
    }
    return true;
  }

  const int descriptor_;
  std::uint64_t left_;
  std::uint64_t lines_in_all_ = 0;
  std::string rest_;
  MadeText lines_;
};

class EntriesSource final : public ByteSource {
 public:
  EntriesSource(std::string head, std::unique_ptr<ByteSource> source)
      : head_(std::move(head)), source_(std::move(source)) {}

  std::ptrdiff_t read(char* into, std::size_t size) override {
    while (lines_.all_given()) {
      lines_.clear();
      if (!head_.empty()) {
        take(std::exchange(head_, {}));
        continue;
      }
      std::array<char, 1 << 16> bytes;
      const auto got = source_ ? source_->read(bytes.data(), bytes.size()) : 0;
      if (got < 0) failure_ = source_->failure();
      if (got <= 0) return got;
      take({bytes.data(), static_cast<std::size_t>(got)});
    }
    return lines_.give(into, size);
  }

 private:
  void take(std::string_view bytes) {
    for (const char c : bytes) in_string_ ? of_string(c) : outside(c);
  }

  void of_string(char c) {
    if (c == '\n' || c == '\r') return void(newlines_ += c == '\n');
    if (entry_) lines_.text += c;
    if (escaped_) escaped_ = false;
    else if (c == '\\') escaped_ = true;
    else in_string_ = c != '"';
  }

  void outside(char c) {
    if (c == '\n') return void(entry_ ? newlines_ += 1 : (end_line(), 0));
    if (c == '\r') return;
    in_string_ = c == '"';
    const bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
    if (opens && !entry_ && c == '{' && (around_ == "[" || around_ == "{[")) {
      if (!fresh_) end_line();
      entry_ = true;
      depth_ = 0;
    }
    if (entry_) {
      lines_.text += c;
      fresh_ = false;
      depth_ += opens - closes;
      if (depth_ > 0) return;
      entry_ = false;
      for (; newlines_ > 0; --newlines_) end_line();
    } else if (opens && around_.size() < max_around) {
      around_ += c;
    } else if (closes && !around_.empty()) {
      around_.pop_back();
    }
  }

  void end_line() {
    lines_.text += '\n';
    fresh_ = true;
  }

  static constexpr std::size_t max_around = 64;
  std::string head_;
  std::unique_ptr<ByteSource> source_;
  MadeText lines_;
  std::string around_;  // the brackets that are open around an entry
  bool entry_ = false;
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool fresh_ = true;         // nothing is on the line yet
  std::size_t newlines_ = 0;  // within the entry
};

}  // namespace

bool holds_entries(std::string_view head) {
  const auto take = [&](std::string_view token) {
    head.remove_prefix(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
    if (!head.starts_with(token)) return false;
    head.remove_prefix(token.size());
    return true;
  };
  if (take("{") && !(take("\"records\"") && take(":"))) return false;
  return take("[") && take("{");
}

std::unique_ptr<ByteSource> ByteSource::entries(std::string head, std::unique_ptr<ByteSource> source) {
  return std::make_unique<EntriesSource>(std::move(head), std::move(source));
}

Result<std::unique_ptr<ByteSource>> ByteSource::turned(std::string_view head, ByteSource& source) {
  constexpr std::uint64_t most = std::uint64_t{2} << 30;
  const auto failed = [](std::string why) {
    return fail(Error::Kind::input, {}, "is newest first, and can't be reversed: " + std::move(why),
                "pass an uncompressed file, or export the log oldest first");
  };
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::tmpfile(), &std::fclose);
  const auto no_file = [&] { return failed(std::string("no temporary file: ") + std::strerror(errno)); };
  if (!file) return no_file();
  std::uint64_t size = 0;
  std::vector<char> bytes(block_size);
  for (std::ptrdiff_t got = 1; got > 0; head = {bytes.data(), static_cast<std::size_t>(got)}) {
    if (std::fwrite(head.data(), 1, head.size(), file.get()) != head.size()) return no_file();
    size += head.size();
    if (size > most) return failed("it is over 2 GB");
    got = source.read(bytes.data(), bytes.size());
    if (got < 0) return failed(source.failure());
  }
  if (std::fflush(file.get()) != 0) return no_file();
  const int descriptor = ::dup(::fileno(file.get()));
  if (descriptor < 0) return failed(std::strerror(errno));
  return std::make_unique<BackwardSource>(descriptor, size);
}

Result<std::unique_ptr<ByteSource>> ByteSource::open_backwards(const std::string& path) {
  TRY(InputFile file, InputFile::open(path));
  const std::uint64_t size = file.size();
  return std::make_unique<BackwardSource>(file.release(), size);
}

bool compressed(std::string_view head) {
  using namespace std::string_view_literals;
  constexpr std::array magic = {gzip_magic, "BZh"sv,
                                "\xfd"
                                "7zXZ\0"sv,
                                "\x28\xb5\x2f\xfd"sv, "\x04\x22\x4d\x18"sv};
  return std::any_of(magic.begin(), magic.end(),
                     [&](std::string_view bytes) { return head.substr(0, bytes.size()) == bytes; });
}

Result<std::unique_ptr<ByteSource>> ByteSource::open(const std::string& path, const UserPaths& user_paths) {
  std::error_code code;
  if (path != "-" && std::filesystem::is_directory(path, code) && why_unreadable(path).empty() &&
      !is_kernel_folder(path))
    return fail(Error::Kind::input, path, "is a folder without PostgreSQL logs", "name the log files");
  if (const auto why = path == "-" ? std::string() : why_unreadable(path); !why.empty())
    return fail(Error::Kind::input, path, "can't be read: " + why);
  TRY(InputFile opened, path == "-" ? InputFile::standard_input() : InputFile::open(path, user_paths));
  auto file = std::make_unique<Descriptor>(std::move(opened));
  const std::string_view head = file->peek(6);
  if (head.substr(0, gzip_magic.size()) == gzip_magic) return std::make_unique<GzipSource>(std::move(file));
  if (compressed(head)) return std::make_unique<CompressedSource>(std::move(file));
  return std::make_unique<PlainSource>(std::move(file));
}

}  // namespace pgadvise::log
