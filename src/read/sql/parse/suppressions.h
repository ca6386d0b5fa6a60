// Comments that suppress findings:
//   -- pgadvise: ignore rule-id[, rule-id…] the reason
//   -- pgadvise: ignore-file rule-id the reason
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/results/suppression.h"

namespace pgadvise::sql {

// The suppressions in a script. A comment before a statement, or after its end on the same line, applies to
// the whole statement. A comment inside a statement applies to its own line or, if alone on a line, to the
// next one.
std::vector<Suppression> suppressions(std::string_view script, const std::string& file);

// The suppressions in other text with comments by #, // or --: a comment applies to its own line or, if alone
// on a line, to the next one.
std::vector<Suppression> line_suppressions(std::string_view text, const std::string& file);

}  // namespace pgadvise::sql
