// Adds a statement to a migration that has not run.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "files/write_files.h"

namespace pgadvise::migrations {

// The file with `statement` on a line of its own before the line `before_line` (from 1), in the form of the
// file: with drizzle-kit's breakpoint where the file has some. Adds nothing twice: the file is as before if
// it has the statement already. Errors (nonfatal): the file is no SQL, cannot be read, or lacks the line.
Result<files::NewFile> with_statement(const std::string& path, int before_line, const std::string& statement);
// The same of a file that was read, and perhaps changed.
Result<files::NewFile> with_statement(files::NewFile file, int before_line, const std::string& statement);

// "Let the deployment run x.sql again if it fails with 55P03 (lock_not_available)".
std::string run_again_note(const std::string& path);

// Ends a statement in drizzle's scripts, wherever it stands.
inline constexpr std::string_view drizzle_breakpoint = "--> statement-breakpoint";

}  // namespace pgadvise::migrations
