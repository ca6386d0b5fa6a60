#include "plan/run/safety.h"

#include "base/text/text.h"

namespace pgadvise::plan {

static std::string list(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 3;
  std::vector<std::string> head(names.begin(),
                                names.begin() + static_cast<std::ptrdiff_t>(std::min(shown, names.size())));
  std::string out = join(head, ", ");
  if (names.size() > shown) out += " and " + std::to_string(names.size() - shown) + " more";
  return out;
}

bool can_be_planned(StatementKind kind) {
  return kind == StatementKind::select || kind == StatementKind::insert || kind == StatementKind::update ||
         kind == StatementKind::delete_ || kind == StatementKind::merge;
}

Decision decide(const sql::Shape& shape, const Dependencies& dependencies, bool parameters_known) {
  if (shape.statements != 1) return {Allowed::nothing, "it is not exactly one statement"};
  if (shape.into || !can_be_planned(shape.kind))
    return {Allowed::nothing, "it is not a plain SELECT, INSERT, UPDATE or DELETE"};
  // Even planning folds IMMUTABLE functions and runs STABLE ones for estimates: volatility is only a claim.
  if (!dependencies.unknown_functions.empty())
    return {Allowed::nothing, "it would run " + list(dependencies.unknown_functions) +
                                  ", which is not built in: planning alone can execute it"};
  if (!dependencies.refused_functions.empty())
    return {Allowed::nothing, "it would run " + list(dependencies.refused_functions)};
  // Planning may already log in to another server: postgres_fdw does with use_remote_estimate.
  if (!dependencies.foreign_tables.empty())
    return {Allowed::nothing, "it reads the foreign table " + list(dependencies.foreign_tables) +
                                  ": planning alone may query another server"};
  if (shape.kind != StatementKind::select || shape.modifies)
    return {Allowed::explain, "it writes: EXPLAIN only"};
  if (shape.locks_rows) return {Allowed::explain, "it locks rows: EXPLAIN only"};
  if (!parameters_known)
    return {Allowed::explain, "its parameter values are unknown: EXPLAIN of the generic plan only"};
  if (!dependencies.analyze_refused.empty())
    return {Allowed::explain, dependencies.analyze_refused + ": EXPLAIN only"};
  return {Allowed::analyze, {}};
}

}  // namespace pgadvise::plan
