// Values of another type in text columns: UUIDs, dates, booleans. A rule says by what evidence it finds such
// a column; what follows is the same for all of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lint/run/context.h"
#include "model/results/finding.h"
#include "model/schema/catalog.h"

namespace pgadvise::lint {

struct StoredAsText {
  std::string holds;         // "UUIDs"
  std::string disadvantage;  // "each value takes 37 bytes instead of 16", without a period
  // The type to use, for the fix.
  std::function<std::string(const Column&)> type;
  // The column's default after the change; "" if it has to be written by hand. Called for columns with a
  // default.
  std::function<std::string(const Column&)> new_default;
  const Option* convention_columns;  // columns of a schema from which there is one finding for the schema
  // The evidence that the column holds such values; "" if there is none.
  std::function<std::string(const Table&, const Column&)> reason;
  // Sampled values of a server decide; nullptr: no query is run.
  Conclusion (*from_values)(const std::vector<std::string>& values) = nullptr;
};

// StoredAsText::from_values of a rule: whether at least `least_percent` of the sampled values, without
// blank ones, are `what` ("dates"), which `is` decides.
Conclusion conclude_by_share(const std::vector<std::string>& values, bool (*is)(std::string_view),
                             double least_percent, const std::string& what);

// Reports the text columns for which `what.reason` has evidence, without columns that reference others, which
// change with these, and inherited ones.
void report_stored_as_text(const Context& context, Reporter& reporter, const StoredAsText& what);

}  // namespace pgadvise::lint
