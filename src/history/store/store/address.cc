#include "store/store/address.h"

#include <charconv>
#include <filesystem>
#include <system_error>

#include "base/process/environment.h"
#include "base/text/mask.h"
#include "base/text/text.h"
#include "store/facts/clock.h"
#include "store/store/clickhouse_address.h"

namespace pgadvise::store {
namespace {

Result<int> retention_of(std::string_view option) {
  int days = 0;
  constexpr std::string_view name = "retention=";
  const auto* end = option.data() + option.size();
  if (option.starts_with(name)) {
    const auto [stop, code] = std::from_chars(option.data() + name.size(), end, days);
    if (code == std::errc() && stop == end && days >= 1 && days <= longest_retention) return days;
  }
  return fail(Error::Kind::usage, "--store", ellipsis(option, 40) + " is not a retention",
              "?retention=90 keeps 90 days");
}

bool is_postgres(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://") || url.starts_with("service=");
}

Result<std::optional<int>> retention_in(const std::string& url) {
  std::optional<int> out;
  const auto sign = url.rfind('@');
  const auto mark = url.find('?', sign == std::string::npos ? 0 : sign);
  if (mark == std::string::npos) return out;
  for (const auto part : split(std::string_view(url).substr(mark + 1), '&')) {
    if (!part.starts_with("retention")) continue;
    TRY(const auto days, retention_of(part));
    out = days;
  }
  return out;
}

// libpq does not know the parameter retention, and pg::Connection leaves out those that libpq does not know.
Result<Address> server_address(const std::string& url) {
  TRY(const auto days, retention_in(url));
  Address out;
  out.retention_days = days;
  (is_postgres(url) ? out.conninfo : out.clickhouse) = url;
  return out;
}

}  // namespace

Result<std::string> state_folder() {
  std::string folder = environment_variable("XDG_STATE_HOME");
  if (!folder.starts_with('/')) {  // a relative path would name a folder of the repository
    folder = environment_variable("HOME");
    if (!folder.starts_with('/'))
      return fail(Error::Kind::usage, "--store", "neither XDG_STATE_HOME nor HOME is an absolute path",
                  "name a file: --store sqlite:PATH");
    folder += "/.local/state";
  }
  return folder + "/pgadvise";
}

std::string shown(const Address& address) {
  if (!address.clickhouse.empty()) {
    const auto server = read_clickhouse_url(address.clickhouse);
    return server ? shown(*server) : "clickhouse://…";
  }
  return address.conninfo.empty() ? address.path : mask_credentials(address.conninfo);
}

std::string id_of(const Address& address) {
  std::string out = shown(address);
  if (address.conninfo.empty() && address.clickhouse.empty()) {
    std::error_code code;
    const auto path = std::filesystem::absolute(out, code);
    return code ? out : path.lexically_normal().string();
  }
  const auto mark = out.find('?');
  const auto at = mark == std::string::npos ? mark : out.find("retention=", mark);
  const auto next = at == std::string::npos ? at : out.find('&', at);
  if (at != std::string::npos) out.erase(at, next == std::string::npos ? next : next + 1 - at);
  while (out.ends_with('?') || out.ends_with('&')) out.pop_back();
  return out;
}

Result<Address> read_url(const std::string& given) {
  std::string url(trim(given));
  if (url == "env") {
    url = trim(environment_variable("PGADVISE_STORE"));
    if (url.empty() || url == "env")
      return fail(Error::Kind::usage, "--store env", "PGADVISE_STORE is not set",
                  "PGADVISE_STORE=sqlite:PATH, postgresql://… or clickhouse://…");
  }
  if (is_postgres(url)) return server_address(url);
  if (url.starts_with("clickhouse://")) {
    TRY_VOID(read_clickhouse_url(url));
    return server_address(url);
  }
  Address out;
  if (const auto mark = url.rfind('?'); url.starts_with("sqlite") && mark != std::string::npos) {
    TRY(const auto days, retention_of(std::string_view(url).substr(mark + 1)));
    out.retention_days = days;
    url.resize(mark);
  }
  if (url == "sqlite") {
    TRY(const auto folder, state_folder());
    out.path = folder + "/store.db";
    return out;
  }
  constexpr std::string_view scheme = "sqlite:";
  if (url.starts_with(scheme) && url.size() > scheme.size()) {
    out.path = url.substr(scheme.size());
    return out;
  }
  return fail(Error::Kind::usage, "--store", ellipsis(mask_credentials(url), 80) + " is not a store",
              "sqlite, sqlite:PATH, postgresql://…, clickhouse://…, env or @NAME");
}

}  // namespace pgadvise::store
