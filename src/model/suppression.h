// Findings that somebody has looked at and does not want to be told of again.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "model/place.h"

namespace pgadvise {

struct Suppression {
  std::vector<std::string> rules;  // ids
  std::string reason;
  Place place;  // of the comment, or of the entry in pgadvise.toml
  // A comment speaks for a part of its own file: the statement behind it, or a line. first_line 0: for all of it.
  int first_line = 0;
  int last_line = 0;
  int first_column = 1;  // in first_line; the last line is meant up to last_column
  int last_column = std::numeric_limits<int>::max();
  // An entry of pgadvise.toml speaks for what it names; `*` stands for any characters.
  std::string object;  // schema.table, schema.table.column, an index, a constraint, a query's fingerprint, a migration
  std::string path;    // of a file, from the folder of pgadvise.toml

  bool comment() const { return object.empty() && path.empty(); }
};

}  // namespace pgadvise
