#include "log/record/clean_text.h"

#include "base/text/utf8.h"

namespace pgadvise::log {

std::string clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    std::size_t plain = at;
    while (plain < text.size() && byte(plain) > 0 && byte(plain) < 0x80) ++plain;
    if (plain > at) {
      out += text.substr(at, plain - at);
      at = plain;
      continue;
    }
    const unsigned char first = byte(at);
    std::size_t length = first < 0x80                    ? 1
                         : first >= 0xc2 && first < 0xe0 ? 2
                         : first >= 0xe0 && first < 0xf0 ? 3
                         : first >= 0xf0 && first < 0xf5 ? 4
                                                         : 0;
    if (length > text.size() - at) length = 0;
    for (std::size_t i = 1; i < length; ++i)
      if (!continues_character(text[at + i])) length = 0;
    if (length == 3 && ((first == 0xe0 && byte(at + 1) < 0xa0) || (first == 0xed && byte(at + 1) >= 0xa0)))
      length = 0;
    if (length == 4 && ((first == 0xf0 && byte(at + 1) < 0x90) || (first == 0xf4 && byte(at + 1) >= 0x90)))
      length = 0;
    if (length == 0) {
      out += "\xef\xbf\xbd";
      ++at;
    } else {
      if (first == 0) out += ' ';
      else out += text.substr(at, length);
      at += length;
    }
  }
  return out;
}

}  // namespace pgadvise::log
