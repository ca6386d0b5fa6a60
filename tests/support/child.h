// Work in a process of its own, which may end in any way.
#pragma once

#include <csignal>
#include <cstddef>
#include <functional>
#include <new>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pgadvise::testing_support {

// Starts the process, which ends with the result of `work` as its exit code.
inline pid_t start_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  return child;
}

// Waits for the process, and returns its status as of waitpid().
inline int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

inline int in_child(const std::function<int()>& work) { return wait_for(start_child(work)); }

inline bool was_killed(int status) { return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL; }

// A number that a child changes and its parent reads.
class SharedNumber {
 public:
  SharedNumber()
      : number_(static_cast<int*>(
            ::mmap(nullptr, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    if (number_ == MAP_FAILED) throw std::bad_alloc();
  }
  SharedNumber(const SharedNumber&) = delete;
  SharedNumber& operator=(const SharedNumber&) = delete;
  ~SharedNumber() { ::munmap(number_, sizeof(int)); }
  int& operator*() const { return *number_; }

 private:
  int* number_;
};

}  // namespace pgadvise::testing_support
