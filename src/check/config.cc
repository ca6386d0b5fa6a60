#include "check/config.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "base/boundary.h"
#include "base/input_file.h"
#include "base/mask.h"
#include "base/text.h"
#include "check/absolute_path.h"
#include "check/host.h"
#include "check/toml.h"
#include "lint/rule.h"
#include "pg/conninfo.h"

namespace pgadvise::check {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t config_limit = std::size_t{4} << 20;

std::vector<std::string> rule_ids() {
  std::vector<std::string> out;
  for (const auto& registered : lint::all_rules()) out.emplace_back(registered.rule->id);
  return out;
}

constexpr std::size_t deepest = 16;    // files that extend each other
constexpr std::size_t max_files = 64;  // all in all

constexpr std::size_t max_entries = 1'000;  // of a list, or of [databases]
constexpr std::size_t max_excludes = 200;   // each is compared with each file
constexpr std::size_t max_ignores = 2'000;  // of all files; each is compared with findings; likewise owners
constexpr std::size_t max_pattern = 1'000;  // characters
constexpr std::size_t max_stars = 20;       // of a pattern
constexpr std::size_t max_errors = 100;

// A key that would name a command where none is allowed: "url-command".
bool names_command(std::string_view key) {
  constexpr std::string_view words[] = {"migrate", "command", "commands", "cmd",   "exec",
                                        "hook",    "hooks",   "run",      "shell", "script"};
  const std::string_view last = key.substr(key.find_last_of("-_") + 1);
  return std::find(std::begin(words), std::end(words), last) != std::end(words);
}

bool variable_name(std::string_view name) {
  return !name.empty() && std::none_of(name.begin(), name.end(), [](unsigned char c) {
    return c != '_' && !std::isalnum(c);
  }) && !std::isdigit(static_cast<unsigned char>(name[0]));
}

// One line of TOML for the user's own configuration, and where that lies.
std::string for_user(const std::string& line) {
  const std::string path = user_config_path();
  return line + " in " + (path.empty() ? "~/.config/pgadvise/config.toml" : path);
}

// What a pattern's matches have in common: the path up to the folder in front of the first `*` or `?` behind
// `folder`.
std::string fixed_part(const std::string& pattern, const std::string& folder) {
  std::error_code code;
  const auto star = pattern.find_first_of("*?", pattern.starts_with(folder) ? folder.size() : 0);
  return star == std::string::npos || fs::exists(pattern, code)
             ? pattern
             : pattern.substr(0, pattern.rfind('/', star) + 1);
}

class Reader {
 public:
  Reader(const std::string& path, ConfigOrigin origin, const UserPaths& user_paths = {})
      : user_paths_(user_paths) {
    out_.origin = origin;
    if (origin == ConfigOrigin::repository) out_.inputs.boundary = boundary_of(path);
  }

  void read(const std::string& path, std::string_view text) {
    if (has_endless_key(text)) {
      errors_.push_back({Error::Kind::usage, path, "has a key of more than 256 parts: not read",
                         "docs/configuration.md lists the settings"});
      return;
    }
    const auto parsed = toml::parse(text, path);
    if (!parsed) {
      const auto& at = parsed.error().source().begin;
      errors_.push_back({Error::Kind::usage, fmt::format("{}:{}:{}", path, at.line, at.column),
                         "is no TOML: " + ellipsis(std::string(parsed.error().description()), 200),
                         "docs/configuration.md lists the settings"});
      return;
    }
    std::vector<Reported> of_extending;  // that is half read
    std::swap(reported_, of_extending);
    reading_.push_back(path);
    if (const auto* files = parsed.table().get("extends")) extends(*files);
    sections(parsed.table());
    // As they stand in the file: the parser sorts keys by name.
    std::stable_sort(reported_.begin(), reported_.end(), [](const Reported& one, const Reported& other) {
      return std::pair(one.line, one.column) < std::pair(other.line, other.column);
    });
    for (auto& one : reported_) errors_.push_back(std::move(one.error));
    out_.files.push_back(path);
    reading_.pop_back();
    std::swap(reported_, of_extending);
  }

