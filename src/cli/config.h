// pgadvise.toml: what a project says of rules, what it does not want to be told, what there is to read.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "base/result.h"
#include "lint/context.h"
#include "model/place.h"
#include "model/suppression.h"
#include "project/files.h"

namespace pgadvise::cli {

// As the command line would name them from the current folder; `*` and `?` stand for names. Read where it names none itself.
struct ConfiguredInputs {
  std::vector<std::string> paths, schema, logs, workloads;
  struct Pattern {
    std::string pattern;  // absolute
    Place place;
  };
  std::vector<Pattern> exclude;  // files and folders that are passed over
  std::map<std::string, Place> places;  // of each of paths, schema, logs and workloads
};

// Where a database is; never how one gets in. One of the two is set.
struct DatabaseProfile {
  std::string conninfo;  // a libpq connection string without a password
  std::string url_env;   // the environment variable that holds one
};

struct Config {
  std::string path;                // "" when there is none
  std::vector<std::string> files;  // that it was read from: those it extends, then itself
  lint::Settings rules;
  std::vector<Suppression> ignores;
  ConfiguredInputs inputs;
  std::map<std::string, DatabaseProfile> databases;

  // What is passed over under this PATH; a PATH that is itself excluded was meant to be read.
  project::LeaveOut leave_out(const std::string& root) const;

  // Patterns of exclude and paths of ignores that fit nothing below the folders, of those that speak of them.
  Diagnostics fits_nothing(const std::vector<std::string>& folders) const;
};

// Where the text has `ignore = [ {…} ]`, which no [[ignore]] may follow: the text with these inline tables at the list's end. nullopt: it has
// none, or is no TOML.
std::optional<std::string> with_inline_ignores(std::string_view text, const std::vector<std::string>& tables);

// The pgadvise.toml in the folder or in one above it, up to the repository's root; "" when there is none.
std::string find_config(const std::string& folder);

// Errors (usage, as path:line:column), all of them: unreadable, no TOML, an unknown key, rule, option or severity, an entry without a
// reason, a password, a file of `extends` that is missing, wrong, or extends itself.
tl::expected<Config, Diagnostics> read_config(const std::string& path);
tl::expected<Config, Diagnostics> parse_config(const std::string& path, std::string_view text);

// Names for `*` and `?` in paths of these inputs (cli/patterns.h). What is of no kind that a repository may name (base/input_file.h), and a
// pattern that reaches a bound, is left out: an Error::Kind::usage at its place.
std::vector<std::string> expand(const std::vector<std::string>& paths, const ConfiguredInputs& inputs, Diagnostics& diagnostics);

// "did you mean x?" of the known word that is most like a mistyped one; "" when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

// What to do about a rule's id that is none: "did you mean x?", or how to list them.
std::string unknown_rule_hint(std::string_view id);

}  // namespace pgadvise::cli
