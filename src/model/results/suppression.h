// A comment or an entry of pgadvise.toml that suppresses findings. src/engine/lint/run/suppress.h applies it.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "model/source_location.h"

namespace pgadvise {

struct Suppression {
  std::vector<std::string> rules;  // ids
  std::string reason;
  SourceLocation place;  // of the comment, or of the entry in pgadvise.toml
  // A comment covers a range of its own file: a statement or a line. first_line 0: the whole file.
  int first_line = 0;
  int last_line = 0;
  int first_column = 1;  // in first_line; the range ends at last_column of last_line
  int last_column = std::numeric_limits<int>::max();
  // An entry of pgadvise.toml covers findings whose object and file match these patterns (`*`: any
  // characters; "": any).
  std::string object;  // schema.table, schema.table.column, an index, a constraint, a query's fingerprint, a
                       // migration
  std::string path;    // of a file, from the folder of pgadvise.toml
  std::string owner = {};  // of an entry: who decided it; "" if not stated
  std::string until = {};  // of an entry: the last day on which it applies, as "2027-01-31"; "": no end

  bool comment() const { return object.empty() && path.empty(); }
};

}  // namespace pgadvise
