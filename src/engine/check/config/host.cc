#include "check/config/host.h"

#include <algorithm>

#include "base/text/text.h"

namespace pgadvise::check {
namespace {

bool socket_folder(std::string_view host) { return host.starts_with('/') || host.starts_with('@'); }

bool host_character(char c, bool socket) {
  if (socket) return c > 0x20 && c < 0x7f && std::string_view("\"'\\,").find(c) == std::string_view::npos;
  return is_alphanumeric(c) || std::string_view(".-_:%").find(c) != std::string_view::npos;
}

}  // namespace

Result<std::string> allowed_host(const pg::Address& address) {
  const bool socket = socket_folder(address.host);
  const auto wrong = [](std::string what) {
    return fail(Error::Kind::usage, "", std::move(what), "HOST:PORT, for example db.example.com:5432");
  };
  if (address.host.empty()) return wrong("names no host");
  constexpr std::size_t longest_port = 5;
  if (!all_digits(address.port) || address.port.size() > longest_port)
    return wrong(ellipsis(address.host, 80) + " has no port number");
  if (!std::ranges::all_of(address.host, [&](char c) { return host_character(c, socket); }))
    return wrong(ellipsis(address.host, 80) + " has a character that host names can't have");
  if (socket) return address.host + ":" + address.port;
  const std::string host = lower(address.host);
  return (contains(host, ":") ? "[" + host + "]" : host) + ":" + address.port;
}

Result<std::string> allowed_host(std::string_view text) {
  text = trim(text);
  if (!socket_folder(text) && contains(text, "@"))  // what stands before it may be a password
    return fail(Error::Kind::usage, "", "holds an \"@\": a user or a password does not belong here",
                "HOST:PORT, as db.example.com:5432");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return allowed_host(pg::Address{std::string(text), ""});
  std::string_view host = text.substr(0, colon);
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  if (!brackets && !socket_folder(host) && contains(host, ":"))
    return fail(Error::Kind::usage, "", ellipsis(text, 80) + " is an IPv6 address without brackets",
                "[::1]:5432");
  return allowed_host(pg::Address{std::string(host), std::string(text.substr(colon + 1))});
}

}  // namespace pgadvise::check
