#include "store/clickhouse_address.h"

#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "base/text.h"

namespace pgadvise::store {
namespace {

constexpr std::string_view scheme = "clickhouse://";

tl::unexpected<Error> refuse(std::string what) {
  return fail(Error::Kind::usage, "--store", std::move(what),
              "clickhouse://USER:PASSWORD@HOST:PORT/DATABASE; write other characters of the password as %XX");
}

// nullopt: no two hexadecimal digits behind a %, or a NUL.
std::optional<std::string> decoded(std::string_view text) {
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

bool is_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']'))
    return host.size() > 2 &&
           host.substr(1, host.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") == host.npos;
  return !host.empty() &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
             host.npos;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

bool has_line_end(std::string_view text) { return text.find_first_of("\r\n") != text.npos; }

Result<void> read_option(std::string_view option, ClickHouseAddress& out) {
  const auto equal = option.find('=');
  const auto name = option.substr(0, equal);
  const auto value = decoded(equal == option.npos ? std::string_view() : option.substr(equal + 1));
  if (name == "retention") return {};
  if (name == "secure" && value && (*value == "true" || *value == "false")) {
    out.secure = *value == "true";
    return {};
  }
  if (name == "sslrootcert" && value && !value->empty()) {
    out.root_certificates = *value;
    return {};
  }
  if (name == "cluster" && value && !value->empty()) {
    out.cluster = *value;
    return {};
  }
  return refuse(
      "the URL of a ClickHouse store has the options secure=true, sslrootcert=FILE, cluster=NAME and "
      "retention=DAYS only");
}

Result<void> read_port(std::string_view text, ClickHouseAddress& out) {
  const auto* end = text.data() + text.size();
  const auto [stop, code] = std::from_chars(text.data(), end, out.port);
  if (code != std::errc() || stop != end || out.port < 1 || out.port > 65535)
    return refuse("the URL of a ClickHouse store has an invalid port");
  return {};
}

}  // namespace

std::string ClickHouseAddress::url() const {
  return fmt::format("{}://{}:{}/", secure ? "https" : "http", host, port);
}

std::string shown(const ClickHouseAddress& address) {
  return fmt::format("{}{}{}{}:{}/{}", scheme, printable(address.user), address.user.empty() ? "" : "@",
                     address.host, address.port, printable(address.database));
}

Result<ClickHouseAddress> read_clickhouse_url(const std::string& url) {
  ClickHouseAddress out;
  std::string_view rest(url);
  if (!rest.starts_with(scheme)) return refuse("is not the URL of a ClickHouse store");
  rest.remove_prefix(scheme.size());
  const auto mark = rest.find('?');
  if (mark != rest.npos) {
    if (contains(rest.substr(mark), "@"))
      return refuse("the URL of a ClickHouse store has an @ behind the ?");
    for (const auto option : split(rest.substr(mark + 1), '&'))
      if (const auto done = read_option(option, out); !done) return tl::unexpected(done.error());
  }
  if (!out.root_certificates.empty() && !out.secure)
    return refuse("the URL of a ClickHouse store has sslrootcert without secure=true");
  rest = rest.substr(0, mark);
  const auto slash = rest.find('/');
  const auto database = decoded(slash == rest.npos ? std::string_view() : rest.substr(slash + 1));
  auto authority = rest.substr(0, slash);
  const auto sign = authority.rfind('@');
  auto credentials = sign == authority.npos ? std::string_view() : authority.substr(0, sign);
  if (sign != authority.npos) authority.remove_prefix(sign + 1);
  const auto colon = credentials.find(':');
  const auto user = decoded(credentials.substr(0, colon));
  const auto password =
      decoded(colon == credentials.npos ? std::string_view() : credentials.substr(colon + 1));
  if (!database || !user || !password) return refuse("the URL of a ClickHouse store has an invalid %XX");
  out.user = user->empty() ? variable("CLICKHOUSE_USER") : *user;
  out.password = password->empty() ? variable("CLICKHOUSE_PASSWORD") : *password;
  out.database = database->empty() ? "pgadvise" : *database;
  if (contains(out.database, "/") || contains(out.database, "@") || has_line_end(out.user) ||
      has_line_end(out.password))
    return refuse("is not the URL of a ClickHouse store");
  out.port = out.secure ? 8443 : 8123;
  const auto port =
      authority.find(':', authority.starts_with('[') ? std::min(authority.find(']'), authority.size()) : 0);
  if (port != authority.npos)
    if (const auto done = read_port(authority.substr(port + 1), out); !done)
      return tl::unexpected(done.error());
  out.host = authority.substr(0, port);
  if (!is_host(out.host)) return refuse("the URL of a ClickHouse store has no valid host");
  return out;
}

}  // namespace pgadvise::store
