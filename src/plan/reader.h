// EXPLAIN's output in each of its formats, of a server, of auto_explain or pasted by a person -> Plan.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/plan.h"

namespace pgadvise::plan {

// What a server answers. Errors (nonfatal): it is no plan.
Result<Plan> read_json(std::string_view json);

// Text, JSON, YAML or XML, whichever it is, in what people paste it with (plan/pasted.h), up to 64 MiB and
// 1,000,000 lines, in linear time. A plan that is not read completely comes with warnings (nonfatal) that
// name a line and quote nothing of it. Errors (input): no plan is found, or one that is broken, with its
// line.
Result<Plan> read(std::string_view text, Diagnostics& diagnostics);

}  // namespace pgadvise::plan
