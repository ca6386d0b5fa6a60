// Differences between the plans of two schemas in words, for rules about plan changes.
#pragma once

#include <optional>
#include <string>

#include "lint/run/context.h"
#include "model/queries/plan_change.h"
#include "model/results/finding.h"

namespace pgadvise::lint {

// "the change drops the index by_state (state) of orders": a clause without a full stop.
std::string cause_text(const PlanCause& cause);

// "a sequential scan reads orders": a clause without a full stop, and without the causes.
std::string difference_text(const PlanDifference& difference);

// Evidence: the clause, and the nodes of both plans.
Evidence difference_fact(const PlanDifference& difference);

// The statement of a checked migration that drops the index or changes the type; nullopt if there is none, or
// if the inputs have no migrations.
std::optional<SourceLocation> place_of(const Context& context, const PlanCause& cause);

}  // namespace pgadvise::lint
