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
  RowSource of(const Node& expression, int depth = 0);

  // Whether filter() with a condition leaves rows out of what the expression has; of variables and methods.
  bool filtered(const Node& expression);

 private:
  static constexpr int max_followed = 8;          // functions and variables
  static constexpr std::size_t max_nodes = 4000;  // of a function that is searched

  RowSource find_rows(const Node& node, int depth);
  RowSource rows_of_variable(const Node& node, int depth);
  RowSource rows_assigned(const Binding& binding, int depth);
  RowSource property_rows(const Node& value, const std::string& property, int depth);
  RowSource rows_filled(const Binding& binding, int depth);
  RowSource loop_that_fills(const Node& filling, const Binding& binding, int depth);
  bool differs_by_row(const std::vector<Node>& values, const Node& loop);
  RowSource rows_of_member(const Node& node, int depth);
  RowSource rows_of_call(const Node& node, int depth);

  // A row or rows of a relational query, or of one of its relations.
  struct Relation {
    const FoundQuery* query = nullptr;
    Node options;  // of findMany, or of the relation in `with`
  };
  Relation relation_of(const Node& expression, int depth);
  Relation relation_of_name(const Node& name, int depth);

  bool yields_rows(const FoundQuery& query);

  CodeIndex& index_;
  Bindings& names_;
  WrittenStatements& statements_;
  std::map<Node, RowSource> rows_;
};

}  // namespace pgadvise::drizzle
