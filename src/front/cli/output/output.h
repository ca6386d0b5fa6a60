// Writes reports, and knows the properties of the output.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "report/text/paint.h"

namespace pgadvise::cli {

// Commands of CI services in an output (base/ci_commands.h): write_output() breaks them, or keeps those that
// report::render() wrote.
enum class CiCommands { broken, of_the_format };

// Writes to stdout if `path` is empty or "-". New and regular files are replaced atomically; devices and
// pipes are written directly. Errors (usage): not writable, disk full, pipe closed, a link that is not
// followed (base/write_target.h).
Result<void> write_output(const std::string& path, const std::string& content,
                          CiCommands commands = CiCommands::broken);
// The same, then report_written().
Result<void> write_output(const std::string& path, const std::string& content, std::string_view what);
// Writes to stdout; a failure is printed on stderr. Returns the exit code.
int print_output(const std::string& text);

// Prints what was written to a file on standard error, unless --quiet: "pgadvise: wrote report.json (12
// findings, json)". Nothing for stdout.
void report_written(const std::string& path, std::string_view what);

// Whether to use colors: --color; without it only on a terminal, where NO_COLOR takes precedence over
// CLICOLOR_FORCE, and CLICOLOR_FORCE over CLICOLOR=0.
bool use_color(const std::string& path);
// Whether to write links (OSC 8): on a terminal known to support them, or with FORCE_HYPERLINK; not with
// NO_COLOR or --color never.
bool use_links(const std::string& path);
// The width of standard output: COLUMNS, else the terminal's columns; `otherwise` if it is not a terminal.
int output_width(const std::string& path, int otherwise = 100);
// Whether the locale uses UTF-8: the first of LC_ALL, LC_CTYPE, LANG that is set.
bool use_unicode();
// Colors, Unicode and the width of the output; 80 columns if the width is unknown.
report::Look look_of(const std::string& path);

}  // namespace pgadvise::cli
