// The command line: adds the subcommands, parses, and runs one. Each subcommand is a file of this folder: it
// turns options into a library call, the result into a report, and the report into an exit code. cli may
// include all other folders; no folder includes cli.
#pragma once

#include "cli/process/arguments.h"

namespace pgadvise::cli {

// Runs the program and returns its exit code (messages.h).
int main(const Arguments& given);

}  // namespace pgadvise::cli
