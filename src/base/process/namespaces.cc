#include "base/process/namespaces.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

namespace pgadvise {
namespace {

bool write_text(const char* file, const char* text, std::size_t size) {
  const int fd = ::open(file, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::write(fd, text, size) == static_cast<ssize_t>(size);
  const int reason = errno;
  ::close(fd);
  return errno = reason, done;
}

}  // namespace

SameUser::SameUser()
    : uid_map(fmt::format("{0} {0} 1", ::geteuid())), gid_map(fmt::format("{0} {0} 1", ::getegid())) {}

bool enter_namespaces(int kinds, const SameUser& user) {
  if (::geteuid() == 0 && ::unshare(kinds) == 0) return true;
  if (::unshare(CLONE_NEWUSER | kinds) != 0) return false;
  constexpr const char deny[] = "deny";
  write_text("/proc/self/setgroups", deny, sizeof deny - 1);  // missing in old kernels
  return write_text("/proc/self/uid_map", user.uid_map.data(), user.uid_map.size()) &&
         write_text("/proc/self/gid_map", user.gid_map.data(), user.gid_map.size());
}

}  // namespace pgadvise
