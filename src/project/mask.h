// Credentials never reach a report.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise::project {

// "postgres://user:***@host", "PGPASSWORD=***", "--password ***", "?password=***". Values that are variables stay.
std::string mask_credentials(std::string_view text);

}  // namespace pgadvise::project
