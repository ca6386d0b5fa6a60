// The schema that the source of an ORM declares, for rules that compare it with its migrations.
#pragma once

#include <deque>
#include <optional>
#include <set>

#include "base/result.h"
#include "lint/run/context.h"
#include "migrations/interface/schema_input.h"
#include "model/schema/catalog.h"
#include "sql/replay/replay_counts.h"

namespace pgadvise::check {

// nullopt if the input has no source, or if it has no migrations and `diagnostics` say that a folder can't be
// read in which they may be. `migrated`: the catalog of the input; `snapshot`: the last one of
// drizzle-kit, which must outlive the result; nullptr: none. Copies of `migrated` and of what the source
// declares go to `keep`, which owns what else the result points to. What is unknown is reported in
// `diagnostics`.
std::optional<lint::DeclaredSchema> declared_schema(const migrations::SchemaInput& input,
                                                    const Catalog& migrated, const Catalog* snapshot,
                                                    std::deque<Catalog>& keep, Diagnostics& diagnostics);

// Whether more than half of the declared tables are among the created ones.
bool has_most_tables(const std::set<QualifiedName>& created, const Catalog& declared);

// Whether `other`, which migrations of another folder create, has most of the declared tables, and differs
// from the source in fewer objects than the source's own migrations: these are no longer the ones that run.
bool fits_better(const lint::DeclaredSchema& schema, const Catalog& other);

// Leaves out the tables and enums that the statements name which were not replayed. A statement that may
// change objects which it does not name leaves out all, and is reported in `diagnostics`.
void leave_out_unknown(const migrations::SchemaInput& input, const sql::ReplayCounts& counts,
                       lint::DeclaredSchema& schema, Diagnostics& diagnostics);

// Gives the table the relations of its declaration that lack a foreign key, except where it has the foreign
// key, or lacks a column of the relation.
void take_logical_keys(Table& table, const Table& declared);
// The same for the tables that the input's source declares, if it has one.
void take_logical_keys(Catalog& catalog, const migrations::SchemaInput& input);

}  // namespace pgadvise::check
