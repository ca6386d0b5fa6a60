// Runs a program that reaches one server and nothing else: in a network namespace without routes, whose
// 127.0.0.1 leads to one Unix socket of ours.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/process.h"
#include "base/result.h"

namespace pgadvise {

struct Isolation {
  std::string socket;  // of the server; connections of the program to 127.0.0.1:`port` are passed on to it
  int port = 5432;
  std::vector<std::string> writable = {};  // folders, absolute: the rest of the file system is read-only
  std::vector<std::string> hidden = {};    // folders, absolute: they are empty for the program
};

// As run_program(), but the program
// - has a network of its own, with the server on 127.0.0.1 and no route;
// - can open no Unix socket and no socket of other families, neither by io_uring nor by other system call
//   tables; pairs of sockets (pipes to its child processes) work;
// - can write files below `writable` only, and devices;
// - cannot get privileges (sudo, setuid programs), and as root has none that reach beyond files.
// What it leaves running loses the server when this returns. Errors: those of run_program(), and the kernel
// refuses the namespaces; see can_isolate().
Result<ProgramRun> run_isolated(const std::vector<std::string>& words,
                                const std::vector<std::pair<std::string, std::string>>& variables,
                                const ProgramLimits& limits, const Isolation& isolation,
                                ProgramOutput output = {});

// Whether the kernel and its configuration allow run_isolated(). Errors (Kind::usage): they do not, with the
// kernel's reason. Runs `true`.
Result<void> can_isolate();

}  // namespace pgadvise
