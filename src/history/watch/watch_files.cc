#include "watch/watch_files.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace pgadvise::watch {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "pgadvise-watch-";
constexpr const char* lock_name = "lock";
constexpr std::size_t most_names = 10'000;

// Of a folder that is open; "." and ".." are left out.
std::vector<std::string> names_in(int folder) {
  std::vector<std::string> out;
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return out;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy), &::closedir);
  if (!entries) {
    ::close(copy);
    return out;
  }
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && out.size() < most_names) out.emplace_back(name);
  }
  return out;
}

// Removes a folder of ours that nobody has locked.
void remove_if_dead(int base, const std::string& name) {
  const Descriptor folder(::openat(base, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status{};
  if (folder.get() < 0 || ::fstat(folder.get(), &status) != 0 || status.st_uid != ::geteuid() ||
      (status.st_mode & 07777) != 0700)
    return;
  const Descriptor lock(::openat(folder.get(), lock_name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (lock.get() < 0 || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return;
  for (const auto& file : names_in(folder.get()))
    if (file != lock_name) (void)::unlinkat(folder.get(), file.c_str(), 0);
  (void)::unlinkat(folder.get(), lock_name, 0);
  (void)::unlinkat(base, name.c_str(), AT_REMOVEDIR);
}

void remove_dead_folders(const std::string& base) {
  const Descriptor folder(::open(base.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return;
  for (const auto& name : names_in(folder.get()))
    if (name.starts_with(prefix)) remove_if_dead(folder.get(), name);
}

}  // namespace

PagesFolder::PagesFolder() {
  std::error_code code;
  const std::string base = fs::temp_directory_path(code).string();
  if (code) return;
  remove_dead_folders(base);
  // Made under a name that no other run looks at, and renamed once it is locked.
  std::string made = base + "/pgadvise-pages-XXXXXX";
  if (!::mkdtemp(made.data())) return;
  lock_ = Descriptor(::open((made + "/" + lock_name).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  const std::string path = base + "/" + std::string(prefix) + made.substr(made.size() - 6);
  if (lock_.get() >= 0 && ::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0 &&
      ::rename(made.c_str(), path.c_str()) == 0)
    path_ = path;
  else fs::remove_all(made, code);
}

PagesFolder::~PagesFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

Result<Descriptor> lock_files(const std::string& path) {
  const std::string name = path + ".lock";
  Descriptor file(
      ::open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600));
  if (file.get() >= 0 && ::flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return fail(Error::Kind::usage, name, "another watch of this database stores its results with this spool",
                "end it first, or name another folder: --spool FOLDER");
  return file;
}

void remove_leftovers(const std::string& path) {
  const fs::path file(path);
  const Descriptor folder(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0) return;
  const std::string own = file.filename().string();
  for (const auto& name : names_in(folder.get()))
    for (const std::string_view part : {".counters.", ".counters-next.", ".position.", ".lines"}) {
      struct stat status{};
      if (name.starts_with(own + std::string(part)) &&
          ::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
          S_ISREG(status.st_mode) && status.st_uid == ::geteuid())
        (void)::unlinkat(folder.get(), name.c_str(), 0);
    }
}

}  // namespace pgadvise::watch
