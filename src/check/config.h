// The two configurations. pgadvise.toml is a repository's: rules, inputs inside the repository, ignores,
// databases. Whoever writes to the repository writes it, so it allows nothing. The user's own config.toml
// alone says which hosts and commands are allowed, and names databases and stores (check/trust.h).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/input_file.h"
#include "base/result.h"
#include "files/files.h"
#include "lint/context.h"
#include "model/source_location.h"
#include "model/suppression.h"

namespace pgadvise::check {

// As the command line would name them from the current folder; `*` and `?` stand for names. Read where it
// names none itself.
struct ConfiguredInputs {
  std::vector<std::string> paths, schema, logs, workloads;
  struct Pattern {
    std::string pattern;  // absolute
    SourceLocation place;
  };
  std::vector<Pattern> exclude;                  // files and folders that are passed over
  std::map<std::string, SourceLocation> places;  // of each of paths, schema, logs and workloads
  std::string boundary;  // the folder that they stay in, symbolic links resolved; "": any
};

// Where a database is; never how one gets in. One of conninfo and url_env is set.
struct DatabaseProfile {
  std::string conninfo;     // a libpq connection string without a password
  std::string url_env;      // the environment variable that holds one
  bool by_service = false;  // conninfo names a service of the user's pg_service.conf, and nothing else
  SourceLocation place;     // of the profile's table
};

// Who chose a configuration file.
enum class ConfigOrigin {
  repository,    // nobody: it was found. Its inputs and the files it extends stay inside the repository
  command_line,  // --config names it. Its inputs and the files it extends may lie anywhere; hosts are allowed
                 // as for a repository's
  user,          // the user's own config.toml
};

struct Config {
  std::string path;                // "" when there is none
  std::vector<std::string> files;  // that it was read from: those it extends, then itself
  lint::Settings rules;
  std::vector<Suppression> ignores;
  ConfiguredInputs inputs;
  std::map<std::string, DatabaseProfile> databases;
  ConfigOrigin origin = ConfigOrigin::repository;

  // Of the user's own configuration alone.
  std::vector<std::string> allowed_hosts;  // as allowed_host() of check/host.h writes them
  bool allow_commands = false;
  std::map<std::string, DatabaseProfile> stores;

  // What is passed over under this PATH; a PATH that is itself excluded was meant to be read.
  files::LeaveOut leave_out(const std::string& root) const;

  // Patterns of exclude and paths of ignores that fit nothing below the folders, of those that speak of them.
  Diagnostics fits_nothing(const std::vector<std::string>& folders) const;
};

// The pgadvise.toml in the folder or in one above it, up to the repository's root; "" when there is none.
std::string find_config(const std::string& folder);

// $XDG_CONFIG_HOME/pgadvise/config.toml, else ~/.config/pgadvise/config.toml, whether it is there or not.
// Variables that are no absolute paths count as not set: they would name a folder of the repository. "" where
// neither variable is set.
std::string user_config_path();

// Errors (usage, as path:line:column), all of them: unreadable, no TOML, an unknown key, rule, option or
// severity, an entry without a reason, a password, a file of `extends` that is missing, wrong, or extends
// itself. Of a repository's file also: a path, or the file itself, that leaves the repository
// (base/boundary.h), and keys that only the user's own configuration may have. No error quotes a file outside
// the repository.
tl::expected<Config, Diagnostics> read_config(const std::string& path,
                                              ConfigOrigin origin = ConfigOrigin::repository,
                                              const UserPaths& user_paths = {});
tl::expected<Config, Diagnostics> parse_config(const std::string& path, std::string_view text,
                                               ConfigOrigin origin = ConfigOrigin::repository);

// Names for `*` and `?` in paths of these inputs (check/patterns.h). Left out, with an Error::Kind::usage at
// its place: what is of no kind that a repository may name (base/input_file.h), a pattern that reaches a
// bound, a file or folder that leaves the inputs' boundary, and a folder of logs with a link that does.
std::vector<std::string> expand(const std::vector<std::string>& paths, const ConfiguredInputs& inputs,
                                Diagnostics& diagnostics);

// "did you mean x?" of the known word that is most like a mistyped one; "" when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

// What to do about a rule's id that is none: "did you mean x?", or how to list them.
std::string unknown_rule_hint(std::string_view id);

}  // namespace pgadvise::check
