#include "check/config/config.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include <fmt/format.h>

#include "base/files/boundary.h"
#include "base/files/input_file.h"
#include "base/text/mask.h"
#include "base/text/text.h"
#include "check/config/config_errors.h"
#include "check/config/config_rules.h"
#include "check/config/host.h"
#include "check/config/toml.h"
#include "pg/connection/conninfo.h"

namespace pgadvise::check {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t config_limit = std::size_t{4} << 20;

constexpr std::size_t deepest = 16;        // files that extend each other
constexpr std::size_t max_files = 64;      // all in all
constexpr std::size_t max_excludes = 200;  // each is compared with each file
constexpr std::size_t most_hosts_shown = 100;

constexpr std::string_view clickhouse = "clickhouse://";

// Whether a URL has a password: of a ClickHouse URL before the @, and of any URL among its parameters, also
// those that libpq does not know.
bool names_password(std::string_view url) {
  const auto question = url.find('?');
  if (url.starts_with(clickhouse)) {
    const std::string_view authority =
        url.substr(clickhouse.size(), url.find_first_of("/?", clickhouse.size()) - clickhouse.size());
    if (const auto at = authority.rfind('@');
        at != std::string_view::npos && contains(authority.substr(0, at), ":"))
      return true;
  }
  if (question == std::string_view::npos) return false;
  const auto parameters = split(url.substr(question + 1), '&');
  return std::ranges::any_of(parameters, [](const auto part) { return mask_credentials(part) != part; });
}

bool variable_name(std::string_view name) {
  return !name.empty() && !is_digit(name[0]) &&
         std::ranges::all_of(name, [](char c) { return is_alphanumeric(c) || c == '_'; });
}

// One line of TOML for the user's own configuration, and where that lies.
std::string for_user(const std::string& line) {
  const std::string path = user_config_path();
  return line + " in " + (path.empty() ? "~/.config/pgadvise/config.toml" : path);
}

// What a pattern's matches have in common: the path up to the folder in front of the first `*` or `?` behind
// `folder`.
std::string fixed_part(const std::string& pattern, const std::string& folder) {
  const auto star = pattern.find_first_of("*?", pattern.starts_with(folder) ? folder.size() : 0);
  return star == std::string::npos || path_exists(pattern) ? pattern
                                                           : pattern.substr(0, pattern.rfind('/', star) + 1);
}

class ConfigReader {
 public:
  ConfigReader(const std::string& path, ConfigOrigin origin, const UserPaths& user_paths = {})
      : user_paths_(user_paths), errors_(origin == ConfigOrigin::user) {
    out_.origin = origin;
    if (origin == ConfigOrigin::repository) out_.inputs.boundary = boundary_of(path);
  }

  void read(const std::string& path, std::string_view text) {
    if (has_endless_key(text)) {
      errors_.add({Error::Kind::usage, path, "has a key of more than 256 parts: not read",
                   "docs/configuration.md lists the settings"});
      return;
    }
    const auto parsed = toml::parse(text, path);
    if (!parsed) {
      const auto& at = parsed.error().source().begin;
      errors_.add({Error::Kind::usage, fmt::format("{}:{}:{}", path, at.line, at.column),
                   "is no TOML: " + ellipsis(std::string(parsed.error().description()), 200),
                   "docs/configuration.md lists the settings"});
      return;
    }
    errors_.open(path);
    if (const auto* files = parsed.table().get("extends")) extends(*files);
    sections(parsed.table());
    out_.files.push_back(path);
    errors_.close();
  }

  void read(const std::string& path) {
    if (!inside(path)) {
      const fs::path file(path);
      errors_.add({Error::Kind::usage, file.has_parent_path() ? file.parent_path().generic_string() : ".",
                   file.filename().string() + " is a symbolic link that leaves the repository",
                   "--config may name a file anywhere"});
      return;
    }
    const auto text = read_file(path, config_limit, user_paths_);
    if (text) read(path, *text);
    else errors_.add({Error::Kind::usage, path, text.error().what, text.error().hint});
  }

  tl::expected<Config, Diagnostics> take(const std::string& path) {
    if (auto errors = errors_.take(path); !errors.empty()) return tl::unexpected(std::move(errors));
    out_.path = path;
    // A log alone does not stand for the project.
    auto& inputs = out_.inputs;
    if (inputs.paths.empty() && inputs.schema.empty() && !(inputs.logs.empty() && inputs.workloads.empty()))
      inputs.paths.push_back((folder_of(path) / ".").lexically_normal().generic_string());
    return std::move(out_);
  }

 private:
  bool inside(const std::string& path) const {
    const std::string& boundary = out_.inputs.boundary;
    return out_.origin != ConfigOrigin::repository || lies_within(path, boundary);
  }

