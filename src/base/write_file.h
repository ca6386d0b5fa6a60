// Files are written so that nobody ever reads half of one.
#pragma once

#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/result.h"

namespace pgadvise {

// All of it; false, with the reason in errno.
bool write_all(int file, std::string_view content);

// What umask leaves of rw-rw-rw-.
mode_t mode_of_new_files();

// A file beside `path` with this content, on the disk: the caller renames or removes it. "", with the reason
// in errno, when that fails; then there is nothing.
std::string write_aside(const std::string& path, std::string_view content, mode_t mode);

// Regular files, whose permissions stay, and new ones are written aside and renamed; devices, pipes and links
// are written through. Errors (usage): can't be written, disk full, pipe closed; a regular file is what it
// was then.
Result<void> write_file(const std::string& path, std::string_view content);

}  // namespace pgadvise
