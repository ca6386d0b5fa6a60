// pg_stat_statements as people export it: CSV with a header line (\copy … csv header, a console's download),
// or JSON, an array of objects or an object a line (json_agg, row_to_json).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

// Whether the file's first bytes show columns query, calls and a total time.
bool is_statistics_file(std::string_view head);

// Finds columns by name, for every version of the extension.
Result<Workload> parse_statistics_file(const std::string& path, std::string_view text,
                                       Diagnostics& diagnostics);

}  // namespace pgadvise::log
