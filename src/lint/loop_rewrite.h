// One statement for all rounds of a loop, made of the statement that the loop runs. All return "" where the
// statement has a form that this can't be told for from its text and facts.
#pragma once

#include <string>
#include <vector>

#include "lint/context.h"
#include "model/workload.h"

namespace pgadvise::lint {

// `key = ANY($1)`, with the key among the outputs, so that the rows can be told apart. The key must be a
// condition of the outer WHERE and the only parameter that differs between the samples; without samples, the
// only one.
std::string ask_for_all(const Context& context, const Query& query, const Predicate& key,
                        const std::vector<const Sample*>& samples);
// "WHERE a = ANY($1)", "WHERE (a, b) IN (…)": for titles; "" where the keys are not all plain conditions of
// the outer WHERE.
std::string all_keys(const Query& query, const std::vector<const Sample*>& samples);
// What a rewrite takes for granted where the samples are not all of the `calls`: that the other parameters
// never vary. "" where it has none.
std::string taken_for_granted(const std::string& rewritten, const Predicate& key, std::size_t samples,
                              std::uint64_t calls);
// One VALUES of two rows, to be continued.
std::string insert_all(const Query& query);
// UPDATE … FROM unnest(…); the catalog tells the types.
std::string update_all(const Context& context, const Query& query, const Predicate& key);
std::string delete_all(const Query& query, const Predicate& key);

}  // namespace pgadvise::lint
