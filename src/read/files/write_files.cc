#include "files/write_files.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files/boundary.h"
#include "base/files/input_file.h"
#include "base/files/write_file.h"
#include "base/text/text.h"

namespace pgadvise::files {
namespace {

namespace fs = std::filesystem;

Error error_of(const std::string& path, std::string what) {
  return {Error::Kind::usage, path, std::move(what), "nothing was written"};
}
Error failed(const std::string& path) {
  return error_of(path, std::string("can't be written: ") + std::strerror(errno));
}

// A name that nothing has gets the file. Where the file system knows no links the content is written under it
// at once.
bool put_new(const std::string& temporary, const std::string& path, const std::string& content) {
  if (::link(temporary.c_str(), path.c_str()) == 0) return true;
  if (errno != EPERM && errno != ENOTSUP && errno != EMLINK && errno != ENOSYS) return false;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_of_new_files());
  if (file < 0) return false;
  const bool wrote = write_all(file, content);
  const int reason = errno;
  if (::close(file) == 0 && wrote) return true;
  ::unlink(path.c_str());
  errno = reason;
  return false;
}

class Writing {
 public:
  ~Writing() {
    for (const auto& temporary : temporaries_)
      if (!temporary.empty()) ::unlink(temporary.c_str());
  }

  Result<void> write(const std::vector<NewFile>& files) {
    std::optional<Error> error = prepare(files);
    for (const bool replaces : {false, true})
      for (std::size_t i = 0; !error && i < files.size(); ++i)
        if (files[i].before.has_value() == replaces) error = put(files[i], i);
    if (!error) return {};
    take_back();
    if (!left_.empty()) error->hint = "could not be restored: " + join(left_, ", ");
    return tl::unexpected(*error);
  }

 private:
  // All contents on the disk under names of no meaning, before the first gets its own.
  std::optional<Error> prepare(const std::vector<NewFile>& files) {
    for (const auto& file : files) {
      if (const auto error = check(file)) return error;
      if (const auto error = make_folder(fs::path(file.path).parent_path())) return error;
      struct stat status{};
      const bool there = file.before && ::stat(file.path.c_str(), &status) == 0;
      temporaries_.push_back(
          write_aside(target(file), file.content, there ? status.st_mode & 07777 : mode_of_new_files()));
      if (temporaries_.back().empty()) return failed(file.path);
    }
    return std::nullopt;
  }

  // A link stays one: what it points at is replaced.
  static std::string target(const NewFile& file) {
    std::error_code code;
    const auto real = file.before ? fs::canonical(file.path, code) : fs::path();
    return file.before && !code ? real.string() : file.path;
  }

  static std::optional<Error> check(const NewFile& file) {
    struct stat status{};
    if (leads_outside(file.path))
      return error_of(fs::path(file.path).parent_path().string(),
                      file.path + " is a symbolic link to a file outside the repository");
    if (lies_in_git_folder(file.path))
      return error_of(file.path, "leads into a folder of git through a symbolic link");
    if (!file.before)
      return ::lstat(file.path.c_str(), &status) == 0 ? std::optional(error_of(file.path, "exists already"))
                                                      : std::nullopt;
    const auto now = read_file(file.path);
    if (!now) return error_of(file.path, now.error().what);
    if (*now != *file.before) return error_of(file.path, "was changed meanwhile");
    return std::nullopt;
  }

  std::optional<Error> make_folder(const fs::path& folder) {
    std::error_code code;
    if (folder.empty() || fs::is_directory(folder, code)) return std::nullopt;
    if (const auto error = make_folder(folder.parent_path())) return error;
    if (::mkdir(folder.c_str(), 0777) != 0) return failed(folder.string());
    folders_.push_back(folder.string());
    return std::nullopt;
  }

  std::optional<Error> put(const NewFile& file, std::size_t at) {
    if (const auto error = check(file)) return error;
    if (!file.before) {
      if (!put_new(temporaries_[at], file.path, file.content))
        return errno == EEXIST ? error_of(file.path, "exists already") : failed(file.path);
      made_.push_back(file.path);
      return std::nullopt;
    }
    if (::rename(temporaries_[at].c_str(), target(file).c_str()) != 0) return failed(file.path);
    temporaries_[at].clear();
    replaced_.push_back(&file);
    return std::nullopt;
  }

  void take_back() {
    for (auto it = replaced_.rbegin(); it != replaced_.rend(); ++it) {
      const std::string path = target(**it);
      struct stat status{};
      const mode_t mode = ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : mode_of_new_files();
      const auto temporary = write_aside(path, *(*it)->before, mode);
      if (temporary.empty() || ::rename(temporary.c_str(), path.c_str()) != 0) left_.push_back((*it)->path);
    }
    for (auto it = made_.rbegin(); it != made_.rend(); ++it)
      if (::unlink(it->c_str()) != 0) left_.push_back(*it);
    for (auto& temporary : temporaries_)
      if (!temporary.empty()) ::unlink(temporary.c_str());
    temporaries_.clear();
    for (auto it = folders_.rbegin(); it != folders_.rend(); ++it) ::rmdir(it->c_str());
  }

  std::vector<std::string> temporaries_;  // one a file; "" once renamed
  std::vector<std::string> folders_;
  std::vector<std::string> made_;
  std::vector<const NewFile*> replaced_;
  std::vector<std::string> left_;
};

}  // namespace

Result<void> write_files(const std::vector<NewFile>& files) { return Writing().write(files); }

}  // namespace pgadvise::files
