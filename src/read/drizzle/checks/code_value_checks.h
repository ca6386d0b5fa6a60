// Whether code looks at a value before it uses it. Internal to code_raw_sql.
#pragma once

#include "drizzle/code/code_syntax.h"

namespace pgadvise::drizzle {

class ValueChecks {
 public:
  explicit ValueChecks(Bindings& names) : names_(names) {}

  // Whether something before the end of `use`, in the functions around it, compares the value itself with
  // known values, or gives it to a function that validates it. Where it is in doubt, the value counts as
  // checked. Visits at most 50,000 nodes, and all calls together about 20 million.
  bool checked(const Node& value, const Node& use);

 private:
  static constexpr int max_all_nodes = 20'000'000;  // for all values

  Bindings& names_;
  int left_ = max_all_nodes;  // visits for the values that follow
};

}  // namespace pgadvise::drizzle
