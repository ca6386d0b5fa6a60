// A thread for functions that recurse on input. Its stack is 256 MB, of which only the used part is mapped.
#pragma once

#include <functional>

#include <pthread.h>

namespace pgadvise {

class DeepThread {
 public:
  explicit DeepThread(std::function<void()> work);
  DeepThread(const DeepThread&) = delete;
  DeepThread& operator=(const DeepThread&) = delete;
  ~DeepThread();                             // waits for the end of the work
  bool started() const { return started_; }  // false: not enough memory; the work does not run

 private:
  static void* run(void* self);

  std::function<void()> work_;
  pthread_t thread_{};
  bool started_ = false;
};

}  // namespace pgadvise
