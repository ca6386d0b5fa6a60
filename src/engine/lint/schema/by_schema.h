// One finding for a schema in place of one for each of its columns or tables: many alike are the convention
// of a program or a framework.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lint/run/context.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::lint {

struct SchemaMember {
  std::string name;  // "orders.paid_at"
  std::string fact;  // what follows the name: "is json"
  SourceLocation place;
};

// Adds the finding about a schema. Its location is the first member's. Its evidence is one fact for each of
// the first `shown` members and the names of the others, at most 40. REQUIRES a member.
Finding& report_schema(Reporter& reporter, const std::string& schema, std::string message,
                       const std::vector<SchemaMember>& members, std::size_t shown = 3);

struct SchemaColumn {
  const Table* table;
  const Column* column;
  std::string fact;  // as in SchemaMember
};
using ColumnsBySchema = std::map<std::string, std::vector<SchemaColumn>>;

// Calls `report_column` for each column of a schema with fewer than `limit` columns. Every other schema gets
// one finding, with the message that `message` makes of the schema's name.
void report_by_schema(Reporter& reporter, const ColumnsBySchema& schemas, double limit,
                      const std::function<void(const SchemaColumn&)>& report_column,
                      const std::function<std::string(const std::string&)>& message);

}  // namespace pgadvise::lint
