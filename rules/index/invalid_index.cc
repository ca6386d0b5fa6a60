#include "base/identifier.h"
#include "lint/index_sql.h"
#include "lint/tables.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {

static bool ends_with(const std::string& text, std::string_view end) {
  return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// What REINDEX CONCURRENTLY leaves behind when it fails: "…_ccnew", "…_ccold", numbered when there are
// several.
static bool leftover(std::string name) {
  while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.pop_back();
  return ends_with(name, "_ccnew") || ends_with(name, "_ccold");
}

static Fix fix_of(const Table& table, const Index& index) {
  const std::string name = quote_name(table.name.schema, index.name);
  if (leftover(index.name) || index.unique) {
    Fix fix = drop_index(table, index, Fix::Safety::review);
    fix.title = leftover(index.name)
                    ? "Drop what a failed REINDEX CONCURRENTLY left; the old index still stands"
                    : "Drop it, mend the rows that are there twice, and create it anew";
    return fix;
  }
  Fix fix;
  fix.title = "Build it anew; nothing is blocked meanwhile";
  fix.sql = "REINDEX INDEX CONCURRENTLY " + name + ";";
  return fix;
}

static void check(const Context& context, Reporter& reporter) {
  for (const auto& [name, table] : context.catalog().tables) {
    for (const auto& index : table.indexes) {
      if (index.valid || index.building || table.temporary) continue;
      const bool partitioned = table.kind == Table::Kind::partitioned;
      Finding& finding =
          reporter.add({.kind = "index", .schema = name.schema, .table = name.name, .index = index.name},
                       partitioned ? "The index " + index.name + " on " + display(name) +
                                         " is not attached in every partition: it is invalid, and partitions "
                                         "without it are read whole."
                                   : "The index " + index.name + " on " + display(name) +
                                         " is invalid: each write keeps it up to date, no query uses it.",
                       partitioned ? std::optional(Severity::warning) : std::nullopt);
      finding.location = index.origin;
      finding.evidence.push_back(catalog_fact(definition(index), index.origin));
      if (partitioned && !index.unique && index.method == "btree")
        finding.proposal = IndexProposal{name, index.keys, index.include, index.predicate};
      else finding.fix = fix_of(table, index);
    }
  }
}

constinit const Rule invalid_index{
    .id = "invalid-index",
    .severity = Severity::error,
    .needs = Input::schema,
    .summary = "an index that no query can use",
    .why =
        "A CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY that fails (a deadlock, a duplicate, a timeout, "
        "a cancelled deployment) "
        "leaves an invalid index behind. The server keeps it up to date at every write and never reads it; a "
        "unique one may enforce "
        "nothing. A later `CREATE INDEX IF NOT EXISTS` finds the name taken and says nothing.\n\n"
        "On a partitioned table an index made ON ONLY the parent stays invalid until each partition has one "
        "attached: a warning.",
    .fix =
        "REINDEX INDEX CONCURRENTLY, or drop it and create it again. Of a partitioned table: create the "
        "missing ones, and attach them.",
    .when_to_ignore =
        "Never for long: the build that makes it valid is running, which pgadvise sees when it may read "
        "pg_stat_progress_create_index.",
    .check = check};

}  // namespace pgadvise::rules
