// Takes findings out that a comment or pgadvise.toml says are not wanted.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/finding.h"
#include "model/report.h"
#include "model/suppression.h"

namespace pgadvise::lint {

// `*` in the pattern stands for any characters.
bool matches(std::string_view pattern, std::string_view text);

// `used`: which suppression, by its index, met a finding of which rule. What is said of a whole schema (a convention) is no one place's:
// no comment speaks for it, an entry with the schema's name does. `folder`: "app/" where findings' files are shown from app, below the
// folder of pgadvise.toml, from which its paths are meant; "" where both are one.
using UsedSuppressions = std::set<std::pair<std::size_t, std::string>>;
std::vector<SuppressedFinding> suppress(std::vector<Finding>& findings, const std::vector<Suppression>& suppressions, UsedSuppressions& used, const std::string& folder = {});

}  // namespace pgadvise::lint
