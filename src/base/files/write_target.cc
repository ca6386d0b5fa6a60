#include "base/files/write_target.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/text/text.h"

namespace pgadvise {
namespace {

constexpr int folder_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
constexpr int max_links = 40;  // as Linux follows

struct Id {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const Id&) const = default;
};

Id id_of(int folder) {
  struct stat status{};
  return ::fstat(folder, &status) == 0 ? Id{status.st_dev, status.st_ino} : Id{};
}

bool has(int folder, const char* name) {
  struct stat status{};
  return ::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

// The first folder for which `is` holds, from `folder` up to the root.
template <class Is>
std::optional<Id> at_or_above(int folder, Is is) {
  Descriptor at(::openat(folder, ".", folder_flags));
  for (Id id = id_of(at.get()); at.get() >= 0;) {
    if (is(at.get(), id)) return id;
    at = Descriptor(::openat(at.get(), "..", folder_flags));
    if (id_of(at.get()) == id) break;
    id = id_of(at.get());
  }
  return std::nullopt;
}

bool lies_within(int folder, Id outer) {
  return at_or_above(folder, [&](int, Id id) { return id == outer; }).has_value();
}

std::optional<Id> work_tree_of(int folder) {
  return at_or_above(folder, [](int at, Id) { return has(at, ".git"); });
}

bool in_git_folder(int folder) {
  return at_or_above(folder, [](int at, Id) { return has(at, "HEAD") && has(at, "objects"); }).has_value();
}

bool in_proc(int folder) {
  struct statfs status{};
  return ::fstatfs(folder, &status) == 0 && status.f_type == PROC_SUPER_MAGIC;
}

class Walk {
 public:
  Walk(const std::string& path, OwnLink own) : path_(path), own_(own) {}

  std::optional<Error> go() {
    if (path_.empty() || path_.find('\0') != std::string::npos) return failed(ENOENT);
    if (const auto error = enter(path_)) return error;
    while (!rest_.empty()) {
      const std::string name = std::exchange(rest_.front(), {});
      rest_.pop_front();
      if (const auto error = step(name)) return error;
    }
    return check_end();
  }

  Descriptor take_folder() { return std::move(folder_); }
  std::string name_ = ".";
  bool process_link_ = false;

 private:
  Error failed(int reason) const {
    return {Error::Kind::usage, path_, std::string("can't be written: ") + std::strerror(reason), {}};
  }
  Error refused(std::string what) const {
    return {Error::Kind::usage, path_, std::move(what) + ": pgadvise writes nothing there",
            "name the file that the link leads to"};
  }

  // Begins a path, or the rest of it behind a link.
  std::optional<Error> enter(const std::string& path) {
    if (path.starts_with('/')) folder_ = Descriptor(::open("/", folder_flags));
    else if (folder_.get() < 0) folder_ = Descriptor(::open(".", folder_flags));
    if (folder_.get() < 0) return failed(errno);
    const auto parts = split(path, '/');
    rest_.insert(rest_.begin(), parts.begin(), parts.end());
    return std::nullopt;
  }

  std::optional<Error> step(const std::string& name) {
    const bool last = rest_.empty();
    if (name.empty() || name == ".") return std::nullopt;
    struct stat status{};
    if (::fstatat(folder_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (!last || errno != ENOENT) return failed(errno);
      name_ = name;
    } else if (S_ISLNK(status.st_mode) && !(last && own_ == OwnLink::replace)) {
      if (!in_proc(folder_.get())) return follow(name, status.st_uid, last);
      if (!last) return open(name, 0);
      process_link_ = true;
      name_ = name;
    } else if (last && name != "..") {
      name_ = name;
    } else {
      return open(name, O_NOFOLLOW);
    }
    return std::nullopt;
  }

  std::optional<Error> open(const std::string& name, int flags) {
    folder_ = Descriptor(::openat(folder_.get(), name.c_str(), folder_flags | flags));
    return folder_.get() < 0 ? std::optional(failed(errno)) : std::nullopt;
  }

  std::optional<Error> follow(const std::string& name, uid_t owner, bool own) {
    if (++links_ > max_links) return failed(ELOOP);
    if (const auto tree = work_tree_of(folder_.get())) {
      if (own) return refused("is a symbolic link in a repository");
      trees_.push_back(*tree);
    } else if (owner != 0 && owner != ::geteuid()) {
      return refused(own ? "is a symbolic link of another user"
                         : "leads through " + name + ", a symbolic link of another user");
    }
    if (own && !home_) home_ = id_of(folder_.get());
    std::string to(PATH_MAX, '\0');
    const ssize_t size = ::readlinkat(folder_.get(), name.c_str(), to.data(), to.size());
    if (size < 0) return failed(errno);
    to.resize(static_cast<std::size_t>(size));
    return enter(to);
  }

  std::optional<Error> check_end() const {
    for (const Id tree : trees_)
      if (!lies_within(folder_.get(), tree))
        return refused("leads out of the repository through a symbolic link");
    if (!trees_.empty() && in_git_folder(folder_.get()))
      return refused("leads into a folder of git through a symbolic link");
    struct stat status{};
    const bool there = ::fstatat(folder_.get(), name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (home_ && (!there || S_ISREG(status.st_mode)) && !lies_within(folder_.get(), *home_))
      return refused("is a symbolic link to a file in another folder");
    return std::nullopt;
  }

  const std::string path_;
  const OwnLink own_;
  Descriptor folder_;
  std::deque<std::string> rest_;
  int links_ = 0;
  std::vector<Id> trees_;   // repositories of links on the way
  std::optional<Id> home_;  // the folder of the file's own link
};

}  // namespace

Result<WriteTarget> WriteTarget::find(const std::string& path, OwnLink own) {
  Walk walk(path, own);
  if (const auto error = walk.go()) return tl::unexpected(*error);
  return WriteTarget(walk.take_folder(), walk.name_, walk.process_link_, path);
}

std::string WriteTarget::path() const {
  const std::string folder = "/proc/self/fd/" + std::to_string(folder_.get());
  return ::access(folder.c_str(), F_OK) == 0 ? folder + "/" + name_ : written_;  // without /proc
}

}  // namespace pgadvise
