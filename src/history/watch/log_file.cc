#include "watch/log_file.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <sys/stat.h>

#include "files/glob.h"

namespace pgadvise::watch {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_files = 10'000;
constexpr std::uint64_t most_decompressed = std::uint64_t{32} << 30;
constexpr std::size_t block_bytes = std::size_t{256} << 10;

struct stat status_of(const InputFile& file) {
  struct stat out{};
  (void)::fstat(file.descriptor(), &out);
  return out;
}

LogFileId id_of(const struct stat& status) { return {status.st_dev, status.st_ino}; }

std::int64_t modified_of(const struct stat& status) {
  return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

std::string_view without_compression(std::string_view name) {
  for (const std::string_view ending : {".gz", ".bz2", ".xz", ".zst", ".lz4"})
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  return name;
}

// ".1", "-20261123", "-2026-11-23_100000": what a rotation adds to a name.
bool is_rotation(std::string_view added) {
  constexpr std::string_view digits = "0123456789";
  return added.size() > 1 && added.find_first_of(".-_") == 0 &&
         added.find_first_of(digits) != std::string_view::npos &&
         added.find_first_not_of("0123456789.-_T:") == std::string_view::npos;
}

bool is_rotated(std::string_view name, const fs::path& log) {
  const std::string file = log.filename().string(), stem = log.stem().string();
  const std::string extension = log.extension().string();
  name = without_compression(name);
  if (name.starts_with(file) && is_rotation(name.substr(file.size()))) return true;
  return name.starts_with(stem) && name.ends_with(extension) &&
         name.size() > stem.size() + extension.size() &&
         is_rotation(name.substr(stem.size(), name.size() - stem.size() - extension.size()));
}

}  // namespace

Result<LogFile> LogFile::open(const std::string& path, std::stop_token stop) {
  TRY(auto file, InputFile::open(path));
  LogFile out(std::move(file));
  out.stop_ = std::move(stop);
  if (!log::compressed(out.file_.read_at(0, 6))) return out;
  TRY(out.stream_, log::ByteSource::open(path));
  out.beginning_ = out.bytes(0, beginning_bytes);
  return out;
}

LogFileId LogFile::id() const { return id_of(status_of(file_)); }
std::int64_t LogFile::modified() const { return modified_of(status_of(file_)); }

std::string LogFile::beginning() { return stream_ ? beginning_ : file_.read_at(0, beginning_bytes); }

std::string LogFile::failure() const {
  if (stream_ && at_ + buffer_.size() >= most_decompressed) return "the file is too large";
  return stream_ ? stream_->failure() : "";
}

// One block more in the buffer; false at the end.
bool LogFile::fill() {
  if (stop_.stop_requested() || at_ + buffer_.size() >= most_decompressed) return false;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + block_bytes);
  const auto got = stream_->read(buffer_.data() + before, block_bytes);
  buffer_.resize(before + static_cast<std::size_t>(std::max<std::ptrdiff_t>(got, 0)));
  return got > 0;
}

std::uint64_t LogFile::available(std::uint64_t offset, std::uint64_t most) {
  if (!stream_) {
    const auto size = static_cast<std::uint64_t>(std::max<off_t>(status_of(file_).st_size, 0));
    return size > offset ? std::min(size - offset, most) : 0;
  }
  while (at_ < offset) {
    const std::uint64_t passed = std::min<std::uint64_t>(buffer_.size(), offset - at_);
    buffer_.erase(0, passed);
    at_ += passed;
    if (at_ < offset && !fill()) return 0;
  }
  if (at_ > offset) return 0;
  while (buffer_.size() < most && fill()) {
  }
  return std::min<std::uint64_t>(buffer_.size(), most);
}

bool LogFile::has(std::uint64_t offset, std::uint64_t size) {
  if (!stream_) return static_cast<std::uint64_t>(status_of(file_).st_size) >= offset + size;
  return available(offset, size) == size && at_ == offset;
}

std::string LogFile::bytes(std::uint64_t offset, std::uint64_t size) {
  if (!stream_) return file_.read_at(offset, size);
  if (offset + size <= beginning_.size()) return beginning_.substr(offset, size);
  return buffer_.substr(0, available(offset, size));
}

std::vector<LogName> files_beside(const std::string& log) {
  const fs::path path(log), folder = path.parent_path();
  const std::string stem = path.stem().string(), pattern = path.filename().string();
  const bool by_pattern = is_log_pattern(log);
  std::vector<LogName> out;
  std::error_code code;
  std::size_t seen = 0;
  for (fs::directory_iterator at(folder.empty() ? "." : folder, code), end;
       !code && at != end && ++seen <= most_files; at.increment(code)) {
    struct stat status{};
    if (::stat(at->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    const std::string name = at->path().filename().string();
    LogName& one = out.emplace_back();
    one.path = at->path().string();
    one.id = id_of(status);
    one.modified = modified_of(status);
    one.rotated =
        by_pattern ? files::matches_glob(pattern, without_compression(name)) : is_rotated(name, path);
    one.alike = by_pattern ? one.rotated : name.starts_with(stem);
  }
  std::ranges::sort(out, [](const auto& a, const auto& b) {
    return std::pair(a.modified, a.path) < std::pair(b.modified, b.path);
  });
  return out;
}

bool is_log_pattern(const std::string& log) {
  std::error_code code;
  return fs::path(log).filename().string().find_first_of("*?[{") != std::string::npos &&
         !fs::exists(log, code);
}

std::string current_log(const std::string& log) {
  if (!is_log_pattern(log)) return log;
  const auto files = files_beside(log);
  const auto last = std::find_if(files.rbegin(), files.rend(), [](const LogName& one) {
    return one.rotated && without_compression(one.path) == one.path;
  });
  return last == files.rend() ? std::string() : last->path;
}

}  // namespace pgadvise::watch
