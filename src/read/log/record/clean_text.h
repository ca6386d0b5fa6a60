// Text of a log as every reader of a Workload may expect it.
#pragma once

#include <string>
#include <string_view>

namespace pgadvise::log {

// Each invalid byte of UTF-8 becomes U+FFFD, each NUL a blank.
std::string clean(std::string_view text);

}  // namespace pgadvise::log
