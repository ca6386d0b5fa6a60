// A screen: a header, lines that scroll, a status line and a prompt.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/text/paint.h"
#include "review/console.h"

namespace pgadvise::review {

using report::Look;
using Lines = std::vector<std::string>;
// Makes the lines for a width.
using Body = std::function<Lines(const Look&)>;

class Screen {
 public:
  Screen(Console& console, Look look) : console_(console), look_(look) {}

  enum class Keys { scroll, all, line };
  // Draws the screen, waits for a key and returns it. Keys::scroll: ask() handles the keys that scroll, and
  // returns the next other key. Keys::all: returns keys that scroll, too. Both ignore a paste. Keys::line:
  // also returns a paste, and keeps what was typed early, since the user edits a line. `short_prompt`
  // replaces a `prompt` that is wider than the terminal.
  Key ask(const std::string& header, const Body& body, const std::string& prompt, Keys keys = Keys::scroll,
          const std::string& short_prompt = {});
  // Shows a text until a key other than those that scroll, and returns that key.
  Key read(const std::string& title, const Body& body);
  // Lets the user edit one line of at most 300 bytes below `body`. nullopt: the user pressed Esc or a key for
  // which ends() is true. `last` is the key that ended the line.
  std::optional<std::string> line(const std::string& header, const Body& body, const std::string& start,
                                  const std::string& status, Key& last);
  // Draws the screen once, without waiting for a key.
  void draw(const std::string& header, const Body& body);

  // Shown until the next key.
  void set_status(std::string text) { status_ = std::move(text); }
  void to_top() { offset_ = 0; }
  // Scrolls so that the body's line `at` is shown.
  void show_line(std::size_t at);
  const Look& look() const { return look_; }
  // Number of the body's lines that fit.
  int room() const;
  void set_width() { look_.width = console_.size().columns; }

 private:
  void draw(const std::string& header, const Lines& lines, const std::string& prompt);
  bool scroll(const Key& key);

  Console& console_;
  Look look_;
  int offset_ = 0;
  int last_ = 0;
  std::string status_;
};

// Whether the key is the named one or, as text, one of the two others.
bool is(const Key& key, Key::Kind kind, std::string_view text, std::string_view other = {});
// Whether the key ends review: `interrupt` or `no_more`.
bool ends(const Key& key);

}  // namespace pgadvise::review
