#include "store/spool.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/input_file.h"
#include "base/text.h"
#include "base/write_file.h"
#include "store/facts_json.h"

namespace pgadvise::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_files = 100'000;
constexpr std::string_view ending = ".json";

struct Waiting {
  std::string path;
  std::uint64_t bytes = 0;
};

// Not a link, nor another user's: who owns a folder reads and replaces what is in it.
bool is_own(const std::string& folder) {
  struct stat status{};
  return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid();
}

// By age; nothing of another user. Temporary files of a killed process, which have another ending, are left
// out.
std::vector<Waiting> waiting_in(const std::string& folder) {
  std::vector<Waiting> out;
  if (!is_own(folder)) return out;
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end && out.size() < most_files;
       at.increment(code)) {
    std::error_code none;
    const std::string path = at->path().string();
    const auto bytes = at->file_size(none);
    if (!none && path.ends_with(ending)) out.push_back({path, bytes});
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return out;
}

// Temporary files that are older than any upload.
void remove_remains(const std::string& folder) {
  std::error_code code;
  std::size_t seen = 0;
  for (fs::directory_iterator at(folder, code), end; !code && at != end && ++seen < most_files;
       at.increment(code)) {
    std::error_code none;
    const auto written = at->last_write_time(none);
    if (!none && at->path().filename().string().find(".json.") != std::string::npos &&
        fs::file_time_type::clock::now() - written > std::chrono::hours(1))
      fs::remove(at->path(), none);
  }
}

// Names of files outlast a crash of the machine, too.
void flush(const std::string& folder) {
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return;
  (void)::fsync(opened);
  ::close(opened);
}

std::string dropped_file(const std::string& folder) { return folder + "/dropped"; }

}  // namespace

Result<std::string> default_spool() {
  auto folder = state_folder();
  if (!folder)
    return fail(Error::Kind::usage, "--spool", folder.error().what, "name a folder: --spool FOLDER");
  return *folder + "/spool";
}

Spool::Spool(const std::string& folder, const Address& store, std::uint64_t limit)
    : folder_(folder + "/" + sha256_hex(id_of(store)).substr(0, 16)), limit_(limit) {}

Result<void> Spool::keep(const Facts& facts, std::int64_t now) {
  const std::string text = facts_json(facts);
  if (text.size() > limit_)
    return fail(
        Error::Kind::usage, folder_,
        fmt::format("one run has {} bytes, and the spool keeps {}: the run is lost", text.size(), limit_));
  std::error_code code;
  const bool made = fs::create_directories(folder_, code);
  if (code) return fail(Error::Kind::usage, folder_, "can't be made: " + code.message(), "--spool FOLDER");
  if (made) fs::permissions(folder_, fs::perms::owner_all, code);
  if (!is_own(folder_))
    return fail(Error::Kind::usage, folder_, "belongs to another user, or is a symbolic link",
                "name a folder that only you may write to: --spool FOLDER");
  remove_remains(folder_);
  // The limit holds with the new run, whose file is there only if it was written whole.
  auto waiting = waiting_in(folder_);
  std::uint64_t bytes = text.size();
  for (const auto& one : waiting) bytes += one.bytes;
  for (auto oldest = waiting.begin(); bytes > limit_ && oldest != waiting.end(); ++oldest) {
    bytes -= oldest->bytes;
    // One byte for each: of several processes that remove a file, one succeeds.
    if (fs::remove(oldest->path, code)) std::ofstream(dropped_file(folder_), std::ios::app) << '.';
  }
  const std::string path = fmt::format("{}/{:012}-{}{}", folder_, std::max<std::int64_t>(now, 0),
                                       sha256_hex(text).substr(0, 16), ending);
  const std::string temporary = write_aside(path, text, 0600);
  if (temporary.empty() || std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    if (!temporary.empty()) fs::remove(temporary, code);
    return fail(Error::Kind::usage, folder_, std::string("can't be written: ") + std::strerror(reason),
                "--spool FOLDER");
  }
  flush(folder_);
  return {};
}

Spool::Sent Spool::send(Store& store, std::int64_t now) {
  constexpr int most_failures = 3;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  Sent out;
  int failures = 0;
  for (const auto& one : waiting_in(folder_)) {
    if (failures == most_failures || std::chrono::steady_clock::now() > until) break;
    std::error_code code;
    const bool too_large = one.bytes > limit_;
    const auto text = read_file(one.path, limit_);
    if (!text && !too_large) continue;  // another process sent it
    std::optional<Facts> facts;
    if (text) facts = read_facts_json(*text);
    if (!facts) {
      if (fs::remove(one.path, code)) ++out.unreadable;
      continue;
    }
    if (const auto done = store.put(*facts, now); !done) {
      ++failures;
      out.failure = done.error().what;
      continue;
    }
    if (fs::remove(one.path, code)) ++out.sent;
  }
  return out;
}

Spool::State Spool::state() const {
  State out;
  for (const auto& one : waiting_in(folder_)) {
    ++out.runs;
    out.bytes += one.bytes;
  }
  std::error_code code;
  const auto dropped = fs::file_size(dropped_file(folder_), code);
  if (!code) out.dropped = dropped;
  return out;
}

}  // namespace pgadvise::store