  // `name` as the file has it, `path` from the current folder.
  bool stays_inside(const toml::node& node, std::string_view key, const std::string& name,
                    const std::string& path) {
    if (inside(fixed_part(path, from_here(".")))) return true;
    errors_.complain(node.source(), fmt::format("{}: {} leaves the repository", key, ellipsis(name, 120)),
                     "a pgadvise.toml that pgadvise found by itself may only name files below " +
                         out_.inputs.boundary +
                         "; the command line and a file of --config may name any file");
    return false;
  }

  // A relative one is meant from the file's folder.
  std::string from_here(const std::string& path) const {
    return (folder_of(errors_.files().back()) / path).lexically_normal().generic_string();
  }

  // A pipe lies in no folder: the current one stands for it.
  static fs::path folder_of(const std::string& file) {
    std::error_code code;
    return fs::is_fifo(file, code) ? fs::path() : fs::path(file).parent_path();
  }

  void sections(const toml::table& root) {
    if (errors_.of_user()) return user_sections(root);
    for (const auto& [key, value] : root) {
      if (key == "rules") read_rules(value, errors_, out_.rules);
      else if (key == "ignore") read_ignores(value, errors_, out_.ignores);
      else if (key == "owner") read_owners(value, errors_, out_.owners);
      else if (key == "inputs") inputs(value);
      else if (key == "databases") databases(value, "databases", out_.databases);
      else if (key == "migrate") migrate(value);
      else if (key == "stores") stores_of_repository(key, value);
      else if (key == "allow-hosts" || key == "allow-commands") not_for_repository(key, value);
      else if (key != "extends")
        errors_.unknown(key, {"extends", "inputs", "databases", "migrate", "rules", "ignore", "owner"});
    }
  }

  void user_sections(const toml::table& root) {
    for (const auto& [key, value] : root) {
      if (key == "allow-hosts") allow_hosts(value);
      else if (key == "allow-commands") allow_commands(value);
      else if (key == "databases") databases(value, "databases", out_.databases);
      else if (key == "stores") databases(value, "stores", out_.stores);
      else if (key == "extends" || key == "inputs" || key == "rules" || key == "ignore" || key == "owner" ||
               key == "migrate")
        errors_.complain(key.source(), fmt::format("{} is a setting of repositories only", key.str()),
                         "move it to the repository's pgadvise.toml");
      else errors_.unknown(key, {"allow-hosts", "allow-commands", "databases", "stores"});
    }
  }

  void allow_hosts(const toml::node& node) {
    errors_.texts(node, "allow-hosts", [&](const toml::node& item, const std::string& text) {
      auto host = allowed_host(text);
      if (host) out_.allowed_hosts.push_back(std::move(*host));
      else errors_.complain(item.source(), "allow-hosts: " + host.error().what, host.error().hint);
    });
  }

  void allow_commands(const toml::node& node) {
    if (node.is_boolean()) out_.allow_commands = node.as_boolean()->get();
    else
      errors_.complain(node.source(), "allow-commands is neither true nor false",
                       "allow-commands = true, without quotes");
  }

  // Whoever writes to the repository would allow it to himself.
  void not_for_repository(const toml::key& key, const toml::node& value) {
    std::vector<std::string> hosts;
    const auto add = [&](const toml::node& item) {
      if (hosts.size() >= most_hosts_shown) return;
      if (const auto host = allowed_host(item.value<std::string>().value_or("")))
        hosts.push_back("\"" + *host + "\"");
    };
    if (const auto* list = value.as_array()) std::for_each(list->begin(), list->end(), add);
    else add(value);
    const std::string line =
        key == "allow-commands"
            ? "allow-commands = true"
            : fmt::format("allow-hosts = [{}]", hosts.empty() ? "\"HOST:PORT\"" : join(hosts, ", "));
    errors_.complain(
        key.source(),
        fmt::format("{} has no effect in a repository's configuration: only the user can allow this",
                    key.str()),
        (key == "allow-commands" ? "--allow-commands, or the line " : "--allow-host, or the line ") +
            for_user(line));
  }

  void stores_of_repository(const toml::key& key, const toml::node& value) {
    const auto refuse = [&](const toml::key& at, std::string_view name) {
      const bool plain =
          name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
          std::string_view::npos;
      errors_.complain(
          at.source(), "a repository's configuration may not name a store: " + ellipsis(name, 60),
          "the line " + for_user(fmt::format("stores.{}.url = \"postgresql://…\"", plain ? name : "NAME")));
    };
    const auto* table = value.as_table();
    if (!table || table->empty()) return refuse(key, "stores");
    if (!errors_.bounded(value.source(), "stores", table->size())) return;
    for (const auto& [name, store] : *table) refuse(name, name.str());
  }

