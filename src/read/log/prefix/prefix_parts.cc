#include "log/prefix/prefix_parts.h"

#include "base/text/text.h"

namespace pgadvise::log {

std::size_t fixed_length(char escape, std::string_view text) {
  std::size_t at = 0;
  switch (escape) {
    case 'e':
      while (at < text.size() && at < 5 && (is_digit(text[at]) || (text[at] >= 'A' && text[at] <= 'Z'))) ++at;
      return at == 5 ? at : std::string_view::npos;
    case 'c':
      while (at < text.size() && hex(text[at])) ++at;
      if (at == 0 || at == text.size() || text[at] != '.') return std::string_view::npos;
      for (++at; at < text.size() && hex(text[at]);) ++at;
      return at;
    case 'v':
      while (at < text.size() && (is_digit(text[at]) || text[at] == '/' || text[at] == '-')) ++at;
      return at;  // empty where there is no transaction
    default:
      if (escape == 'Q' && text.starts_with('-')) ++at;
      while (at < text.size() && is_digit(text[at])) ++at;
      return at;
  }
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t length = 0;
  while (at + length < text.size() && is_digit(text[at + length])) ++length;
  return length;
}

std::size_t address_length(std::string_view text) {
  if (text.starts_with("[local]")) return 7;
  std::size_t at = 0, dots = 0, colons = 0;
  for (; at < text.size() && (is_digit(text[at]) || text[at] == ':' || text[at] == '.' || hex(text[at]));
       ++at)
    dots += text[at] == '.', colons += text[at] == ':';
  if (colons > 0 && dots == 3) at = text.find(':'), colons = 0;  // "10.0.0.1:" before what follows
  else if (colons > 1 && text[at - 1] == ':') --at;
  if (dots != 3 && colons < 2) return 0;
  if (at < text.size() && text[at] == '(')
    if (const std::size_t port = digits_at(text, at + 1); port && text.substr(at + 1 + port).starts_with(')'))
      at += port + 2;
  return at;
}

}  // namespace pgadvise::log
