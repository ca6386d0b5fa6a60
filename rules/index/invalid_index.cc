#include "lint/schema/index_sql.h"
#include "lint/schema/index_use.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::invalid_index {

// Whether a failed REINDEX CONCURRENTLY left this index: the name ends in "_ccnew" or "_ccold", and a number
// if there are several.
static bool leftover(std::string name) {
  while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.pop_back();
  return name.ends_with("_ccnew") || name.ends_with("_ccold");
}

static Fix fix_of(const Table& table, const Index& index) {
  if (!leftover(index.name) && !index.unique) return rebuild_index(table, index);
  Fix fix = drop_index(table, index, Fix::Safety::review);
  fix.title = leftover(index.name)
                  ? "Drop this leftover of a failed REINDEX CONCURRENTLY; the original index still exists"
                  : "Drop the index, remove duplicate rows, and create the index again";
  return fix;
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, table] : context.catalog().tables) {
    for (const auto& index : table.indexes) {
      if (index.valid || index.building || table.temporary) continue;
      const bool partitioned = table.kind == Table::Kind::partitioned;
      Finding& finding =
          report_index(reporter, table, index,
                       partitioned ? " is invalid, because not every partition has an attached index: "
                                     "queries read the other partitions by sequential scans."
                                   : " is invalid: every write maintains it, and no query uses it.",
                       partitioned ? std::optional(Severity::warning) : std::nullopt);
      finding.evidence.push_back(catalog_fact(definition(index), index.origin));
      if (partitioned && !index.unique && index.method == "btree")
        finding.proposal = IndexProposal{name, index.keys, index.include, index.predicate};
      else finding.fix = fix_of(table, index);
    }
  }
}

constinit const Rule rule{
    .id = "invalid-index",
    .severity = Severity::error,
    .needs = Input::schema,
    .summary = "an index that no query can use",
    .why =
        "A CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY that fails leaves an invalid index behind. "
        "Common causes are a deadlock, a duplicate key, a timeout or a cancelled deployment. The server "
        "maintains the invalid index at every write and never reads it. An invalid unique index may enforce "
        "nothing. A later `CREATE INDEX IF NOT EXISTS` finds the name taken and does nothing.\n\n"
        "On a partitioned table, an index created with ON ONLY stays invalid until every partition has an "
        "index attached to it. This case is a warning.",
    .fix =
        "Run REINDEX INDEX CONCURRENTLY, or drop the index and create it again. On a partitioned table, "
        "create the missing indexes on the partitions and attach them.",
    .when_to_ignore =
        "Only while the index is being built. pgadvise detects a running build when its role may read "
        "pg_stat_progress_create_index.",
    .check = check};

}  // namespace pgadvise::rules::invalid_index
