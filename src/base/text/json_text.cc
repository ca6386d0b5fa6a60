#include "base/text/json_text.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text/ci_commands.h"

namespace pgadvise {

bool is_json_container(std::string_view text) {
  constexpr std::size_t deepest = 64;
  const std::string_view first = text.substr(std::min(text.find_first_not_of(" \t\r\n"), text.size()), 1);
  return (first == "{" || first == "[") && !nested_deeper(text, deepest) && nlohmann::json::accept(text);
}

bool nested_deeper(std::string_view json, std::size_t levels) {
  std::size_t depth = 0;
  bool string = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (string && c == '\\') ++at;
    else if (c == '"') string = !string;
    else if (!string && (c == '[' || c == '{') && ++depth > levels) return true;
    else if (!string && (c == ']' || c == '}') && depth > 0) --depth;
  }
  return false;
}

std::string why_no_json(std::string_view json, std::string otherwise, std::size_t levels) {
  return nested_deeper(json, levels) ? fmt::format("is nested more than {} levels deep: not read", levels)
                                     : std::move(otherwise);
}

std::string escape_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = [&](std::size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const unsigned two = byte(i) == 0xC2 ? byte(i + 1) : 0;
    const unsigned three = byte(i) == 0xE2 ? (byte(i + 1) & 0x3FU) << 6 | (byte(i + 2) & 0x3FU) | 0x2000U : 0;
    if (byte(i) == 0x7F) out += "\\u007f";
    else if (text[i] == '#' && begins_ci_command(text, i)) out += "\\u0023";
    else if (two >= 0x80 && two <= 0x9F) out += fmt::format("\\u{:04x}", two), ++i;
    else if ((three >= 0x202A && three <= 0x202E) || (three >= 0x2066 && three <= 0x2069))
      out += fmt::format("\\u{:04x}", three), i += 2;
    else out += text[i];
  }
  return out;
}

}  // namespace pgadvise
