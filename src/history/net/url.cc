#include "net/url.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/text/text.h"

namespace pgadvise::net {
namespace {

bool is_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']'))
    return host.size() > 2 &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") == host.npos;
  return !host.empty() &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
             host.npos;
}

bool has_line_end(std::string_view text) { return text.find_first_of("\r\n") != text.npos; }

std::optional<int> port_of(std::string_view text) {
  int out = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, out);
  if (code != std::errc() || stop != end || out < 1 || out > 65535) return std::nullopt;
  return out;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    const auto digits = text.substr(i + 1, 2);
    const auto [stop, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (code != std::errc() || digits.size() != 2 || stop != digits.data() + 2 || value == 0)
      return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '_' || c == '-' || c == '.';
    if (plain) out += c;
    else out += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

tl::expected<ServerUrl, std::string> read_server_url(std::string_view text) {
  ServerUrl out;
  const auto mark = text.find('?');
  if (mark != text.npos) {
    if (contains(text.substr(mark), "@")) return tl::unexpected<std::string>("has an @ behind the ?");
    for (const auto option : split(text.substr(mark + 1), '&')) {
      const auto equal = option.find('=');
      out.options.emplace_back(option.substr(0, equal),
                               equal == option.npos ? std::string_view() : option.substr(equal + 1));
    }
  }
  text = text.substr(0, mark);
  const auto slash = text.find('/');
  if (slash != text.npos) out.path = text.substr(slash + 1);
  if (contains(out.path, "@")) return tl::unexpected<std::string>("has an @ behind a /");
  auto authority = text.substr(0, slash);
  const auto sign = authority.rfind('@');
  const auto credentials = sign == authority.npos ? std::string_view() : authority.substr(0, sign);
  if (sign != authority.npos) authority.remove_prefix(sign + 1);
  const auto colon = credentials.find(':');
  auto user = percent_decoded(credentials.substr(0, colon));
  auto password =
      percent_decoded(colon == credentials.npos ? std::string_view() : credentials.substr(colon + 1));
  if (!user || !password) return tl::unexpected<std::string>("has an invalid %XX");
  if (has_line_end(*user) || has_line_end(*password))
    return tl::unexpected<std::string>("has a line end in the user or password");
  out.user = std::move(*user);
  out.password = std::move(*password);
  const auto port =
      authority.find(':', authority.starts_with('[') ? std::min(authority.find(']'), authority.size()) : 0);
  if (port != authority.npos) {
    out.port = port_of(authority.substr(port + 1));
    if (!out.port) return tl::unexpected<std::string>("has an invalid port");
  }
  out.host = authority.substr(0, port);
  if (!is_host(out.host)) return tl::unexpected<std::string>("has no valid host");
  return out;
}

}  // namespace pgadvise::net
