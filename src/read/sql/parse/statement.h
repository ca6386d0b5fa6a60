// Splits SQL text into statements, and computes fingerprints and shapes. Only src/read/sql includes
// pg_query.h; its public headers (this one, replay.h, facts.h, expression.h) expose no parser types.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/queries/query_facts.h"

namespace pgadvise::sql {

// One statement of a script: a view into it, without the semicolon, leading space and comments.
struct SourceStatement {
  std::string_view text;
  std::size_t offset = 0;  // offset of `text` in the script
};

// Splits a script as psql does. Respects quotes, dollar quotes, nested comments and BEGIN ATOMIC bodies;
// skips psql backslash commands and the data of COPY … FROM stdin. Never fails; an unterminated quote extends
// to the end.
std::vector<SourceStatement> split(std::string_view script);

// The backslash commands of psql that split() skips, each up to the line's end.
std::vector<SourceStatement> psql_commands(std::string_view script);

// libpg_query's fingerprint, 16 hex digits, with two changes. `= $1` and a list (IN, = ANY) differ, as one
// may be the fix of the other; and tables whose names differ only in digits (e_2024_01) differ, as each has
// its own indexes. The fingerprint of such a statement combines libpg_query's with the difference. Errors:
// the statement does not parse.
Result<std::string> fingerprint(std::string_view statement);

// Errors: the statement does not parse. A third of fingerprint()'s cost.
Result<void> check_syntax(std::string_view statement);

// The statement with $n in place of constants. Errors: the statement does not parse.
Result<std::string> normalize(std::string_view statement);

// The properties of a statement's text that decide whether EXPLAIN ANALYZE may run it.
struct Shape {
  int statements = 0;  // more than one: never sent
  StatementKind kind = StatementKind::other;
  bool into = false;        // SELECT INTO, CREATE TABLE AS
  bool locks_rows = false;  // FOR UPDATE and friends, at any depth
  bool modifies = false;    // a data-modifying CTE, or INSERT, UPDATE, DELETE, MERGE itself
};
Result<Shape> shape(std::string_view statement);

// "15.1": of the linked grammar.
std::string parser_version();

}  // namespace pgadvise::sql
