#include "base/text/line_ends.h"

#include <algorithm>
#include <vector>

#include "base/text/utf8.h"

namespace pgadvise {

namespace {

struct Line {
  std::string_view text, end;  // end: "\n", "\r\n", "\r", or "" of the last
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> out;
  while (!text.empty()) {
    const auto at = std::min(text.find_first_of("\r\n"), text.size());
    const std::size_t size = at == text.size() ? 0 : text.substr(at, 2) == "\r\n" ? 2 : 1;
    out.push_back({text.substr(0, at), text.substr(at, size)});
    text.remove_prefix(at + size);
  }
  return out;
}

std::string_view line_end_of(std::string_view text) {
  std::size_t windows = 0, unix_ends = 0, old = 0;
  for (std::size_t at = 0; (at = text.find_first_of("\r\n", at)) != std::string_view::npos; ++at) {
    if (text[at] == '\n') ++unix_ends;
    else if (text.substr(at, 2) == "\r\n") ++windows, ++at;
    else ++old;
  }
  return windows > unix_ends && windows >= old ? "\r\n" : old > unix_ends && old > windows ? "\r" : "\n";
}

}  // namespace

std::string with_line_ends_of(std::string_view before, std::string_view content) {
  std::string out;
  if (before.starts_with(byte_order_mark)) {
    out = byte_order_mark;
    before.remove_prefix(byte_order_mark.size());
    if (content.starts_with(byte_order_mark)) content.remove_prefix(byte_order_mark.size());
  }
  const std::string_view end = line_end_of(before);
  const auto old = lines_of(before);
  auto lines = lines_of(content);
  const std::size_t shorter = std::min(old.size(), lines.size());
  std::size_t first = 0, last = 0;  // lines that begin and end both
  while (first < shorter && old[first].text == lines[first].text) ++first;
  while (last < shorter - first && old[old.size() - 1 - last].text == lines[lines.size() - 1 - last].text)
    ++last;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool behind = i >= lines.size() - last;
    const std::string_view known = i < first ? old[i].end
                                   : behind  ? old[old.size() - (lines.size() - i)].end
                                             : std::string_view();
    if (lines[i].end == "\n") lines[i].end = known.empty() ? end : known;
    out.append(lines[i].text).append(lines[i].end);
  }
  return out;
}

}  // namespace pgadvise
