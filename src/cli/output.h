// Where a report goes.
#pragma once

#include <string>

#include "base/result.h"

namespace pgadvise::cli {

// To stdout when `path` is empty. Regular and new files are written aside and renamed, so that nobody ever reads half a
// report; devices, pipes and links are written through. Errors (usage): can't be written, disk full, pipe closed.
Result<void> write_output(const std::string& path, const std::string& content);

// Colour: only on a terminal; NO_COLOR wins over CLICOLOR_FORCE wins over CLICOLOR=0.
bool use_colour(const std::string& path);
// Columns of the terminal, 100 elsewhere.
int output_width(const std::string& path);

}  // namespace pgadvise::cli
