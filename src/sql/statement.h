// SQL text -> statements, fingerprints, shapes. src/sql is the only includer of pg_query.h; its public
// headers (this one, replay.h, facts.h, expression.h) show no parser types.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/query_facts.h"

namespace pgadvise::sql {

// One statement of a script: a view into it, without the semicolon, leading space and comments.
struct SourceStatement {
  std::string_view text;
  std::size_t offset = 0;  // of text in the script
};

// Splits a script as psql does: quotes, dollar quotes, nested comments and BEGIN ATOMIC bodies are looked
// through, psql backslash lines and the data of COPY … FROM stdin are passed over. Never fails; an
// unterminated quote takes the rest.
std::vector<SourceStatement> split(std::string_view script);

// libpg_query's fingerprint, 16 hex digits, but for two things that it takes for one: `= $1` and a list (IN,
// = ANY), of which the one may be the other's cure; and tables whose names differ in digits (e_2024_01), of
// which each has indexes of its own. Those statements' is made of libpg_query's and of what it leaves out.
// Errors: does not parse.
Result<std::string> fingerprint(std::string_view statement);

// The statement with constants replaced by $n. Errors: does not parse.
Result<std::string> normalize(std::string_view statement);

// What decides whether a statement may be run under EXPLAIN ANALYZE at all, as far as its text tells.
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
