// The file system as a program of run_isolated() sees it.
#pragma once

#include <string>
#include <vector>

namespace pgadvise {

struct PrivateFiles {
  std::vector<std::string> writable = {};  // absolute; everything else is read-only
  std::vector<std::string> hidden = {};    // absolute; empty and read-only
  std::string folder = {};                 // the working folder; if it is missing: /
  const char* shared_memory = "256m";      // the size of /dev/shm, as the kernel's tmpfs takes it
};

enum class FileStep { none, mounts, devices, proc };  // what the kernel refused

// Replaces the file system of this process, which must have a mount namespace of its own, the capabilities to
// mount, and be in the PID namespace whose processes /proc shows. In /dev are null, zero, full, random,
// urandom, the links of descriptors and an own shm; no terminal. /proc is read-only. A chroot whose root is
// no mount works, too. System calls only: may be called between fork() and exec(). Returns the failed
// step; errno is set.
FileStep replace_files(const PrivateFiles& files);

}  // namespace pgadvise
