// Ctrl-C while a server works for us: what runs there is cancelled, and what was found is reported.
#pragma once

#include <array>
#include <cstddef>

namespace pgadvise {

// While one lives, signals set interrupted(), and the program goes on. One that is ignored (in the background
// of a shell, under nohup) stays so.
class Interruptible {
 public:
  enum class By {
    first_interrupt,  // the first SIGINT; the second one ends the program as ever
    any_ending,       // SIGINT, SIGTERM and SIGHUP, as often as they come: something has to be cleaned up yet
  };
  explicit Interruptible(By by = By::first_interrupt);
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
  ~Interruptible();

 private:
  using Handler = void (*)(int);
  std::array<Handler, 3> before_{};
  std::size_t taken_ = 0;  // of the signals, from the first
};

bool interrupted();

}  // namespace pgadvise
