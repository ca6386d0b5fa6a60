#include "report/text/paint.h"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include <fmt/format.h>

#include "base/text/ci_commands.h"
#include "base/text/text.h"
#include "base/text/utf8.h"

namespace pgadvise::report {
namespace {

std::size_t bytes_of_first(std::string_view text) {
  std::size_t length = std::min<std::size_t>(1, text.size());
  while (length < text.size() && continues_character(text[length])) ++length;
  return length;
}

// A terminal's columns for one character: two for those of East Asia and pictures, none for marks on the one
// before.
std::size_t columns_of(std::string_view character) {
  if (character.size() < 2) return 1;
  auto code =
      static_cast<std::uint32_t>(static_cast<unsigned char>(character[0]) & (character.size() == 2   ? 0x1f
                                                                             : character.size() == 3 ? 0x0f
                                                                                                     : 0x07));
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3f);
  const auto within = [&](std::uint32_t from, std::uint32_t to) { return code >= from && code <= to; };
  if (within(0x300, 0x36f) || within(0xfe00, 0xfe0f)) return 0;
  return within(0x1100, 0x115f) || within(0x2e80, 0xa4cf) || within(0xac00, 0xd7a3) ||
                 within(0xf900, 0xfaff) || within(0xfe30, 0xfe6f) || within(0xff00, 0xff60) ||
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
  return look.color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
}

void add_paragraph(std::vector<std::string>& out, const Look& look, std::string_view first,
                   std::string_view rest, std::string_view text) {
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
    if (!empty && may_begin_line(word) && characters(line) + 1 + characters(word) > width) end_line();
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

std::string wrapped(std::string_view first, std::string_view rest, const std::vector<std::string_view>& words,
                    std::size_t width) {
  std::string out, line(first);
  bool empty = true;
  const auto end_line = [&] {
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  for (const auto word : words) {
    if (!empty && may_begin_line(word) && characters(line) + 1 + characters(word) > width) {
      end_line();
      line = rest;
      empty = true;
    }
    if (!empty) line += ' ';
    line += word;
    empty = false;
  }
  end_line();
  return out;
}

void add_code(std::vector<std::string>& out, const Look& look, std::string_view indent,
              std::string_view text) {
  const std::size_t width = width_of(look);
  for (const auto source : split(text, '\n')) {
    std::string line = printable(replace_all(std::string(source), "\t", "  "));
    std::string before(indent);
    const bool comment = line.starts_with("-- ");
    // Broken behind a space where one is near the end.
    while (characters(before) + characters(line) > width) {
      const std::size_t room = width - std::min(width - 1, characters(before));
      std::size_t at = std::max(offset_of(line, room), bytes_of_first(line));
      if (const auto space = line.rfind(' ', at); space != std::string::npos && space > at / 2 && space < at)
        at = space + 1;
      out.push_back(before + line.substr(0, at));
      out.back().erase(out.back().find_last_not_of(' ') + 1);
      line.erase(0, line.find_first_not_of(' ', at));
      before = std::string(indent) + (comment ? "-- " : "    ");
    }
    out.push_back(line.empty() ? std::string() : before + line);
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

namespace {

// Printable, with tabs as spaces, and where each byte of the source came to be.
struct Shown {
  std::string text;
  std::vector<std::size_t> at;  // by byte of the source, and its end
};

Shown shown(std::string_view source) {
  constexpr std::string_view tab = "    ";
  Shown out;
  for (std::size_t at = 0; at < source.size();) {
    const std::size_t length = bytes_of_first(source.substr(at));
    out.at.insert(out.at.end(), length, out.text.size());
    out.text += source[at] == '\t' ? std::string(tab) : printable(source.substr(at, length));
    at += length;
  }
  out.at.push_back(out.text.size());
  return out;
}

std::size_t indentation(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

// A line from byte `begin` of what is shown on, cut on both sides where it is.
std::string window(std::string_view text, std::size_t begin, bool cut_before, std::size_t room) {
  std::string out = cut_before ? "…" : "";
  const std::string_view rest = text.substr(begin);
  const std::size_t left = room - characters(out);
  if (characters(rest) <= left) return out + std::string(rest);
  return out + std::string(rest.substr(0, offset_of(rest, left - 1))) + "…";
}

}  // namespace

std::vector<std::string> excerpt(const Look& look, const Source& source) {
  if (source.lines.empty() || source.line < source.first ||
      source.line >= source.first + static_cast<int>(source.lines.size()))
    return {};
  const auto here = static_cast<std::size_t>(source.line - source.first);
  std::vector<Shown> lines;
  std::size_t indent = std::string::npos;
  for (const auto& line : source.lines) {
    lines.push_back(shown(line));
    if (!trim(line).empty()) indent = std::min(indent, indentation(lines.back().text));
  }
  if (indent == std::string::npos) indent = 0;
  const std::size_t digits = std::to_string(source.first + static_cast<int>(source.lines.size()) - 1).size();
  const bool several = lines.size() > 1;
  const std::size_t margin = digits + (several ? 5 : 3);  // "> 12 | "
  const std::size_t room = std::max<std::size_t>(width_of(look) - std::min(width_of(look), margin), 12);

  const Shown& meant = lines[here];
  const std::size_t from = std::max(indent, meant.at[std::min(source.from, meant.at.size() - 1)]);
  const std::size_t to =
      source.bytes ? meant.at[std::min(source.from + source.bytes, meant.at.size() - 1)] : from;
  // Of a long line the part with the span, or half a line of it; it begins in the first third where the
  // line's beginning is left out.
  const std::string_view body = std::string_view(meant.text).substr(std::min(indent, meant.text.size()));
  const std::size_t before =
      characters(meant.text.substr(std::min(indent, from), from - std::min(indent, from)));
  const std::size_t length = characters(meant.text.substr(from, to - from));
  std::size_t begin = 0;
  if (characters(body) > room && before + std::clamp<std::size_t>(length, 1, room / 2) + 1 > room)
    begin = offset_of(body, before - std::min(before, room / 3));
  const bool moved = begin > 0;

  std::vector<std::string> out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view text =
        std::string_view(lines[i].text).substr(std::min(indent, lines[i].text.size()));
    const std::string line = window(text, i == here ? begin : 0, i == here && moved, room);
    const bool marked = several && i == here;
    out.push_back(
        fmt::format("{}{} {}",
                    marked    ? paint(look, "1", "> ")
                    : several ? "  "
                              : "",
                    paint(look, "2", fmt::format("{:>{}} |", source.first + static_cast<int>(i), digits)),
                    marked ? paint(look, "1", line) : line));
    while (out.back().ends_with(' ')) out.back().pop_back();
    if (i != here || to <= from) continue;
    const std::size_t pad = before - characters(body.substr(0, begin)) + (moved ? 1 : 0);
    if (pad >= room) continue;
    out.push_back(fmt::format("{}{} {}{}", several ? "  " : "",
                              paint(look, "2", fmt::format("{:>{}} |", "", digits)), std::string(pad, ' '),
                              paint(look, "33;1", std::string(std::min(length, room - pad), '^'))));
  }
  return out;
}

std::string link(std::string_view url, std::string_view text) {
  return url.empty() ? std::string(text) : fmt::format("\x1b]8;;{}\x1b\\{}\x1b]8;;\x1b\\", url, text);
}

std::string uri_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string file_url(std::string_view host, std::string_view path, int line) {
  if (!path.starts_with('/')) return {};
  std::string out = "file://";
  for (const char c : host)
    out += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' ? std::string(1, c)
                                                                               : std::string();
  out += uri_path(path);
  return line > 0 ? fmt::format("{}#{}", out, line) : out;
}

}  // namespace pgadvise::report
