#include "base/text.h"
#include "lint/context.h"
#include "lint/schema_difference.h"
#include "rules/all_rules.h"

namespace pgadvise::rules {
namespace {

using Kind = SchemaDifference::Kind;

std::string message(const SchemaComparison& comparison, const SchemaDifference& difference) {
  const std::string& name = difference.name;
  if (comparison.database) {
    if (difference.kind == Kind::missing)
      return "The database lacks " + name + ", which the migrations make.";
    if (difference.kind == Kind::extra) return "The database has " + name + ", which no migration makes.";
    return "The database and the migrations disagree on " + name + ": there it " + difference.what + ".";
  }
  if (difference.kind == Kind::missing)
    return "The migrations make " + name +
           ", which drizzle's last snapshot doesn't know: schema.ts doesn't have it, and `drizzle-kit push` "
           "drops it.";
  if (difference.kind == Kind::extra)
    return "drizzle's last snapshot has " + name +
           ", which no migration makes: `generate` takes it for done.";
  return "drizzle's last snapshot and the migrations disagree on " + name + ": there it " + difference.what +
         ".";
}

// drizzle can't say these, or leaves them to others: what is only in the SQL is meant so.
bool beyond_snapshots(const SchemaComparison& comparison, const SchemaDifference& difference) {
  if (difference.kind != Kind::missing) return false;
  if (difference.subject.kind == "policy" || difference.subject.kind == "view") return true;
  const Table* table = comparison.migrated->table({difference.subject.schema, difference.subject.table});
  return table && (table->kind != Table::Kind::ordinary || !table->inherits.empty());
}

void report_one(Reporter& reporter, const SchemaComparison& comparison, const SchemaDifference& difference) {
  Subject subject = difference.subject;
  subject.entry = subject.entry.empty() ? (comparison.database ? "database" : "snapshot")
                                        : subject.entry + (comparison.database ? " database" : " snapshot");
  const bool lost = comparison.database || difference.kind == Kind::extra;
  Finding& finding = reporter.add(std::move(subject), message(comparison, difference),
                                  lost ? Severity::warning : Severity::note);
  if (difference.expected.line) finding.location = difference.expected;
  else if (difference.actual.line) finding.location = difference.actual;
  finding.evidence.push_back(
      {Evidence::Kind::catalog,
       "compared: the migrations in " + comparison.folder + ", and " + comparison.other_name,
       std::nullopt,
       {}});
  finding.fix = Fix{.title = comparison.database
                                 ? "Make a migration of what the database has, or let a new migration bring "
                                   "it into line; generate none by comparing with this database before that"
                                 : "Bring schema.ts into line with the migrations, and generate",
                    .safety = Fix::Safety::manual};
  if (comparison.not_replayed) {
    finding.verdict_reason = std::to_string(comparison.not_replayed) +
                             " statements of the migrations could not be replayed: they may make up for it";
  } else if (comparison.database && !comparison.applied_known) {
    finding.verdict_reason =
        "no tracking table tells which migrations the database has run: it may be behind";
  } else {
    finding.verdict = Verdict::confirmed;
    finding.verdict_reason =
        comparison.database
            ? "the database's catalog, against the migrations that its tracking table says it has run"
            : "the snapshot, against the migrations";
  }
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& comparison : context.comparisons())
    for (const auto& difference : schema_differences(*comparison.migrated, *comparison.other))
      if (comparison.database || !beyond_snapshots(comparison, difference))
        report_one(reporter, comparison, difference);
}

}  // namespace

constinit const Rule schema_drift{
    .id = "schema-drift",
    .severity = Severity::warning,
    .needs = Input::comparison,
    .summary = "a schema that is not what the migrations make",
    .why =
        "The migrations are replayed and compared with the database: tables, columns, indexes, keys, checks, "
        "enums, policies. What the "
        "database has and no migration makes came by hand or by `push`, and the next database won't have it; "
        "what it lacks was dropped by "
        "hand, or sits in a migration that never ran. Either way a migration written against one fails on "
        "the other.\n\n"
        "Only those migrations are replayed that the database's tracking table says it has run, so what is "
        "merely pending is no finding. "
        "Names of indexes and constraints don't matter where the thing itself is there; expressions and "
        "default values are not compared, "
        "nor are partitions. Without a database, drizzle's last snapshot is compared with its SQL: an index "
        "that only a hand-written line of "
        "a migration makes is a note, what only the snapshot has a warning.",
    .fix =
        "Write down as a migration what the database has, and mark it as run there; or bring the database "
        "into line by a new one.",
    .when_to_ignore =
        "The object belongs to another tool that shares the database: an extension's, a job queue's.",
    .check = check};

}  // namespace pgadvise::rules
