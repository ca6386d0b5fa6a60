// Splits of migrations by review: what is written, and that the next check has nothing to add.
#include <algorithm>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "files/write_files.h"
#include "lint/run/context.h"
#include "lint/run/suppress.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/schema_load.h"
#include "migrations/writing/split_migration.h"
#include "support/temp_tree.h"

namespace pgadvise::migrations {
namespace {

using testing_support::TempTree;

constexpr std::int64_t noon = 1'767'960'000'000;  // 2026-01-09 12:00:00 UTC

const std::vector<std::string> rules = {"blocking-alter", "blocking-constraint", "blocking-index-build",
                                        "lock-held-during-work", "concurrently-in-transaction"};

// A folder whose migrations but the first are checked.
struct Checked {
  SchemaInput input;
  CheckedMigrations migrations;
  std::vector<Finding> findings;
};

Checked check(const TempTree& tree) {
  Checked out;
  Diagnostics diagnostics;
  auto found = find_schemas(tree.path("m"), diagnostics);
  EXPECT_TRUE(found && found->size() == 1 && !found->front().files.empty());
  if (!found || found->empty() || found->front().files.empty()) return out;
  out.input = found->front();
  for (std::size_t i = 1; i < out.input.files.size(); ++i)
    out.migrations.files.insert(out.input.files[i].path);
  const auto catalog = load(out.input, out.migrations, diagnostics);
  EXPECT_TRUE(catalog);
  if (!catalog) return out;
  for (const auto& rule : rules) {
    auto one = lint::run({.catalog = &*catalog, .migrations = &out.migrations.found}, {rule}).findings;
    std::move(one.begin(), one.end(), std::back_inserter(out.findings));
  }
  lint::UsedSuppressions used;
  (void)lint::suppress(out.findings, out.migrations.suppressions, used);
  return out;
}

std::vector<StatementSplit> splits_of(const Checked& checked) {
  std::vector<StatementSplit> out;
  for (const Finding& finding : checked.findings)
    if (finding.fix && finding.fix->statement)
      out.push_back({finding.rule, finding.fix->title, *finding.fix->statement, finding.fix->sql, true});
  return out;
}

Result<SplitMigration> split(const Checked& checked) {
  return split_migration(&checked.input, checked.migrations.found, checked.input.files.back().path,
                         splits_of(checked));
}

// Splits the last migration at its findings, writes all files, and returns the text of the new ones.
std::string split_and_write(const TempTree& tree, SplitMigration& out) {
  const Checked before = check(tree);
  EXPECT_FALSE(splits_of(before).empty());
  auto done = split(before);
  EXPECT_TRUE(done) << (done ? "" : done.error().line());
  if (!done) return {};
  out = std::move(*done);
  std::vector<files::NewFile> all = {out.file};
  std::string added;
  if (!out.later.empty()) {
    auto made = new_migration(&before.input, tree.path(), out.later, noon);
    EXPECT_TRUE(made) << (made ? "" : made.error().line());
    if (!made) return {};
    for (auto& file : made->files) {
      added += file.content;
      all.push_back(std::move(file));
    }
  }
  EXPECT_TRUE(files::write_files(all));
  for (const Finding& finding : check(tree).findings)
    ADD_FAILURE() << finding.rule << ": " << finding.message;
  return added;
}

const std::string goose = "-- +goose Up\n";
const std::string first_of_goose = goose +
                                   "CREATE TABLE users (id int PRIMARY KEY, email text);\n"
                                   "CREATE TABLE events (id int PRIMARY KEY, user_id int, kind text);\n";

TEST(SplitMigration, AForeignKeyIsValidatedInTheNextMigration) {
  const TempTree tree{
      {"m/00001_a.sql", first_of_goose},
      {"m/00002_b.sql",
       goose + "ALTER TABLE events ADD CONSTRAINT events_user FOREIGN KEY (user_id) REFERENCES users (id);\n"
               "-- +goose Down\nALTER TABLE events DROP CONSTRAINT events_user;\n"}};
  SplitMigration out;
  const std::string added = split_and_write(tree, out);
  EXPECT_TRUE(contains(out.file.content,
                       "ADD CONSTRAINT events_user FOREIGN KEY (user_id) REFERENCES public.users (id) NOT "
                       "VALID;\n-- +goose Down\nALTER TABLE events DROP"))
      << out.file.content;
  EXPECT_TRUE(out.file.content.starts_with(goose + "SET LOCAL lock_timeout = '2s';\n")) << out.file.content;
  EXPECT_TRUE(contains(added, "VALIDATE CONSTRAINT events_user;")) << added;
  ASSERT_FALSE(out.notes.empty());
  EXPECT_TRUE(contains(out.notes.back(), "55P03"));
}

TEST(SplitMigration, NotNullFollowsTheValidatedCheck) {
  const TempTree tree{{"m/00001_a.sql", first_of_goose},
                      {"m/00002_b.sql", goose + "ALTER TABLE events ALTER COLUMN kind SET NOT NULL;\n"}};
  SplitMigration out;
  const std::string added = split_and_write(tree, out);
  EXPECT_TRUE(contains(out.file.content, "CHECK (kind IS NOT NULL) NOT VALID;")) << out.file.content;
  EXPECT_FALSE(contains(out.file.content, "SET NOT NULL")) << out.file.content;
  EXPECT_LT(added.find("VALIDATE"), added.find("ALTER COLUMN kind SET NOT NULL")) << added;
  EXPECT_LT(added.find("SET LOCAL lock_timeout"), added.find("VALIDATE")) << added;
}

TEST(SplitMigration, AnIndexGetsAFileOfItsOwn) {
  const TempTree tree{
      {"m/1_a.up.sql",
       "CREATE TABLE users (id int PRIMARY KEY, email text);\nCREATE TABLE events (id int, kind text);\n"},
      {"m/2_b.up.sql",
       "ALTER TABLE users ADD COLUMN note text;\nCREATE INDEX events_kind ON events (kind);\n"},
      {"m/2_b.down.sql", "DROP INDEX events_kind;\n"}};
  SplitMigration out;
  const std::string added = split_and_write(tree, out);
  EXPECT_EQ(out.file.content,
            "ALTER TABLE users ADD COLUMN note text;\n"
            "-- In a later migration: CREATE INDEX events_kind ON events (kind)\n");
  EXPECT_TRUE(contains(added, "CREATE INDEX CONCURRENTLY IF NOT EXISTS events_kind")) << added;
  EXPECT_FALSE(contains(added, "DROP INDEX")) << "the first migration's down file drops it: " << added;
}

TEST(SplitMigration, AMigrationIsNeverLeftWithoutAStatement) {
  const TempTree tree{{"m/1_a.up.sql", "CREATE TABLE events (id int, kind text);\n"},
                      {"m/2_b.up.sql", "CREATE INDEX events_kind ON events (kind);\n"}};
  SplitMigration out;
  (void)split_and_write(tree, out);
  EXPECT_TRUE(out.file.content.ends_with("\nSELECT 1;\n")) << out.file.content;
}

TEST(SplitMigration, AUniqueConstraintUsesAnIndexThatWasBuiltBefore) {
  const TempTree tree{
      {"m/00001_a.sql", first_of_goose},
      {"m/00002_b.sql", goose + "ALTER TABLE events ADD COLUMN note text;\n"
                                "ALTER TABLE users ADD CONSTRAINT users_email UNIQUE (email);\n"}};
  SplitMigration out;
  const std::string added = split_and_write(tree, out);
  EXPECT_TRUE(contains(added, "+goose NO TRANSACTION")) << added;
  EXPECT_LT(added.find("CREATE UNIQUE INDEX CONCURRENTLY users_email"),
            added.find("USING INDEX users_email"));
}

TEST(SplitMigration, WorkMovesAwayFromTheLocksOfOtherTables) {
  const TempTree tree{{"m/00001_a.sql", first_of_goose},
                      {"m/00002_b.sql", goose + "ALTER TABLE users ADD COLUMN a int;\n"
                                                "UPDATE events SET kind = 'x' WHERE kind IS NULL;\n"}};
  SplitMigration out;
  const std::string added = split_and_write(tree, out);
  EXPECT_TRUE(contains(added, "UPDATE events SET kind = 'x' WHERE kind IS NULL;")) << added;
  EXPECT_TRUE(contains(out.file.content, "ALTER TABLE users ADD COLUMN a int;")) << out.file.content;
}

TEST(SplitMigration, OneTransactionForAllLeavesTheRestToBeRunByHand) {
  const TempTree tree{
      {"m/meta/_journal.json",
       R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7","when":1,"tag":"0000_a","breakpoints":true},{"idx":1,"version":"7","when":2,"tag":"0001_b","breakpoints":true}]})"},
      {"m/0000_a.sql",
       "CREATE TABLE users (id int PRIMARY KEY);--> statement-breakpoint\n"
       "CREATE TABLE events (id int, user_id int, kind text);"},
      {"m/0001_b.sql",
       "CREATE INDEX events_kind ON events (kind);--> statement-breakpoint\n"
       "ALTER TABLE events ADD CONSTRAINT events_user FOREIGN KEY (user_id) REFERENCES users "
       "(id);"}};
  SplitMigration out;
  (void)split_and_write(tree, out);
  EXPECT_TRUE(out.later.empty());
  EXPECT_TRUE(contains(out.file.content, "CREATE INDEX IF NOT EXISTS events_kind ON")) << out.file.content;
  EXPECT_TRUE(contains(out.file.content, "NOT VALID;")) << out.file.content;
  const std::string notes = join(out.notes, "\n");
  EXPECT_TRUE(contains(notes, "CREATE INDEX CONCURRENTLY IF NOT EXISTS events_kind")) << notes;
  EXPECT_TRUE(contains(notes, "VALIDATE CONSTRAINT events_user")) << notes;
}

TEST(SplitMigration, IsRefusedWhereALaterStatementNeedsTheChange) {
  for (const std::string needs :
       {"ALTER TABLE users ADD CONSTRAINT users_key UNIQUE USING INDEX users_email;",
        "CREATE TABLE logins (email text REFERENCES users (email));", "DROP TABLE users;"}) {
    const TempTree tree{
        {"m/00001_a.sql", first_of_goose},
        {"m/00002_b.sql", goose + "CREATE UNIQUE INDEX users_email ON users (email);\n" + needs + "\n"}};
    const Checked checked = check(tree);
    const auto one =
        std::find_if(checked.findings.begin(), checked.findings.end(),
                     [](const Finding& finding) { return finding.rule == "blocking-index-build"; });
    ASSERT_NE(one, checked.findings.end()) << needs;
    const auto done =
        split_migration(&checked.input, checked.migrations.found, checked.input.files.back().path,
                        {{one->rule, one->fix->title, *one->fix->statement, one->fix->sql, true}});
    ASSERT_FALSE(done) << needs << ": " << done->file.content;
    EXPECT_TRUE(contains(done.error().what, "needs what this statement does")) << done.error().what;
  }
}

// Statements that change no schema have no step, and neither have the bodies of functions.
TEST(SplitMigration, IsRefusedWhereALaterStatementNamesTheTable) {
  for (const std::string needs :
       {"INSERT INTO users (email) VALUES ('a') ON CONFLICT (email) DO NOTHING;",
        "-- +goose StatementBegin\nDO $$ BEGIN INSERT INTO users (email) VALUES ('a') ON CONFLICT (email) DO "
        "NOTHING; END $$;\n-- +goose StatementEnd"}) {
    const TempTree tree{
        {"m/00001_a.sql", first_of_goose},
        {"m/00002_b.sql", goose + "CREATE UNIQUE INDEX users_email ON users (email);\n" + needs + "\n"}};
    const auto done = split(check(tree));
    ASSERT_FALSE(done) << needs << ": " << done->file.content;
    EXPECT_TRUE(contains(done.error().what, "into a later migration")) << done.error().what;
  }
}

TEST(SplitMigration, IsRefusedWhereTheMigrationSetsWhatALaterOneLacks) {
  const TempTree tree{
      {"m/00001_a.sql", first_of_goose},
      {"m/00002_b.sql", goose + "SET ROLE app_owner;\nCREATE INDEX events_kind ON events (kind);\n"}};
  const auto done = split(check(tree));
  ASSERT_FALSE(done) << done->file.content;
  EXPECT_TRUE(contains(done.error().what, "sets role")) << done.error().what;
}

TEST(SplitMigration, TwoFindingsAboutAStatementSplitItOnce) {
  const TempTree tree{{"m/00001_a.sql", first_of_goose},
                      {"m/00002_b.sql", goose + "ALTER TABLE users ADD COLUMN a int;\n"
                                                "CREATE INDEX events_kind ON events (kind);\n"}};
  const Checked checked = check(tree);
  auto splits = splits_of(checked);
  ASSERT_EQ(splits.size(), 2U) << "blocking-index-build and lock-held-during-work";
  const auto done = split_migration(&checked.input, checked.migrations.found, checked.input.files.back().path,
                                    std::move(splits));
  ASSERT_TRUE(done) << done.error().what;
  ASSERT_EQ(done->later.size(), 1U);
  EXPECT_TRUE(contains(done->later[0].up, "CONCURRENTLY")) << done->later[0].up;
}

TEST(SplitMigration, IsRefusedForSeveralChangesInAStatement) {
  const TempTree tree{
      {"m/00001_a.sql", first_of_goose},
      {"m/00002_b.sql", goose + "ALTER TABLE events ADD COLUMN a int, ALTER COLUMN kind SET NOT NULL;\n"}};
  const Checked checked = check(tree);
  ASSERT_FALSE(splits_of(checked).empty());
  const auto done = split(checked);
  ASSERT_FALSE(done);
  EXPECT_TRUE(contains(done.error().what, "several changes")) << done.error().what;
}

}  // namespace
}  // namespace pgadvise::migrations
