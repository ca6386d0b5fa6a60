// The system catalogs of PostgreSQL 12 to 18 that hold objects, expressions or names of functions, and what
// the server may run of each while it parses, rewrites and plans a statement and starts its executor: EXPLAIN
// does all of that. Sources: the catalogs' documentation, the server's source (ExecInitStoredGenerated,
// BuildIndexInfo, get_relation_info, RelationBuildPartitionKey), and tests/live/reachable_code_test.cc, which
// puts a function behind each and reads the server's own lists of catalogs and columns.
#pragma once

#include <span>
#include <string_view>

namespace pgadvise::pg {

enum class Reach {
  followed,  // DependencyChecker follows the object to every function behind it
  in_tree,   // the rewritten parse tree contains the expression where the statement uses it
  refused,   // a statement that reaches such an object is not planned
  idle       // runs only where a row is written, or not for statements: EXPLAIN ANALYZE runs SELECT alone
};

struct ObjectClass {
  std::string_view catalog;
  Reach reach = Reach::idle;
  std::string_view code;  // the columns of type pg_node_tree and regproc, separated by blanks
  std::string_view why;   // of `in_tree`, `refused` and `idle` rows that have code or name functions
};

std::span<const ObjectClass> object_classes();

}  // namespace pgadvise::pg
