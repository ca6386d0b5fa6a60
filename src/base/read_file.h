// Whole files, as text.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace pgadvise {

// Why a file or folder that is there can't be read; "" when it can, and for what is missing.
std::string why_unreadable(const std::string& path);

// A whole file. Errors: missing, a folder, unreadable, larger than `limit` bytes.
Result<std::string> read_file(const std::string& path, std::size_t limit = std::size_t{1} << 30);

}  // namespace pgadvise
