// Commands that CI services read in a job's log: Azure Pipelines' ##vso[…] and ##[…], TeamCity's
// ##teamcity[…] and GitHub's ##[…] anywhere in a line, GitHub's "::name …::" where a line begins. Names in
// migrations, logs and servers may spell them. A visible escape breaks them: services that compare text by
// culture (.NET) skip invisible characters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pgadvise {

// Whether "##[", "##vso[" or "##teamcity[" begins at byte `at`, in whatever case.
bool begins_ci_command(std::string_view text, std::size_t at);

// Breaks the commands in finished lines: the first # of "##vso[" becomes \x23, and the second colon of "::"
// at the beginning of a line, behind white space, becomes \x3a if another "::" follows in the line. Other
// casts (x::text) stay. The result contains no command. Linear.
std::string without_ci_commands(std::string lines);

// Whether a layout may begin a line with the word: not with a cast (::text), which would be broken there.
inline bool may_begin_line(std::string_view word) { return !word.starts_with("::"); }

}  // namespace pgadvise
