// Reads the body of a DO block. Not an interpreter of PL/pgSQL: what migration tools write is a plain
// sequence of statements, perhaps with an exception handler, perhaps behind IF [NOT] EXISTS (SELECT … FROM a
// catalog). Internal to src/read/sql.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::sql {

// A condition of IF around a statement.
struct BlockCondition {
  std::string_view text;
  bool negated = false;  // the statement is in the branch that runs if the condition does not hold
};

struct BlockStatement {
  std::string_view text;
  bool guarded = false;  // under an IF or in a loop: may find its work done
  bool looped = false;
  bool may_not_run = false;  // in a loop that may do nothing, or after an EXIT or RETURN that may have run
  std::vector<std::size_t> blocks = {};         // around it, outermost first: places in Block::handlers
  std::vector<BlockCondition> conditions = {};  // of the IFs and CASEs around it, outermost first
  std::size_t ends = 0;                         // how many of Block::ends lie before it
};

// Its statements are views into the body.
struct Block {
  std::vector<BlockStatement> statements;  // those that may change a schema, or rows
  // The conditions of IF … THEN RETURN: what follows runs only if they hold, as negated here.
  std::vector<BlockCondition> ends;
  bool empty = true;  // it has no statements at all
  bool passes_over =
      false;  // it has others that may call functions: assignments, PERFORM, loops over queries
  std::vector<std::string>
      handlers;            // of this block and of those inside: the text from EXCEPTION on, lower case
  bool understood = true;  // false: not PL/pgSQL as far as this file knows, or nested too deeply
};

// Takes linear time and memory: more than 64 blocks, loops and conditions around a statement are not
// understood.
Block read_block(std::string_view body);

}  // namespace pgadvise::sql
