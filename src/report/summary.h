// What to do first: the same for every format.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/results/report.h"

namespace pgadvise::report {

// The finding of a rule with the greatest impact.
struct FirstThing {
  const Finding* finding = nullptr;
  std::size_t more = 0;  // further findings of the rule
};

// The five rules whose greatest finding has the greatest impact; refuted findings do not count.
std::vector<FirstThing> first_things(const Report& report);

// The fault with its object, the statement if the finding is about one, and the effect if it is known: "No
// index serves the foreign key orders (customer_id) to customers (and 11 more findings): each DELETE of a
// parent row scans 220,000 rows". One line of at most `most` characters: what is too long loses the statement
// first, then the end of the fault.
std::string in_words(const FirstThing& thing, std::size_t most = 300);

// "All 3 indexes proposed here and by advise remove 61 % of the workload's planner cost, 48 MB"; "" if no
// search for indexes was made, or the set saves under 0.5 %.
std::string index_set_in_words(const Report& report);

}  // namespace pgadvise::report
