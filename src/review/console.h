// A terminal as the review sees it: keys in, screens out. A test puts another one in its place.
#pragma once

#include <string>
#include <vector>

namespace pgadvise::review {

struct Key {
  enum class Kind {
    text,     // one character, in UTF-8
    several,  // more than one at once, which nobody types: a paste. `text` has all of them, without escape
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
    resize,     // or anything else after which the screen is drawn anew
    interrupt,  // `signal`: Ctrl-C, the terminal's end …
    no_more,    // the input has ended
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
  // Waits for it. What was typed before is thrown away, unless a line is being typed: nobody has seen what it
  // would answer.
  virtual Key next(bool within_line) = 0;
  // At most size().rows lines of at most size().columns characters, without control characters but SGR; the
  // cursor stays behind the last.
  virtual void show(const std::vector<std::string>& lines) = 0;
};

}  // namespace pgadvise::review