  void read(const std::string& path) {
    if (!inside(path)) {
      const fs::path file(path);
      errors_.push_back({Error::Kind::usage,
                         file.has_parent_path() ? file.parent_path().generic_string() : ".",
                         file.filename().string() + " is a symbolic link that leaves the repository",
                         "--config may name a file anywhere"});
      return;
    }
    const auto text = read_file(path, config_limit, user_paths_);
    if (text) read(path, *text);
    else errors_.push_back({Error::Kind::usage, path, text.error().what, text.error().hint});
  }

  tl::expected<Config, Diagnostics> take(const std::string& path) {
    if (errors_.size() > max_errors) {
      const std::size_t more = errors_.size() - max_errors;
      errors_.resize(max_errors);
      errors_.push_back({Error::Kind::usage, path, fmt::format("{} more errors are not shown", more), ""});
    }
    if (!errors_.empty()) return tl::unexpected(std::move(errors_));
    out_.path = path;
    // A log alone does not stand for the project.
    auto& inputs = out_.inputs;
    if (inputs.paths.empty() && inputs.schema.empty() && !(inputs.logs.empty() && inputs.workloads.empty()))
      inputs.paths.push_back((folder_of(path) / ".").lexically_normal().generic_string());
    return std::move(out_);
  }

 private:
  struct Reported {
    Error error;
    toml::source_index line, column;
  };

  SourceLocation place(const toml::source_region& region) const {
    return {reading_.back(), static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
  }

  void complain(const toml::source_region& region, std::string what, std::string hint) {
    reported_.push_back({{Error::Kind::usage, place(region).str(), std::move(what), std::move(hint)},
                         region.begin.line,
                         region.begin.column});
  }

  bool of_user() const { return out_.origin == ConfigOrigin::user; }

  bool inside(const std::string& path) const {
    const std::string& boundary = out_.inputs.boundary;
    return out_.origin != ConfigOrigin::repository || lies_within(path, boundary);
  }

  // `name` as the file has it, `path` from the current folder.
  bool stays_inside(const toml::node& node, std::string_view key, const std::string& name,
                    const std::string& path) {
    if (inside(fixed_part(path, from_here(".")))) return true;
    complain(node.source(), fmt::format("{}: {} leaves the repository", key, ellipsis(name, 120)),
             "a pgadvise.toml that pgadvise found by itself may only name files below " +
                 out_.inputs.boundary + "; the command line and a file of --config may name any file");
    return false;
  }

  // False, with an error that names the bound: there are more.
  bool bounded(const toml::source_region& region, std::string_view name, std::size_t count,
               std::size_t bound = max_entries) {
    if (count <= bound) return true;
    complain(region, fmt::format("{} has {} entries, and the limit is {}", name, count, bound),
             "take some out: none of them is read");
    return false;
  }

  bool short_pattern(const toml::source_region& region, std::string_view name, const std::string& pattern) {
    const auto stars = static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '*'));
    if (pattern.size() <= max_pattern && stars <= max_stars) return true;
    complain(region,
             fmt::format("{}: a pattern of {} characters with {} *, and the limits are {} and {}", name,
                         pattern.size(), stars, max_pattern, max_stars),
             "use a shorter pattern");
    return false;
  }

  void unknown(const toml::key& key, const std::vector<std::string>& known) {
    const std::string word(key.str());
    if (!of_user() && names_command(word))
      return complain(key.source(),
                      ellipsis(word, 60) + ": a repository's configuration may not name a command",
                      "the only command is that of [migrate], which needs --allow-commands");
    const std::string near = reported_.size() < max_errors ? nearest(word, known) : std::string();
    complain(key.source(), "unknown key " + ellipsis(word, 60),
             near.empty() ? "known here: " + join(known, ", ") : near);
  }

  // A relative one is meant from the file's folder.
  std::string from_here(const std::string& path) const {
    return (folder_of(reading_.back()) / path).lexically_normal().generic_string();
  }

  // A pipe lies in no folder: the current one stands for it.
  static fs::path folder_of(const std::string& file) {
    std::error_code code;
    return fs::is_fifo(file, code) ? fs::path() : fs::path(file).parent_path();
  }

