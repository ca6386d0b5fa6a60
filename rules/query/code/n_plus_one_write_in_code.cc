#include "lint/queries/code.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::n_plus_one_write_in_code {
namespace {

void check(const Context& context, Reporter& reporter) { report_loops(context, reporter, true); }

}  // namespace

constinit const Rule rule{
    .id = "n-plus-one-write-in-code",
    .severity = Severity::note,
    .needs = Input::code,
    .summary = "code that writes once for each row of an earlier query",
    .why =
        "Each INSERT, UPDATE or DELETE is a round trip and, outside of a transaction, a commit that waits "
        "for the disk; if one fails, those before it stay. One statement for all rows takes one of each.\n\n"
        "pgadvise reads the Drizzle queries in the repository's TypeScript and JavaScript, without running "
        "it. A write is reported if it is awaited in a loop over the rows of an earlier query, and inserts "
        "one row with values of the row, or compares a column with one; also in functions of the project "
        "that the loop calls. Not reported are lists of values, db.batch, loops that also wait for something "
        "else than the database in each round (the write then marks progress), functions with a transaction "
        "of their own, and code in tests, seeds, migrations and scripts. All writes of a loop are one "
        "finding. All findings are notes: some writes are kept apart on purpose, as each claims its row. "
        "n-plus-one-write finds the same in logs, in any language. With a log that shows the statement of "
        "the loop for each row, both are one finding, which is confirmed and has the log's severity.",
    .fix =
        "Insert a list with one `values([...])`; update and delete with `inArray`, or, where values differ, "
        "with one UPDATE that joins a list of values, or an INSERT … ON CONFLICT DO UPDATE.",
    .when_to_ignore = "The rows are always few, or each write must be kept even if a later one fails.",
    .check = check};

}  // namespace pgadvise::rules::n_plus_one_write_in_code
