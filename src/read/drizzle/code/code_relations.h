// The relations that code states by Drizzle's relations(), defineRelations() and defineRelationsPart().
// Internal to code_reader.h.
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
RelationsInCode relations_in_code(typescript::Program& program, CodeIndex& index);

}  // namespace pgadvise::drizzle
