// One statement for all rounds of a loop, made of the statement that the loop runs. All return "" where the statement has a form
// that this can't be told for from its text and facts.
#pragma once

#include <string>

#include "lint/context.h"
#include "model/workload.h"

namespace pgadvise::lint {

// `key = ANY($1)`, with the key among the outputs, so that the rows can be told apart.
std::string ask_for_all(const Query& query, const Predicate& key);
// One VALUES of two rows, to be continued.
std::string insert_all(const Query& query);
// UPDATE … FROM unnest(…); the catalog tells the types.
std::string update_all(const Context& context, const Query& query, const Predicate& key);
std::string delete_all(const Query& query, const Predicate& key);

}  // namespace pgadvise::lint
