#include "review/paint.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

#include "base/text.h"

namespace pgadvise::review {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::size_t bytes_of_first(std::string_view text) {
  std::size_t length = std::min<std::size_t>(1, text.size());
  while (length < text.size() && continues(text[length])) ++length;
  return length;
}

// A terminal's columns for one character: two for those of East Asia and pictures, none for marks on the one before.
std::size_t columns_of(std::string_view character) {
  if (character.size() < 2) return 1;
  auto code = static_cast<std::uint32_t>(static_cast<unsigned char>(character[0]) & (character.size() == 2 ? 0x1f : character.size() == 3 ? 0x0f : 0x07));
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3f);
  const auto within = [&](std::uint32_t from, std::uint32_t to) { return code >= from && code <= to; };
  if (within(0x300, 0x36f) || within(0xfe00, 0xfe0f)) return 0;
  return within(0x1100, 0x115f) || within(0x2e80, 0xa4cf) || within(0xac00, 0xd7a3) || within(0xf900, 0xfaff) || within(0xfe30, 0xfe6f) || within(0xff00, 0xff60) ||
                 within(0xffe0, 0xffe6) || within(0x1f300, 0x1faff) || within(0x20000, 0x3fffd)
             ? 2
             : 1;
}

// Byte offset up to which the text takes `columns` at most.
std::size_t offset_of(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  for (std::size_t used = 0; at < text.size();) {
    const std::size_t length = bytes_of_first(text.substr(at));
    used += columns_of(text.substr(at, length));
    if (used > columns) break;
    at += length;
  }
  return at;
}

std::size_t width_of(const Look& look) { return static_cast<std::size_t>(std::max(look.width, 20)); }

}  // namespace

std::size_t characters(std::string_view text) {
  std::size_t out = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::max<std::size_t>(1, bytes_of_first(text.substr(at)));
    out += columns_of(text.substr(at, length));
    at += length;
  }
  return out;
}

std::string paint(const Look& look, std::string_view code, std::string_view text) {
  return look.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

void add_paragraph(std::vector<std::string>& out, const Look& look, std::string_view first, std::string_view rest, std::string_view text) {
  const std::size_t width = width_of(look);
  std::string line(first);
  bool empty = true;
  const std::string safe = printable(text);
  const auto end_line = [&] {
    out.push_back(std::move(line));
    line = rest;
    empty = true;
  };
  for (auto word : split(safe, ' ')) {
    if (word.empty()) continue;
    if (!empty && characters(line) + 1 + characters(word) > width) end_line();
    if (!empty) line += ' ';
    while (characters(line) + characters(word) > width) {
      const std::size_t room = width > characters(line) ? width - characters(line) : 1;
      const std::size_t at = std::max(offset_of(word, room), bytes_of_first(word));
      line += word.substr(0, at);
      word.remove_prefix(at);
      end_line();
    }
    line += word;
    empty = false;
  }
  out.push_back(std::move(line));
}

void add_code(std::vector<std::string>& out, const Look& look, std::string_view indent, std::string_view text) {
  const std::size_t width = width_of(look);
  for (const auto source : split(text, '\n')) {
    std::string line = printable(replace_all(std::string(source), "\t", "  "));
    std::string before(indent);
    // Broken behind a space where one is near the end.
    while (characters(before) + characters(line) > width) {
      const std::size_t room = width - std::min(width - 1, characters(before));
      std::size_t at = std::max(offset_of(line, room), bytes_of_first(line));
      if (const auto space = line.rfind(' ', at); space != std::string::npos && space > at / 2 && space < at) at = space + 1;
      out.push_back(before + line.substr(0, at));
      line.erase(0, at);
      before = std::string(indent) + "    ";
    }
    out.push_back(before + line);
  }
}

std::string cut_line(std::string_view line, std::size_t width) {
  std::string out;
  std::size_t used = 0;
  bool styled = false;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == '\x1b') {
      const auto end = std::min(line.find('m', at), line.size() - 1) + 1;
      styled = line.substr(at, end - at) != "\x1b[0m";
      out += line.substr(at, end - at);
      at = end;
      continue;
    }
    const std::size_t length = bytes_of_first(line.substr(at));
    used += columns_of(line.substr(at, length));
    if (used > width) break;
    out += line.substr(at, length);
    at += length;
  }
  return styled ? out + "\x1b[0m" : out;
}

std::vector<std::string> excerpt(const Look& look, std::string_view text, int line, int column) {
  constexpr int around = 1;
  const auto lines = split(text, '\n');
  if (line < 1 || static_cast<std::size_t>(line) > lines.size()) return {};
  const int from = std::max(1, line - around);
  const int to = std::min(static_cast<int>(lines.size()), line + around);
  const std::size_t digits = std::to_string(to).size();
  const std::size_t room = width_of(look) - std::min(width_of(look) - 1, digits + 5);
  std::vector<std::string> out;
  for (int number = from; number <= to; ++number) {
    std::string_view source = lines[static_cast<std::size_t>(number - 1)];
    if (!source.empty() && source.back() == '\r') source.remove_suffix(1);
    if (number == to && number > line && trim(source).empty()) break;
    const auto at = static_cast<std::size_t>(std::max(1, column) - 1);
    const bool here = number == line;
    // Of a long line the part with the column.
    std::size_t begin = 0;
    if (here && at < source.size() && characters(source.substr(0, at)) + 8 > room) begin = offset_of(source, characters(source.substr(0, at)) - std::min(characters(source.substr(0, at)), room / 3));
    std::string shown = printable(source.substr(begin));
    if (characters(shown) > room) shown = cut_line(shown, room - 1) + "…";
    out.push_back(fmt::format("{} {:>{}} | {}", here ? paint(look, "1", ">") : " ", number, digits, here ? paint(look, "1", shown) : shown));
    if (!here || column < 1 || at >= source.size()) continue;
    const std::size_t before = characters(printable(source.substr(begin, at - begin)));
    if (before >= room) continue;
    std::string_view marked = source.substr(at);
    while (!marked.empty() && (marked.back() == ' ' || marked.back() == ',' || marked.back() == ';')) marked.remove_suffix(1);
    const std::size_t length = std::min(room - before, std::max<std::size_t>(1, characters(printable(marked))));
    out.push_back(fmt::format("  {:>{}} | {}{}", "", digits, std::string(before, ' '), paint(look, "33;1", "^" + std::string(length - 1, '~'))));
  }
  return out;
}

}  // namespace pgadvise::review
