// Which query in code makes a logged statement.
#pragma once

#include "model/project/code.h"
#include "model/queries/query_facts.h"

namespace pgadvise::lint {

// Whether the code makes statements of this shape: the same operation, tables, columns compared with values,
// selected columns as far as the code shows them, LIMIT, OFFSET, ORDER BY and GROUP BY. Texts and values are
// not compared. False if the code's tables or the statement's are not known. Two queries may make statements
// of one shape.
bool makes(const CodeQuery& code, const QueryFacts& statement);

}  // namespace pgadvise::lint
