// `advise --cleanup`: drops what killed runs of --verify left in a database.
#pragma once

#include <string>

namespace pgadvise::cli {

// Lists on stdout what was left, and drops it after a question on a terminal or with `yes`. `disposable` has
// to be the database's name. Returns the exit code: 0 also when nothing was left or the answer was no; 2 when
// nobody could be asked, the name is another one or something could not be removed; 3 when the database can't
// be reached or read.
int clean_up(const std::string& db, const std::string& disposable, bool yes);

}  // namespace pgadvise::cli
