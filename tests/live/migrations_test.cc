// What migration tools keep in a database is found by its shape, read in the catalog's transaction, and
// checked.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files/digest.h"
#include "live/support.h"
#include "pg/catalog/catalog_reader.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using nlohmann::json;
using testing_support::Folder;

const TrackingTable* table_of(const Catalog& catalog, const std::string& tool) {
  for (const auto& table : catalog.tracking)
    if (table.tool == tool) return &table;
  return nullptr;
}

TEST(Tracking, TablesAreFoundByTheirShapeUnderAnyName) {
  live::Database database;
  database.run(R"(
    CREATE SCHEMA "Own";
    CREATE TABLE "Own"."Runs of migrations" (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
    INSERT INTO "Own"."Runs of migrations" (hash, created_at) VALUES ('b', 2), ('a', 1), ('c', NULL);
    CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
      logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0);
    INSERT INTO _prisma_migrations VALUES ('1', 'x', now(), '2024_a'), ('2', 'y', NULL, '2024_b');
    CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL,
      script varchar(1000) NOT NULL, checksum int, installed_by varchar(100), installed_on timestamp DEFAULT now(), execution_time int, success boolean NOT NULL);
    INSERT INTO flyway_schema_history VALUES (1, '1.2', 'a', 'SQL', 'V1.2__a.sql', -5, 'u', now(), 1, true), (2, NULL, 'the views', 'SQL', 'R__the_views.sql', 7, 'u', now(), 1, true);
    CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT now());
    INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true);
    CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
    INSERT INTO schema_migrations VALUES (7, true);
  )");
  Diagnostics diagnostics;
  const auto catalog = pg::read_catalog(database.admin(), diagnostics);
  ASSERT_TRUE(catalog);
  for (const auto& diagnostic : diagnostics) ADD_FAILURE() << diagnostic.line();
  const auto* drizzle = table_of(*catalog, "drizzle");
  ASSERT_TRUE(drizzle);
  EXPECT_EQ(drizzle->name, "Runs of migrations");
  ASSERT_EQ(drizzle->rows.size(), 3u);
  EXPECT_EQ(drizzle->rows[0].checksum, "a");
  EXPECT_EQ(drizzle->rows[1].when, 2);
  const auto* prisma = table_of(*catalog, "prisma");
  ASSERT_TRUE(prisma && prisma->rows.size() == 2);
  EXPECT_FALSE(prisma->rows[0].failed);
  EXPECT_TRUE(prisma->rows[1].failed);
  const auto* flyway = table_of(*catalog, "flyway");
  ASSERT_TRUE(flyway && flyway->rows.size() == 2);
  EXPECT_EQ(flyway->rows[0].checksum, "-5");
  EXPECT_EQ(flyway->rows[1].migration, "the_views");
  ASSERT_TRUE(table_of(*catalog, "goose"));
  const auto* golang = table_of(*catalog, "golang-migrate");
  ASSERT_TRUE(golang && golang->rows.size() == 1);
  EXPECT_TRUE(golang->rows[0].failed);
}

TEST(Tracking, NothingOfSomebodysRunsWhileReading) {
  live::Database database;
  database.run(R"(
    CREATE SCHEMA drizzle; CREATE SCHEMA other;
    CREATE FUNCTION loud() RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''ran''; END';
    CREATE VIEW drizzle.__drizzle_migrations AS SELECT 1 AS id, loud() AS hash, 1::bigint AS created_at;
    CREATE TABLE other.__drizzle_migrations (id int, hash text, created_at bigint);
    INSERT INTO other.__drizzle_migrations VALUES (1, 'a', 1);
    CREATE FUNCTION seen() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''ran''; END';
    ALTER TABLE other.__drizzle_migrations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY p ON other.__drizzle_migrations USING (seen());
  )");
  Diagnostics diagnostics;
  const auto catalog = pg::read_catalog(database.admin(), diagnostics);
  ASSERT_TRUE(catalog);
  EXPECT_TRUE(catalog->tracking.empty());
  for (const auto& diagnostic : diagnostics) ADD_FAILURE() << diagnostic.line();
}

// A drizzle project against its database: one migration ran as it is, one was edited, one was skipped, and
// somebody made an index by hand.
TEST(Tracking, DecidesWhatTheRulesSuspect) {
  const Folder folder;
  const std::string first = "CREATE TABLE a (id integer PRIMARY KEY, b integer);";
  folder.write("drizzle/0000_a.sql", first);
  folder.write("drizzle/0001_b.sql", "CREATE TABLE b (id integer PRIMARY KEY);");
  folder.write("drizzle/0002_c.sql", "CREATE TABLE c (id integer PRIMARY KEY);");
  folder.write("drizzle/0003_d.sql", "CREATE TABLE d (id integer PRIMARY KEY);");
  folder.write(
      "drizzle/meta/_journal.json",
      R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"when":100,"tag":"0000_a"},{"idx":1,"when":300,"tag":"0001_b"},
    {"idx":2,"when":200,"tag":"0002_c"},{"idx":3,"when":400,"tag":"0003_d"}]})");
  live::Database database;
  database.run(
      "CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text "
      "NOT NULL, created_at bigint);" +
      first +
      "CREATE TABLE b (id integer PRIMARY KEY); CREATE INDEX by_hand ON a (b);"
      "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('" +
      sha256_hex(first) + "', 100), ('other', 300);");
  const auto ran = testing_support::run(
      "check . --db '" + database.conninfo() + "' --format json --fail-on never", folder.path());
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  std::string seen;
  const json report = json::parse(ran.out);
  for (const auto& finding : report["findings"]) {
    const std::string rule = finding["rule"];
    if (rule == "edited-migration" || rule == "skipped-migration" || rule == "schema-drift")
      seen += rule + " " + finding["verdict"].get<std::string>() + " " +
              finding["subject"].value("entry", "") + " " + finding["subject"].value("index", "") + "\n";
  }
  EXPECT_EQ(seen,
            "edited-migration confirmed 0001_b \nskipped-migration confirmed 0002_c \nschema-drift confirmed "
            "database by_hand\n")
      << ran.err;
}

}  // namespace
}  // namespace pgadvise
