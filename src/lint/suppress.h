// Takes findings out that a comment or pgadvise.toml says are not wanted.
#pragma once

#include <set>
#include <vector>

#include "model/finding.h"
#include "model/suppression.h"

namespace pgadvise::lint {

struct Suppressed {
  Finding finding;
  Suppression by;
};

// `used`: indexes of the suppressions that met a finding are added.
std::vector<Suppressed> suppress(std::vector<Finding>& findings, const std::vector<Suppression>& suppressions, std::set<std::size_t>& used);

}  // namespace pgadvise::lint