  // One text, or a list of them.
  void texts(const toml::node& node, std::string_view name,
             const std::function<void(const toml::node&, const std::string&)>& take,
             std::size_t bound = max_entries) {
    const auto one = [&](const toml::node& item) {
      const auto text = item.value<std::string>();
      if (text && !trim(*text).empty()) take(item, *text);
      else
        complain(item.source(), fmt::format("{} is neither a string nor a list of strings", name),
                 fmt::format("{} = [\"…\"]", name));
    };
    const auto* list = node.as_array();
    if (!list) one(node);
    else if (bounded(node.source(), name, list->size(), bound))
      std::for_each(list->begin(), list->end(), one);
  }

  void sections(const toml::table& root) {
    if (of_user()) return user_sections(root);
    for (const auto& [key, value] : root) {
      if (key == "rules") rules(value);
      else if (key == "ignore") ignores(value);
      else if (key == "owner") owners(value);
      else if (key == "inputs") inputs(value);
      else if (key == "databases") databases(value, "databases", out_.databases);
      else if (key == "migrate") migrate(value);
      else if (key == "stores") stores_of_repository(key, value);
      else if (key == "allow-hosts" || key == "allow-commands") not_for_repository(key, value);
      else if (key != "extends")
        unknown(key, {"extends", "inputs", "databases", "migrate", "rules", "ignore", "owner"});
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
        complain(key.source(), fmt::format("{} is a setting of repositories only", key.str()),
                 "move it to the repository's pgadvise.toml");
      else unknown(key, {"allow-hosts", "allow-commands", "databases", "stores"});
    }
  }

  void allow_hosts(const toml::node& node) {
    texts(node, "allow-hosts", [&](const toml::node& item, const std::string& text) {
      auto host = allowed_host(text);
      if (host) out_.allowed_hosts.push_back(std::move(*host));
      else complain(item.source(), "allow-hosts: " + host.error().what, host.error().hint);
    });
  }

  void allow_commands(const toml::node& node) {
    if (node.is_boolean()) out_.allow_commands = node.as_boolean()->get();
    else
      complain(node.source(), "allow-commands is neither true nor false",
               "allow-commands = true, without quotes");
  }

  // Whoever writes to the repository would allow it to himself.
  void not_for_repository(const toml::key& key, const toml::node& value) {
    std::vector<std::string> hosts;
    const auto add = [&](const toml::node& item) {
      if (hosts.size() >= max_errors) return;
      if (const auto host = allowed_host(item.value<std::string>().value_or("")))
        hosts.push_back("\"" + *host + "\"");
    };
    if (const auto* list = value.as_array()) std::for_each(list->begin(), list->end(), add);
    else add(value);
    const std::string line =
        key == "allow-commands"
            ? "allow-commands = true"
            : fmt::format("allow-hosts = [{}]", hosts.empty() ? "\"HOST:PORT\"" : join(hosts, ", "));
    complain(key.source(),
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
      complain(
          at.source(), "a repository's configuration may not name a store: " + ellipsis(name, 60),
          "the line " + for_user(fmt::format("stores.{}.url = \"postgresql://…\"", plain ? name : "NAME")));
    };
    const auto* table = value.as_table();
    if (!table || table->empty()) return refuse(key, "stores");
    if (!bounded(value.source(), "stores", table->size())) return;
    for (const auto& [name, store] : *table) refuse(name, name.str());
  }

  // A later value replaces an earlier one, so extended files are read first. Their errors are reported, too.
  void extends(const toml::node& node) {
    texts(node, "extends", [&](const toml::node& item, const std::string& name) {
      const std::string path = from_here(name);
      if (!stays_inside(item, "extends", name, path)) return;
      std::error_code code;
      const auto same = [&](const std::string& other) { return fs::equivalent(path, other, code); };
      if (const std::string why = why_no_input(path, NamedBy::repository); !why.empty())
        return complain(item.source(), "extends " + ellipsis(name, 120) + ", which " + why,
                        "name a file in the same folder");
      if (!fs::is_regular_file(path, code))
        return complain(item.source(), "extends " + ellipsis(name, 120) + ", which does not exist",
                        "relative to the folder of " + reading_.back());
      if (std::any_of(reading_.begin(), reading_.end(), same))
        return complain(item.source(), "extends " + ellipsis(name, 120) + ", which extends this file",
                        "remove one of the two");
      if (reading_.size() >= deepest)
        return complain(item.source(),
                        fmt::format("is the {}th file in a chain of extends", reading_.size() + 1),
                        "fewer, please");
      if (++count_ > max_files)
        return complain(item.source(), fmt::format("extends more than {} files in all", max_files),
                        "fewer, please");
      read(path);
    });
  }

