// URLs that name an HTTP server.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace pgadvise::net {

// nullopt: no two hexadecimal digits behind a %, or a NUL.
std::optional<std::string> percent_decoded(std::string_view text);
// Leaves ASCII letters, digits, "-", "_" and "." as they are.
std::string percent_encoded(std::string_view text);

struct ServerUrl {
  std::string user, password;                                // decoded; "": the URL has none
  std::string host;                                          // an IPv6 address has brackets
  std::optional<int> port;                                   // 1 to 65535
  std::string path;                                          // behind the first "/", not decoded
  std::vector<std::pair<std::string, std::string>> options;  // name=value behind the "?", not decoded
};

// Reads user:password@host:port/path?name=value&…, what follows "scheme://"; only the host is required.
// Errors: the end of a sentence that begins with "the URL", such as "has an invalid port", which shows no
// part of the text.
tl::expected<ServerUrl, std::string> read_server_url(std::string_view text);

}  // namespace pgadvise::net
