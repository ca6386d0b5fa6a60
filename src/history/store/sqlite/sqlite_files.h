// The files that SQLite opens for a store, before it opens them.
#pragma once

#include <string>

#include "base/result.h"

namespace pgadvise::store {

// Whether SQLite may open the file at `path`, which may be missing, and those that it reads with it:
// PATH-wal, PATH-shm and PATH-journal. Errors (usage): one of them is no regular file; `path` leads out of a
// repository through a symbolic link; the journal names a further journal, which SQLite would delete,
// whatever file it is: a store's own journal names none.
Result<void> check_files(const std::string& path);

// A usage error about a store's file.
tl::unexpected<Error> refuse_file(const std::string& path, std::string what, std::string hint);

}  // namespace pgadvise::store