  // A later value replaces an earlier one, so extended files are read first. Their errors are reported, too.
  void extends(const toml::node& node) {
    errors_.texts(node, "extends", [&](const toml::node& item, const std::string& name) {
      const std::string path = from_here(name);
      if (!stays_inside(item, "extends", name, path)) return;
      const auto same = [&](const std::string& other) {
        std::error_code code;
        return fs::equivalent(path, other, code);
      };
      if (const std::string why = why_no_input(path, NamedBy::repository); !why.empty())
        return errors_.complain(item.source(), "extends " + ellipsis(name, 120) + ", which " + why,
                                "name a file in the same folder");
      if (!is_file(path))
        return errors_.complain(item.source(), "extends " + ellipsis(name, 120) + ", which does not exist",
                                "relative to the folder of " + errors_.files().back());
      if (std::ranges::any_of(errors_.files(), same))
        return errors_.complain(item.source(), "extends " + ellipsis(name, 120) + ", which extends this file",
                                "remove one of the two");
      if (errors_.files().size() >= deepest)
        return errors_.complain(
            item.source(), fmt::format("is the {}th file in a chain of extends", errors_.files().size() + 1),
            "fewer, please");
      if (++count_ > max_files)
        return errors_.complain(item.source(), fmt::format("extends more than {} files in all", max_files),
                                "fewer, please");
      read(path);
    });
  }

  void inputs(const toml::node& node) {
    const auto* table = node.as_table();
    if (!table)
      return errors_.complain(node.source(), "inputs is not a table",
                              "write [inputs], and paths = [\".\"] below it");
    auto& inputs = out_.inputs;
    for (const auto& [key, value] : *table) {
      if (key == "exclude") {
        exclude(value);
        continue;
      }
      std::vector<std::string>* const known = key == "paths"       ? &inputs.paths
                                              : key == "schema"    ? &inputs.schema
                                              : key == "logs"      ? &inputs.logs
                                              : key == "workloads" ? &inputs.workloads
                                                                   : nullptr;
      if (!known) {
        errors_.unknown(key, {"paths", "schema", "logs", "workloads", "exclude"});
        continue;
      }
      known->clear();
      errors_.texts(value, key.str(), [&, list = key.str()](const toml::node& item, const std::string& path) {
        if (looks_like_conninfo(path))
          return errors_.complain(item.source(), "is a connection string, not a file",
                                  "define a database in [databases.NAME]");
        const std::string from = from_here(path);
        if (!stays_inside(item, list, path, from)) return;
        known->push_back(from);
        inputs.places[from] = errors_.place(item.source());
      });
    }
  }

  void migrate(const toml::node& node) {
    const auto* table = node.as_table();
    if (!table)
      return errors_.complain(node.source(), "migrate is not a table",
                              "write [migrate], and command = \"…\" below it");
    for (const auto& [key, value] : *table) {
      const auto text = value.value<std::string>();
      if (key != "command") errors_.unknown(key, {"command"});
      else if (!text || trim(*text).empty() || text->size() > ConfigErrors::max_pattern)
        errors_.complain(value.source(), "command is not a string of at most 1,000 characters",
                         "command = \"npx drizzle-kit migrate\"");
      else if (mask_credentials(*text) != *text)
        errors_.complain(value.source(), "command: a committed file must not contain a password",
                         no_password);
      else out_.migrate = {*text, from_here("."), errors_.place(value.source())};
    }
  }

  void exclude(const toml::node& node) {
    auto& out = out_.inputs.exclude;
    out.clear();
    errors_.texts(
        node, "exclude",
        [&](const toml::node& item, const std::string& path) {
          const std::string from = from_here(path);
          if (errors_.short_pattern(item.source(), "exclude", path) &&
              stays_inside(item, "exclude", path, from))
            out.push_back({absolute_path(from), errors_.place(item.source())});
        },
        max_excludes);
  }

  // Databases and stores alike.
  void databases(const toml::node& node, std::string_view key, std::map<std::string, DatabaseProfile>& out) {
    const auto* table = node.as_table();
    if (!table)
      return errors_.complain(node.source(), fmt::format("{} is not a table", key),
                              fmt::format("write [{}.production], and service = \"…\" below it", key));
    if (!errors_.bounded(node.source(), key, table->size())) return;
    for (const auto& [name, value] : *table) {
      const auto* profile = value.as_table();
      if (profile) out[std::string(name.str())] = database(name, *profile, key == "stores");
      else
        errors_.complain(value.source(), "a database's profile must be a table",
                         fmt::format("write [{}.NAME], and service, url or url-env below it", key));
    }
  }

