// What a replay did with the statements that it read.
#pragma once

namespace pgadvise::sql {

struct ReplayCounts {
  int statements = 0;      // all that were read
  int replayed = 0;        // changed the catalog, or would have
  int without_effect = 0;  // understood, no matter for a catalog (INSERT, GRANT, COMMENT ON FUNCTION …)
  int not_understood = 0;  // each with a line in diagnostics()
};

}  // namespace pgadvise::sql