  void inputs(const toml::node& node) {
    const auto* table = node.as_table();
    if (!table)
      return complain(node.source(), "inputs is not a table", "write [inputs], and paths = [\".\"] below it");
    auto& inputs = out_.inputs;
    const std::pair<std::string_view, std::vector<std::string>*> keys[] = {{"paths", &inputs.paths},
                                                                           {"schema", &inputs.schema},
                                                                           {"logs", &inputs.logs},
                                                                           {"workloads", &inputs.workloads}};
    for (const auto& [key, value] : *table) {
      if (key == "exclude") {
        exclude(value);
        continue;
      }
      const auto* known =
          std::find_if(std::begin(keys), std::end(keys),
                       [&, name = key.str()](const auto& pair) { return pair.first == name; });
      if (known == std::end(keys)) {
        unknown(key, {"paths", "schema", "logs", "workloads", "exclude"});
        continue;
      }
      known->second->clear();
      texts(value, key.str(), [&, list = key.str()](const toml::node& item, const std::string& path) {
        if (looks_like_conninfo(path))
          return complain(item.source(), "is a connection string, not a file",
                          "define a database in [databases.NAME]");
        const std::string from = from_here(path);
        if (!stays_inside(item, list, path, from)) return;
        known->second->push_back(from);
        inputs.places[from] = place(item.source());
      });
    }
  }

  void migrate(const toml::node& node) {
    const auto* table = node.as_table();
    if (!table)
      return complain(node.source(), "migrate is not a table",
                      "write [migrate], and command = \"…\" below it");
    for (const auto& [key, value] : *table) {
      const auto text = value.value<std::string>();
      if (key != "command") unknown(key, {"command"});
      else if (!text || trim(*text).empty() || text->size() > max_pattern)
        complain(value.source(), "command is not a string of at most 1,000 characters",
                 "command = \"npx drizzle-kit migrate\"");
      else if (mask_credentials(*text) != *text)
        complain(value.source(), "command: a committed file must not contain a password", no_password);
      else out_.migrate = {*text, from_here("."), place(value.source())};
    }
  }

  void exclude(const toml::node& node) {
    auto& out = out_.inputs.exclude;
    out.clear();
    texts(
        node, "exclude",
        [&](const toml::node& item, const std::string& path) {
          const std::string from = from_here(path);
          if (short_pattern(item.source(), "exclude", path) && stays_inside(item, "exclude", path, from))
            out.push_back({absolute_path(from), place(item.source())});
        },
        max_excludes);
  }

  // Databases and stores alike.
  void databases(const toml::node& node, std::string_view key, std::map<std::string, DatabaseProfile>& out) {
    const auto* table = node.as_table();
    if (!table)
      return complain(node.source(), fmt::format("{} is not a table", key),
                      fmt::format("write [{}.production], and service = \"…\" below it", key));
    if (!bounded(node.source(), key, table->size())) return;
    for (const auto& [name, value] : *table) {
      const auto* profile = value.as_table();
      if (profile) out[std::string(name.str())] = database(name, *profile, key == "stores");
      else
        complain(value.source(), "a database's profile must be a table",
                 fmt::format("write [{}.NAME], and service, url or url-env below it", key));
    }
  }

