#include "log/formats/decoder.h"

#include <algorithm>

#include "base/text/text.h"

namespace pgadvise::log {
namespace {

std::size_t color_length(std::string_view text) {
  std::size_t at = 0;
  while (text.substr(at, 2) == "\x1b[") {
    const auto end = text.find_first_not_of("0123456789;", at + 2);
    if (end == std::string_view::npos || text[end] != 'm') break;
    at = end + 1;
  }
  return at;
}

}  // namespace

ContainerName container_name(std::string_view line) {
  const std::size_t begin = color_length(line);
  const auto bar = line.substr(0, 128).find('|', begin);
  if (bar == std::string_view::npos || bar == begin) return {};
  const std::string_view name = trim(line.substr(begin, bar - begin));
  if (name.empty() || name.find_first_of(" \t[]\"\x1b") != std::string_view::npos) return {};
  std::size_t at = bar + 1;
  at += color_length(line.substr(at));
  if (at < line.size() && line[at] != ' ') return {};
  at += at < line.size();
  return {name, at + color_length(line.substr(at))};
}

void keep_not_understood(LogSource& source, int line) {
  constexpr std::size_t most = 3;
  auto& places = source.not_understood_at;
  if (places.size() == most && places.back().line <= line) return;
  const auto at = std::ranges::upper_bound(places, line, {}, &SourceLocation::line);
  places.insert(at, {source.path, line, 0});
  if (places.size() > most) places.pop_back();
}

void count_not_understood(LogSource& source, int line) {
  ++source.not_understood;
  keep_not_understood(source, line);
}

void count_line(LogSource& source, Use use, int line) {
  if (use == Use::used) ++source.used;
  else if (use == Use::other) ++source.other;
  else count_not_understood(source, line);
}

}  // namespace pgadvise::log
