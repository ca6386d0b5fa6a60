// `advise --cleanup`: drops what killed runs of --verify left in a database.
#pragma once

#include <string>

namespace pgadvise::cli {

// Lists leftovers on stdout, and drops them after confirmation on a terminal or with `yes`. `disposable` must
// be the database's name. Returns the exit code: 0 also if there was nothing to drop or the user declined; 2
// if confirmation was not possible, the name differs or a leftover could not be dropped; 3 if the database
// cannot be reached or read.
int clean_up(const std::string& db, const std::string& disposable, bool yes);

}  // namespace pgadvise::cli
