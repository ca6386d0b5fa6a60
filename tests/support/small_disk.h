// A disk of a few megabytes, which a test fills.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "support/run.h"

namespace pgadvise::testing_support {

class SmallDisk {
 public:
  // Needs the right to mount (root outside of a container): missing() says so otherwise.
  explicit SmallDisk(int megabytes) {
    const std::string options = "mode=0777,size=" + std::to_string(megabytes) + "m";
    if (::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options.c_str()) != 0)
      missing_ = std::string("a small disk cannot be mounted: ") + std::strerror(errno);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (missing_.empty()) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }

  const std::string& missing() const { return missing_; }
  std::string path(const std::string& name = "") const { return folder_.path(name); }

  // Leaves no byte.
  void fill() const {
    const int file = ::open(path("filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string block(4096, 'x');
    while (::write(file, block.data(), block.size()) > 0) {
    }
    EXPECT_EQ(errno, ENOSPC);
    ::close(file);
  }
  void make_room() const { EXPECT_EQ(::unlink(path("filler").c_str()), 0); }

 private:
  Folder folder_;
  std::string missing_;
};

}  // namespace pgadvise::testing_support
