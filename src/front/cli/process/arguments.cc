#include "cli/process/arguments.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/text/mask.h"
#include "base/text/text.h"

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

// "user:password" of [--option=][scheme://][@]user:password@host; "" where there is none.
std::string login_of(std::string_view text) {
  const auto sign = text.rfind('@');
  if (sign == std::string_view::npos) return {};
  text = text.substr(0, sign);
  if (const auto equals = text.find('='); text.starts_with('-') && equals != std::string_view::npos)
    text.remove_prefix(equals + 1);
  if (const auto scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  if (text.starts_with('@')) text.remove_prefix(1);
  const auto colon = text.find(':');
  return colon == std::string_view::npos || colon + 1 == text.size() ? std::string() : std::string(text);
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
    const bool after = i > 0 && (out.words[i - 1] == "--db" || out.words[i - 1] == "--allow-host");
    const bool database = after || word.starts_with("--db=") || word.starts_with("--allow-host=");
    if (auto login = login_of(word); own && !login.empty()) out.logins.push_back(std::move(login));
    const auto option =
        i > 0 && begin == 0 ? std::string_view(out.words[i - 1]) : std::string_view(word).substr(0, equals);
    const bool url =
        (option == "--store" || option == "--otlp") && contains(value, "://");  // sqlite:PATH may have an @
    if (!(database || url || looks_like_conninfo(value)) || !holds_password(value)) continue;
    overwrite(argv[i + 1] + begin);
    out.hid_password = out.hid_password || own;
  }
  return out;
}

std::string without_passwords(std::string text, const std::vector<std::string>& logins) {
  for (const auto& login : logins) {
    const std::string user = login.substr(0, login.find(':') + 1);
    const std::string_view password = std::string_view(login).substr(user.size());
    for (std::size_t at = 0; (at = text.find(user, at)) != std::string::npos;) {
      at += user.size();
      const std::string_view rest = std::string_view(text).substr(at);
      const auto same = static_cast<std::size_t>(
          std::mismatch(password.begin(), password.end(), rest.begin(), rest.end()).first - password.begin());
      if (same == password.size() || (same > 0 && rest.substr(same).starts_with("…")))
        text.replace(at, same, "***");
    }
  }
  return text;
}

}  // namespace pgadvise::cli
