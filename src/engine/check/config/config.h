// The two configuration files. pgadvise.toml belongs to a repository: rules, inputs inside the repository,
// ignores, databases. Everybody who can write to the repository can change it, so it cannot grant
// permissions. Only the user's own config.toml (check/trust.h) allows hosts and commands, and defines stores.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/files/input_file.h"
#include "base/result.h"
#include "files/files.h"
#include "lint/run/context.h"
#include "model/results/owner_entry.h"
#include "model/results/suppression.h"
#include "model/source_location.h"

namespace pgadvise::check {

// The inputs that a configuration names, as paths relative to the current folder. `*` and `?` are wildcards.
// Used if the command line names no inputs.
struct ConfiguredInputs {
  std::vector<std::string> paths, schema, logs, workloads;
  struct Pattern {
    std::string pattern;  // absolute
    SourceLocation place;
  };
  std::vector<Pattern> exclude;  // files and folders that are not read
  std::map<std::string, SourceLocation>
      places;            // where the file names each of paths, schema, logs and workloads
  std::string boundary;  // the folder that all inputs must stay in, symbolic links resolved; "": no limit
};

// How to reach a database, without credentials. Exactly one of conninfo and url_env is set.
struct DatabaseProfile {
  std::string conninfo;     // a libpq connection string without a password; of a store also its sqlite URL
  std::string url_env;      // the environment variable with the connection string
  bool by_service = false;  // conninfo only names a service of the user's pg_service.conf
  SourceLocation place;     // of the profile's table
};

// [migrate]: the project's own migrate command. It runs only where the user allows commands.
struct ConfiguredCommand {
  std::string command;  // of a shell; "": none
  std::string folder;   // of the file that names it
  SourceLocation place;
};

// How a configuration file was chosen.
enum class ConfigOrigin {
  repository,    // found by pgadvise: its inputs, and the files that it extends, must stay inside the
                 // repository
  command_line,  // named by --config: its inputs, and the files that it extends, may be anywhere; hosts are
                 // allowed as for a repository's file
  user,          // the user's own config.toml
};

struct Config {
  std::string path;                // "" when there is none
  std::vector<std::string> files;  // all files read: those that it extends, then the file itself
  lint::Settings rules;
  std::vector<Suppression> ignores;
  std::vector<OwnerEntry> owners;  // of several that match, the last one counts
  ConfiguredInputs inputs;
  std::map<std::string, DatabaseProfile> databases;
  ConfiguredCommand migrate;
  ConfigOrigin origin = ConfigOrigin::repository;

  // Only in the user's own configuration.
  std::vector<std::string> allowed_hosts;  // in the form that allowed_host() of check/host.h returns
  std::vector<std::string> hosts_of_run;   // from --allow-host, in the same form
  bool allow_commands = false;             // also by --allow-commands
  std::map<std::string, DatabaseProfile> stores;

  // Returns the test for files and folders below `root` that are excluded. `root` itself is read even if
  // `exclude` matches it.
  files::LeaveOut leave_out(const std::string& root) const;

  // A diagnostic for each pattern of `exclude` and each path of an ignore that concerns `folders` but matches
  // nothing below them.
  Diagnostics fits_nothing(const std::vector<std::string>& folders) const;
};

// The path from the root, without "." and "..", and without "/" at its end; symbolic links stay. The path
// itself, without these parts, where the current folder is not known. Patterns of a configuration are
// compared with paths of this form.
std::string absolute_path(const std::string& path);

// The nearest pgadvise.toml in `folder` or a folder above it, up to the repository's root; "" when there is
// none.
std::string find_config(const std::string& folder);

// $XDG_CONFIG_HOME/pgadvise/config.toml, else ~/.config/pgadvise/config.toml; the file may not exist. Ignores
// a variable that is not an absolute path, which would name a folder of the repository. "" if neither
// variable is set.
std::string user_config_path();

// Returns all errors (usage, at path:line:column): an unreadable file, invalid TOML, an unknown key, rule,
// option or severity, an entry without a reason, a date that is none, a password, a file of `extends` that is
// missing, invalid, or extends itself, and a list or table of more than 1,000 entries (200 for exclude; 2,000
// for ignores, extended files included). After 100 errors only their number is given. In a repository's file
// also: a path, or the file itself, that leaves the repository (base/boundary.h), and keys that only the
// user's own configuration may have. No error quotes a file outside the repository.
tl::expected<Config, Diagnostics> read_config(const std::string& path,
                                              ConfigOrigin origin = ConfigOrigin::repository,
                                              const UserPaths& user_paths = {});
tl::expected<Config, Diagnostics> parse_config(const std::string& path, std::string_view text,
                                               ConfigOrigin origin = ConfigOrigin::repository);

}  // namespace pgadvise::check
