// pgadvise.toml: what a project says of rules, and what it does not want to be told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lint/context.h"
#include "model/suppression.h"

namespace pgadvise::cli {

struct Config {
  std::string path;  // "" when there is none
  lint::Settings rules;
  std::vector<Suppression> ignores;
};

// The pgadvise.toml in the folder or in one above it, up to the repository's root; "" when there is none.
std::string find_config(const std::string& folder);

// Errors (usage, as path:line): unreadable, no TOML, an unknown key, rule, option or severity, an entry without a reason.
Result<Config> read_config(const std::string& path);
Result<Config> parse_config(const std::string& path, std::string_view text);

// "did you mean x?" of the known word that is most like a mistyped one; "" when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

// What to do about a rule's id that is none: "did you mean x?", or how to list them.
std::string unknown_rule_hint(std::string_view id);

}  // namespace pgadvise::cli
