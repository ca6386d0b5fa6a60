#include "base/text/text.h"
#include "lint/run/context.h"
#include "lint/schema/schema_difference.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::schema_drift {
namespace {

using Kind = SchemaDifference::Kind;

std::string message(const SchemaComparison& comparison, const SchemaDifference& difference) {
  const std::string& name = difference.name;
  if (comparison.database) {
    if (difference.kind == Kind::missing)
      return "The database lacks " + name + ", which the migrations create.";
    if (difference.kind == Kind::extra) return "The database has " + name + ", which no migration creates.";
    return "The database and the migrations differ on " + name + ": in the database it " + difference.what +
           ".";
  }
  if (difference.kind == Kind::missing)
    return "The migrations create " + name +
           ", which is missing from drizzle's last snapshot: schema.ts does not have it, and `drizzle-kit "
           "push` drops it.";
  if (difference.kind == Kind::extra)
    return "drizzle's last snapshot has " + name +
           ", which no migration creates: `generate` assumes that it exists and writes no migration for it.";
  return "drizzle's last snapshot and the migrations differ on " + name + ": in the snapshot it " +
         difference.what + ".";
}

// Objects that drizzle's snapshots cannot express or do not manage: having them only in the SQL is intended.
bool beyond_snapshots(const SchemaComparison& comparison, const SchemaDifference& difference) {
  if (difference.kind != Kind::missing) return false;
  if (difference.subject.kind == "policy" || difference.subject.kind == "view") return true;
  const Table* table = comparison.migrated->table({difference.subject.schema, difference.subject.table});
  return table && (table->kind != Table::Kind::ordinary || !table->inherits.empty());
}

// Whether the enum is in use by no column of the side that has it.
bool leftover_enum(const SchemaComparison& comparison, const SchemaDifference& difference) {
  if (difference.subject.kind != "enum" || difference.kind == Kind::changed) return false;
  const Catalog& catalog = difference.kind == Kind::extra ? *comparison.other : *comparison.migrated;
  const QualifiedName name{difference.subject.schema, difference.subject.entry};
  const std::string spelled = display(name);
  for (const auto& [unused, table] : catalog.tables)
    for (const auto& column : table.columns) {
      std::string type = replace_all(column.type, "\"", "");
      if (type.ends_with("[]")) type.resize(type.size() - 2);
      if (type == spelled || type == name.name || type == name.schema + "." + name.name) return false;
    }
  return true;
}

void report_one(Reporter& reporter, const SchemaComparison& comparison, const SchemaDifference& difference) {
  const bool leftover = leftover_enum(comparison, difference);
  Subject subject = difference.subject;
  subject.entry = subject.entry.empty() ? (comparison.database ? "database" : "snapshot")
                                        : subject.entry + (comparison.database ? " database" : " snapshot");
  const bool lost = !leftover && (comparison.database || difference.kind == Kind::extra);
  Finding& finding = reporter.add(std::move(subject), message(comparison, difference),
                                  lost ? Severity::warning : Severity::note);
  if (difference.expected.line) finding.location = difference.expected;
  else if (difference.actual.line) finding.location = difference.actual;
  finding.evidence.push_back(
      catalog_fact("compared: the migrations in " + comparison.folder + " with " + comparison.other_name));
  finding.fix = manual_fix(
      comparison.database ? "Add a migration that matches the database, or one that corrects the database; "
                            "until then, do not generate migrations by comparing with this database"
                          : "Change schema.ts to match the migrations, and run `drizzle-kit generate`");
  if (comparison.not_replayed) {
    finding.verdict_reason =
        std::to_string(comparison.not_replayed) +
        " statements of the migrations could not be replayed and may explain the difference";
  } else if (comparison.database && !comparison.applied_known) {
    finding.verdict_reason =
        "no tracking table shows which migrations the database has run: some may be pending";
  } else {
    finding.verdict = Verdict::confirmed;
    finding.verdict_reason =
        comparison.database
            ? "the catalog of the database differs from the migrations that its tracking table lists"
            : "the snapshot differs from the migrations";
  }
}

void check(const Context& context, Reporter& reporter) {
  for (const auto& comparison : context.comparisons())
    for (const auto& difference : schema_differences(*comparison.migrated, *comparison.other))
      if (comparison.database || !beyond_snapshots(comparison, difference))
        report_one(reporter, comparison, difference);
}

}  // namespace

constinit const Rule rule{
    .id = "schema-drift",
    .severity = Severity::warning,
    .harm = Harm::deployment,
    .needs = Input::comparison,
    .summary = "a schema that differs from what the migrations create",
    .why =
        "If a database differs from its migrations, a migration written against one schema fails on the "
        "other. pgadvise replays the migrations and compares the result with the database: tables, columns, "
        "indexes, keys, checks, enums and policies. An object that the database has and no migration creates "
        "was added by hand or by `push`, and the next database will not have it. An object that the database "
        "lacks was dropped by hand, or belongs to a migration that never ran.\n\n"
        "pgadvise replays only the migrations that the tracking table of the database lists, so pending "
        "migrations cause no findings. Names of indexes and constraints do not matter if an equal object "
        "exists. Expressions, default values and partitions are not compared. Without a database, pgadvise "
        "compares drizzle's last snapshot with its SQL files. An index that only a hand-written line of a "
        "migration creates is a note. An object that only the snapshot has is a warning, an enum that no "
        "column uses a note.",
    .fix =
        "Write a migration for what the database has, and mark it as applied there. Or correct the database "
        "with a new migration.",
    .when_to_ignore =
        "The object belongs to an extension, a job queue or another tool that shares the database.",
    .check = check};

}  // namespace pgadvise::rules::schema_drift
