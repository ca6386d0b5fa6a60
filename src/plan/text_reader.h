// EXPLAIN's text format -> Plan. From explain.c of PostgreSQL 12 to 18, and real output of 15.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/plan.h"

namespace pgadvise::plan {

// Without psql's heading and end; of JSON in psql's aligned output without the "+" that continues a row.
std::string unwrapped(std::string_view text);

// FORMAT TEXT, with what psql and others put around it: a heading, rules, a border, the number of rows.
// Errors: no line of it is a plan's node.
Result<Plan> read_text(std::string_view text);

}  // namespace pgadvise::plan
