// What one telling of a schema has and another lacks, or has otherwise.
#pragma once

#include <string>
#include <vector>

#include "model/catalog.h"
#include "model/finding.h"

namespace pgadvise::lint {

struct SchemaDifference {
  enum class Kind { missing, extra, changed };  // missing: the expected schema has it, the actual one does not
  Kind kind = Kind::changed;
  Subject subject;   // kind table, column, index, foreign-key, constraint, enum, view or policy
  std::string name;  // of the object, for messages: "index orders_idx on orders"
  std::string what;  // of changed ones: "is text, expected integer"
  Place expected;    // where each side tells of it
  Place actual;
};

// By subject. Compared are tables, columns (type, null, identity, whether there is a default), indexes and unique keys,
// foreign keys, checks by name, enums, views by name, policies and row-level security. Names of indexes and of keys don't
// count where there is one of the same form. Expressions are not compared: two sides spell them in two ways. Partitions
// come and go at run time; they, temporary tables, the tables that migration tools keep, and in schemas that the
// expected side has nothing in whatever is extra, are passed over.
std::vector<SchemaDifference> schema_differences(const Catalog& expected, const Catalog& actual);

}  // namespace pgadvise::lint
