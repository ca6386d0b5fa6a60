// Isolates a program from this machine: in namespaces of its own, where 127.0.0.1 leads to one Unix socket of
// ours or nowhere.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/process/process.h"
#include "base/result.h"

namespace pgadvise {

struct Isolation {
  std::string socket;  // of the server; connections of the program to 127.0.0.1:`port` are passed on to it
  int port = 5432;
  std::vector<std::string> writable = {};  // folders, absolute: the rest of the file system is read-only
  std::vector<std::string> hidden = {};    // folders, absolute: they are empty for the program
  std::string owner = {};  // absolute: as root, the program runs as the user who owns this file; "": as root
};

// As run_program(), but the program
// - has a network of its own, with the server on 127.0.0.1 and no route; shared memory and semaphores of its
//   own, too;
// - sees only the processes that it starts itself, and the files of base/private_files.h: no terminal, and
//   nothing to write but `writable`, /dev/shm and named pipes of its user;
// - may not make the system calls of base/seccomp_filter.h;
// - has no capabilities, also as root, and cannot get privileges (sudo, setuid programs).
// When the program exits or exceeds its time, all processes that it started are killed, also those in
// sessions of their own. Errors: those of run_program(), and the kernel refuses; see can_isolate().
Result<ProgramRun> run_isolated(const std::vector<std::string>& words,
                                const std::vector<std::pair<std::string, std::string>>& variables,
                                const ProgramLimits& limits, const Isolation& isolation,
                                ProgramOutput output = {});

// The isolation of run_isolated() for a server, which this process starts by fork() and which may live longer
// than it. It may make Unix sockets; nobody listens on its 127.0.0.1.
struct ServerIsolation {
  std::string folder;                    // absolute: the only one that the server may write to
  std::vector<std::string> hidden = {};  // as in Isolation
  bool own_network = true;               // false: that of this machine
};

class ServerIsolator {
 public:
  explicit ServerIsolator(const ServerIsolation& isolation);  // before fork()
  ~ServerIsolator();
  ServerIsolator(const ServerIsolator&) = delete;
  ServerIsolator& operator=(const ServerIsolator&) = delete;

  // In the child process of fork(): system calls only. Returns 0 in the process that becomes the server,
  // which is the child of the child's child and, where this process is root, the user who owns the folder.
  // The child itself only waits, and exits as the server does; if the child is killed, the server is.
  // Descriptors from 3 on are closed by exec(). Otherwise the errno why not: the process has to end.
  int enter() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether the kernel and its configuration allow run_isolated(). Errors (Kind::usage): they do not, with what
// the kernel refuses, and the setting at fault where that can be told. Runs `true`.
Result<void> can_isolate();

}  // namespace pgadvise
