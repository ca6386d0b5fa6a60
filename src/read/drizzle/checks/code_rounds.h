// The rounds of loops in code. Internal to code_loops.
#pragma once

#include <string>
#include <vector>

#include "drizzle/code/code_index.h"
#include "drizzle/code/code_rows.h"

namespace pgadvise::drizzle {

// Whether the loop of this body may end before its last row: by `return`, `break`, or a `throw` in the body
// itself. A loop that ends early looks for one row, or tries until one query succeeds, and does not need all.
bool ends_early(const Node& body);

// Whether the query reads the loop's own row once more, by its key, after the round has waited for a call
// that gets the row and may have changed it: await provision(row); await findFirst(eq(rows.id, row.id)). No
// earlier query could have the value. `rows` yields the loop's rows, `key` is the query's comparison with
// one.
bool reads_again(CodeIndex& index, const Node& body, const FoundQuery& query, const Comparison& key,
                 const RowSource& rows);
// The same of a call that gets only the key's value: await sync(row.id). The call may have changed the row.
bool may_read_again(CodeIndex& index, const Node& body, const FoundQuery& query, const Comparison& key,
                    const RowSource& rows);

// The name that the loop gives to a whole row; "" if it takes rows apart or counts.
std::string element_of(const Node& loop, const std::vector<Node>& names);

// False for keys, for (const key in object), and for pairs, for (const [key, value] of map).
bool goes_over_list(const Node& loop);

// What the query is called on, as written: a name, `this`, or a chain of members of one. "" for anything
// else, and if the loop's body, or with `called` any function, declares it.
std::string database_outside(CodeIndex& index, const Node& body, const FoundQuery& query, bool called);

// Whether one statement for all rounds may do something else than this write: an INSERT with ON CONFLICT, an
// UPDATE that sets what the loop's `names` or its body, or with `called` any function, declare.
bool writes_by_row(CodeIndex& index, const Node& body, const std::vector<Node>& names,
                   const FoundQuery& query, bool called);

// The expression in one line, shortened. Of several lines only the first call, with "…"; of a query all.
std::string in_one_line(const CodeIndex& index, const Node& expression);

}  // namespace pgadvise::drizzle
