// Opening files for reading, and the one place that decides which kinds of files are read.
//
//   kind                                  in a repository or its configuration   on the command line
//   regular file                          read                                   read
//   pipe, socket of standard input        refused                                read, once
//   /dev/null                             refused                                an empty file
//   other devices, sockets                refused                                refused
//   files of /proc, /sys and their like   refused                                refused
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files/descriptor.h"
#include "base/result.h"

namespace pgadvise {

// Who named a path: the user, or whoever wrote the repository.
enum class NamedBy { repository, command_line };

inline constexpr std::size_t file_limit = std::size_t{1} << 30;

class InputFile;

// The paths that the user named, and the text of the pipes among them, which can be read only once. Copies
// share that text. For any number of threads. The default names nothing: only a repository's kinds of files
// are read.
class UserPaths {
 public:
  UserPaths() = default;
  // Words of a command line; "--option=PATH" names PATH, too.
  explicit UserPaths(const std::vector<std::string>& words);

  // Compares text, with "." and "//" resolved. A file below a folder that the user named is the repository's.
  NamedBy named_by(const std::string& path) const;

 private:
  friend class InputFile;
  friend Result<std::string> read_file(const std::string& path, std::size_t limit,
                                       const UserPaths& user_paths);
  struct State;
  std::shared_ptr<State> state_;
};

// Why `path` can't be an input ("is a device, …"). "" for a file or folder that can be, and where nothing is.
std::string why_no_input(const std::string& path, NamedBy by);

// Whether `folder` belongs to a file system of the kernel: /proc, /sys.
bool is_kernel_folder(const std::string& folder);

// Would a program that reads `path` wait, or never reach an end: a pipe, a device (but /dev/null), a file of
// the kernel's, symbolic links resolved? Sockets can't be opened, so nobody waits for them.
bool is_endless(const std::string& path);

// Collects what a walk through a folder passed over since it is a pipe, socket or device.
class SpecialFiles {
 public:
  // Keeps `path` if it is one; `name` is what is shown. Symbolic links are not followed.
  void add_if_special(const std::string& path, const std::string& name);
  // One warning about all of them, with the names of the first ten; nullopt when there is none.
  std::optional<Error> warning(const std::string& folder) const;

 private:
  std::size_t count_ = 0;
  std::set<std::string> names_;
};

// A file that is open for reading; owns its descriptor, and closes it unless it is standard input.
class InputFile {
 public:
  // Errors (input): missing, a folder, unreadable, of a kind that is refused by the table above, a pipe that
  // was opened before. Opening a pipe waits until somebody writes to it; nothing else waits.
  static Result<InputFile> open(const std::string& path, const UserPaths& user_paths = {});
  // Terminals are read, too. Errors (input): a device, a file of the kernel's.
  static Result<InputFile> standard_input();
  InputFile(InputFile&& other) = default;
  InputFile& operator=(InputFile&& other) = default;
  ~InputFile();

  // At least one byte; 0 at the end; below zero with errno set.
  std::ptrdiff_t read(char* into, std::size_t size) const;
  // Of a regular file: the bytes from `offset` on, as many as there are.
  std::string read_at(std::uint64_t offset, std::size_t size) const;
  bool regular() const { return regular_; }
  std::uint64_t size() const { return size_; }  // when it was opened; 0 unless it is a regular file
  int descriptor() const { return descriptor_.get(); }
  int release() { return descriptor_.release(); }  // the caller closes it

 private:
  InputFile(int descriptor, bool regular, std::uint64_t size)
      : descriptor_(descriptor), regular_(regular), size_(size) {}
  Descriptor descriptor_;
  bool regular_;
  std::uint64_t size_;
};

// A whole file, or pipe of the command line (`user_paths` keeps its text for the next call). Errors: those of
// InputFile::open(); larger than `limit` bytes; UTF-16.
Result<std::string> read_file(const std::string& path, std::size_t limit = file_limit,
                              const UserPaths& user_paths = {});
// The path without "." and "..", as text, and without "/" at its end.
std::string plain_path(const std::string& path);
// What is there, links followed; false for a path that can't be looked at.
bool path_exists(const std::string& path);
bool is_file(const std::string& path);  // a regular one
bool is_folder(const std::string& path);
// Why a file or folder that is there can't be read; "" when it can, and for what is missing.
std::string why_unreadable(const std::string& path);

// The whole standard input. Errors: those of standard_input(), and of read_file().
Result<std::string> read_standard_input(std::size_t limit);
// The first bytes of a file, or of a pipe as read_file() keeps it; "" for what can't be read.
std::string read_head(const std::string& path, std::size_t bytes, const UserPaths& user_paths = {});

// "64 MiB", "512 bytes": what a limit is called in messages.
std::string size_name(std::size_t bytes);

}  // namespace pgadvise
