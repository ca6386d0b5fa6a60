// Facts as JSON, for the spool.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/facts/facts.h"

namespace pgadvise::store {

// All that a store keeps of the facts; text as a store keeps it, without control characters.
std::string facts_json(const Facts& facts);

// nullopt: the text is not what facts_json() of this version writes.
std::optional<Facts> read_facts_json(std::string_view text);

}  // namespace pgadvise::store
