// Ctrl-C while a server works for us: what runs there is cancelled, and what was found is reported.
#pragma once

namespace pgadvise {

// While one lives, the first SIGINT sets interrupted(); the second one ends the program as ever.
class Interruptible {
 public:
  Interruptible();
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
  ~Interruptible();

 private:
  void (*before_)(int);
};

bool interrupted();

}  // namespace pgadvise
