#include "review/screen.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text/text.h"
#include "base/text/utf8.h"
#include "report/common.h"

namespace pgadvise::review {
namespace {

using report::characters;
using report::cut_line;
using report::paint;

constexpr std::size_t longest_line = 300;

void drop_last(std::string& text) {
  while (!text.empty() && continues_character(text.back())) text.pop_back();
  if (!text.empty()) text.pop_back();
}
void drop_first(std::string& text) {
  do text.erase(0, 1);
  while (!text.empty() && continues_character(text.front()));
}

}  // namespace

bool is(const Key& key, Key::Kind kind, std::string_view text, std::string_view other) {
  return key.kind == kind ||
         (key.kind == Key::Kind::text && (key.text == text || (!other.empty() && key.text == other)));
}

bool ends(const Key& key) { return key.kind == Key::Kind::interrupt || key.kind == Key::Kind::no_more; }

int Screen::room() const { return std::max(1, console_.size().rows - 3); }

void Screen::show_line(std::size_t at) {
  const int line = static_cast<int>(at);
  offset_ = std::clamp(offset_, std::max(0, line - room() + 1), line);
}

Key Screen::ask(const std::string& header, const Body& body, const std::string& prompt, Keys keys,
                const std::string& short_prompt) {
  int width = 0;
  Lines lines;
  for (;;) {
    set_width();
    if (width != look_.width) lines = body(look_);
    width = look_.width;
    const bool narrow = !short_prompt.empty() && characters(prompt) >= static_cast<std::size_t>(width);
    draw(header, lines, narrow ? short_prompt : prompt);
    const Key key = console_.next(keys == Keys::line);
    if (ends(key)) return key;
    if (key.kind == Key::Kind::resize) continue;
    if (keys == Keys::line) return key;
    status_.clear();
    if (key.kind == Key::Kind::several) status_ = "several keys at once: ignored, as an accidental paste";
    else if (keys == Keys::all || !scroll(key)) return key;
  }
}

bool Screen::scroll(const Key& key) {
  const int page = std::max(1, room() - 1);
  if (is(key, Key::Kind::page_down, " ")) offset_ += page;
  else if (is(key, Key::Kind::page_up, "b")) offset_ -= page;
  else if (is(key, Key::Kind::down, "j")) offset_ += 1;
  else if (is(key, Key::Kind::up, "k")) offset_ -= 1;
  else if (is(key, Key::Kind::home, "g")) offset_ = 0;
  else if (is(key, Key::Kind::end, "G")) offset_ = last_;
  else if (key.kind == Key::Kind::enter && offset_ < last_) offset_ += 1;
  else return false;
  return true;
}

void Screen::draw(const std::string& header, const Body& body) {
  set_width();
  draw(header, body(look_), "");
}

void Screen::draw(const std::string& header, const Lines& lines, const std::string& prompt) {
  const int room = this->room();
  last_ = std::max(0, static_cast<int>(lines.size()) - room);
  offset_ = std::clamp(offset_, 0, last_);
  const auto width = static_cast<std::size_t>(look_.width);
  Lines screen{cut_line(header, width)};
  for (int i = 0; i < room; ++i) {
    const auto at = static_cast<std::size_t>(offset_ + i);
    screen.push_back(at < lines.size() ? cut_line(lines[at], width) : std::string());
  }
  std::string status = status_;
  if (status.empty() && last_ > 0) {
    const int to = std::min(static_cast<int>(lines.size()), offset_ + room);
    status = fmt::format("-- lines {} to {} of {}{} --", offset_ + 1, to, lines.size(),
                         offset_ < last_ ? ": space shows more" : "");
  }
  screen.push_back(cut_line(paint(look_, status_.empty() ? "2" : "33;1", printable(status)), width));
  screen.push_back(cut_line(prompt, width > 1 ? width - 1 : 1));
  const auto rows = static_cast<std::size_t>(std::max(1, console_.size().rows));
  if (screen.size() > rows) screen.erase(screen.begin(), screen.end() - static_cast<std::ptrdiff_t>(rows));
  if (!look_.unicode)
    for (auto& line : screen) line = replace_all(std::move(line), "…", "~");
  console_.show(screen);
}

Key Screen::read(const std::string& title, const Body& body) {
  const int before = std::exchange(offset_, 0);
  Key key;
  for (;;) {
    key = ask(paint(look_, "1", title), body, "q goes back ");
    if (ends(key) || key.kind == Key::Kind::enter || is(key, Key::Kind::escape, "q", "Q")) break;
    status_ = "unknown key";
  }
  offset_ = before;
  return key;
}

std::optional<std::string> Screen::line(const std::string& header, const Body& body, const std::string& start,
                                        const std::string& status, Key& last) {
  const int before = offset_;
  std::string text;
  for (;;) {
    const auto columns = static_cast<std::size_t>(std::max(20, console_.size().columns));
    const std::size_t room = columns > characters(start) + 7 ? columns - characters(start) - 2 : 5;
    std::string shown = text;
    while (characters(shown) > room) drop_first(shown);
    status_ = status;
    last = ask(header, body, start + printable(shown), Keys::line);
    status_.clear();
    if (ends(last) || last.kind == Key::Kind::escape) break;
    if (last.kind == Key::Kind::text || last.kind == Key::Kind::several)
      text += printable(last.text.substr(0, last.text.find_first_of("\r\n")));
    if (last.kind == Key::Kind::backspace) drop_last(text);
    if (text.size() > longest_line) text = report::cut(text, longest_line);
    if (last.kind == Key::Kind::enter) return text;
  }
  offset_ = before;
  return std::nullopt;
}

}  // namespace pgadvise::review
