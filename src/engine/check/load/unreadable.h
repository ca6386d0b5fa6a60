// Diagnostics of files and folders that cannot be read.
#pragma once

#include <string>

#include "base/result.h"

namespace pgadvise::check {

// Whether the diagnostic says that a file or folder can't be read.
bool is_unreadable(const Error& error);

// Whether the diagnostic says that a file or folder can't be read: one that by its name has migrations or a
// schema, or the folder `migrations` or a folder around it.
bool names_unreadable_schema(const Error& error, const std::string& migrations);

}  // namespace pgadvise::check
