#include "base/mask.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace pgadvise {
namespace {

bool space_or_quote(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '"' || c == '\'' || c == '`'; }

std::size_t run_end(std::string_view text, std::size_t from) {
  while (from < text.size() && !space_or_quote(text[from])) ++from;
  return from;
}

// Of what stands behind "://": everything between "user:" and the last "@": a password may hold an @ itself. Without a user's name, all of it.
std::string mask_authority(std::string_view rest) {
  const auto sign = rest.rfind('@');
  if (sign == std::string_view::npos) return std::string(rest);
  const std::string_view user = rest.substr(0, sign);
  const auto colon = user.find(':');
  std::string out;
  if (colon == std::string_view::npos) {
    out = user.find('$') == std::string_view::npos ? std::string("***") : std::string(user);
  } else {
    const auto password = user.substr(colon + 1);
    const bool variable = !password.empty() && password.front() == '$' && password.find_first_of("@:/") == std::string_view::npos;
    out = std::string(user.substr(0, colon + 1)) + (variable ? std::string(password) : "***");
  }
  return out + std::string(rest.substr(sign));
}

std::string mask_urls(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  for (std::size_t scheme; (scheme = text.find("://", at)) != std::string_view::npos;) {
    const std::size_t begin = scheme + 3;
    const std::size_t end = run_end(text, begin);  // looked at once: behind the last @ there is nothing to mask
    out += text.substr(at, begin - at);
    out += mask_authority(text.substr(begin, end - begin));
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

bool is_uri(std::string_view text) { return starts_with_nocase(text, "postgres://") || starts_with_nocase(text, "postgresql://"); }

bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

// "pass%77ord" is a name to libpq, too.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool coded = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
    out += coded ? static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])) : text[i];
    if (coded) i += 2;
  }
  return out;
}

// All of the text is one URI: blanks and quotes that ought to be written as %20 and the like end nothing.
std::string mask_uri(std::string_view text) {
  const std::size_t begin = text.find("://") + 3;
  const std::string masked = std::string(text.substr(0, begin)) + mask_authority(text.substr(begin));
  const std::size_t question = masked.find('?');
  if (question == std::string::npos) return masked;
  std::vector<std::string> parts;
  for (const auto part : split(std::string_view(masked).substr(question + 1), '&')) {
    const auto equals = part.find('=');
    const bool secret = equals != std::string_view::npos && secret_name(percent_decoded(part.substr(0, equals)));
    parts.push_back(secret && part.substr(equals + 1, 1) != "$" ? std::string(part.substr(0, equals + 1)) + "***" : std::string(part));
  }
  return masked.substr(0, question + 1) + join(parts, "&");
}

// As libpq reads key=value pairs: blanks around the =, values in single quotes, backslashes. What follows a secret and is no pair may be a
// part of it.
std::string mask_pairs(std::string_view text) {
  std::string out;
  bool after_secret = false;
  for (std::size_t at = 0; at < text.size();) {
    if (blank(text[at])) {
      out += text[at++];
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !blank(text[end]) && text[end] != '=') ++end;
    const std::string_view name = text.substr(at, end - at);
    while (end < text.size() && blank(text[end])) ++end;
    if (end >= text.size() || text[end] != '=') {
      out += after_secret ? "***" : std::string(name);
      at += name.size();
      continue;
    }
    ++end;
    while (end < text.size() && blank(text[end])) ++end;
    out += text.substr(at, end - at);
    at = end;
    const bool quoted = at < text.size() && text[at] == '\'';
    if (quoted) ++end;
    while (end < text.size() && (quoted ? text[end] != '\'' : !blank(text[end]))) end += text[end] == '\\' ? 2 : 1;
    end = std::min(text.size(), end + (quoted ? 1 : 0));
    const std::string_view value = text.substr(at, end - at);
    after_secret = secret_name(name) && !value.empty() && value.front() != '$';
    out += after_secret ? "***" : is_uri(value) ? mask_uri(value) : std::string(value);
    at = end;
  }
  return out;
}

}  // namespace

bool looks_like_conninfo(std::string_view text) {
  text = trim(text);
  if (is_uri(text)) return true;
  constexpr std::array<std::string_view, 24> keys = {"host", "hostaddr", "port", "dbname", "password", "user", "service", "sslmode", "passfile", "options", "application_name", "sslpassword",
                                                     "sslcert", "sslkey", "sslrootcert", "sslcrl", "requirepeer", "channel_binding", "gssencmode", "krbsrvname", "connect_timeout", "client_encoding", "target_session_attrs", "require_auth"};
  const auto equals = text.find('=');  // libpq takes blanks around it
  return equals != std::string_view::npos && std::find(keys.begin(), keys.end(), lower(trim(text.substr(0, equals)))) != keys.end();
}

std::string mask_credentials(std::string_view text) {
  if (!looks_like_conninfo(text)) return mask_named(mask_urls(text));
  return is_uri(trim(text)) ? mask_uri(text) : mask_pairs(text);
}

}  // namespace pgadvise
