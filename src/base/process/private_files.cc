#include "base/process/private_files.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pgadvise {
namespace {

// Of newer kernels than the system's headers may know: 5.2 and, the last one, 5.12.
constexpr long open_tree_call = 428, move_mount_call = 429, mount_setattr_call = 442;
constexpr unsigned clone_tree = 1, recursive = 0x8000, from_empty_path = 4;
constexpr std::uint64_t read_only = 1, no_setuid = 2, no_devices = 4;  // MOUNT_ATTR_…

struct MountAttributes {
  std::uint64_t set = 0, clear = 0, propagation = 0, user_namespace = 0;
};

bool set_mount(const char* path, unsigned flags, MountAttributes attributes) {
  return ::syscall(mount_setattr_call, AT_FDCWD, path, flags, &attributes, sizeof attributes) == 0;
}

int copy_of_mount(const char* path, unsigned flags) {
  return static_cast<int>(::syscall(open_tree_call, AT_FDCWD, path, clone_tree | O_CLOEXEC | flags));
}

bool attach(int mount, const char* path) {
  return ::syscall(move_mount_call, mount, "", AT_FDCWD, path, from_empty_path) == 0;
}

// Mounts and unmounts in this namespace reach no other one. In a chroot whose root is no mount, the mounts
// above it are reached in the way that leads root out of a chroot, and back.
bool make_private() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0) return true;
  if (errno != EINVAL) return false;
  const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0 || ::fchdir(root) != 0 || ::chroot("proc") != 0) return false;
  struct stat here{}, above{};
  do {
    if (::stat(".", &here) != 0 || ::chdir("..") != 0 || ::stat(".", &above) != 0) return false;
  } while (here.st_ino != above.st_ino || here.st_dev != above.st_dev);
  const bool done = ::mount(nullptr, ".", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  return ::fchdir(root) == 0 && ::chroot(".") == 0 && ::close(root) == 0 && done;
}

// The root is a mount of its own from now on: a copy of all mounts, whose attributes nobody else sees.
bool copy_root() {
  const int root = copy_of_mount("/", recursive);
  if (root < 0 || !attach(root, "/") || ::fchdir(root) != 0 || ::chroot(".") != 0) return false;
  return ::close(root) == 0;
}

bool protect(const PrivateFiles& files) {
  for (const auto& folder : files.writable)
    if (::mount(folder.c_str(), folder.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) return false;
  if (!set_mount("/", recursive, {.set = read_only | no_setuid | no_devices})) return false;
  for (const auto& folder : files.writable)
    if (!set_mount(folder.c_str(), 0, {.clear = read_only})) return false;
  constexpr unsigned long as_empty = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  for (const auto& folder : files.hidden)
    if (::mount("tmpfs", folder.c_str(), "tmpfs", as_empty, "size=4k,mode=755") != 0) return false;
  return true;
}

constexpr const char* devices[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"};
struct Devices {
  int copies[std::size(devices)];
};

// A device that this machine does not have is left out.
Devices copies_of_devices() {
  Devices out{};
  for (std::size_t i = 0; i < std::size(devices); ++i) out.copies[i] = copy_of_mount(devices[i], 0);
  return out;
}

// Where a repository or TMPDIR is in /dev/shm, that stays, with what protect() did.
bool makes_shared_memory(const PrivateFiles& files, int old) {
  bool needed = files.folder.starts_with("/dev/shm/");
  for (const auto& folder : files.writable) needed = needed || folder.starts_with("/dev/shm/");
  if (::mkdir("/dev/shm", 01777) != 0) return false;
  if (needed) return old >= 0 && attach(old, "/dev/shm");
  constexpr unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  char options[64] = "mode=1777,size=";
  ::strncat(options, files.shared_memory, sizeof options - ::strlen(options) - 1);
  return ::mount("tmpfs", "/dev/shm", "tmpfs", flags, options) == 0;
}

bool replace_devices(const PrivateFiles& files, const Devices& kept) {
  const int shared_memory = copy_of_mount("/dev/shm", recursive);
  constexpr unsigned long flags = MS_NOSUID | MS_NOEXEC;
  if (::mount("tmpfs", "/dev", "tmpfs", flags, "size=64k,mode=755") != 0) return false;
  for (std::size_t i = 0; i < std::size(devices); ++i) {
    if (kept.copies[i] < 0) continue;
    const int file = ::open(devices[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 || ::close(file) != 0 || !attach(kept.copies[i], devices[i])) return false;
    ::close(kept.copies[i]);
  }
  if (::symlink("/proc/self/fd", "/dev/fd") != 0 || ::symlink("/proc/self/fd/0", "/dev/stdin") != 0 ||
      ::symlink("/proc/self/fd/1", "/dev/stdout") != 0 || ::symlink("/proc/self/fd/2", "/dev/stderr") != 0)
    return false;
  return makes_shared_memory(files, shared_memory) && set_mount("/dev", 0, {.set = read_only});
}

}  // namespace

FileStep replace_files(const PrivateFiles& files) {
  if (!make_private() || !copy_root()) return FileStep::mounts;
  const Devices kept = copies_of_devices();
  if (!protect(files)) return FileStep::mounts;
  if (!replace_devices(files, kept)) return FileStep::devices;
  constexpr unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (::mount("proc", "/proc", "proc", flags, nullptr) != 0) return FileStep::proc;
  // Until here the working folder is one of the old mounts, which are writable.
  return ::chdir(files.folder.c_str()) == 0 || ::chdir("/") == 0 ? FileStep::none : FileStep::mounts;
}

}  // namespace pgadvise
