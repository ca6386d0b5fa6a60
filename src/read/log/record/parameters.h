// "$1 = 'x', $2 = NULL": the values of a call.
#pragma once

#include <cstdint>
#include <string_view>

#include "log/record/statement_template.h"
#include "model/queries/workload.h"

namespace pgadvise::log {

// The list ends at text that cannot be parsed.
Parameters parse_parameters(std::string_view text);

// Hash of the values, except those of paging placeholders; `seed` if none remain.
std::uint64_t hash_parameters(std::string_view text, const std::vector<int>& left_out, std::uint64_t seed);

// The values of `EXECUTE name (1, 'x')`; nullopt when one is more than a literal.
std::optional<Parameters> parse_arguments(std::string_view execute);

}  // namespace pgadvise::log
