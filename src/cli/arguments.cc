#include "cli/arguments.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/mask.h"
#include "base/text.h"

namespace pgadvise::cli {
namespace {

// A shell has put in its variables already, so that a password may begin with "$".
bool holds_password(std::string_view text) {
  text = trim(text);
  if (text.empty() || text == "env" || text.front() == '@') return false;
  const std::string words = lower(text);
  if (contains(words, "=") && (contains(words, "password") || contains(words, "passwd"))) return true;
  const auto sign = text.rfind('@');
  const auto scheme = text.find("://");
  const auto user = scheme == std::string_view::npos ? 0 : scheme + 3;
  if (sign != std::string_view::npos &&
      text.substr(0, sign).find(':', std::min(user, sign)) != std::string_view::npos)
    return true;
  const auto question = text.find('?');
  if (scheme == std::string_view::npos || question == std::string_view::npos) return false;
  for (const auto part : split(text.substr(question + 1), '&'))  // a key with a code may spell "password"
    if (part.substr(0, part.find('=')).find('%') != std::string_view::npos) return true;
  return false;
}

void overwrite(char* text) {
  constexpr std::string_view stars = "***";
  const std::size_t size = std::strlen(text);
  std::memset(text, 0, size);
  std::memcpy(text, stars.data(), std::min(size, stars.size()));
}

}  // namespace

Arguments take_arguments(int argc, char** argv) {
  Arguments out;
  if (argc > 1) out.words.assign(argv + 1, argv + argc);
  bool own = true;  // in front of "--", behind which the words are another program's
  for (std::size_t i = 0; i < out.words.size(); ++i) {
    const std::string& word = out.words[i];
    own = own && word != "--";
    const auto equals = word.starts_with("--") ? word.find('=') : std::string::npos;
    const std::size_t begin = equals == std::string::npos ? 0 : equals + 1;
    const std::string_view value = std::string_view(word).substr(begin);
    const bool database = (i > 0 && out.words[i - 1] == "--db") || word.starts_with("--db=");
    if (!(database || looks_like_conninfo(value)) || !holds_password(value)) continue;
    overwrite(argv[i + 1] + begin);
    out.hid_password = out.hid_password || own;
  }
  return out;
}

}  // namespace pgadvise::cli
