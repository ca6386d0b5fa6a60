// Reads what a server executed, in order, from a log of log_statement = all. The collector counts statements
// by shape; this keeps each.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/queries/executed_statement.h"

namespace pgadvise::log {

// The log_line_prefix that read_executed_statements() expects: the session and the process.
inline constexpr const char* executed_prefix = "%m [%p] %c ";

// `path`: a log in the format stderr, in English, with `executed_prefix`. Statements that did not parse on
// the server are left out. A statement longer than a megabyte is cut there, and reported in `diagnostics`, as
// is everything after the first 200,000 statements. Errors: the file is unreadable. Time and memory are
// linear in the log.
Result<std::vector<ExecutedStatement>> read_executed_statements(const std::string& path,
                                                                Diagnostics& diagnostics);

}  // namespace pgadvise::log
