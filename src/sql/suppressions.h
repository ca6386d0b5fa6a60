// Comments that say which findings are not wanted:
//   -- pgadvise: ignore rule-id[, rule-id…] the reason
//   -- pgadvise: ignore-file rule-id the reason
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/suppression.h"

namespace pgadvise::sql {

// Of a script. In front of a statement, or behind its end on the same line, a comment speaks for the whole
// statement; inside it for the line that it ends, or, on a line of its own, for the next one.
std::vector<Suppression> suppressions(std::string_view script, const std::string& file);

// Of any other text with comments by #, // or --: a comment speaks for the line that it ends, or for the next
// one.
std::vector<Suppression> line_suppressions(std::string_view text, const std::string& file);

}  // namespace pgadvise::sql
