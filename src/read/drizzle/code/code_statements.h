// SQL that code writes itself and gives to execute(). Internal to code_loops and code_rows.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "drizzle/code/code_index.h"
#include "model/project/code.h"

namespace pgadvise::drizzle {

struct WrittenStatement {
  CodeQuery facts;                   // with the statement's kind, tables, and columns in conditions
  CodeIndex::Conditions conditions;  // with values that code puts into the text
  // What an INSERT of one row inserts. Empty if its ON CONFLICT and RETURNING tell who has the row.
  std::vector<Node> inserted;
  std::optional<long> limit;  // a constant
  bool by_row = false;        // an INSERT with ON CONFLICT, or an UPDATE
};

class WrittenStatements {
 public:
  explicit WrittenStatements(CodeIndex& index) : index_(index) {}

  // What execute() runs: sql`… ${value}`, sql.raw(`…`), a string, also in a `const`. nullptr for
  // other queries, and where a part of the text beside values is not known, the text does not parse, or it
  // locks rows.
  // Valid as long as this object.
  const WrittenStatement* of(const FoundQuery& query);

 private:
  CodeIndex& index_;
  std::map<const FoundQuery*, std::optional<WrittenStatement>> known_;
};

}  // namespace pgadvise::drizzle
