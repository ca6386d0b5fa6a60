// Short number formats, for tables and sentences.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgadvise {

std::string short_count(double value);  // "57", "399", "1.3k", "6.0M", "1.2G"

// "1 file", "2 files", "0 files": the plural is the noun with an s unless `several` is given ("indexes").
std::string counted(std::uint64_t number, std::string_view noun, std::string_view several = {});

}  // namespace pgadvise
