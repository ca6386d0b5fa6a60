// Reads the body of a DO block. Not an interpreter of PL/pgSQL: what migration tools write is a plain
// sequence of statements, perhaps with an exception handler, perhaps behind IF [NOT] EXISTS (SELECT … FROM a
// catalog). Internal to src/sql.
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
  bool on_data = false;             // a condition or loop around it depends on more than the catalog
  std::vector<std::size_t> blocks;  // around it, outermost first: places in Block::handlers
  std::vector<BlockCondition> conditions = {};  // of the IFs around it, outermost first
};

// Its statements are views into the body.
struct Block {
  std::vector<BlockStatement> statements;  // those that may change a schema
  bool empty = true;                       // it has no statements at all
  std::vector<std::string>
      handlers;            // of this block and of those inside: the text from EXCEPTION on, lower case
  bool understood = true;  // false: not PL/pgSQL as far as this file knows
};

// Takes linear time.
Block read_block(std::string_view body);

}  // namespace pgadvise::sql
