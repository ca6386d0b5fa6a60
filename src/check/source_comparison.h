// The schema that the source of an ORM declares, for rules that compare it with its migrations.
#pragma once

#include <deque>
#include <optional>

#include "base/result.h"
#include "lint/context.h"
#include "migrations/schema_input.h"
#include "model/catalog.h"

namespace pgadvise::check {

// nullopt if the input has no source. `migrated`: the catalog of the input; `snapshot`: the last one of
// drizzle-kit, which must outlive the result; nullptr: none. Copies of `migrated` and of what the source
// declares go to `keep`, which owns what else the result points to. What is unknown is reported in
// `diagnostics`.
std::optional<lint::DeclaredSchema> declared_schema(const migrations::SchemaInput& input,
                                                    const Catalog& migrated, const Catalog* snapshot,
                                                    std::deque<Catalog>& keep, Diagnostics& diagnostics);

}  // namespace pgadvise::check
