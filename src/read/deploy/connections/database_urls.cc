#include "deploy/connections/database_urls.h"

#include <algorithm>

#include "base/text/text.h"
#include "deploy/shell/text_before.h"

namespace pgadvise::deploy {
namespace {

constexpr std::size_t max_urls = 64;

// The offset after the "://" of a PostgreSQL URL that begins at `at`; npos: another text begins there.
std::size_t behind_scheme(std::string_view text, std::size_t at) {
  auto end = at + std::string_view("postgres").size();
  if (text.substr(end).starts_with("ql")) end += 2;
  if (text.substr(end).starts_with("+"))
    end = std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", end + 1), text.size());
  return text.substr(end).starts_with("://") ? end + 3 : std::string_view::npos;
}

}  // namespace

std::string key_before(std::string_view text, std::size_t at) {
  const auto line = line_before(text, at);
  const auto head = line.substr(0, line.find_last_not_of(" \t\"'`=:") + 1);  // npos + 1 is 0
  // Another value that happens to stand in front may be a secret: a key is followed by = or :.
  const auto gap = line.substr(head.size());
  if (gap.find_first_of("=:") == std::string_view::npos) return {};
  const auto word = head.find_last_of(" \t\"'`=:,{(-");
  if (word != std::string_view::npos && (head[word] == '=' || head[word] == ':'))
    return {};  // a part of another value
  const auto key = word == std::string_view::npos ? head : head.substr(word + 1);
  const bool name =
      key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.") ==
      std::string_view::npos;
  return name ? std::string(key.substr(0, 60)) : std::string();
}

bool commented(std::string_view text, std::size_t at) {
  const auto line = trim(text.substr(at - line_before(text, at).size(), 40));
  return line.starts_with("#") || line.starts_with("//") || line.starts_with("*") || line.starts_with(";");
}

std::vector<DatabaseUrl> database_urls(std::string_view text) {
  std::vector<DatabaseUrl> out;
  std::size_t hits = 0;
  for (auto at = text.find("postgres"); at != std::string_view::npos && hits < max_urls;
       at = text.find("postgres", at + 1)) {
    const auto behind = behind_scheme(text, at);
    if (behind == std::string_view::npos) continue;
    ++hits;
    const std::string_view url =
        text.substr(at, std::min(text.find_first_of(" \t\r\n\"'`<>,)", at), at + 2000) - at);
    const std::size_t scheme = std::min(behind - at, url.size());
    const auto query = url.find('?');
    const std::string_view authority = url.substr(scheme, std::min(url.find('/', scheme), query) - scheme);
    const auto user_end = authority.rfind('@');
    if (user_end == std::string_view::npos) continue;  // a pattern, a prefix
    if (authority.substr(user_end).find_first_of("$%{(") != std::string_view::npos)
      continue;  // who knows the host?
    DatabaseUrl found;
    found.offset = at;
    const std::string_view login = authority.substr(0, user_end);
    const auto colon = login.find(':');
    found.user = login.substr(0, colon);
    if (colon != std::string_view::npos) found.password = login.substr(colon + 1);
    found.host = authority.substr(user_end + 1);
    if (!found.host.starts_with("[")) found.host = found.host.substr(0, found.host.find(':'));
    if (query != std::string_view::npos) found.options = url.substr(query);
    out.push_back(found);
  }
  return out;
}

}  // namespace pgadvise::deploy
