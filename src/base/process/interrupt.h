// Handles Ctrl-C during work on a server: the running statement is canceled, and the results so far are
// reported.
#pragma once

#include <array>
#include <cstddef>

namespace pgadvise {

// While an object lives, signals set interrupted() instead of ending the program. A signal that was ignored
// (in the background of a shell, under nohup) stays ignored.
class Interruptible {
 public:
  enum class By {
    first_interrupt,  // the first SIGINT; the second one ends the program
    any_ending,       // SIGINT, SIGTERM and SIGHUP, any number of times: for code that must still clean up
  };
  explicit Interruptible(By by = By::first_interrupt);
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
  ~Interruptible();

 private:
  using Handler = void (*)(int);
  std::array<Handler, 3> before_{};
  std::size_t taken_ = 0;  // number of handled signals
};

bool interrupted();

}  // namespace pgadvise