  // What is written here is committed and read by many, so no value of it is shown that may hold a password.
  DatabaseProfile database(const toml::key& name, const toml::table& table, bool store) {
    DatabaseProfile profile;
    profile.place = errors_.place(name.source());
    for (const auto& [key, value] : table) {
      const auto text = value.value<std::string>();
      if (key == "password" || key == "sslpassword" || key == "passwd")
        errors_.complain(key.source(),
                         errors_.of_user() ? "a configuration must not contain a password"
                                           : "a committed file must not contain a password",
                         no_password);
      else if (key != "service" && key != "url" && key != "url-env")
        errors_.unknown(key, {"service", "url", "url-env"});
      else if (!text || trim(*text).empty())
        errors_.complain(value.source(), fmt::format("{} is not a string", key.str()), "in quotes");
      else if (key == "service") service(value, *text, profile);
      else if (key == "url" && store && text->starts_with("sqlite")) profile.conninfo = *text;
      else if (key == "url" && store && text->starts_with(clickhouse) && !names_password(*text))
        profile.conninfo = *text;
      else if (key == "url") url(value, *text, profile);
      else if (!variable_name(*text))
        errors_.complain(value.source(), "url-env is not the name of an environment variable",
                         "url-env = \"DATABASE_URL\": the variable's name, not its value");
      else profile.url_env = *text;
    }
    const int said = table.contains("service") + table.contains("url") + table.contains("url-env");
    if (said != 1)
      errors_.complain(
          name.source(),
          said ? "a database is defined in two ways" : "a database's profile does not say how to connect",
          "set one of service, url and url-env");
    return profile;
  }

  void service(const toml::node& node, const std::string& name, DatabaseProfile& profile) {
    if (name.find_first_of("=:/@'\\ ") == std::string::npos)
      profile.conninfo = pg::conninfo_pair("service", name), profile.by_service = true;
    else
      errors_.complain(node.source(), "service is not the name of a service",
                       "name a service of pg_service.conf: service = \"shop\"");
  }

  void url(const toml::node& node, const std::string& text, DatabaseProfile& profile) {
    const auto pairs = pg::read_conninfo(trim(text) == "env" ? "=" : text);
    bool secret = names_password(text);
    secret |= pairs && std::ranges::any_of(*pairs, [](const auto& pair) {
                return pair.first.find("password") != std::string::npos;
              });
    if (secret)
      errors_.complain(node.source(),
                       errors_.of_user() ? "url contains a password"
                                         : "url contains a password, and this file is committed",
                       no_password);
    else if (!pairs)
      errors_.complain(node.source(),
                       "url is not a connection string, or has characters that a URI must write as %-codes",
                       "url = \"postgresql://joe@host:5432/shop\", without a password");
    else profile.conninfo = text;
  }

  static constexpr const char* no_password =
      "leave it to ~/.pgpass, a service file, PGPASSWORD, or url-env = \"DATABASE_URL\"";

  const UserPaths user_paths_;
  Config out_;
  ConfigErrors errors_;
  std::size_t count_ = 0;
};

}  // namespace

std::string absolute_path(const std::string& path) {
  std::error_code code;
  const fs::path at = fs::absolute(path, code);
  return plain_path(code ? path : at.string());
}

std::string find_config(const std::string& folder) {
  std::error_code code;
  fs::path at = fs::weakly_canonical(folder, code);
  const fs::path here = fs::current_path(code);
  if (code) return {};
  if (!fs::is_directory(at, code)) at = at.parent_path();
  for (;; at = at.parent_path()) {
    // A folder or a broken link of that name is a mistake, which read_config() reports. Of a folder that may
    // not be searched (`none`) the walk through the inputs reports the reason.
    const fs::file_type type = fs::symlink_status(at / "pgadvise.toml", code).type();
    if (type != fs::file_type::not_found && type != fs::file_type::none)
      return (at / "pgadvise.toml").lexically_proximate(here).generic_string();
    if (fs::exists(at / ".git", code) || at == at.parent_path()) return {};
  }
}

std::string user_config_path() {
  const auto folder = [](const char* variable) {
    const char* value = std::getenv(variable);
    return value && *value == '/' ? fs::path(value) : fs::path();
  };
  fs::path base = folder("XDG_CONFIG_HOME");
  if (base.empty() && !folder("HOME").empty()) base = folder("HOME") / ".config";
  return base.empty() ? std::string()
                      : (base / "pgadvise" / "config.toml").lexically_normal().generic_string();
}

tl::expected<Config, Diagnostics> read_config(const std::string& path, ConfigOrigin origin,
                                              const UserPaths& user_paths) {
  ConfigReader reader(path, origin, user_paths);
  reader.read(path);
  return reader.take(path);
}

tl::expected<Config, Diagnostics> parse_config(const std::string& path, std::string_view text,
                                               ConfigOrigin origin) {
  ConfigReader reader(path, origin);
  reader.read(path, text);
  return reader.take(path);
}

}  // namespace pgadvise::check
