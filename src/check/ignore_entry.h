// An entry of pgadvise.toml for one finding.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "check/config.h"
#include "model/finding.h"

namespace pgadvise::check {

struct Ignored {
  const Finding* finding = nullptr;
  std::string reason;
};

// Where the text has `ignore = [ {…} ]`, which no [[ignore]] may follow: the text with these inline tables at
// the list's end. nullopt: it has none, or is no TOML.
std::optional<std::string> with_inline_ignores(std::string_view text, const std::vector<std::string>& tables);

// The configuration's text with the entries at its end, or at that of its `ignore = […]`. Each names what its
// finding is about, as narrowly as it can be: of `all` it speaks for as few others as possible. `path` and
// `origin` are those of the file. Errors (usage): the file is none that entries can be added to; a finding
// that has no name.
Result<std::string> with_ignores(const std::string& path, const std::string& text,
                                 const std::vector<Ignored>& ignored, const std::vector<Finding>& all,
                                 ConfigOrigin origin = ConfigOrigin::repository);

}  // namespace pgadvise::check