  // What is written here is committed and read by many, so no value of it is shown that may hold a password.
  DatabaseProfile database(const toml::key& name, const toml::table& table, bool store) {
    DatabaseProfile profile;
    profile.place = place(name.source());
    for (const auto& [key, value] : table) {
      const auto text = value.value<std::string>();
      if (key == "password" || key == "sslpassword" || key == "passwd")
        complain(key.source(),
                 of_user() ? "a configuration must not contain a password"
                           : "a committed file must not contain a password",
                 no_password);
      else if (key != "service" && key != "url" && key != "url-env")
        unknown(key, {"service", "url", "url-env"});
      else if (!text || trim(*text).empty())
        complain(value.source(), fmt::format("{} is not a string", key.str()), "in quotes");
      else if (key == "service") service(value, *text, profile);
      else if (key == "url" && store && text->starts_with("sqlite")) profile.conninfo = *text;
      else if (key == "url" && store && text->starts_with("clickhouse://") &&
               mask_credentials(*text) == *text)
        profile.conninfo = *text;
      else if (key == "url") url(value, *text, profile);
      else if (!variable_name(*text))
        complain(value.source(), "url-env is not the name of an environment variable",
                 "url-env = \"DATABASE_URL\": the variable's name, not its value");
      else profile.url_env = *text;
    }
    const int said = table.contains("service") + table.contains("url") + table.contains("url-env");
    if (said != 1)
      complain(
          name.source(),
          said ? "a database is defined in two ways" : "a database's profile does not say how to connect",
          "set one of service, url and url-env");
    return profile;
  }

  void service(const toml::node& node, const std::string& name, DatabaseProfile& profile) {
    if (name.find_first_of("=:/@'\\ ") == std::string::npos)
      profile.conninfo = pg::conninfo_pair("service", name), profile.by_service = true;
    else
      complain(node.source(), "service is not the name of a service",
               "name a service of pg_service.conf: service = \"shop\"");
  }

  void url(const toml::node& node, const std::string& text, DatabaseProfile& profile) {
    const auto pairs = pg::read_conninfo(trim(text) == "env" ? "=" : text);
    bool secret = text.starts_with("clickhouse://") && mask_credentials(text) != text;
    secret |= pairs && std::any_of(pairs->begin(), pairs->end(), [](const auto& pair) {
                return pair.first.find("password") != std::string::npos;
              });
    if (const auto question = text.find('?'); question != std::string::npos)  // what libpq does not know, too
      for (const auto part : split(std::string_view(text).substr(question + 1), '&'))
        secret |= mask_credentials(part) != part;
    if (secret)
      complain(node.source(),
               of_user() ? "url contains a password" : "url contains a password, and this file is committed",
               no_password);
    else if (!pairs)
      complain(node.source(),
               "url is not a connection string, or has characters that a URI must write as %-codes",
               "url = \"postgresql://joe@host:5432/shop\", without a password");
    else profile.conninfo = text;
  }

  static constexpr const char* no_password =
      "leave it to ~/.pgpass, a service file, PGPASSWORD, or url-env = \"DATABASE_URL\"";

  bool known_rule(std::string_view id, const toml::source_region& region) {
    if (lint::find_rule(id)) return true;
    complain(region, "unknown rule " + ellipsis(std::string(id), 60),
             reported_.size() < max_errors ? unknown_rule_hint(id) : std::string());
    return false;
  }

  void rules(const toml::node& node) {
    const auto* table = node.as_table();
    if (!table)
      return complain(node.source(), "rules is not a table",
                      "write [rules.unindexed-foreign-key], and its settings below it");
    if (!bounded(node.source(), "rules", table->size())) return;
    for (const auto& [id, value] : *table) {
      if (!known_rule(id.str(), id.source())) continue;
      const auto* settings = value.as_table();
      if (!settings) {
        complain(value.source(), "a rule's settings must be a table", fmt::format("[rules.{}]", id.str()));
        continue;
      }
      rule(*lint::find_rule(id.str())->rule, *settings);
    }
  }

