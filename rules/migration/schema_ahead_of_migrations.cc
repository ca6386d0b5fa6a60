#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text/text.h"
#include "lint/run/context.h"
#include "lint/schema/schema_difference.h"
#include "lint/schema/tables.h"
#include "lint/schema/words.h"
#include "rules/all_rules.h"

namespace pgadvise::rules::schema_ahead_of_migrations {
namespace {

using Kind = SchemaDifference::Kind;

// More differences than this are one finding: the project does not keep its migrations.
constexpr std::size_t max_single = 20;
constexpr std::size_t max_single_notes = 5;

// A table that an authentication library or an extension makes with a program of its own. Names that every
// application has count only in a file for authentication.
bool of_library(const QualifiedName& name, const Table* table) {
  static constexpr auto schemas =
      word_list("auth", "neon_auth", "next_auth", "better_auth", "storage", "realtime");
  static constexpr auto names =
      word_list("account", "accounts", "session", "sessions", "verification", "verifications",
                "verificationtoken", "verificationtokens", "authenticator", "passkey", "passkeys",
                "twofactor", "jwks", "ratelimit", "authenticators", "apikey", "apikeys", "ssoprovider");
  if (made_by_tool(name, table) || is_one_of(name.schema, schemas)) return true;
  std::string joined;
  for (const auto& word : words_of(name.name)) joined += word;
  if (is_one_of(joined, names)) return true;
  if (!table) return false;
  const auto slash = table->origin.file.rfind('/');
  const std::string file = lower(table->origin.file.substr(slash == std::string::npos ? 0 : slash + 1));
  return !file.ends_with(".sql") && contains(file, "auth") && !contains(file, "author");
}

// The commands of the ORM.
struct Commands {
  std::string_view push;
  std::string_view generate;
};
constexpr Commands drizzle{"drizzle-kit push", "drizzle-kit generate"};
constexpr Commands prisma{"prisma db push", "prisma migrate dev"};

class Check {
 public:
  Check(const DeclaredSchema& schema, Reporter& reporter)
      : schema_(schema),
        reporter_(reporter),
        prisma_(schema.source.ends_with(".prisma")),
        commands_(prisma_ ? prisma : drizzle) {}

  void run() {
    if (!schema_.migrated) return report_without_migrations();
    std::vector<SchemaDifference> found = differences(*schema_.migrated);
    if (schema_.snapshot) {
      const auto of_snapshot = differences(*schema_.snapshot);
      std::erase_if(found, [&](const SchemaDifference& one) { return !among(of_snapshot, one); });
    }
    std::erase_if(found, [&](const SchemaDifference& one) { return !known(one); });
    if (schema_.with_unjournaled) report_unjournaled(found);
    std::vector<SchemaDifference> notes;
    for (const auto& one : found)
      if (severity(one) == Severity::note) notes.push_back(one);
    std::erase_if(found, [&](const SchemaDifference& one) { return severity(one) == Severity::note; });
    for (const auto* group : {&found, &notes})
      if (group->size() > (group == &notes ? max_single_notes : max_single))
        report_all(*group, group == &notes);
      else
        for (const auto& one : *group) report_one(one);
  }

 private:
  // What the source has is "actual". Tables of a schema that the migrations do not use are extra, too.
  std::vector<SchemaDifference> differences(const Catalog& expected) const {
    auto out = schema_differences(expected, *schema_.declared);
    for (const auto& [name, table] : schema_.declared->tables) {
      const bool used = std::ranges::any_of(
          expected.tables, [&](const auto& item) { return item.first.schema == name.schema; });
      if (used || table.kind != Table::Kind::ordinary) continue;
      SchemaDifference& added = out.emplace_back();
      added.kind = Kind::extra;
      added.subject = table_subject(name);
      added.name = "table " + display(name);
      added.actual = table.origin;
    }
    return out;
  }

  static bool among(const std::vector<SchemaDifference>& all, const SchemaDifference& one) {
    return std::ranges::any_of(all, [&](const SchemaDifference& other) {
      return other.kind == one.kind && other.subject == one.subject && other.what == one.what;
    });
  }

  // Where the scripts that no journal names define what differs; no file: not known.
  SourceLocation defined_by_script(const SchemaDifference& one) const {
    const Table* table = schema_.with_unjournaled->table({one.subject.schema, one.subject.table});
    if (one.subject.kind == "enum") {
      const auto& enums = schema_.with_unjournaled->enums;
      const auto found = enums.find({one.subject.schema, one.subject.entry});
      return found == enums.end() ? SourceLocation() : found->second.origin;
    }
    if (!table) return {};
    if (one.subject.kind == "table") return table->origin;
    if (one.subject.kind == "column" && one.subject.columns.size() == 1)
      if (const Column* column = table->column(one.subject.columns.front())) return column->origin;
    for (const auto& index : table->indexes)
      if (one.subject.kind == "index" && index.name == one.subject.index) return index.origin;
    for (const auto& key : table->constraints)
      if (one.subject.kind == "foreign-key" && key.columns == one.subject.columns) return key.origin;
    return {};
  }

