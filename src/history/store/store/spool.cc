#include "store/store/spool.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
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

#include "base/files/digest.h"
#include "base/files/input_file.h"
#include "base/files/write_file.h"
#include "base/files/write_target.h"
#include "store/facts/facts_json.h"

namespace pgadvise::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_files = 100'000;
constexpr std::string_view ending = ".json";
constexpr std::string_view refused_ending = ".refused";

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
std::vector<Waiting> files_in(const std::string& folder, std::string_view with_ending) {
  std::vector<Waiting> out;
  if (!is_own(folder)) return out;
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end && out.size() < most_files;
       at.increment(code)) {
    std::error_code none;
    const std::string path = at->path().string();
    const auto bytes = at->file_size(none);
    if (!none && path.ends_with(with_ending)) out.push_back({path, bytes});
  }
  std::ranges::sort(out, [](const auto& a, const auto& b) { return a.path < b.path; });
  return out;
}

std::vector<Waiting> waiting_in(const std::string& folder) { return files_in(folder, ending); }

// The file "TIME-HASH.2.json" has been refused twice.
int refusals_of(const std::string& path) {
  const std::string name = fs::path(path).stem().string();
  const auto dot = name.rfind('.');
  int out = 0;
  if (dot != std::string::npos) std::from_chars(name.data() + dot + 1, name.data() + name.size(), out);
  return std::clamp(out, 0, max_refusals);
}

// Returns the new name if the run is set aside, else "".
std::string rename_refused(const std::string& path) {
  const int refusals = refusals_of(path) + 1;
  const fs::path file(path);
  const std::string name = file.filename().string();
  const std::string stem = (file.parent_path() / name.substr(0, name.find('.'))).string();
  const bool last = refusals >= max_refusals;
  const std::string renamed =
      last ? stem + std::string(refused_ending) : fmt::format("{}.{}{}", stem, refusals, ending);
  return ::rename(path.c_str(), renamed.c_str()) == 0 && last ? renamed : std::string();
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

// A repository may have made a link where the user names a folder.
static std::optional<Error> behind_a_link(const fs::path& folder) {
  std::error_code code;
  fs::path there = folder;
  while (!there.empty() && fs::symlink_status(there, code).type() == fs::file_type::not_found)
    there = there.parent_path();
  const auto found =
      WriteTarget::find((there.empty() ? fs::path(".") : there).string() + "/", OwnLink::follow);
  return found ? std::nullopt : std::optional(found.error());
}

Spool::Spool(const std::string& folder, const Address& store, std::uint64_t limit)
    : folder_(folder + "/" + sha256_hex(id_of(store)).substr(0, 16)), limit_(limit) {}

Result<std::string> Spool::keep(const Facts& facts, std::int64_t now) {
  const std::string text = facts_json(facts);
  if (text.size() > limit_)
    return fail(
        Error::Kind::usage, folder_,
        fmt::format("one run has {} bytes, and the spool keeps {}: the run is lost if the store fails",
                    text.size(), limit_));
  if (auto linked = behind_a_link(folder_)) return tl::unexpected(std::move(*linked));
  std::error_code code;
  const bool made = fs::create_directories(folder_, code);
  if (code) return fail(Error::Kind::usage, folder_, "can't be made: " + code.message(), "--spool FOLDER");
  if (made) fs::permissions(folder_, fs::perms::owner_all, code);
  if (!is_own(folder_))
    return fail(Error::Kind::usage, folder_, "belongs to another user, or is a symbolic link",
                "name a folder that only you may write to: --spool FOLDER");
  remove_remains(folder_);
  // The limit holds with the new run, whose file is there only if it was written whole.
  auto waiting = files_in(folder_, refused_ending);
  for (auto& one : waiting_in(folder_)) waiting.push_back(std::move(one));
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
  return path;
}

void Spool::remove(const std::string& path) {
  std::error_code none;
  fs::remove(path, none);
}

Spool::Sent Spool::send(Store& store, std::int64_t now, const Facts* stored) {
  constexpr std::size_t most_failures = 3;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  Sent out;
  std::vector<std::string> failed;
  Facts taken;
  bool took = false;
  auto waiting = waiting_in(folder_);
  std::ranges::stable_partition(waiting, [](const Waiting& one) { return refusals_of(one.path) == 0; });
  for (const auto& one : waiting) {
    if (failed.size() == most_failures || std::chrono::steady_clock::now() > until) break;
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
      failed.push_back(one.path);
      out.failure = done.error().what;
      continue;
    }
    if (fs::remove(one.path, code)) ++out.sent;
    taken = std::move(*facts);
    took = true;
  }
  const Facts* probe = took ? &taken : stored;
  if (failed.empty() || !probe || !store.put(*probe, now)) return out;
  for (const auto& path : failed)
    if (auto renamed = rename_refused(path); !renamed.empty()) out.set_aside.push_back(std::move(renamed));
  return out;
}

Spool::State Spool::state() const {
  State out;
  for (const auto& one : waiting_in(folder_)) {
    ++out.runs;
    out.bytes += one.bytes;
  }
  out.set_aside = files_in(folder_, refused_ending).size();
  std::error_code code;
  const auto dropped = fs::file_size(dropped_file(folder_), code);
  if (!code) out.dropped = dropped;
  return out;
}

}  // namespace pgadvise::store
