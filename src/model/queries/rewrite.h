// Conditions that a plain index on the column does not serve: how messages name them, and what to write
// instead.
#pragma once

#include <string>

#include "model/queries/query_facts.h"

namespace pgadvise {

// "date(created_at)", "payload ->> …", "id = …::numeric": the condition without its value.
std::string condition_text(const Predicate& predicate);

// Whether the result of the expression around a column of this type depends on a setting of the session (its
// time zone, its date style), so that no index can contain it.
bool depends_on_session(const Predicate& predicate, const std::string& type);

// What to write, or to index, instead: a sentence without a period. `type`: the column's; "" if unknown.
// `indexed`: an index on the column exists, or nobody knows.
std::string rewrite(const Predicate& predicate, const std::string& type, bool indexed = true);

}  // namespace pgadvise
