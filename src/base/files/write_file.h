// Writes files atomically: no reader sees a partial file.
#pragma once

#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/result.h"

namespace pgadvise {

// Writes all bytes; false, with the reason in errno, on failure.
bool write_all(int file, std::string_view content);

// The permissions of a new file: rw-rw-rw- without those of the umask.
mode_t mode_of_new_files();

// Writes the content to a new file next to `path`, and flushes it to disk. Returns the name, which the caller
// must rename or remove; "" on failure, with the reason in errno and no file left.
std::string write_aside(const std::string& path, std::string_view content, mode_t mode);

// Writes new and regular files (keeping permissions) to a temporary file and renames it; writes directly to
// devices and pipes. Errors (usage): not writable, disk full, pipe closed (a regular file is then unchanged);
// a symbolic link on the path that a repository or another user may have made (base/write_target.h).
Result<void> write_file(const std::string& path, std::string_view content);

// As write_file(), but puts a regular file in the place of a link, pipe or device, too: for pgadvise's own
// files in a folder to which others may write.
Result<void> replace_file(const std::string& path, std::string_view content, mode_t mode);

}  // namespace pgadvise
