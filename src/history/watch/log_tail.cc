#include "watch/log_tail.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/files/digest.h"
#include "base/files/input_file.h"
#include "base/files/write_file.h"
#include "base/text/json_parse.h"

namespace pgadvise::watch {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(LogPosition, device, inode, offset, end, head, head_bytes,
                                                finished)

namespace {

constexpr std::uint64_t most_bytes = std::uint64_t{16} << 20;
constexpr std::uint64_t least_beginning = 64;  // a shorter one may be that of several files
constexpr std::size_t most_beginnings = 1000;  // whose beginnings are read
constexpr std::size_t most_finished = 32;

LogPosition read_position(const std::string& path) {
  const auto text = read_file(path, std::size_t{1} << 16);
  const auto json = parsed_json(text ? *text : "");
  LogPosition out;
  try {
    if (json.is_discarded()) return {};
    for (const char* name : {"device", "inode", "offset", "end", "head", "head_bytes"})
      if (!json.contains(name)) return {};
    json.get_to(out);
    const bool written_here = out.head_bytes <= beginning_bytes && out.finished.size() <= most_finished &&
                              (out.end <= out.offset || out.end - out.offset <= most_bytes);
    return written_here ? out : LogPosition();
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

// Whether one of two files seems to be the other one, or to be the beginning of it.
bool begin_alike(const std::string& one, const std::string& other) {
  return !one.empty() && !other.empty() && (one.starts_with(other) || other.starts_with(one));
}

}  // namespace

LogTail::LogTail(std::string path, std::string state, std::stop_token stop)
    : path_(std::move(path)),
      state_(std::move(state)),
      stop_(std::move(stop)),
      position_(read_position(state_)) {}

// Whether `file` has what was read, and the lines that were given out.
bool LogTail::has_position(LogFile& file) const {
  return sha256_hex(file.bytes(0, position_.head_bytes)) == position_.head &&
         file.has(position_.offset, position_.end > position_.offset ? position_.end - position_.offset : 0);
}

void LogTail::begin(LogFile file, std::uint64_t offset) {
  auto finished = std::move(position_.finished);
  if (file_) finished.push_back(sha256_hex(file_->beginning()));
  if (finished.size() > most_finished) finished.erase(finished.begin());
  position_ = {};
  set_id(file.id());
  position_.offset = offset;
  position_.finished = std::move(finished);
  set_head(file.beginning());
  file_.emplace(std::move(file));
}

void LogTail::set_id(const LogFileId& id) {
  position_.device = id.device;
  position_.inode = id.inode;
}

void LogTail::set_head(const std::string& beginning) {
  position_.head_bytes = beginning.size();
  position_.head = sha256_hex(beginning);
}

// The file of the position under another name: by its inode, else by its beginning, since a compressed file
// and a copy have another inode.
std::optional<LogFile> LogTail::find_renamed() const {
  const auto files = files_beside(path_);
  for (const auto& one : files) {
    if (one.id != LogFileId{position_.device, position_.inode}) continue;
    auto opened = LogFile::open(one.path, stop_);
    if (opened && has_position(*opened)) return std::move(*opened);
  }
  std::optional<LogFile> found;
  if (position_.head_bytes < least_beginning) return found;
  std::size_t seen = 0;
  for (auto one = files.rbegin(); one != files.rend() && seen < most_beginnings; ++one) {
    if (!one->alike) continue;
    ++seen;
    auto opened = LogFile::open(one->path, stop_);
    // Not the compressed one of two: it may be unfinished.
    if (!opened || (found && opened->compressed()) || !has_position(*opened)) continue;
    found.emplace(std::move(*opened));
    if (!found->compressed()) break;
  }
  return found;
}

// The first of the rotated files that were written after that of the position, without `now`. `unreadable`:
// one of them cannot be read.
std::optional<LogFile> LogTail::find_follower(LogFile* now, bool& unreadable) {
  const std::string own = file_->beginning(), newest = now ? now->beginning() : "";
  const std::int64_t modified = file_->modified();
  std::optional<LogFile> found;
  std::size_t seen = 0;
  for (const auto& one : files_beside(path_)) {
    if (!one.rotated || one.modified <= modified || one.id == file_->id() || (now && one.id == now->id()))
      continue;
    if (++seen > most_beginnings) break;
    auto opened = LogFile::open(one.path, stop_);
    if (!opened) {
      std::error_code code;
      unreadable = unreadable || std::filesystem::exists(one.path, code);
      continue;
    }
    const std::string beginning = opened->beginning();
    const auto& finished = position_.finished;
    if (beginning.empty() || begin_alike(beginning, own) || begin_alike(beginning, newest) ||
        std::ranges::find(finished, sha256_hex(beginning)) != finished.end())
      continue;
    // Of a file and its copies: the last one, but not the compressed one, which may be unfinished.
    const bool better = !found || (begin_alike(beginning, found->beginning()) &&
                                   (found->compressed() || !opened->compressed()));
    if (better) found.emplace(std::move(*opened));
  }
  return found;
}

Result<LogTail::Lines> LogTail::give() {
  Lines out;
  const std::uint64_t there = file_->available(position_.offset, most_bytes + 1);
  const std::uint64_t size =
      position_.end > position_.offset ? position_.end - position_.offset : std::min(there, most_bytes);
  if (size == 0) return out;
  out.more = size < there;
  out.text = file_->bytes(position_.offset, size);
  const auto last = out.text.rfind('\n');
  // A line that is not over waits, unless it alone is longer than what is given out.
  if (last != std::string::npos) out.text.resize(last + 1);
  else if (out.text.size() < most_bytes) out.text.clear();
  if (out.text.empty()) return out;
  position_.end = position_.offset + out.text.size();
  TRY_VOID(save());
  return out;
}

Result<LogTail::Lines> LogTail::next() {
  const std::string path = current_log(path_);
  auto now = path.empty() ? Result<LogFile>(fail(Error::Kind::input, path_, "no file matches this pattern"))
                          : LogFile::open(path, stop_);
  if (!now && !file_) return tl::unexpected(now.error());
  const LogFileId id{position_.device, position_.inode};
  if (now && position_.inode == 0) {
    const std::uint64_t size = now->available(0, UINT64_MAX);
    begin(std::move(*now), size);
    TRY_VOID(save());
    return Lines{};
  }
  if (now && now->id() == id) {
    if (has_position(*now)) {
      file_.emplace(std::move(*now));
      return give();
    }
    file_.reset();  // it was truncated
  }
  if (!file_ || !has_position(*file_)) file_ = find_renamed();
  if (file_) set_id(file_->id());
  if (stop_.stop_requested()) return Lines{};
  return next_after_rotation(now ? &*now : nullptr);
}

// `now`: nullptr between the two steps of a rotation.
Result<LogTail::Lines> LogTail::next_after_rotation(LogFile* now) {
  bool lost = !file_;
  if (file_) {
    auto rest = give();
    if (rest) rest->more = rest->more || now;
    if (!rest || !rest->text.empty()) return rest;
    lost = !file_->failure().empty();
    bool unreadable = false;
    auto follower = find_follower(now, unreadable);
    if (stop_.stop_requested()) return Lines{};
    if (follower) {
      begin(std::move(*follower), 0);
      auto out = give();
      if (out) {
        out->lost = lost || unreadable;
        out->more = true;
      }
      return out;
    }
    // The server may still write to the old file while the new one is empty.
    if (!lost && (!now || !now->has(0, 1))) return Lines{};
    lost = lost || unreadable;
  }
  if (!now) return Lines{};
  begin(std::move(*now), 0);
  auto out = give();
  if (out) out->lost = lost;
  return out;
}

Result<void> LogTail::take() {
  if (position_.end <= position_.offset || !file_) return {};
  position_.offset = std::exchange(position_.end, 0);
  // The old head stays if the file was truncated since its lines were read, and has another one.
  if (position_.head_bytes < beginning_bytes && has_position(*file_)) set_head(file_->beginning());
  return save();
}

Result<void> LogTail::save() const {
  return replace_file(state_, nlohmann::json(position_).dump(), mode_of_new_files());
}

}  // namespace pgadvise::watch
