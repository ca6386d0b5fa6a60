// Writes [[ignore]] entries to pgadvise.toml.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "check/config/config.h"
#include "model/results/finding.h"

namespace pgadvise::check {

// The text as a basic string of TOML, in quotes.
std::string toml_string(std::string_view text);

struct Ignored {
  const Finding* finding = nullptr;
  std::string reason;
};

// Adds inline tables to the end of the list `ignore = [ {…} ]`, after which TOML allows no [[ignore]].
// nullopt: `text` has no such list, or is not TOML.
std::optional<std::string> with_inline_ignores(std::string_view text, const std::vector<std::string>& tables);

// Returns `text` with one entry for each of `ignored`, at the end of the file or of its list `ignore = […]`.
// An entry is as narrow as possible: it matches as few other findings of `all` as it can. `path` and `origin`
// are those of the file. Errors (usage): entries cannot be added to the file; a finding has a subject that no
// entry can name.
Result<std::string> with_ignores(const std::string& path, const std::string& text,
                                 const std::vector<Ignored>& ignored, const std::vector<Finding>& all,
                                 ConfigOrigin origin = ConfigOrigin::repository);

}  // namespace pgadvise::check
