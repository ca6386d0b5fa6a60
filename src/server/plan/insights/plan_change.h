// Compares the plans of one statement under two schemas, and classifies the difference by its structure.
#pragma once

#include <optional>

#include "model/queries/plan.h"
#include "model/queries/plan_change.h"
#include "model/schema/catalog.h"

namespace pgadvise::plan {

// A plan, and the catalog of the server that made it. The catalog tells which columns an index has.
struct PlanOfSchema {
  const Plan& plan;
  const Catalog& catalog;
};

// Whether two indexes of one table differ at most in their names and constraints.
bool same_definition(const Index& one, const Index& other);

// nullopt: the structure is the same, and the cost differs by less than cost_noise. An index that only has
// another name is the same index. Requires plans with schema names (EXPLAIN (VERBOSE)). Uses estimates only.
// Cost: linear in the nodes; the numbers of a plan's nodes of one table multiply.
std::optional<PlanChange> compare(const PlanOfSchema& before, const PlanOfSchema& after);

// For a statement that only the schema after the change accepts.
PlanChange new_statement(const PlanOfSchema& after);

// For a statement that only the schema before the change accepts. `message`: the server's, without literals.
// nullopt: the message is not about the schema (a timeout, a lock, a permission).
std::optional<PlanChange> fails_after(const Plan& before, const std::string& message);

}  // namespace pgadvise::plan
