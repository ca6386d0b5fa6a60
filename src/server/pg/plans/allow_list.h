// The allow-list of functions that may run on the server while pgadvise plans or analyzes a statement.
#pragma once

#include <string>

namespace pgadvise::pg {

// A row of pg_proc, and facts about references to it.
struct FunctionFacts {
  std::string schema;
  std::string name;
  std::string language;
  std::string source;     // prosrc: the symbol of a function in C or internal; the text of an SQL function
  std::string extension;  // the extension that owns the function
  std::string library;    // probin: for functions in C, the file
  char volatility = 'v';
  bool built_in = false;   // OID below 16384, in pg_catalog
  bool bootstrap = false;  // the row is unchanged since initdb
  // of SQL functions: the body is stored as a tree, which is checked in addition to the function
  bool body_seen = false;
  bool operators_of_others = false;  // the database has an operator || or ~~* of its own for built-in types
  bool support = false;  // implements a built-in operator, aggregate, cast, operator class or type
};

enum class Harm {
  none,
  refused,  // built in, and has side effects, takes SQL as text, or is not known to be harmless
  unknown,  // user-defined
};

// A function that is not known to be harmless is not harmless; volatility alone proves nothing.
Harm check_function(const FunctionFacts& function);

}  // namespace pgadvise::pg
