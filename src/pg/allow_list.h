// Which functions pgadvise lets the target run while it plans or analyzes a statement.
#pragma once

#include <string>

namespace pgadvise::pg {

// A row of pg_proc, and what refers to it.
struct FunctionFacts {
  std::string schema;
  std::string name;
  std::string language;
  std::string source;     // prosrc: of internal functions, what really runs
  std::string extension;  // that owns it
  char volatility = 'v';
  bool built_in = false;   // OID below 16384, in pg_catalog
  bool bootstrap = false;  // the row is as initdb made it
  bool body_seen = false;  // of SQL functions: the body is a tree, which is judged beside the function
  bool support = false;    // behind a built-in operator, aggregate, cast, operator class or type
};

enum class Harm {
  none,
  refused,  // built in, and it acts, takes SQL as text, or is not known to be harmless
  unknown,  // somebody's own
};

// An allow-list: what is not known to be harmless is not. Volatility alone proves nothing.
Harm check_function(const FunctionFacts& function);

}  // namespace pgadvise::pg
