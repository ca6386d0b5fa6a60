// What a replay did with the statements that it read.
#pragma once

#include <map>
#include <set>
#include <string>

#include "model/schema/catalog.h"
#include "sql/parse/placeholders.h"

namespace pgadvise::sql {

struct ReplayCounts {
  int statements = 0;      // all that were read
  int replayed = 0;        // changed the catalog, or would have
  int without_effect = 0;  // understood, no matter for a catalog (INSERT, GRANT, COMMENT ON FUNCTION …)
  int not_understood = 0;  // each with a line in diagnostics(); the sum of the next three, and other reasons
  int not_parsed = 0;      // statements that the parser rejects
  int missing = 0;         // statements that change an object that does not exist
  int existing = 0;        // statements that create an object that exists
  // Tables that a statement of unknown effect names, each with the location of the last such statement.
  std::map<QualifiedName, std::string> uncertain = {};
  // Names in the statements of `not_understood`: what else exists is as the other statements left it.
  std::set<std::string> failed_names = {};
  // Those of `not_understood` that may change objects which they do not name: CALL, and DO with EXECUTE.
  int unbounded = 0;
  // Remarks on foreign keys to tables that the scripts do not create: by Error::line(), the table.
  std::map<std::string, QualifiedName> outside = {};
  // Set by migrations::load(): the names in the scripts that were made from placeholders.
  PlaceholderNames placeholders = {};
};

}  // namespace pgadvise::sql
