#include "base/process/deep_thread.h"

#include <cstddef>
#include <utility>

namespace pgadvise {

DeepThread::DeepThread(std::function<void()> work) : work_(std::move(work)) {
  constexpr std::size_t stack = std::size_t{256} << 20;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  started_ = pthread_attr_setstacksize(&attributes, stack) == 0 &&
             pthread_create(&thread_, &attributes, run, this) == 0;
  pthread_attr_destroy(&attributes);
}

DeepThread::~DeepThread() {
  if (started_) pthread_join(thread_, nullptr);
}

void* DeepThread::run(void* self) {
  static_cast<DeepThread*>(self)->work_();
  return nullptr;
}

}  // namespace pgadvise
