#include "base/mask.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace pgadvise {
namespace {

bool space_or_quote(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '"' || c == '\'' || c == '`'; }

std::size_t run_end(std::string_view text, std::size_t from) {
  while (from < text.size() && !space_or_quote(text[from])) ++from;
  return from;
}

// Everything between "://user:" and the last "@": a password may hold an @ itself. Without a user's name, all of it.
std::string mask_urls(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  for (std::size_t scheme; (scheme = text.find("://", at)) != std::string_view::npos;) {
    const std::size_t begin = scheme + 3;
    out += text.substr(at, begin - at);
    at = begin;
    const std::size_t end = run_end(text, begin);  // looked at once: behind the last @ there is nothing to mask
    const std::string_view rest = text.substr(begin, end - begin);
    const auto sign = rest.rfind('@');
    if (sign == std::string_view::npos) {
      out += rest;
      at = end;
      continue;
    }
    const std::string_view user = rest.substr(0, sign);
    const auto colon = user.find(':');
    if (colon == std::string_view::npos) {
      out += user.find('$') == std::string_view::npos ? std::string("***") : std::string(user);
    } else {
      const auto password = user.substr(colon + 1);
      const bool variable = !password.empty() && password.front() == '$' && password.find_first_of("@:/") == std::string_view::npos;
      out += std::string(user.substr(0, colon + 1)) + (variable ? std::string(password) : "***");
    }
    out += rest.substr(sign);
    at = end;
  }
  return out + std::string(text.substr(at));
}

bool secret_name(std::string_view name) {
  static constexpr std::array<std::string_view, 8> parts = {"password", "passwd", "passphrase", "secret",
                                                            "token",    "apikey", "api_key",    "api-key"};
  const std::string lowered = lower(name);
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return lowered.find(part) != std::string::npos; }) ||
         (lowered.size() > 4 && lowered.substr(lowered.size() - 4) == "_key") || lowered.ends_with("pass") || lowered.ends_with("pwd");
}

bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// NAME=value and --name value, where the name tells.
std::string mask_named(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (!name_character(text[at])) {
      out += text[at++];
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && name_character(text[end])) ++end;
    const std::string_view name = text.substr(at, end - at);
    out += name;
    at = end;
    const bool option = name.substr(0, 2) == "--";
    if (!secret_name(name) || at >= text.size() || !(text[at] == '=' || (option && text[at] == ' '))) continue;
    out += text[at++];
    const char quote = at < text.size() && (text[at] == '"' || text[at] == '\'') ? text[at] : '\0';
    if (quote) out += text[at++];
    std::size_t stop = at;
    while (stop < text.size() && (quote ? text[stop] != quote : !space_or_quote(text[stop]) && text[stop] != '&')) ++stop;
    const std::string_view value = text.substr(at, stop - at);
    const bool keep = value.empty() || value.front() == '$' || (option && value.front() == '-');
    out += keep ? std::string(value) : "***";
    at = stop;
  }
  return out;
}

}  // namespace

bool looks_like_conninfo(std::string_view text) {
  if (text.starts_with("postgres://") || text.starts_with("postgresql://")) return true;
  constexpr std::array<std::string_view, 11> keys = {"host", "hostaddr", "port", "dbname", "password", "user", "service", "sslmode", "passfile", "options", "application_name"};
  const auto equals = text.find('=');  // libpq takes blanks around it
  return equals != std::string_view::npos && std::find(keys.begin(), keys.end(), trim(text.substr(0, equals))) != keys.end();
}

std::string mask_credentials(std::string_view text) { return mask_named(mask_urls(text)); }

}  // namespace pgadvise
