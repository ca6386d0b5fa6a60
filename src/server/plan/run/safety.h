// Decides whether a statement may be explained, analyzed, or neither.
#pragma once

#include <string>

#include "plan/run/source.h"
#include "sql/parse/statement.h"

namespace pgadvise::plan {

// SELECT, INSERT, UPDATE, DELETE or MERGE.
bool can_be_planned(StatementKind kind);

enum class Allowed { nothing, explain, analyze };

struct Decision {
  Allowed allowed = Allowed::nothing;
  std::string reason;  // what forbids more: "calls shop.track(), which is not built in"
};

Decision decide(const sql::Shape& shape, const Dependencies& dependencies, bool parameters_known);

}  // namespace pgadvise::plan
