// Compares what two versions of a script do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::sql {

// The statements of a script in a canonical spelling, so that two scripts with the same effect on a schema
// give the same list. Equal are: comments (also in bodies of functions and DO blocks), blanks, the case of
// keywords, optional words, BEGIN and COMMIT, [IF [NOT] EXISTS], [OR REPLACE], [CONCURRENTLY] of an index or
// view, the schema public, settings such as lock_timeout, and a DO block that runs plain statements beside
// those statements; its conditions count unless they only keep a statement from doing its work twice. Bodies
// of functions and of other blocks are equal but for comments, blanks and the case of keywords. A statement
// that does not parse counts by its tokens. Takes linear time, but for the parser.
std::vector<std::string> canonical_statements(std::string_view script);

// Whether the canonical statements are equal, in any order if all of them only add objects and those on the
// same object keep theirs. A placeholder of a template is equal to itself, whatever its blanks, to one other
// name or string that stands in its place throughout, and as a qualifier to no qualifier.
bool same_statements(std::string_view before, std::string_view after);

// False if a server rejects the script before it runs anything of it: a statement does not parse, has no
// placeholder that stands for a part of it, and no syntax that is newer than the parser.
bool can_run(std::string_view script);

}  // namespace pgadvise::sql
