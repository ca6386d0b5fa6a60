// Which query yields the rows that an expression of code has. Internal to code_loops.
#pragma once

#include <map>
#include <string>

#include "drizzle/code_index.h"

namespace pgadvise::drizzle {

// Follows variables, the project's functions, and methods that keep rows: filter(), map(), slice().
class RowSources {
 public:
  explicit RowSources(CodeIndex& index) : index_(index), names_(index.names()) {}

  // The query whose rows, or values of them, the expression has; nullptr if there is none, or if the query
  // yields one row, or a small constant limit keeps them few.
  const FoundQuery* of(const typescript::Node& expression, int depth = 0);

  // Whether filter() with a condition leaves rows out of what the expression has; of variables and methods.
  bool filtered(const typescript::Node& expression);

 private:
  const FoundQuery* find_rows(const typescript::Node& node, int depth);
  const FoundQuery* rows_of_variable(const typescript::Node& node, int depth);
  const FoundQuery* rows_assigned(const typescript::Binding& binding, int depth);
  const FoundQuery* property_rows(const typescript::Node& value, const std::string& property, int depth);
  const FoundQuery* rows_of_member(const typescript::Node& node, int depth);
  const FoundQuery* rows_of_call(const typescript::Node& node, int depth);

  CodeIndex& index_;
  typescript::Bindings& names_;
  std::map<typescript::Node, const FoundQuery*> rows_;
};

// The property from which an object pattern takes the name; "" if it has no such name.
std::string property_in(const typescript::Node& pattern, const typescript::Node& name);

}  // namespace pgadvise::drizzle
