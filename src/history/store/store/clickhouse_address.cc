#include "store/store/clickhouse_address.h"

#include <string_view>

#include <fmt/format.h>

#include "base/process/environment.h"
#include "base/text/text.h"
#include "net/url.h"

namespace pgadvise::store {
namespace {

constexpr std::string_view scheme = "clickhouse://";

tl::unexpected<Error> refuse(std::string what) {
  return fail(Error::Kind::usage, "--store", std::move(what),
              "clickhouse://USER:PASSWORD@HOST:PORT/DATABASE; write other characters of the password as %XX");
}

bool has_line_end(std::string_view text) { return text.find_first_of("\r\n") != text.npos; }

Result<void> read_option(const std::string& name, const std::string& text, ClickHouseAddress& out) {
  if (name == "retention") return {};
  const auto value = net::percent_decoded(text);
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

}  // namespace

std::string ClickHouseAddress::url() const {
  return fmt::format("{}://{}:{}/", secure ? "https" : "http", host, port);
}

std::string shown(const ClickHouseAddress& address) {
  return fmt::format("{}{}{}{}:{}/{}", scheme, printable(address.user), address.user.empty() ? "" : "@",
                     address.host, address.port, printable(address.database));
}

Result<ClickHouseAddress> read_clickhouse_url(const std::string& url) {
  if (!url.starts_with(scheme)) return refuse("is not the URL of a ClickHouse store");
  const auto parts = net::read_server_url(std::string_view(url).substr(scheme.size()));
  if (!parts) return refuse("the URL of a ClickHouse store " + parts.error());
  ClickHouseAddress out;
  for (const auto& [name, value] : parts->options) TRY_VOID(read_option(name, value, out));
  if (!out.root_certificates.empty() && !out.secure)
    return refuse("the URL of a ClickHouse store has sslrootcert without secure=true");
  const auto database = net::percent_decoded(parts->path);
  if (!database) return refuse("the URL of a ClickHouse store has an invalid %XX");
  out.user = parts->user.empty() ? environment_variable("CLICKHOUSE_USER") : parts->user;
  out.password = parts->password.empty() ? environment_variable("CLICKHOUSE_PASSWORD") : parts->password;
  out.database = database->empty() ? "pgadvise" : *database;
  if (contains(out.database, "/") || contains(out.database, "@") || has_line_end(out.user) ||
      has_line_end(out.password))
    return refuse("is not the URL of a ClickHouse store");
  out.port = parts->port.value_or(out.secure ? 8443 : 8123);
  out.host = parts->host;
  return out;
}

}  // namespace pgadvise::store
