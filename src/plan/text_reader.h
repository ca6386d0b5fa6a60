// Parses EXPLAIN's text format. Based on explain.c of PostgreSQL 12 to 18, and on real output of 15.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/plan.h"

namespace pgadvise::plan {

// Removes psql's header and footer and, from JSON in psql's aligned output, the "+" that continues a row.
std::string unwrapped(std::string_view text);

// Accepts FORMAT TEXT with the decoration of psql and other clients: a header, lines, a border, the number of
// rows. Errors: no line is a plan node.
Result<Plan> read_text(std::string_view text);

}  // namespace pgadvise::plan
