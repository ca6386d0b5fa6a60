// The terminal interface of review: keys in, screens out. Tests replace it.
#pragma once

#include <string>
#include <vector>

namespace pgadvise::review {

struct Key {
  enum class Kind {
    text,     // one character, in UTF-8
    several,  // several characters at once, which is a paste. `text` has all of them, without escape
              // sequences
    enter,
    backspace,
    escape,
    up,
    down,
    page_up,
    page_down,
    home,
    end,
    resize,     // or another event that requires a redraw
    interrupt,  // `signal`: Ctrl-C, a closed terminal …
    no_more,    // end of the input
  };
  Kind kind = Kind::text;
  std::string text = {};
  int signal = 0;
};

struct Size {
  int columns = 80;
  int rows = 24;
};

class Console {
 public:
  virtual ~Console() = default;
  virtual Size size() const = 0;
  // Waits for a key. Discards earlier input, unless a line is being edited: the user had not seen what it
  // would answer.
  virtual Key next(bool within_line) = 0;
  // Draws at most size().rows lines of at most size().columns characters, without control characters except
  // SGR; the cursor is placed after the last one.
  virtual void show(const std::vector<std::string>& lines) = 0;
};

}  // namespace pgadvise::review