  // One note for each script that makes the migrations equal to the source, but is in no journal. Takes its
  // differences from `found`.
  void report_unjournaled(std::vector<SchemaDifference>& found) {
    const auto left = differences(*schema_.with_unjournaled);
    std::map<std::string, std::vector<std::pair<SourceLocation, std::string>>> by_file;
    std::erase_if(found, [&](const SchemaDifference& one) {
      if (one.kind == Kind::missing || among(left, one)) return false;
      const SourceLocation place = defined_by_script(one);
      by_file[place.file].emplace_back(place, one.name);
      return true;
    });
    constexpr std::size_t listed = 10;
    for (const auto& [file, objects] : by_file) {
      const std::string script = file.empty() ? "a script in " + schema_.folder : file;
      std::vector<std::string> names;
      for (const auto& [place, name] : objects)
        if (names.size() < listed) names.push_back(name);
      const std::size_t others = objects.size() - names.size();
      Finding& finding = reporter_.add(
          {.kind = "file", .file = file.empty() ? schema_.source : file, .entry = "not in the journal"},
          file.empty() ? schema_.place : objects.front().first,
          fmt::format("The source declares {}{}, which only {} creates, and no journal names that file: "
                      "`drizzle-kit migrate` does not run it.",
                      join(names, ", "), others ? fmt::format(" and {} more", others) : std::string(),
                      script),
          Severity::note);
      settle(finding);
      finding.fix = manual_fix(
          "Generate the migration with `drizzle-kit generate` (`--custom` for SQL by hand), which writes the "
          "journal, and delete the script");
    }
  }

  // Whether all that the difference depends on is known, and drizzle-kit manages the object.
  bool known(const SchemaDifference& one) const {
    const bool is_enum = one.subject.kind == "enum";
    const QualifiedName table{one.subject.schema, is_enum ? one.subject.entry : one.subject.table};
    const bool whole = one.subject.kind == "table" || one.subject.kind == "view";
    if (schema_.left_out.count(table)) return false;
    if (one.kind == Kind::missing && !schema_.all_tables_known && (whole || is_enum)) return false;
    if (one.subject.kind == "view" || one.subject.kind == "policy") return one.kind == Kind::extra;
    return !schema_.incomplete.count(table) || (whole && one.kind != Kind::changed);
  }

  Severity severity(const SchemaDifference& one) const {
    const QualifiedName name{one.subject.schema, one.subject.table};
    const Table* declared = schema_.declared->table(name);
    const Table* migrated = schema_.migrated->table(name);
    const bool custom = one.kind == Kind::missing && !schema_.snapshot;
    if (custom || one.minor || one.subject.kind == "enum" || of_library(name, declared ? declared : migrated))
      return Severity::note;
    return Severity::warning;
  }

  std::string message(const SchemaDifference& one) const {
    if (one.kind == Kind::extra)
      return "The source declares " + one.name +
             fmt::format(
                 ", which no migration creates: a database that was made by the migrations lacks it, unless "
                 "somebody ran `{}`.",
                 commands_.push);
    if (one.kind == Kind::missing)
      return "The migrations create " + one.name + ", which the source does not declare: " +
             (schema_.snapshot || prisma_ ? fmt::format("the next `{}`", commands_.generate)
                                          : fmt::format("`{}`", commands_.push)) +
             " drops it.";
    return "The source and the migrations differ on " + one.name + ": in the source it " + one.what + ".";
  }

  void settle(Finding& finding) const {
    finding.evidence.push_back(project_fact("compared: the source with the migrations in " + schema_.folder +
                                            (schema_.snapshot ? " and their last snapshot" : "")));
    finding.verdict = Verdict::confirmed;
    finding.verdict_reason = schema_.snapshot
                                 ? "the source differs from the migrations and from their last snapshot"
                                 : "the source differs from the migrations";
  }

  void report_one(const SchemaDifference& one) {
    Subject subject = one.subject;
    if (!subject.entry.empty()) subject.entry += " source";
    Finding& finding = reporter_.add(std::move(subject), message(one), severity(one));
    if (one.actual.line) finding.location = one.actual;
    else if (one.expected.line) finding.location = one.expected;
    else finding.location = schema_.place;
    settle(finding);
    const std::string run = fmt::format("un `{}`, and review ", commands_.generate);
    finding.fix =
        manual_fix(one.kind == Kind::missing ? "Declare it in the source; or r" + run + "what it drops"
                                             : "R" + run + "the migration that it writes");
  }

