#include "base/files/input_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/text/text.h"

namespace pgadvise {
namespace {

// Statfs magic numbers; those that linux/magic.h of older kernels lacks are written out.
bool of_kernel(const struct statfs& system) {
  constexpr std::array<unsigned long, 16> kinds = {
      PROC_SUPER_MAGIC, SYSFS_MAGIC,    DEBUGFS_MAGIC,  TRACEFS_MAGIC, SECURITYFS_MAGIC, CGROUP_SUPER_MAGIC,
      0x63677270UL,     BPF_FS_MAGIC,   PSTOREFS_MAGIC, 0xde5e81e4UL,  SELINUX_MAGIC,    SMACK_MAGIC,
      0x62656570UL,     BINFMTFS_MAGIC, 0x19800202UL,   0x65735543UL};
  const auto magic = static_cast<unsigned long>(system.f_type) & 0xffffffffUL;
  return std::ranges::find(kinds, magic) != kinds.end();
}

constexpr const char* kernel_file = "belongs to a file system of the kernel (/proc, /sys), not to a disk";

bool is_null_device(const struct stat& about) {
  return S_ISCHR(about.st_mode) && about.st_rdev == makedev(1, 3);
}

// Of what is behind symbolic links.
std::string why_refused(const struct stat& about, NamedBy by) {
  const bool user = by == NamedBy::command_line;
  if (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode)) return {};
  if (S_ISFIFO(about.st_mode)) return user ? "" : "is a pipe: a repository's inputs are regular files";
  if (S_ISSOCK(about.st_mode)) return "is a socket, not a file";
  if (is_null_device(about) && user) return {};
  return "is a device, not a file";
}

tl::unexpected<Error> unreadable(const std::string& path, int reason) {
  return fail(Error::Kind::input, path, std::string("can't be read: ") + std::strerror(reason));
}

// The N of /dev/fd/N and of /dev/stdin, where that is a socket, which can't be opened by a name; -1.
int inherited_socket(const std::string& path, const struct stat& about) {
  if (!S_ISSOCK(about.st_mode)) return -1;
  if (path == "/dev/stdin") return STDIN_FILENO;
  const std::string_view prefix = "/dev/fd/";
  if (!path.starts_with(prefix) || path.size() > prefix.size() + 4 ||
      path.find_first_not_of("0123456789", prefix.size()) != std::string::npos ||
      path.size() == prefix.size())
    return -1;
  return std::stoi(path.substr(prefix.size()));
}

Result<std::string> read_all(const InputFile& file, const std::string& path, std::size_t limit) {
  const auto too_large = [&] {
    return fail(Error::Kind::input, path,
                "is larger than " + size_name(limit) + ", the limit of such a file: nothing of it was read");
  };
  if (file.size() > limit) return too_large();
  std::string out;
  std::string buffer(1 << 16, '\0');
  for (;;) {
    const auto got = file.read(buffer.data(), buffer.size());
    if (got < 0)
      return fail(Error::Kind::input, path, std::string("can't be read to its end: ") + std::strerror(errno));
    if (got == 0 && (out.starts_with("\xff\xfe") || out.starts_with("\xfe\xff")))
      return fail(Error::Kind::input, path, "is text in UTF-16, which pgadvise does not read",
                  "save it as UTF-8");
    if (got == 0) return out;
    if (out.size() + static_cast<std::size_t>(got) > limit) return too_large();
    out.append(buffer, 0, static_cast<std::size_t>(got));
  }
}

}  // namespace

struct UserPaths::State {
  std::set<std::string> paths;
  std::mutex lock;  // of what follows
  std::set<std::string> opened_pipes;
  std::map<std::string, std::string> texts;  // of pipes
};

UserPaths::UserPaths(const std::vector<std::string>& words) : state_(std::make_shared<State>()) {
  for (const auto& word : words) {
    state_->paths.insert(plain_path(word));
    if (const auto equals = word.find('='); word.starts_with('-') && equals != std::string::npos)
      state_->paths.insert(plain_path(word.substr(equals + 1)));
  }
}

NamedBy UserPaths::named_by(const std::string& path) const {
  return state_ && state_->paths.count(plain_path(path)) ? NamedBy::command_line : NamedBy::repository;
}

