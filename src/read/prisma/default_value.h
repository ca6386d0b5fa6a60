// Default values of Prisma's fields as SQL.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "prisma/syntax.h"

namespace pgadvise::prisma {

struct Default {
  bool known = true;
  bool serial = false;                  // autoincrement()
  std::optional<std::string> sql = {};  // nullopt: none in the database, as for cuid()
};

// Of the value of @default. `labels`: database names of an enum's values, by their names in the schema; empty
// for other types. `type`: the column's, for lists.
Default default_value(const Field& field, const Expression& value,
                      const std::map<std::string, std::string>& labels, const std::string& type);

}  // namespace pgadvise::prisma