  void rule(const lint::Rule& rule, const toml::table& table) {
    auto& settings = out_.rules[std::string(rule.id)];
    std::vector<std::string> known = {"severity"};
    for (const auto* option : rule.options) known.emplace_back(option->name);
    for (const auto& [key, value] : table) {
      const auto option = std::find_if(rule.options.begin(), rule.options.end(), [&](const auto* each) {
        return each->name == key.str() && !each->choices.empty();
      });
      if (key == "severity") {
        severity(value, settings);
      } else if (option != rule.options.end()) {
        choice(**option, value, settings);
      } else if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
        unknown(key, known);
      } else if (const auto number = value.value<double>();
                 number && value.is_number() && std::isfinite(*number) && *number >= 0) {
        settings.options[std::string(key.str())] = *number;
      } else {
        complain(value.source(), fmt::format("{} is not a number of at least 0", key.str()),
                 fmt::format("pgadvise rules explain {}", rule.id));
      }
    }
  }

  void choice(const lint::Option& option, const toml::node& node, lint::RuleSettings& settings) {
    const auto word = node.value<std::string>();
    const std::string words = join({option.choices.begin(), option.choices.end()}, ", ") + "; in quotes";
    if (!word || !node.is_string())
      return complain(node.source(), fmt::format("{} is not a string", option.name), words);
    const auto at = std::find(option.choices.begin(), option.choices.end(), *word);
    if (at == option.choices.end())
      return complain(node.source(), fmt::format("unknown value of {}: {}", option.name, ellipsis(*word, 40)),
                      words);
    settings.options[std::string(option.name)] = static_cast<double>(at - option.choices.begin()) + 1;
    if (!settings.on) settings.on = true;
  }

  void severity(const toml::node& node, lint::RuleSettings& settings) {
    const auto word = node.value<std::string>().value_or("");
    settings.on = word != "off";
    if (word == "error") settings.severity = Severity::error;
    else if (word == "warning") settings.severity = Severity::warning;
    else if (word == "note") settings.severity = Severity::note;
    else if (word != "off")
      complain(node.source(), "unknown severity " + ellipsis(word, 40),
               "error, warning, note or off, in quotes");
  }

  void ignores(const toml::node& node) {
    tables(node, "ignore", out_.ignores.size(), [&](const toml::table& table) { ignore(table); });
  }

  void owners(const toml::node& node) {
    tables(node, "owner", out_.owners.size(), [&](const toml::table& table) { owner(table); });
  }

  // `before`: the number of entries of extended files.
  void tables(const toml::node& node, std::string_view name, std::size_t before,
              const std::function<void(const toml::table&)>& take) {
    const auto refuse = [&](const toml::node& at) {
      complain(at.source(), fmt::format("{} is not a list of tables", name),
               fmt::format("write [[{}]], with two brackets", name));
    };
    const auto* list = node.as_array();
    if (!list) return refuse(node);
    if (!bounded(node.source(), name, before + list->size(), max_ignores)) return;
    for (const auto& entry : *list) {
      if (const auto* table = entry.as_table()) take(*table);
      else refuse(entry);
    }
  }

  void owner(const toml::table& table) {
    OwnerEntry out;
    const std::pair<std::string_view, std::string*> members[] = {{"owner", &out.owner},
                                                                 {"object", &out.object},
                                                                 {"path", &out.path},
                                                                 {"application", &out.application}};
    for (const auto& [key, value] : table) {
      const auto member = std::find_if(std::begin(members), std::end(members),
                                       [&](const auto& each) { return key == each.first; });
      const auto text = value.value<std::string>();
      if (member == std::end(members)) unknown(key, {"owner", "object", "path", "application"});
      else if (!text || trim(*text).empty())
        complain(value.source(), fmt::format("{} is not a string", key.str()), "in quotes");
      else *member->second = trim(*text);
    }
    if (!table.contains("owner"))
      complain(table.source(), "an [[owner]] names no owner", "owner = \"@shop/payments\"");
    if (!table.contains("object") && !table.contains("path") && !table.contains("application"))
      complain(table.source(), "an [[owner]] names neither an object nor a path nor an application",
               "object = \"billing.*\", path = \"apps/web/*\" or application = \"web\"");
    for (const auto& [name, value] : members)
      if (!short_pattern(table.source(), name, *value)) return;
    out_.owners.push_back(std::move(out));
  }

  // A date of TOML, or a string with one: "2027-01-31". "", with an error, for anything else.
  std::string day(const toml::node& node) {
    int year = 0, month = 0, day = 0, length = 0;
    if (const auto* date = node.as_date()) {
      year = date->get().year, month = date->get().month, day = date->get().day;
    } else {
      const auto text = node.value<std::string>().value_or("");
      if (std::sscanf(text.c_str(), "%4d-%2d-%2d%n", &year, &month, &day, &length) != 3 || length != 10 ||
          text.size() != 10)
        year = month = day = -1;
    }
    namespace ch = std::chrono;
    if (year >= 0 && ch::year_month_day{ch::year(year), ch::month(static_cast<unsigned>(month)),
                                        ch::day(static_cast<unsigned>(day))}
                         .ok())
      return fmt::format("{:04}-{:02}-{:02}", year, month, day);
    complain(node.source(), "until is not a date", "until = \"2027-01-31\"");
    return {};
  }

  void ignore(const toml::table& table) {
    Suppression out;
    out.place = place(table.source());
    for (const auto& [key, value] : table) {
      const auto text = value.value<std::string>();
      if (key == "rule") rule_names(value, out.rules);
      else if (key == "object" && text) out.object = *text;
      else if (key == "path" && text) out.path = *text;
      else if (key == "reason" && text) out.reason = std::string(trim(*text));
      else if (key == "owner" && text) out.owner = std::string(trim(*text));
      else if (key == "until") out.until = day(value);
      else if (key == "object" || key == "path" || key == "reason" || key == "owner")
        complain(value.source(), fmt::format("{} is not a string", key.str()), "in quotes");
      else unknown(key, {"rule", "object", "path", "reason", "owner", "until"});
    }
    const auto lacks = [&](std::string_view key, const std::string& value) {
      return value.empty() && (!table.contains(key) || table.get(key)->is_string());
    };
    const auto* rules = table.get("rule");
    if (!rules || (rules->is_array() && rules->as_array()->empty()))
      complain(table.source(), "an [[ignore]] names no rule",
               "rule = \"unindexed-foreign-key\", or a list of rules");
    if (lacks("object", out.object) && lacks("path", out.path))
      complain(table.source(), "an [[ignore]] names neither an object nor a path",
               "object = \"public.orders.customer_id\", or path = \"drizzle/*\"; to turn off a rule: "
               "[rules.ID] severity = \"off\"");
    if (lacks("reason", out.reason))
      complain(table.source(), "an [[ignore]] gives no reason", "add reason = \"…\", for later readers");
    if (!short_pattern(table.source(), "path", out.path) ||
        !short_pattern(table.source(), "object", out.object))
      return;
    if (out.path.starts_with("./")) out.path.erase(0, 2);
    if (out.path.starts_with("/"))
      complain(table.source(), "path starts with /",
               "write it relative to the project's folder: path = \"drizzle/*\"");
    out_.ignores.push_back(std::move(out));
  }

  void rule_names(const toml::node& node, std::vector<std::string>& out) {
    const auto add = [&](const toml::node& item) {
      const auto id = item.value<std::string>();
      if (id && known_rule(*id, item.source())) out.push_back(*id);
      if (!id) complain(item.source(), "name a rule by its id", "in quotes");
    };
    const auto* list = node.as_array();
    if (!list) add(node);
    else if (bounded(node.source(), "rule", list->size())) std::for_each(list->begin(), list->end(), add);
  }

  const UserPaths user_paths_;
  Config out_;
  Diagnostics errors_;
  std::vector<Reported> reported_;    // of the file that is being read
  std::vector<std::string> reading_;  // it, behind those that extend it
  std::size_t count_ = 0;
};

}  // namespace

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
  Reader reader(path, origin, user_paths);
  reader.read(path);
  return reader.take(path);
}

tl::expected<Config, Diagnostics> parse_config(const std::string& path, std::string_view text,
                                               ConfigOrigin origin) {
  Reader reader(path, origin);
  reader.read(path, text);
  return reader.take(path);
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  std::string best;
  std::size_t least = word.size() / 3 + 2;
  for (const auto& candidate : known) {
    const auto take = [&](std::size_t far) {
      if (far >= least) return;
      least = far;
      best = candidate;
    };
    // A long name is also known by how it begins.
    for (std::size_t size = word.size();
         word.size() >= 4 && size <= word.size() + 1 && size < candidate.size(); ++size)
      take(1 + edit_distance(word, candidate.substr(0, size)));
    if (candidate.size() <= word.size() + least && word.size() <= candidate.size() + least)
      take(edit_distance(word, candidate));
  }
  return best.empty() ? std::string() : "did you mean " + best + "?";
}

std::string unknown_rule_hint(std::string_view id) {
  const std::string near = nearest(id, rule_ids());
  return near.empty() ? "pgadvise rules lists all rules" : near;
}

}  // namespace pgadvise::check
