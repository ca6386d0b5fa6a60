// Times of the form 2026-11-23T16:00:00Z, as reports write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pgadvise {

// "2026-11-23T16:00:00Z" as seconds since 1970; nullopt if the text is no such time.
std::optional<std::int64_t> seconds_of(const std::string& iso);
std::string iso_of(std::int64_t seconds);

}  // namespace pgadvise
