// Which query yields the rows that an expression of code has. Internal to code_loops.
#pragma once

#include <map>
#include <string>

#include "drizzle/code/code_index.h"
#include "drizzle/code/code_statements.h"

namespace pgadvise::drizzle {

struct RowSource {
  const FoundQuery* query = nullptr;  // nullptr: none
  bool nested = false;                // rows of a relation: of `with` in a relational query
  bool collection = false;            // in a Map, Set or object, not in a list

  explicit operator bool() const { return query != nullptr; }
};

// Follows variables, the project's functions, methods that keep rows (filter(), map(), slice()), and objects,
// maps and sets that loops over rows fill.
class RowSources {
 public:
  // `statements`: valid as long as this object.
  RowSources(CodeIndex& index, WrittenStatements& statements)
      : index_(index), names_(index.names()), statements_(statements) {}

  // The query whose rows, or values of them, the expression has; none if no query yields them, if it
  // yields one row, or if a small constant limit keeps them few.
  RowSource of(const typescript::Node& expression, int depth = 0);

  // Whether filter() with a condition leaves rows out of what the expression has; of variables and methods.
  bool filtered(const typescript::Node& expression);

 private:
  RowSource find_rows(const typescript::Node& node, int depth);
  RowSource rows_of_variable(const typescript::Node& node, int depth);
  RowSource rows_assigned(const typescript::Binding& binding, int depth);
  RowSource property_rows(const typescript::Node& value, const std::string& property, int depth);
  RowSource rows_filled(const typescript::Binding& binding, int depth);
  RowSource loop_that_fills(const typescript::Node& filling, const typescript::Binding& binding, int depth);
  bool differs_by_row(const std::vector<typescript::Node>& values, const typescript::Node& loop);
  RowSource rows_of_member(const typescript::Node& node, int depth);
  RowSource rows_of_call(const typescript::Node& node, int depth);

  // A row or rows of a relational query, or of one of its relations.
  struct Relation {
    const FoundQuery* query = nullptr;
    typescript::Node options;  // of findMany, or of the relation in `with`
  };
  Relation relation_of(const typescript::Node& expression, int depth);
  Relation relation_of_name(const typescript::Node& name, int depth);

  bool yields_rows(const FoundQuery& query);

  CodeIndex& index_;
  typescript::Bindings& names_;
  WrittenStatements& statements_;
  std::map<typescript::Node, RowSource> rows_;
};

// The property from which an object pattern takes the name; "" if it has no such name.
std::string property_in(const typescript::Node& pattern, const typescript::Node& name);

}  // namespace pgadvise::drizzle
