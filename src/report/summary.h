// What to do first: the same for every format.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/report.h"

namespace pgadvise::report {

// The finding of a rule with the greatest impact.
struct FirstThing {
  const Finding* finding = nullptr;
  std::size_t more = 0;  // further findings of the rule
};

// The five rules whose greatest finding has the greatest impact; refuted findings do not count.
std::vector<FirstThing> first_things(const Report& report);

// What the finding is about, and its effect, else what the rule finds: "orders (customer_id) and 11 more:
// each DELETE of a parent row scans 220,000 rows". One line, not cut.
std::string in_words(const FirstThing& thing);

}  // namespace pgadvise::report