bool is_kernel_folder(const std::string& folder) {
  struct statfs system{};
  return ::statfs(folder.c_str(), &system) == 0 && of_kernel(system);
}

std::string why_no_input(const std::string& path, NamedBy by) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return {};
  if (by == NamedBy::command_line && inherited_socket(path, about) >= 0) return {};
  if (auto why = why_refused(about, by); !why.empty()) return why;
  return (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode)) && is_kernel_folder(path) ? kernel_file : "";
}

bool is_endless(const std::string& path) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0 || S_ISSOCK(about.st_mode) || S_ISDIR(about.st_mode)) return false;
  if (S_ISREG(about.st_mode)) return is_kernel_folder(path);
  return !is_null_device(about);
}

void SpecialFiles::add_if_special(const std::string& path, const std::string& name) {
  constexpr std::size_t shown = 10;
  struct stat about{};
  if (::lstat(path.c_str(), &about) != 0) return;
  const char* kind = S_ISFIFO(about.st_mode)                            ? "pipe"
                     : S_ISSOCK(about.st_mode)                          ? "socket"
                     : S_ISCHR(about.st_mode) || S_ISBLK(about.st_mode) ? "device"
                                                                        : nullptr;
  if (!kind) return;
  ++count_;
  names_.insert(fmt::format("{} ({})", ellipsis(name, 60), kind));
  if (names_.size() > shown) names_.erase(std::prev(names_.end()));
}

std::optional<Error> SpecialFiles::warning(const std::string& folder) const {
  if (count_ == 0) return std::nullopt;
  const std::string names = join(std::vector<std::string>(names_.begin(), names_.end()), ", ");
  const std::string more = count_ > names_.size() ? fmt::format(" and {} more", count_ - names_.size()) : "";
  return Error{
      Error::Kind::nonfatal, folder,
      (count_ == 1
           ? "contains a file that pgadvise did not read, as it is not a regular file: "
           : fmt::format("contains {} files that pgadvise did not read, as they are not regular files: ",
                         count_)) +
          names + more,
      "remove them, or list them in exclude of [inputs]"};
}

Result<InputFile> InputFile::open(const std::string& path, const UserPaths& user_paths) {
  const NamedBy by = user_paths.named_by(path);
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return unreadable(path, errno);
  if (S_ISDIR(about.st_mode)) return fail(Error::Kind::input, path, "is a folder, not a file");
  if (auto why = why_no_input(path, by); !why.empty()) return fail(Error::Kind::input, path, std::move(why));
  const int socket = inherited_socket(path, about);
  const bool once = socket >= 0 || S_ISFIFO(about.st_mode);
  if (once) {
    const std::lock_guard guard(user_paths.state_->lock);  // of the user's paths alone a pipe comes this far
    if (!user_paths.state_->opened_pipes.insert(plain_path(path)).second)
      return fail(Error::Kind::input, path, "is a pipe, which can be read only once",
                  "name it once, or make a file of it");
  }
  // Without waiting: a file may have become a pipe since. A pipe that the user named is waited for.
  const int wait = once ? 0 : O_NONBLOCK;
  const int descriptor = socket >= 0 ? ::fcntl(socket, F_DUPFD_CLOEXEC, 0)
                                     : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | wait);
  if (descriptor < 0) return unreadable(path, errno);
  struct stat now{};
  struct statfs system{};
  InputFile out(descriptor, false, 0);
  if (::fstat(descriptor, &now) != 0 || ::fstatfs(descriptor, &system) != 0) return unreadable(path, errno);
  if ((now.st_mode & S_IFMT) != (about.st_mode & S_IFMT) || now.st_rdev != about.st_rdev)
    return fail(Error::Kind::input, path, "became another kind of file while it was opened");
  if (S_ISREG(now.st_mode) && of_kernel(system)) return fail(Error::Kind::input, path, kernel_file);
  out.regular_ = S_ISREG(now.st_mode);
  out.size_ = out.regular_ ? static_cast<std::uint64_t>(now.st_size) : 0;
  return out;
}

