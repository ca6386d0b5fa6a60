// Lines of a log -> the log_line_prefix that their server has.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "log/prefix/prefix.h"

namespace pgadvise::log {

// The pattern that most of the lines fit, of those that are in use. When none explains the lines with a
// level, and `infer` allows it, one is made of what stands before the levels, of all lines or of those that
// the known one does not explain when they are more: names are taken only where `user@database` or a key
// makes them sure, the rest is passed over with %i and %Q. nullopt: none fits.
std::optional<Prefix> find_prefix(const std::vector<std::string_view>& lines, bool infer);
// One that is made so and explains the lines with a level, of which some are of calls.
std::optional<Prefix> infer_prefix(const std::vector<std::string_view>& lines);
// Another known pattern that fits this line: the setting was changed on the way.
const Prefix* find_prefix(std::string_view line);

}  // namespace pgadvise::log
