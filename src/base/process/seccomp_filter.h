// The system calls that a program of run_isolated() may not make.
#pragma once

#include <vector>

struct sock_filter;

namespace pgadvise {

// Refuses, for this process and its children: sockets other than IPv4, IPv6 and netlink ones (pairs of Unix
// sockets are allowed); typing into terminals; tracing and reading other processes; mounts and namespaces;
// files with the bits of setuid and setgid; the kernel's keys, modules, tracing and io_uring; system calls of
// other tables (x32, 32 bits).
class SeccompFilter {
 public:
  enum class UnixSockets { refused, allowed };  // a server has one

  SeccompFilter() : SeccompFilter(UnixSockets::refused) {}
  explicit SeccompFilter(UnixSockets unix_sockets);
  ~SeccompFilter();
  SeccompFilter(const SeccompFilter&) = delete;
  SeccompFilter& operator=(const SeccompFilter&) = delete;

  // Also sets no_new_privs. System calls only: may be called between fork() and exec(). False, with errno:
  // the kernel refuses, or the processor is none that the filter knows.
  bool install() const;

 private:
  std::vector<sock_filter> code_;
};

}  // namespace pgadvise
