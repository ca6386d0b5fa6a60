// Which migrations a database says have run: the tracking tables of migration tools.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "pg/connection.h"

namespace pgadvise::pg {

struct AppliedMigrations {
  enum class Tool { drizzle, prisma, versions };
  Tool tool = Tool::versions;
  QualifiedName table;
  std::set<std::string> names;         // as the tool wrote them: "20240101_x"; of versions the number without leading zeros
  std::optional<std::int64_t> latest;  // drizzle: the latest created_at; a tool that keeps one version: that
};

// By their shape, in every schema. Only plain tables of built-in types are read, in a READ ONLY transaction that is rolled
// back: nothing of the database's own runs. What can't be read is left out, and named.
std::vector<AppliedMigrations> read_applied_migrations(Connection& connection, Diagnostics& diagnostics);

}  // namespace pgadvise::pg
