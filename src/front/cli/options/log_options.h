// The options that say how logs are read, and which records of them.
#pragma once

#include <string>

#include "log/record/selection.h"

namespace CLI {
class App;
}

namespace pgadvise::cli {

// Adds --log-line-prefix, --app, --user, --database, --from and --to. The strings must outlive the command.
void add_log_options(CLI::App& command, std::string& line_prefix, log::Selection& selection);

}  // namespace pgadvise::cli
