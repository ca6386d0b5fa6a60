// Adds a statement to a migration that has not run.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "files/write_files.h"

namespace pgadvise::migrations {

// The file with `statement` before the statements that begin in the line `before_line` (from 1) or behind it,
// in the form of the file: with drizzle-kit's breakpoint where the file has some. It never stands in another
// statement's string or body, nor in a comment. The file is as before if it has the statement already.
// Errors (nonfatal): the file is no SQL, cannot be read, or has no statement from that line on.
Result<files::NewFile> with_statement(const std::string& path, int before_line, const std::string& statement);
// The same of a file that was read, and perhaps changed.
Result<files::NewFile> with_statement(files::NewFile file, int before_line, const std::string& statement);

// "Let the deployment run x.sql again if it fails with 55P03 (lock_not_available)".
std::string run_again_note(const std::string& path);

// Ends a statement in drizzle's scripts, wherever it stands.
inline constexpr std::string_view drizzle_breakpoint = "--> statement-breakpoint";

}  // namespace pgadvise::migrations
