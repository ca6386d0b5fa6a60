// Where a report goes.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace pgadvise::cli {

// To stdout when `path` is empty or "-". Regular and new files are written aside and renamed, so that nobody
// ever reads half a report; devices, pipes and links are written through. Errors (usage): can't be written,
// disk full, pipe closed.
Result<void> write_output(const std::string& path, const std::string& content);

// Colour: --color; without it only on a terminal, NO_COLOR wins over CLICOLOR_FORCE wins over CLICOLOR=0.
bool use_color(const std::string& path);
// Links (OSC 8): on a terminal that is known to have them, or that FORCE_HYPERLINK speaks for; not with
// NO_COLOR or --color never.
bool use_links(const std::string& path);
// Of standard output: COLUMNS, else the terminal's columns; `otherwise` elsewhere.
int output_width(const std::string& path, int otherwise = 100);
// Does the locale take UTF-8? From LC_ALL, LC_CTYPE, LANG, the first that is set.
bool use_unicode();

}  // namespace pgadvise::cli
