// A thread for what recurses on input: its stack has 256 MB, of which only what is used is ever mapped.
#pragma once

#include <functional>

#include <pthread.h>

namespace pgadvise {

class DeepThread {
 public:
  explicit DeepThread(std::function<void()> work);
  DeepThread(const DeepThread&) = delete;
  DeepThread& operator=(const DeepThread&) = delete;
  ~DeepThread();                             // waits until the work is done
  bool started() const { return started_; }  // false: there is no room for it, and nothing is done

 private:
  static void* run(void* self);

  std::function<void()> work_;
  pthread_t thread_{};
  bool started_ = false;
};

}  // namespace pgadvise
