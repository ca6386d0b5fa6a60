// The Console of the terminal that stdin and stdout are connected to.
#pragma once

#include <csignal>
#include <string>

#include <termios.h>

#include "review/console.h"

namespace pgadvise::review {

// While an object exists, the terminal sends each key as it is pressed and does not show it; the destructor
// restores the terminal's settings. At most one object at a time, since it handles signals. Ctrl-C, a new
// size and the end of the terminal arrive as keys. Ctrl-Z stops the program with the terminal's settings
// restored, and arrives as a resize when the program continues. Screens are drawn on the terminal's alternate
// screen, so that the earlier content reappears at the end; with TERM=dumb they are printed one below the
// other.
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

// Whether stdin and stdout are terminals.
bool is_terminal();

}  // namespace pgadvise::review
