#include "base/files/write_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files/boundary.h"
#include "base/files/write_target.h"

namespace pgadvise {
namespace {

Result<void> failed(const std::string& path) {
  return fail(Error::Kind::usage, path, std::string("can't be written: ") + std::strerror(errno));
}

Result<void> check_repository(const std::string& path) {
  if (!leaves_repository(path)) return {};
  return fail(Error::Kind::usage, path,
              "leads out of the repository through a symbolic link: pgadvise writes nothing there",
              "name the file that the link leads to");
}

// Into a device or pipe. Another file may have got the name meanwhile.
Result<void> write_through(const WriteTarget& target, const std::string& path, std::string_view content) {
  const int how = target.is_process_link() ? O_TRUNC : O_NOFOLLOW;
  const int file = ::openat(target.folder(), target.name().c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | how);
  if (file < 0) return failed(path);
  struct stat status{};
  const bool replaced = !target.is_process_link() && ::fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  errno = EEXIST;
  const bool wrote = !replaced && write_all(file, content);
  const int reason = errno;
  const bool closed = ::close(file) == 0;
  if (!wrote) errno = reason;
  return wrote && closed ? Result<void>{} : failed(path);
}

Result<void> replace(const WriteTarget& target, const std::string& path, std::string_view content,
                     mode_t mode) {
  const std::string name = target.path();
  const std::string temporary = write_aside(name, content, mode);
  if (temporary.empty()) return failed(path);
  if (::rename(temporary.c_str(), name.c_str()) == 0) return {};
  const int reason = errno;
  ::unlink(temporary.c_str());
  errno = reason;
  return failed(path);
}

}  // namespace

bool write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t wrote = ::write(file, content.data(), content.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return false;
    content.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return true;
}

mode_t mode_of_new_files() {
  static const mode_t mask = [] {  // asked once: two threads that ask at a time could set it to nothing
    const mode_t now = ::umask(0);
    ::umask(now);
    return now;
  }();
  return 0666 & ~mask;
}

std::string write_aside(const std::string& path, std::string_view content, mode_t mode) {
  std::string temporary = path + ".XXXXXX";
  const int file = ::mkstemp(temporary.data());
  if (file < 0) return {};
  const bool wrote = write_all(file, content) && ::fchmod(file, mode) == 0 &&
                     (::fsync(file) == 0 || errno == EINVAL || errno == ENOSYS);
  int reason = errno;
  const bool closed = ::close(file) == 0;
  if (wrote && closed) return temporary;
  if (wrote) reason = errno;
  ::unlink(temporary.c_str());
  errno = reason;
  return {};
}

Result<void> replace_file(const std::string& path, std::string_view content, mode_t mode) {
  TRY_VOID(check_repository(path));
  TRY(const WriteTarget target, WriteTarget::find(path, OwnLink::replace));
  return replace(target, path, content, mode);
}

Result<void> write_file(const std::string& path, std::string_view content) {
  TRY_VOID(check_repository(path));
  TRY(const WriteTarget target, WriteTarget::find(path, OwnLink::follow));
  struct stat status{};
  if (::fstatat(target.folder(), target.name().c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return replace(target, path, content, mode_of_new_files());
  if (!S_ISREG(status.st_mode)) return write_through(target, path, content);
  const bool own = status.st_uid == ::geteuid();
  return replace(target, path, content, status.st_mode & (own ? 07777 : mode_of_new_files()));
}

}  // namespace pgadvise
