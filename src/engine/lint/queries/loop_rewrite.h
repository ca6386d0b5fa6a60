// Rewrites the statement of a loop into one statement for all rounds. Each function returns "" if the
// statement's text and facts do not prove that the rewrite is correct.
#pragma once

#include <string>
#include <vector>

#include "lint/run/context.h"
#include "model/queries/workload.h"

namespace pgadvise::lint {

// `key = ANY($1)`, with the key among the outputs, so that the rows can be told apart. The key must be a
// condition of the outer WHERE and the only parameter that differs between the samples; without samples, the
// only one.
std::string ask_for_all(const Context& context, const Query& query, const Predicate& key,
                        const std::vector<const Sample*>& samples);
// "WHERE a = ANY($1)", "WHERE (a, b) IN (…)": for titles; "" where the keys are not all plain conditions of
// the outer WHERE.
std::string all_keys(const Query& query, const std::vector<const Sample*>& samples);
// The assumption of a rewrite if the samples do not cover all of the `calls`: that the other parameters never
// vary. "" if there is none.
std::string taken_for_granted(const std::string& rewritten, const Predicate& key, std::size_t samples,
                              std::uint64_t calls);
// INSERT with two rows of VALUES, as a pattern for more.
std::string insert_all(const Query& query);
// UPDATE … FROM unnest(…); the catalog provides the types.
std::string update_all(const Context& context, const Query& query, const Predicate& key);
std::string delete_all(const Query& query, const Predicate& key);

}  // namespace pgadvise::lint
