// Suppression of findings by comments and by entries of pgadvise.toml.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/results/finding.h"
#include "model/results/report.h"
#include "model/results/suppression.h"

namespace pgadvise::lint {

// Whether `text` matches the pattern, in which `*` matches any characters. Linear in both for a pattern with
// a bounded number of `*`.
bool matches(std::string_view pattern, std::string_view text);

// The names and files of a finding, for entries of pgadvise.toml. `folder`: as for suppress().
class FindingNames {
 public:
  explicit FindingNames(const Finding& finding, const std::string& folder = {});

  // Whether both patterns match; an empty one matches all. `object` is compared with every name that a person
  // may call the subject by, `path` with the files in which the finding has a location.
  bool match(std::string_view object, const std::string& path) const;

 private:
  std::vector<std::string> names_;
  std::vector<std::string> files_;
};

// Which suppression (its index) matched a finding of which rule (its id).
using UsedSuppressions = std::set<std::pair<std::size_t, std::string>>;

// Moves the findings that a suppression matches out of `findings` and returns them; adds the matches to
// `used`. A finding about a whole schema has no single location, so an inline comment cannot suppress it; an
// entry of pgadvise.toml with the schema's name can. A comment or a path matches a finding that has several
// locations at any of them. `folder`: the folder that paths of findings start from,
// relative to that of pgadvise.toml ("app/"); "" where both are the same.
std::vector<SuppressedFinding> suppress(std::vector<Finding>& findings,
                                        const std::vector<Suppression>& suppressions, UsedSuppressions& used,
                                        const std::string& folder = {});

}  // namespace pgadvise::lint
