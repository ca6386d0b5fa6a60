#include "lint/migrations.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

constexpr Option min_rows{
    .name = "rows",
    .fallback = 10000,
    .table_size = true,
    .meaning = "rows of the table, by a server's statistics, from which it is reported"};
constexpr const Option* options[] = {&min_rows};

using Kind = SchemaAction::Kind;

void check(const Context& context, Reporter& reporter) {
  SiteReporter out(reporter);
  for (const Site& site : sites(context, min_rows, {Kind::update, Kind::remove})) {
    const SchemaAction& action = *site.action;
    if (action.rows != Selectivity::all && action.rows != Selectivity::most) continue;
    const SchemaStep* locked = locked_before(site);
    // What a DELETE is after is few rows, as a rule, or all: destructive-migration. Under a lock the search
    // alone is too long.
    if (action.kind == Kind::remove && (action.rows == Selectivity::all || !locked)) continue;
    const std::string what = action.kind == Kind::update ? "UPDATE" : "DELETE";
    std::string message =
        "One " + what + " goes over " + (action.rows == Selectivity::all ? "every row" : "a large part") +
        " of " + display(action.table) + ": it locks each row that it changes until the transaction ends" +
        rows_known(context, action.table) + ".";
    if (locked)
      message = "One " + what + " goes over " + display(action.table) + " while the lock of line " +
                std::to_string(locked->place.line) + " shuts out everybody else, readers too" +
                rows_known(context, action.table) + ".";
    Finding& finding = out.add(site,
                               {.kind = "table",
                                .schema = action.table.schema,
                                .table = action.table.name,
                                .columns = action.columns},
                               std::move(message), locked ? std::optional(Severity::warning) : std::nullopt);
    if (locked)
      finding.evidence.push_back(
          {Evidence::Kind::project, "in one transaction with: " + locked->text, locked->place, {}});
    if (const auto how = how_it_runs(*site.migration); !how.empty() && site.step->transaction)
      finding.evidence.push_back({Evidence::Kind::project, how, std::nullopt, {}});
    finding.fix = Fix{.title =
                          "Change a few thousand rows at a time, each batch committed, outside the migration "
                          "that changes the table",
                      .safety = Fix::Safety::manual};
  }
}

}  // namespace

constinit const Rule unbatched_backfill{
    .id = "unbatched-backfill",
    .severity = Severity::note,
    .needs = Input::migrations,
    .summary = "one statement that changes a whole table in a migration",
    .why =
        "An UPDATE of every row writes the table a second time, keeps a lock on each row until it commits, "
        "leaves as many dead rows for vacuum, and delays "
        "replicas. In one transaction with an ALTER TABLE of the same table it is worse: the ALTER's lock "
        "stays, and everybody waits for the UPDATE (a "
        "warning).\n\n"
        "Reported are statements without WHERE, or whose WHERE compares with no constant. A WHERE that names "
        "a unique key, a LIMIT, a loop in a DO block "
        "and tables that the migration itself creates are left alone.",
    .fix =
        "Add the column in one migration, fill it in batches of some thousand rows by a script or a job, "
        "each committed, and make it NOT NULL in a later one.",
    .when_to_ignore = "The table is small.",
    .options = options,
    .check = check};

}  // namespace pgadvise::rules