  void report_all(const std::vector<SchemaDifference>& found, bool notes) {
    constexpr std::size_t shown = 3, listed = 40;
    const auto names = [&](std::size_t from, std::size_t to) {
      std::vector<std::string> out;
      for (std::size_t i = from; i < std::min(to, found.size()); ++i) out.push_back(found[i].name);
      return join(out, ", ");
    };
    Finding& finding =
        reporter_.add({.kind = "file", .file = schema_.source, .entry = notes ? "notes" : ""}, schema_.place,
                      fmt::format("The source and the migrations in {} differ on {} objects, such as {}{}.",
                                  schema_.folder, found.size(), names(0, shown),
                                  notes ? std::string()
                                        : fmt::format(": databases get this schema by `{}` or by hand, and "
                                                      "one that runs the migrations has another",
                                                      commands_.push)),
                      notes ? Severity::note : Severity::warning);
    settle(finding);
    const std::string more =
        found.size() > listed ? fmt::format(" and {} more", found.size() - listed) : std::string();
    finding.evidence.push_back(project_fact("also: " + names(shown, listed) + more));
    finding.fix = manual_fix(
        fmt::format("Run `{}`; mark what a database has already as applied there", commands_.generate));
  }

  std::string without_migrations(std::size_t tables) const {
    return fmt::format(
        "The source declares {} table{}, and the repository has no migrations for {}: databases get the "
        "schema by `{}`, which drops and renames without a reviewed file.",
        tables, tables == 1 ? "" : "s", tables == 1 ? "it" : "them", commands_.push);
  }

  // Some tables are in SQL scripts of no migration tool, and these are not.
  std::string without_scripts(std::size_t tables, std::vector<std::string> missing) const {
    constexpr std::size_t listed = 3;
    const std::size_t count = missing.size();
    missing.resize(std::min(count, listed));
    return fmt::format(
        "The source declares {} tables, and neither a migration nor an SQL script of the repository creates "
        "{} of them, {}{}: databases get {} by `{}`, which drops and renames without a reviewed file.",
        tables, count, join(missing, ", "),
        count > listed ? fmt::format(" and {} more", count - listed) : std::string(),
        count == 1 ? "it" : "them", commands_.push);
  }

  void report_without_migrations() {
    std::size_t tables = 0;
    std::vector<std::string> missing;
    for (const auto& [name, table] : schema_.declared->tables) {
      if (table.kind != Table::Kind::ordinary || schema_.left_out.count(name)) continue;
      ++tables;
      if (!schema_.in_scripts.count(name.name)) missing.push_back(display(name));
    }
    if (missing.empty()) return;
    Finding& finding = reporter_.add(
        {.kind = "file", .file = schema_.source}, schema_.place,
        missing.size() == tables ? without_migrations(tables) : without_scripts(tables, std::move(missing)),
        Severity::note);
    finding.fix = manual_fix(fmt::format("Run `{}`, and commit what it writes", commands_.generate));
  }

  const DeclaredSchema& schema_;
  Reporter& reporter_;
  bool prisma_;
  const Commands& commands_;
};

void check(const Context& context, Reporter& reporter) {
  for (const auto& schema : context.declared()) Check(schema, reporter).run();
}

}  // namespace

constinit const Rule rule{
    .id = "schema-ahead-of-migrations",
    .severity = Severity::warning,
    .harm = Harm::deployment,
    .needs = Input::declared,
    .summary = "a Drizzle or Prisma schema that its migrations do not create",
    .why =
        "A table, column or index that is in the source and in no migration gets into a database only by "
        "`drizzle-kit push` or `prisma db push`: the developer's database has it, and the one that the "
        "migrations make does not. What the migrations create and the source lacks is dropped by the next "
        "`drizzle-kit generate` or `prisma migrate dev`.\n\n"
        "pgadvise reads the schema from the TypeScript source without running it, or from schema.prisma, and "
        "reports what differs from the migrations and from drizzle's last snapshot alike; where these two "
        "differ, schema-drift reports it. Names of indexes and foreign keys do not matter if an equal object "
        "exists. Expressions and default values are not compared. `schemaFilter`, `tablesFilter` and "
        "`.existing()` count. Not compared is what Prisma's language has no words for: checks, partial "
        "indexes, indexes on expressions, views, policies. A table with a part that only running the program "
        "would show is not compared, except for its existence. Without a snapshot, what a statement names "
        "that pgadvise cannot replay is not compared. Tables of authentication libraries and extensions, "
        "enums, and what hand-written migrations create where there is no snapshot are notes, and so are "
        "columns of an enum with another name and the same labels, and indexes of the same columns with "
        "another order, operator class or condition. What only a script beside the migrations creates, which "
        "no journal names, is one note for each script. More than 20 warnings, or five notes, are one "
        "finding. A schema without any migrations is one note, if no SQL scripts of the repository create "
        "its tables.",
    .fix = "`drizzle-kit generate` or `prisma migrate dev`, and a review of the migration that it writes.",
    .when_to_ignore =
        "The migration is written in a later step of the same change, or the database is only a prototype.",
    .check = check};

}  // namespace pgadvise::rules::schema_ahead_of_migrations
