// Progress callbacks of the library, which itself prints nothing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "log/reader.h"
#include "pg/connection/connection.h"

namespace pgadvise::check {

// Each function may be empty. The library calls them on the thread that called it.
struct Observer {
  // Called when a long step starts or ends, for example "reading files". `progress`: `log` or `counted`
  // reports the progress of this step.
  std::function<void(std::string_view name, bool begins, bool progress)> phase = {};
  std::function<void(const log::Progress&)> log = {};  // while logs are read
  std::function<void(std::string_view)> counted = {};  // "planning 31 of 120 statements"
  std::function<void(std::string_view)> command = {};  // a line of a command's output, without secrets
  std::function<void(std::string_view)> detail = {};   // a sentence for a verbose log
  pg::SentObserver sent = {};  // each statement that a server was sent; called as pg/connection.h says
};

// Reports a phase from construction to destruction.
class ObservedPhase {
 public:
  ObservedPhase(const Observer& observer, std::string name, bool progress = false)
      : observer_(observer), name_(std::move(name)), progress_(progress) {
    if (observer_.phase) observer_.phase(name_, true, progress_);
  }
  ~ObservedPhase() {
    if (observer_.phase) observer_.phase(name_, false, progress_);
  }
  ObservedPhase(const ObservedPhase&) = delete;
  ObservedPhase& operator=(const ObservedPhase&) = delete;

 private:
  const Observer& observer_;
  std::string name_;
  bool progress_;
};

template <class Work>
auto observed(const Observer& observer, const char* name, const Work& work) {
  const ObservedPhase phase(observer, name);
  return work();
}

}  // namespace pgadvise::check
