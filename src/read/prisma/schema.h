// The schema that Prisma's schema language declares: the catalog that `prisma db push` and `prisma migrate`
// create on PostgreSQL.
//
// Source of the facts: what Prisma's schema engine prints for `migrate diff --from-empty` (6.19 and 7.10);
// bench/run prisma-schema compares.
#pragma once

#include <string>
#include <vector>

#include "model/schema/declared_catalog.h"
#include "prisma/syntax.h"

namespace pgadvise::prisma {

// The key of a join table that Prisma makes for an implicit many-to-many relation.
enum class JoinKey {
  primary_key,   // since version 6
  unique_index,  // before
};

struct Schema : DeclaredCatalog {
  std::string provider;  // of the datasource: "postgresql"; "" without
  SourceLocation provider_location;
  bool foreign_keys = true;  // false: relationMode = "prisma", and Table::logical_keys has the relations
};

// Whether the provider is PostgreSQL. CockroachDB's schemas have other types.
bool is_postgresql(const std::string& provider);

// The files of one schema. A line that is not understood makes its table incomplete.
Schema read_schema(const std::vector<File>& files, JoinKey join_key);

}  // namespace pgadvise::prisma
