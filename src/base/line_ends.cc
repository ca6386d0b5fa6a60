#include "base/line_ends.h"

#include <algorithm>

#include "base/utf8.h"

namespace pgadvise {

static std::string_view line_end_of(std::string_view text) {
  std::size_t windows = 0, unix_ends = 0, old = 0;
  for (std::size_t at = 0; (at = text.find_first_of("\r\n", at)) != std::string_view::npos; ++at) {
    if (text[at] == '\n') ++unix_ends;
    else if (text.substr(at, 2) == "\r\n") ++windows, ++at;
    else ++old;
  }
  return windows > unix_ends && windows >= old ? "\r\n" : old > unix_ends && old > windows ? "\r" : "\n";
}

std::string with_line_ends_of(std::string_view before, std::string_view content) {
  const std::string_view end = line_end_of(before);
  std::string out(before.starts_with(byte_order_mark) && !content.starts_with(byte_order_mark)
                      ? byte_order_mark
                      : std::string_view());
  if (end == "\n") return out += content;
  std::size_t same = 0;  // bytes of whole lines that begin both
  for (std::size_t at = 0; at < std::min(before.size(), content.size()) && before[at] == content[at]; ++at)
    if (before[at] == '\n') same = at + 1;
  const std::string_view old_rest = before.substr(same), rest = content.substr(same);
  std::size_t last = 0;  // bytes of whole lines that end both
  for (std::size_t i = 1;
       i <= std::min(old_rest.size(), rest.size()) && old_rest[old_rest.size() - i] == rest[rest.size() - i];
       ++i) {
    const auto begins_line = [i](std::string_view text) {
      return i == text.size() || text[text.size() - i - 1] == '\n';
    };
    if (begins_line(old_rest) && begins_line(rest)) last = i;
  }
  out += content.substr(0, same);
  const std::string_view middle = rest.substr(0, rest.size() - last);
  for (std::size_t i = 0; i < middle.size(); ++i) {
    const bool whole = middle[i] == '\n' && (i == 0 || middle[i - 1] != '\r');
    if (whole) out += end;
    else out += middle[i];
  }
  return out += rest.substr(rest.size() - last);
}

}  // namespace pgadvise
