#include <algorithm>

#include "lint/schema/index_sql.h"
#include "lint/schema/index_use.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::redundant_index {

static constexpr Option max_times_larger{"larger", 4,
                                         "how many times the pages of the narrow index the wide one may "
                                         "have; beyond this size the narrow index is not reported"};

static bool identical(const Index& a, const Index& b) {
  return a.keys == b.keys && a.include.size() == b.include.size() && same_predicate(a, b);
}

static bool serves(const Context& context, const Index& wide, const Index& narrow) {
  if (&wide == &narrow || identical(narrow, wide) || !serves_instead(wide, narrow)) return false;
  // Two mirrored indexes replace each other: report the one whose name sorts later, unless a constraint owns
  // it.
  if (wide.keys.size() == narrow.keys.size() && wide.include.size() == narrow.include.size() &&
      droppable(wide) && !wide.unique && wide.name > narrow.name)
    return false;
  if (!wide.statistics || !narrow.statistics || narrow.statistics->pages < 1000) return true;
  return static_cast<double>(wide.statistics->pages) <=
         context.option(max_times_larger) * static_cast<double>(narrow.statistics->pages);
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, table] : context.catalog().tables) {
    if (table.temporary) continue;
    std::vector<const Index*> all;
    for (const auto& index : table.indexes) all.push_back(&index);
    for (const auto& narrow : table.indexes) {
      if (narrow.unique || !narrow.valid || narrow.method != "btree" || !droppable(narrow)) continue;
      const auto& others = narrow.keys.empty() || narrow.keys[0].column.empty()
                               ? all
                               : context.indexes_with(table, narrow.keys[0].column);
      const auto found =
          std::ranges::find_if(others, [&](const Index* index) { return serves(context, *index, narrow); });
      if (found == others.end()) continue;
      const Index* wide = *found;
      Finding& finding = report_index(
          reporter, table, narrow,
          " is redundant: " + wide->name + " begins with the same columns and serves the same queries.");
      finding.evidence.push_back(catalog_fact(narrow.name + ": " + definition(narrow), narrow.origin));
      finding.evidence.push_back(catalog_fact(
          wide->name + ": " + (wide->unique ? "unique " : "") + definition(*wide), wide->origin));
      finding.fix = drop_index(table, narrow, Fix::Safety::review);
      add_drizzle_drop(*finding.fix, table, narrow, context.has_project() ? &context.project() : nullptr);
    }
  }
}

constinit const Rule rule{
    .id = "redundant-index",
    .severity = Severity::warning,
    .needs = Input::schema,
    .summary = "an index whose queries another index serves as well",
    .why =
        "A B-tree on (a, b) serves look-ups by a just like a B-tree on (a). The narrow index slows down "
        "every write and takes space in the cache.\n\n"
        "The rule compares plain B-trees whose order, operator classes, collations and predicates agree. It "
        "leaves out unique indexes, indexes of constraints and the replica identity. An index on (a) is "
        "redundant beside one on (a DESC), because a B-tree can be scanned in both directions. An index on "
        "(a, b) is not redundant beside one on (a, b DESC).",
    .fix = "Drop the narrow index after checking which queries scan it.",
    .when_to_ignore =
        "The wide index is much larger, and frequent queries or index-only scans use the narrow one.",
    .options = {&max_times_larger},
    .check = check};

}  // namespace pgadvise::rules::redundant_index
