// The differences between two catalogs: the schema of the migrations, and that of a database or a drizzle
// snapshot.
#pragma once

#include <string>
#include <vector>

#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::lint {

struct SchemaDifference {
  enum class Kind {
    missing,
    extra,
    changed
  };  // missing: the expected schema has it, the actual one does not
  Kind kind = Kind::changed;
  Subject subject;          // kind table, column, index, foreign-key, constraint, enum, view or policy
  std::string name;         // of the object, for messages: "index orders_idx on orders"
  std::string what;         // of changed ones: "is text, expected integer"
  SourceLocation expected;  // where each side defines it
  SourceLocation actual;
  // A changed object that serves nearly as well: an index of the same columns, unique or not in both, with
  // other orders, operator classes, INCLUDE or WHERE; a column of an enum with another name and equal labels.
  bool minor = false;
};

// The differences, sorted by subject. Compares tables, columns (type, nullability, identity, whether a
// default exists), indexes and unique keys, foreign keys, checks by name, enums, views by name, policies and
// row-level security. Labels of enums are compared where both sides know them. Indexes and keys with the same
// definition and different names are equal, and so are one and several equal unique indexes. Two foreign keys
// of the same columns are one changed key, whatever their names. Left out are indexes and foreign keys with a
// column that the other side lacks: the column is the difference. Expressions are not compared, since the two
// sides spell them differently. Ignored: partitions (created at run time), temporary tables, tables of
// migration tools, and extra objects in schemas that `expected` does not use.
std::vector<SchemaDifference> schema_differences(const Catalog& expected, const Catalog& actual);

}  // namespace pgadvise::lint
