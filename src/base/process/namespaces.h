// Namespaces of the kernel for a new process: a network without routes, mounts and processes of its own.
#pragma once

#include <string>

namespace pgadvise {

// Who the process is in a user namespace: the user and group that it is outside. Made before fork().
struct SameUser {
  SameUser();
  std::string uid_map, gid_map;
};

// Moves this process into new namespaces of these kinds (CLONE_NEW…): as root without a user namespace where
// that is allowed; else, and as anybody else, within one. System calls only: may be called between fork() and
// exec(). False, with errno: the kernel refuses; the process may then be nobody, and has to end.
bool enter_namespaces(int kinds, const SameUser& user);

}  // namespace pgadvise
