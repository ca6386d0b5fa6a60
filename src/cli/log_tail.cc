#include "cli/log_tail.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/input_file.h"
#include "base/json_parse.h"
#include "base/write_file.h"

namespace pgadvise::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t most_bytes = std::uint64_t{16} << 20;
constexpr std::uint64_t most_head = 1024;
constexpr std::size_t most_files = 10'000;

LogPosition read_position(const std::string& path) {
  const auto text = read_file(path, std::size_t{1} << 16);
  const auto json = parsed_json(text ? *text : "");
  LogPosition out;
  try {
    if (json.is_discarded()) return {};
    json.at("device").get_to(out.device);
    json.at("inode").get_to(out.inode);
    json.at("offset").get_to(out.offset);
    json.at("end").get_to(out.end);
    json.at("head").get_to(out.head);
    json.at("head_bytes").get_to(out.head_bytes);
    const bool written_here =
        out.head_bytes <= most_head && (out.end <= out.offset || out.end - out.offset <= most_bytes);
    return written_here ? out : LogPosition();
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

std::string bytes_of(int file, std::uint64_t offset, std::uint64_t size) {
  std::string out(size, '\0');
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got =
        ::pread(file, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  out.resize(done);
  return out;
}

std::uint64_t size_of(int file) {
  struct stat status{};
  return ::fstat(file, &status) == 0 && status.st_size > 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

}  // namespace

LogTail::LogTail(std::string path, std::string state)
    : path_(std::move(path)), state_(std::move(state)), position_(read_position(state_)) {}

LogTail::~LogTail() {
  if (file_ >= 0) ::close(file_);
}

// Whether `file` is the one of the position, and was not truncated since.
bool LogTail::is_at(int file) const {
  struct stat status{};
  return ::fstat(file, &status) == 0 && status.st_dev == position_.device &&
         status.st_ino == position_.inode && size_of(file) >= std::max(position_.offset, position_.end) &&
         sha256_hex(bytes_of(file, 0, position_.head_bytes)) == position_.head;
}

void LogTail::begin(int file, std::uint64_t offset) {
  struct stat status{};
  (void)::fstat(file, &status);
  position_ = {};
  position_.device = status.st_dev;
  position_.inode = status.st_ino;
  position_.offset = offset;
  position_.head_bytes = std::min(offset, most_head);
  position_.head = sha256_hex(bytes_of(file, 0, position_.head_bytes));
  if (file_ != file && file_ >= 0) ::close(file_);
  file_ = file;
}

// After a restart: the file of the position, under another name in the same folder.
bool LogTail::reopen_rotated() {
  const fs::path folder = fs::path(path_).parent_path();
  std::error_code code;
  std::size_t seen = 0;
  for (fs::directory_iterator at(folder.empty() ? "." : folder, code), end;
       !code && at != end && ++seen < most_files; at.increment(code)) {
    struct stat status{};
    if (::stat(at->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_ino != position_.inode || status.st_dev != position_.device)
      continue;
    auto opened = InputFile::open(at->path().string());
    if (!opened) return false;
    file_ = opened->release();
    if (is_at(file_)) return true;
    ::close(std::exchange(file_, -1));
    return false;
  }
  return false;
}

Result<LogTail::Lines> LogTail::give(int file) {
  Lines out;
  const std::uint64_t size = size_of(file);
  const std::uint64_t until =
      position_.end > position_.offset ? position_.end : std::min(size, position_.offset + most_bytes);
  if (until <= position_.offset) return out;
  out.more = until < size;
  out.text = bytes_of(file, position_.offset, until - position_.offset);
  const auto last = out.text.rfind('\n');
  // A line that is not over waits, unless it alone is longer than what is given out.
  if (last != std::string::npos) out.text.resize(last + 1);
  else if (out.text.size() < most_bytes) out.text.clear();
  if (out.text.empty()) return out;
  position_.end = position_.offset + out.text.size();
  if (const auto saved = save(); !saved) return tl::unexpected(saved.error());
  return out;
}

Result<LogTail::Lines> LogTail::next() {
  auto opened = InputFile::open(path_);
  if (!opened && file_ < 0) return tl::unexpected(opened.error());
  int now = opened ? opened->release() : -1;  // -1: between the two steps of a rotation
  if (now >= 0 && position_.inode == 0) {
    begin(now, size_of(now));
    if (const auto saved = save(); !saved) return tl::unexpected(saved.error());
    return Lines{};
  }
  if (now >= 0 && is_at(now)) {
    if (file_ >= 0) ::close(file_);
    file_ = now;
    return give(now);
  }
  bool lost = false;
  struct stat status{};
  const bool same = now >= 0 && ::fstat(now, &status) == 0 && status.st_ino == position_.inode &&
                    status.st_dev == position_.device;
  if (!same && (file_ >= 0 || reopen_rotated())) {
    auto rest = is_at(file_) ? give(file_) : Result<Lines>(Lines{});
    // The server may still write to the old file while the new one is empty.
    if (!rest || !rest->text.empty() || now < 0 || size_of(now) == 0) {
      if (now >= 0) ::close(now);
      if (rest) rest->more = now >= 0;
      return rest;
    }
  } else if (!same) {
    lost = true;
  }
  if (now < 0) return Lines{};
  begin(now, 0);
  auto out = give(now);
  if (out) out->lost = lost;
  return out;
}

Result<void> LogTail::take() {
  if (position_.end <= position_.offset || file_ < 0) return {};
  position_.offset = std::exchange(position_.end, 0);
  // A whole head stays: the file may have been truncated, and have another one, since its lines were read.
  if (position_.head_bytes < most_head) {
    position_.head_bytes = std::min(position_.offset, most_head);
    position_.head = sha256_hex(bytes_of(file_, 0, position_.head_bytes));
  }
  return save();
}

Result<void> LogTail::save() const {
  return replace_file(state_,
                      nlohmann::json{{"device", position_.device},
                                     {"inode", position_.inode},
                                     {"offset", position_.offset},
                                     {"end", position_.end},
                                     {"head", position_.head},
                                     {"head_bytes", position_.head_bytes}}
                          .dump(),
                      mode_of_new_files());
}

}  // namespace pgadvise::cli
