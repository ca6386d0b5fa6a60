// The temporary files of `watch`, and those that killed runs of it left.
#pragma once

#include <string>

#include "base/result.h"
#include "pg/server_process.h"

namespace pgadvise::cli {

// A folder in $TMPDIR for HTML reports: for its user only, locked while the object exists, and removed with
// it.
class PagesFolder {
 public:
  // Also removes the folders that killed runs of the same user left: those that nobody has locked. Follows no
  // symbolic link, as others may write to $TMPDIR.
  PagesFolder();
  ~PagesFolder();
  PagesFolder(const PagesFolder&) = delete;
  PagesFolder& operator=(const PagesFolder&) = delete;

  const std::string& path() const { return path_; }  // "" if none could be made

 private:
  std::string path_;
  pg::Descriptor lock_;
};

// Locks PATH.lock, which it creates, until the descriptor is closed or the process dies: two runs of `watch`
// with the same files would store the same lines and counters twice. Errors (usage): another one holds it.
// A file that can't be made or locked is not an error, and gives no lock.
Result<pg::Descriptor> lock_files(const std::string& path);

// Removes what a killed `watch` left of its files PATH.counters, PATH.position and PATH.lines: the temporary
// files of all, and the lines, which have literals. `path`: of a file that no other program uses.
void remove_leftovers(const std::string& path);

}  // namespace pgadvise::cli
