// Compares what two versions of a script do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::sql {

// The statements of a script in a canonical spelling, so that two scripts with the same effect on a schema
// give the same list. Equal are: comments (also in bodies of functions and DO blocks), blanks, the case of
// keywords, optional words, BEGIN and COMMIT, [IF [NOT] EXISTS], the schema public, and a DO block that runs
// plain statements beside those statements. A statement that does not parse counts by its tokens. Takes
// linear time, but for the parser.
std::vector<std::string> canonical_statements(std::string_view script);

}  // namespace pgadvise::sql