Result<InputFile> InputFile::standard_input() {
  struct stat about{};
  struct statfs system{};
  if (::fstat(STDIN_FILENO, &about) != 0) return unreadable("standard input", errno);
  if (S_ISDIR(about.st_mode)) return fail(Error::Kind::input, "standard input", "is a folder, not a file");
  const std::string why = S_ISSOCK(about.st_mode) || ::isatty(STDIN_FILENO)
                              ? std::string()
                              : why_refused(about, NamedBy::command_line);
  if (!why.empty()) return fail(Error::Kind::input, "standard input", why);
  const bool regular = S_ISREG(about.st_mode);
  if (regular && ::fstatfs(STDIN_FILENO, &system) == 0 && of_kernel(system))
    return fail(Error::Kind::input, "standard input", kernel_file);
  return InputFile(STDIN_FILENO, regular, regular ? static_cast<std::uint64_t>(about.st_size) : 0);
}

InputFile::~InputFile() {
  if (descriptor_.get() == STDIN_FILENO) descriptor_.release();
}

std::ptrdiff_t InputFile::read(char* into, std::size_t size) const {
  ssize_t got = 0;
  do {
    got = ::read(descriptor(), into, size);
  } while (got < 0 && errno == EINTR);
  return got;
}

std::string InputFile::read_at(std::uint64_t offset, std::size_t size) const {
  std::string out(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got =
        ::pread(descriptor(), out.data() + have, size - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  out.resize(have);
  return out;
}

Result<std::string> read_file(const std::string& path, std::size_t limit, const UserPaths& user_paths) {
  UserPaths::State* const state = user_paths.state_.get();
  if (state) {
    const std::lock_guard guard(state->lock);
    if (const auto known = state->texts.find(plain_path(path)); known != state->texts.end())
      return known->second;
  }
  TRY(const InputFile file, InputFile::open(path, user_paths));
  auto out = read_all(file, path, limit);
  struct stat about{};
  if (state && out && !file.regular() && ::fstat(file.descriptor(), &about) == 0 && !S_ISCHR(about.st_mode)) {
    const std::lock_guard guard(state->lock);
    state->texts[plain_path(path)] = *out;
  }
  return out;
}

std::string plain_path(const std::string& path) {
  std::string out = std::filesystem::path(path).lexically_normal().generic_string();
  while (out.size() > 1 && out.back() == '/') out.pop_back();
  return out;
}

bool path_exists(const std::string& path) {
  std::error_code code;
  return std::filesystem::exists(path, code);
}

bool is_file(const std::string& path) {
  std::error_code code;
  return std::filesystem::is_regular_file(path, code);
}

bool is_folder(const std::string& path) {
  std::error_code code;
  return std::filesystem::is_directory(path, code);
}

std::string why_unreadable(const std::string& path) {
  const int mode = is_folder(path) ? R_OK | X_OK : R_OK;
  const bool refused =
      ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) != 0 && errno != ENOENT && errno != ENOTDIR;
  return refused ? std::strerror(errno) : "";
}

Result<std::string> read_standard_input(std::size_t limit) {
  TRY(const InputFile file, InputFile::standard_input());
  return read_all(file, "standard input", limit);
}

std::string read_head(const std::string& path, std::size_t bytes, const UserPaths& user_paths) {
  struct stat about{};
  if (::stat(path.c_str(), &about) == 0 && S_ISFIFO(about.st_mode))
    return read_file(path, file_limit, user_paths).value_or("").substr(0, bytes);
  const auto file = InputFile::open(path, user_paths);
  if (!file || !file->regular()) return {};
  const std::uint64_t size = file->size();  // 0 for files of /proc
  return file->read_at(0, size ? std::min<std::uint64_t>(bytes, size) : bytes);
}

std::string size_name(std::size_t bytes) {
  constexpr std::pair<int, const char*> units[] = {{30, "GiB"}, {20, "MiB"}, {10, "KiB"}};
  for (const auto& [shift, name] : units)
    if (bytes >> shift && (bytes >> shift) << shift == bytes)
      return fmt::format("{} {}", bytes >> shift, name);
  return fmt::format("{} bytes", bytes);
}

}  // namespace pgadvise
