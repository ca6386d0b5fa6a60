// The checks of this folder: each has its own file. Internal to code_reader.h.
//
// REQUIRES an index with queries. The results are complete but for the bounds that each check has, and in a
// fixed order.
#pragma once

#include <string_view>
#include <vector>

#include "drizzle/code/code_index.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

// ---- code_columns.cc

// `const [row] = await db.select().from(t)` and `const row = await db.query.t.findFirst()`, if the function
// does nothing with `row` but to read named columns and to test whether there is one. Left out are joins,
// `with`, rows that are passed, returned, spread, logged, changed or given another name, and files with
// syntax errors.
std::vector<UnusedColumns> unused_columns(CodeIndex& index);

// ---- code_http.cc: databases behind drivers that send each statement in a request of its own

// A driver of drizzle-orm whose transaction() always throws.
struct HttpDriver {
  std::string_view package;
  std::string_view error;  // what it throws
  bool batch = false;      // whether it has batch(), which is one transaction
};

// The driver of the database: the expression is a `const` that drizzle() of such a driver initializes, also
// in another file, or another `const` of the same value. nullptr for others: another variable may get another
// database later.
const HttpDriver* http_driver(CodeIndex& index, const Node& database);

// The calls of transaction() on such databases, without those to which the code gives a transaction() of its
// own: (db as any).transaction = …
std::vector<TransactionOverHttp> transactions_over_http(CodeIndex& index);

// ---- code_json.cc

// The columns of any type that are declared with $type<…>() of an object or array type, get JSON.stringify()
// in an INSERT or UPDATE, or whose value JSON.parse() gets from a row of a query: in the order of tables,
// columns and uses, each once with its first place. Values that are encrypted or compressed on the way are
// left out; a call with "crypt" in its name that gets the text of JSON.stringify() is a use of its own.
std::vector<JsonColumn> json_columns(CodeIndex& index);

// ---- code_limits.cc

// Whether the code takes any rows of a limited query: a loop deletes or updates them and takes the next ones,
// or the limit is 2 and the code compares how many there are. Cost: the nodes of the loop or function around
// it.
bool takes_any_rows(CodeIndex& index, const FoundQuery& query);

// ---- code_loops.cc

// The queries that run once for each row that an earlier query yields, with a key of the row: in for … of, in
// a counting loop over the rows, in map() and forEach(); also in functions of the project that the loop
// calls. Batches (inArray, values with a list), queries that are not awaited, and rows of a small constant
// limit are left out.
std::vector<QueryInLoop> queries_in_loops(CodeIndex& index);

// ---- code_raw_sql.cc

// What sql.raw() gets, and execute() as a string: parts that are a request's value or a function's parameter
// of type string which nothing compares with known values before. A parameter is left out where every call of
// the function in the project gives it a constant. A value counts as checked where that is in doubt: an
// unknown schema, a check in another branch, a function too large to search.
std::vector<RawSql> raw_sql(CodeIndex& index);

// ---- code_requests.cc

// The SELECTs and the pools of connections in functions of entry forms (code_entries.h), and in functions of
// the project that these call, up to five calls away. Not the pools that a variable, map or object outside of
// the function keeps, those whose address comes from a parameter, and those of packages for Cloudflare's
// workers, where a connection cannot outlive a request.
struct RequestFacts {
  std::vector<QueryInRequest> queries;
  std::vector<PoolInRequest> pools;
};
RequestFacts facts_of_requests(CodeIndex& index);

// ---- code_seeds.cc

// Tables whose rows a seed script inserts as constants: each once, with its first insertion, in the order of
// files and lines. Without tables into which a migration, another SQL script or application code inserts,
// too.
std::vector<SeededTable> seeded_tables(Program& program, CodeIndex& index);

// ---- code_writes.cc

// Pairs of awaited writes in one function, outside of a transaction: the second write runs after the first,
// or both run in one Promise.all. A function runs also the writes, up to three, of the project's functions
// that it calls itself. A pair writes two tables, or adds to and subtracts from one table by UPDATE. The
// result omits writes on a database that a function receives (it may be a transaction), writes in different
// branches of a condition or in `catch`, UPDATEs that set only times such as lastSeenAt, and functions that
// undo their writes. The number of pairs of a function is bounded.
std::vector<WritePairInCode> writes_in_sequence(CodeIndex& index);

}  // namespace pgadvise::drizzle
