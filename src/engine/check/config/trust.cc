#include "check/config/trust.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/containers.h"
#include "base/files/boundary.h"
#include "base/text/text.h"
#include "check/config/host.h"
#include "pg/connection/conninfo.h"

namespace pgadvise::check {
namespace {

tl::unexpected<Error> refuse(const DatabaseProfile& profile, std::string what, std::string hint) {
  return fail(Error::Kind::usage, profile.place.str(), std::move(what), std::move(hint));
}

// Branches, titles and messages are what the author of a pull request writes. Variables of these systems that
// hold a URL are not.
bool written_by_others(std::string_view variable) {
  constexpr std::string_view systems[] = {
      "GITHUB_",   "GITLAB_", "CI_",     "CIRCLE_", "BUILDKITE_", "BITBUCKET_", "DRONE_", "TRAVIS_",
      "APPVEYOR_", "BUILD_",  "SYSTEM_", "CHANGE_", "GIT_",       "BRANCH_",    "PR_",    "COMMIT_"};
  return std::ranges::any_of(systems,
                             [&](std::string_view system) { return variable.starts_with(system); }) &&
         !ends_with_any(variable, {"URL", "URI", "DSN", "CONNINFO"});
}

bool harmless(std::string_view keyword) {
  // read_conninfo() sets the last two itself.
  return is_one_of(keyword, {"host", "hostaddr", "port", "dbname", "user", "connect_timeout",
                             "target_session_attrs", "application_name", "client_encoding"});
}

std::string host_list(std::vector<std::string> hosts) {
  for (auto& host : hosts) host = "\"" + host + "\"";
  return "allow-hosts = [" + join(hosts, ", ") + "]";
}

std::string user_config_name(const Config& user) {
  return user.path.empty() ? "~/.config/pgadvise/config.toml" : user.path;
}

Result<std::string> value_of(const std::string& name, const DatabaseProfile& profile) {
  const char* value = std::getenv(profile.url_env.c_str());
  if (value && !trim(value).empty()) return std::string(value);
  return refuse(profile,
                "the database " + ellipsis(name, 60) + " refers to the environment variable " +
                    profile.url_env + ", which is not set",
                "");
}

// Where `where` begins with a file's name, "path:line:column", that name.
std::string file_of(std::string where) {
  for (int number = 0; number < 2; ++number) {
    const auto colon = where.rfind(':');
    if (colon == std::string::npos || where.find_first_not_of("0123456789", colon + 1) != std::string::npos)
      break;
    where.resize(colon);
  }
  return where;
}

Error without_text(Error error) {
  error.what =
      "cannot be used, and lies outside the repository: no detail is shown, as it could quote the file";
  error.hint = "name the symbolic link's target";
  return error;
}

}  // namespace

tl::expected<Config, Diagnostics> read_user_config(const std::string& repository) {
  Config none;
  none.origin = ConfigOrigin::user;
  none.path = user_config_path();
  std::error_code code;
  if (none.path.empty() ||
      std::filesystem::symlink_status(none.path, code).type() == std::filesystem::file_type::not_found)
    return none;
  const auto wrong = [&](std::string what, std::string hint) {
    return tl::unexpected(Diagnostics{{Error::Kind::usage, none.path, std::move(what), std::move(hint)}});
  };
  if (!repository.empty() && lies_within(none.path, repository))
    return wrong("is in the repository " + repository +
                     ": only the user may grant permissions, not the authors of a repository",
                 "set XDG_CONFIG_HOME to a folder outside the repository");
  struct stat status{};
  if (::stat(none.path.c_str(), &status) == 0) {
    if (status.st_uid != 0 && status.st_uid != ::geteuid())
      return wrong("belongs to another user, who may not grant permissions", "make a copy that you own");
    if (status.st_mode & (S_IWGRP | S_IWOTH))
      return wrong("is writable by other users", "chmod go-w " + none.path);
  }
  return read_config(none.path, ConfigOrigin::user);
}

Result<std::string> trusted_conninfo(const std::string& name, const DatabaseProfile& profile) {
  return profile.url_env.empty() ? Result<std::string>(profile.conninfo) : value_of(name, profile);
}

Result<std::string> repository_conninfo(const std::string& name, const DatabaseProfile& profile,
                                        const Config& user) {
  const std::string database = "the database " + ellipsis(name, 60);
  if (profile.by_service) return profile.conninfo;
  if (!profile.url_env.empty()) {
    if (written_by_others(profile.url_env))
      return refuse(
          profile,
          database + " asks for " + profile.url_env + ", which may contain text of a commit's author",
          "a [databases.NAME] in " + user_config_name(user) + " may name any variable");
    return value_of(name, profile);
  }
  const auto pairs = pg::read_conninfo(profile.conninfo);
  if (!pairs)
    return refuse(profile, database + ": the connection string " + pairs.error().what, pairs.error().hint);
  for (const auto& [keyword, value] : *pairs)
    if (!harmless(keyword))
      return refuse(
          profile, database + ": a repository's url may not set " + keyword,
          "the environment, a service, or a [databases.NAME] in " + user_config_name(user) + " may");
  const auto addresses = pg::addresses(profile.conninfo);
  if (!addresses)
    return refuse(profile, database + ": the connection string " + addresses.error().what,
                  addresses.error().hint);
  std::vector<std::string> refused;
  for (const auto& address : *addresses) {
    const auto host = allowed_host(address);
    if (!host)
      return refuse(profile, database + ": the url " + host.error().what,
                    "host=… names a host, or the folder of a socket");
    if (!is_one_of(*host, user.allowed_hosts) && !is_one_of(*host, user.hosts_of_run) &&
        !is_one_of(*host, refused))
      refused.push_back(*host);
  }
  if (refused.empty()) return profile.conninfo;
  std::vector<std::string> all = user.allowed_hosts, options;
  append(all, refused);
  for (const auto& host : refused) options.push_back("--allow-host " + host);
  return refuse(profile,
                fmt::format("{} is on {}, which {} not allowed: pgadvise would send your password there",
                            database, join(refused, " and "), refused.size() == 1 ? "is" : "are"),
                "to allow it: " + join(options, " ") + ", or add the line " + host_list(all) + " in " +
                    user_config_name(user));
}

Error without_outside_text(Error error) {
  const std::string file = file_of(error.where);
  return !file.empty() && is_file(file) && leads_outside(file) ? without_text(std::move(error)) : error;
}

Error without_outside_text(Error error, const std::string& boundary) {
  const std::string file = file_of(error.where);
  return !file.empty() && is_file(file) && !lies_within(file, boundary) ? without_text(std::move(error))
                                                                        : error;
}

}  // namespace pgadvise::check
