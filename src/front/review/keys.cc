#include "review/keys.h"

#include <algorithm>
#include <utility>

namespace pgadvise::review {
namespace {

constexpr std::string_view paste_begins = "\x1b[200~";

// Bytes of the UTF-8 character that begins here; 1 for what is none.
std::size_t character_length(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes[0]);
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return std::min(length, bytes.size());
}

// Of an escape sequence at the beginning: ESC [ parameters final, ESC O final, or ESC alone.
std::size_t sequence_length(std::string_view bytes) {
  if (bytes.size() < 2) return 1;
  if (bytes[1] == 'O') return std::min<std::size_t>(3, bytes.size());
  if (bytes[1] != '[') return 1;
  std::size_t end = 2;
  while (end < bytes.size() && (bytes[end] < 0x40 || bytes[end] > 0x7e)) ++end;
  return std::min(end + 1, bytes.size());
}

Key sequence(std::string_view bytes) {
  constexpr std::pair<std::string_view, Key::Kind> known[] = {
      {"A", Key::Kind::up},         {"B", Key::Kind::down}, {"5~", Key::Kind::page_up},
      {"6~", Key::Kind::page_down}, {"H", Key::Kind::home}, {"F", Key::Kind::end},
      {"1~", Key::Kind::home},      {"4~", Key::Kind::end}, {"7~", Key::Kind::home},
      {"8~", Key::Kind::end},
  };
  if (bytes.size() == 1) return {Key::Kind::escape};
  for (const auto& [text, kind] : known)
    if (bytes.substr(2) == text) return {kind};
  return {Key::Kind::resize};
}

}  // namespace

Key key_of(std::string_view bytes) {
  if (bytes.empty()) return {Key::Kind::no_more};
  const bool paste = bytes.substr(0, paste_begins.size()) == paste_begins;
  if (bytes[0] == '\x1b' && !paste && sequence_length(bytes) == bytes.size()) return sequence(bytes);
  std::string text;
  std::size_t characters = 0;
  for (std::size_t at = 0; at < bytes.size(); ++characters) {
    const std::size_t length =
        bytes[at] == '\x1b' ? sequence_length(bytes.substr(at)) : character_length(bytes.substr(at));
    if (bytes[at] != '\x1b') text += bytes.substr(at, length);
    at += length;
  }
  if (paste || characters > 1) return {Key::Kind::several, text};
  switch (bytes[0]) {
    case '\r':
    case '\n': return {Key::Kind::enter};
    case '\x7f':
    case '\b': return {Key::Kind::backspace};
    case '\x04': return {Key::Kind::no_more};  // Ctrl-D
    case '\x0c': return {Key::Kind::resize};   // Ctrl-L
    case '\x03': return {Key::Kind::interrupt, {}, 2};
    default: break;
  }
  return static_cast<unsigned char>(bytes[0]) < 0x20 ? Key{Key::Kind::resize} : Key{Key::Kind::text, text};
}

}  // namespace pgadvise::review
