// Where a file that the user names is written. A repository, or another user in a shared folder such as /tmp,
// may have made a symbolic link of that name or of a folder on the way.
#pragma once

#include <string>

#include "base/files/descriptor.h"
#include "base/result.h"

namespace pgadvise {

enum class OwnLink { follow, replace };  // if the file itself is a symbolic link

// The file's folder, held open, and its name there: what others rename afterwards changes neither.
class WriteTarget {
 public:
  // Follows the symbolic links of root and of this user. The file's own link may lead only into the link's
  // folder and those below it, or to a device, pipe or entry of /proc such as /dev/stdout; in a repository
  // nowhere. Links to folders in a repository may lead only within it, and not into a folder of git. Errors
  // (usage): a link that is not followed, with its name; a folder that is missing or can't be searched.
  static Result<WriteTarget> find(const std::string& path, OwnLink own);

  int folder() const { return folder_.get(); }
  const std::string& name() const { return name_; }       // "." for a path that ends with a slash
  bool is_process_link() const { return process_link_; }  // an entry of /proc that the kernel resolves
  std::string path() const;                               // for calls that take no folder

 private:
  WriteTarget(Descriptor folder, std::string name, bool process_link, std::string written)
      : folder_(std::move(folder)),
        name_(std::move(name)),
        process_link_(process_link),
        written_(std::move(written)) {}

  Descriptor folder_;
  std::string name_;
  bool process_link_ = false;
  std::string written_;
};

}  // namespace pgadvise
