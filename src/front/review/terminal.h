// The terminal of stdin and stdout: keys one by one, and as it was before at the end.
#pragma once

#include <csignal>
#include <string>

#include <termios.h>

#include "review/console.h"

namespace pgadvise::review {

// One at a time. Keys come as they are pressed and are not shown; Ctrl-C, Ctrl-Z, a new size and the
// terminal's end are keys, too (Ctrl-Z stops the program with the terminal as it was, and is a resize when it
// goes on). Screens are on the alternate screen, so that what stood there before comes back; TERM=dumb has
// neither, and gets lines one below the other.
class Terminal : public Console {
 public:
  Terminal();
  ~Terminal() override;
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  Size size() const override;
  Key next(bool within_line) override;
  void show(const std::vector<std::string>& lines) override;

 private:
  void enter();
  void leave();
  Key signalled();

  bool plain_;  // TERM=dumb
  termios before_{};
  struct sigaction old_[6]{};
};

// stdin and stdout are terminals.
bool is_terminal();

}  // namespace pgadvise::review
