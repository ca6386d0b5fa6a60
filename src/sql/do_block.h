// Reads the body of a DO block. Not an interpreter of PL/pgSQL: what migration tools write is a plain
// sequence of statements, perhaps with an exception handler, perhaps behind IF [NOT] EXISTS (SELECT … FROM a
// catalog). Internal to src/sql.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::sql {

struct BlockStatement {
  std::string_view text;
  bool guarded = false;  // under an IF: may find its work done
  bool looped = false;
};

// Its statements are views into the body.
struct Block {
  std::vector<BlockStatement> statements;
  std::string handlers;  // the text after EXCEPTION, lower case
  bool understood = true;
};

// Takes linear time. A body that is more than a sequence of plain statements is not `understood`.
Block read_block(std::string_view body);

}  // namespace pgadvise::sql
