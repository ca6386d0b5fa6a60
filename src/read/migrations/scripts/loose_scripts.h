// Scripts that belong to no migration tool.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pgadvise::migrations {

// Whether each statement of the script drops something, but for settings and transactions: in a folder
// without an order, such a script is no part of the schema that the others create.
bool only_drops(std::string_view script);

// Tells which of several folders of scripts creates a schema. Reads at most 400 kB of each script and 64 MiB
// in all; what is beyond counts nothing.
class SchemaScore {
 public:
  // The tables that the scripts create, less those that they change or reference and do not create.
  int of(const std::vector<std::string>& scripts);

 private:
  std::size_t read_ = 0;
};

// The names, without schemas, of the tables that the scripts create. Reads as much as a SchemaScore.
std::set<std::string> created_tables(const std::vector<std::string>& scripts);

}  // namespace pgadvise::migrations
