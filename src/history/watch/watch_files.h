// The temporary files of `watch`, and the removal of those that a killed `watch` left.
#pragma once

#include <string>

#include "base/files/descriptor.h"
#include "base/result.h"

namespace pgadvise::watch {

// A folder in $TMPDIR for reports. Only its user can read it. The folder is locked while the object
// exists; the destructor removes the folder.
class PagesFolder {
 public:
  // Also removes the folders of this user that no process has locked: killed runs left them. Follows no
  // symbolic link, because other users may write to $TMPDIR.
  PagesFolder();
  ~PagesFolder();
  PagesFolder(const PagesFolder&) = delete;
  PagesFolder& operator=(const PagesFolder&) = delete;

  const std::string& path() const { return path_; }  // "" if the folder could not be created

 private:
  std::string path_;
  Descriptor lock_;
};

// Locks PATH.lock, which it creates, until the descriptor is closed or the process dies: two runs of `watch`
// with the same files would store the same lines and counters twice. Errors (usage): another one holds it.
// A file that can't be made or locked is not an error, and gives no lock.
Result<Descriptor> lock_files(const std::string& path);

// Removes the files that a killed `watch` left beside `path`: the temporary files PATH.counters.*,
// PATH.counters-next.*, PATH.position.* and PATH.lines.*, and PATH.lines, which has literals. Keeps
// PATH.counters, PATH.counters-next and PATH.position. REQUIRES that no other process uses these files.
void remove_leftovers(const std::string& path);

}  // namespace pgadvise::watch
