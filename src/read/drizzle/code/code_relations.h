// The relations that code states by Drizzle's relations(), defineRelations() and defineRelationsPart(), and
// those that `with` of findMany() and findFirst() names. Internal to code_reader.h.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "drizzle/code/code_index.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// The names of all relations, those of tests, seeds and the like included.
struct RelationNames {
  using Targets = std::map<std::string, std::optional<QualifiedName>>;  // nullopt: not known
  std::map<QualifiedName, Targets> tables;
  std::set<QualifiedName> partial;  // tables that may have more: by a spread, or a computed name
  bool complete = true;             // false: any table may have more
};

struct RelationsInCode {
  // In the order of files and lines. Relations through a third table and relations with a condition are left
  // out.
  std::vector<CodeRelation> relations;
  RelationNames names;
};

// REQUIRES an index with queries.
RelationsInCode relations_in_code(Program& program, CodeIndex& index);

// Both parts are empty if the code has no relations, or if some are of a table that is not known.
struct RelationsInWith {
  // Names whose value is `true` or an object literal and that the table's relations, all of them known, do
  // not have; in the order of files and lines.
  std::vector<UndeclaredRelation> undeclared;
  RelationalTables tables;  // without tables whose relations, or their other tables, are not all known
};
RelationsInWith relations_in_with(CodeIndex& index, const RelationNames& names);

}  // namespace pgadvise::drizzle
