// Short number formats, for tables and sentences.
#pragma once

#include <string>

namespace pgadvise {

std::string short_count(double value);  // "57", "399", "1.3k", "6.0M", "1.2G"

}  // namespace pgadvise
