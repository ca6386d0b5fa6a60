// Compares indexes of one table: whether one of them serves the queries of the other one.
#pragma once

#include "model/schema/catalog.h"

namespace pgadvise {

// The key as a scan in the other direction reads it.
IndexKey mirrored(IndexKey key);

// Whether one of the keys is the column itself; an expression with the column does not count.
bool has_column(const std::vector<IndexKey>& keys, const std::string& column);

// Whether two predicates have equal text, apart from outer parentheses and the case of keywords.
bool same_predicate(const Index& a, const Index& b);

// Whether both have the same method, keys, included columns and predicate. Names, uniqueness and validity are
// not compared.
bool same_index(const Index& a, const Index& b);

// Whether the index `wide` serves every query that `narrow` serves. Of a btree, the leading keys are the keys
// of `narrow`, in forward or backward order; of any other method, the keys are equal. Both have the same
// method and predicate, and `wide` holds all columns that `narrow` includes.
bool serves_instead(const Index& wide, const Index& narrow);

}  // namespace pgadvise
