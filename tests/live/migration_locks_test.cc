// The locks that the replay predicts for statements of migrations, against pg_locks of a server that runs
// them, and the predicted rewrites against relfilenode.
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "live/support.h"
#include "model/schema/lock.h"
#include "sql/replay/replay.h"

namespace pgadvise {
namespace {

const char* const schema = R"(
CREATE DOMAIN positive AS int;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE users (id int PRIMARY KEY, email varchar(50) UNIQUE, born timestamp, mood mood, score int,
  nick text, small numeric(10, 2), amount positive, filled int, CONSTRAINT filled_there CHECK (filled IS NOT NULL));
CREATE INDEX users_score ON users (score);
CREATE INDEX users_nick ON users (lower(nick));
CREATE TABLE orders (id int PRIMARY KEY, user_id int CONSTRAINT orders_user REFERENCES users, total int,
  CONSTRAINT total_there CHECK (total >= 0) NOT VALID);
CREATE TABLE items (id int, order_id int, label text);
ALTER TABLE items ADD CONSTRAINT items_order FOREIGN KEY (order_id) REFERENCES orders NOT VALID;
CREATE UNIQUE INDEX items_id ON items (id);
CREATE TABLE events (id int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_other PARTITION OF events DEFAULT;
CREATE TABLE loose (id int, at date NOT NULL);
CREATE TABLE base (id int, note text);
CREATE TABLE derived (more int) INHERITS (base);
CREATE UNLOGGED TABLE scratch (id int);
CREATE TABLE kin (id int, note text);
CREATE MATERIALIZED VIEW totals AS SELECT id, total FROM orders;
CREATE UNIQUE INDEX totals_id ON totals (id);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON users USING (true);
)";

// Each runs in a transaction that is rolled back.
const std::vector<std::string> statements = {
    "ALTER TABLE users ADD COLUMN a int",
    "ALTER TABLE users ADD COLUMN a int DEFAULT 3",
    "ALTER TABLE users ADD COLUMN a timestamptz DEFAULT now()",
    "ALTER TABLE users ADD COLUMN IF NOT EXISTS score int",
    "ALTER TABLE users ADD COLUMN a uuid DEFAULT gen_random_uuid()",
    "ALTER TABLE users ADD COLUMN a serial",
    "ALTER TABLE users ADD COLUMN a int GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE users ADD COLUMN a int GENERATED ALWAYS AS (score + 1) STORED",
    "ALTER TABLE users ADD COLUMN a int CHECK (a > 0)",
    "ALTER TABLE users ADD COLUMN a int UNIQUE",
    "ALTER TABLE items ADD COLUMN user_id int REFERENCES users",
    "ALTER TABLE items ADD COLUMN user_id int DEFAULT 1 REFERENCES users",
    "ALTER TABLE items ADD COLUMN a int, ADD COLUMN user_id int REFERENCES users (id)",
    "ALTER TABLE items ADD CONSTRAINT u FOREIGN KEY (id) REFERENCES users",
    "ALTER TABLE items ADD CONSTRAINT u FOREIGN KEY (id) REFERENCES users NOT VALID",
    "ALTER TABLE items ADD UNIQUE (label)",
    "ALTER TABLE items ADD PRIMARY KEY (id)",
    "ALTER TABLE items ADD CONSTRAINT items_key UNIQUE USING INDEX items_id",
    "ALTER TABLE items ADD CONSTRAINT items_key PRIMARY KEY USING INDEX items_id",
    "ALTER TABLE items ADD CONSTRAINT none EXCLUDE USING btree (id WITH =)",
    "ALTER TABLE users ADD CONSTRAINT c CHECK (score > 0)",
    "ALTER TABLE users ADD CONSTRAINT c CHECK (score > 0) NOT VALID",
    "ALTER TABLE orders VALIDATE CONSTRAINT total_there",
    "ALTER TABLE users ALTER COLUMN score SET NOT NULL",
    "ALTER TABLE users ALTER COLUMN filled SET NOT NULL",
    "ALTER TABLE users ALTER COLUMN score SET DEFAULT 3",
    "ALTER TABLE users ALTER COLUMN score DROP DEFAULT",
    "ALTER TABLE users ALTER COLUMN score DROP NOT NULL",
    "ALTER TABLE users ALTER COLUMN email TYPE varchar(80)",
    "ALTER TABLE users ALTER COLUMN email TYPE text",
    "ALTER TABLE users ALTER COLUMN email TYPE varchar(20)",
    "ALTER TABLE users ALTER COLUMN small TYPE numeric(12, 2)",
    "ALTER TABLE users ALTER COLUMN small TYPE numeric(12, 4)",
    "ALTER TABLE users ALTER COLUMN score TYPE bigint",
    "ALTER TABLE users ALTER COLUMN id TYPE bigint",
    "ALTER TABLE orders ALTER COLUMN user_id TYPE bigint",
    "ALTER TABLE users ALTER COLUMN mood TYPE text",
    "ALTER TABLE users ALTER COLUMN score TYPE text USING score::text",
    "ALTER TABLE users DROP COLUMN score",
    "ALTER TABLE orders DROP COLUMN user_id CASCADE",
    "ALTER TABLE orders DROP COLUMN id CASCADE",
    "ALTER TABLE orders DROP CONSTRAINT orders_user",
    "ALTER TABLE users DROP CONSTRAINT users_email_key",
    "ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE",
    "ALTER TABLE orders DROP CONSTRAINT total_there",
    "ALTER TABLE users RENAME TO people",
    "ALTER TABLE users RENAME COLUMN score TO points",
    "ALTER TABLE users RENAME CONSTRAINT users_email_key TO email_key",
    "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE users REPLICA IDENTITY FULL",
    "ALTER TABLE users SET (fillfactor = 90)",
    "ALTER TABLE loose SET UNLOGGED",
    "ALTER TABLE scratch SET LOGGED",
    "ALTER TABLE base ADD COLUMN a int",
    "ALTER TABLE base ALTER COLUMN note SET NOT NULL",
    "ALTER TABLE kin INHERIT base",
    "ALTER TABLE derived NO INHERIT base",
    "ALTER TABLE events ADD COLUMN a int",
    "ALTER TABLE events ATTACH PARTITION loose FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')",
    "ALTER TABLE events DETACH PARTITION events_1",
    "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
    "CREATE TABLE notes (id int, user_id int REFERENCES users)",
    "CREATE TABLE more () INHERITS (base)",
    "CREATE INDEX ON users (nick)",
    "CREATE INDEX ON events (id)",
    "CREATE INDEX ON ONLY events (id)",
    "CREATE POLICY other ON users USING (true)",
    "DROP POLICY own ON users",
    "CREATE TRIGGER again BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION touch()",
    "DROP TRIGGER touched ON users",
    "DROP INDEX users_score",
    "DROP TABLE items",
    "DROP TABLE orders CASCADE",
    "DROP TABLE events_1",
    "DROP TABLE events",
    "TRUNCATE items",
    "TRUNCATE users CASCADE",
    "COMMENT ON TABLE users IS 'x'",
    "COMMENT ON COLUMN users.score IS 'x'",
    "REINDEX TABLE users",
    "CLUSTER users USING users_score",
    "REFRESH MATERIALIZED VIEW totals",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY totals",
    "ALTER DOMAIN positive ADD CHECK (VALUE > 0)",
    "ALTER DOMAIN positive ADD CHECK (VALUE > 0) NOT VALID",
    "ALTER TYPE mood ADD VALUE 'glad'",
    "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE",
    "UPDATE users SET score = 1",
    "DELETE FROM items",
    "INSERT INTO items SELECT id FROM orders",
};

using Locks = std::map<std::string, LockMode>;

std::string shown(const Locks& locks) {
  std::string out;
  for (const auto& [table, mode] : locks) out += table + ": " + std::string(label(mode)) + "; ";
  return out;
}

// Locks that the model has: of tables and materialized views that were there, beyond those that only read.
Locks locks_on_server(live::Database& database) {
  Locks out;
  const auto rows = database.admin().query(
      "SELECT o.relname, l.mode FROM pg_locks l JOIN old o ON o.oid = l.relation WHERE l.pid = "
      "pg_backend_pid() AND l.locktype = 'relation' AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')");
  if (!rows) {
    ADD_FAILURE() << rows.error().line();
    return out;
  }
  for (const auto& row : *rows) {
    const LockMode mode = lock_mode(row[1].value_or("")).value();
    const auto there = out.emplace(row[0].value_or(""), mode).first;
    there->second = std::max(there->second, mode);
  }
  return out;
}

std::vector<TableLock> predicted(const std::string& statement) {
  sql::Replayer replayer;
  replayer.run(schema, "0.sql");
  Migration migration;
  migration.transaction = Migration::Transaction::file;
  replayer.run(statement, migration, false);
  return migration.steps.empty() ? std::vector<TableLock>{} : migration.steps.front().locks;
}

TEST(MigrationLocks, AreThoseOfAServer) {
  live::Database database;
  database.run(schema);
  database.run(
      "SET client_min_messages = warning; CREATE TABLE old AS SELECT oid, relname FROM pg_class WHERE "
      "relkind "
      "IN ('r', 'p', 'm') AND relnamespace = 'public'::regnamespace");
  const bool before_14 = std::stoi(database.value("SHOW server_version_num")) < 140000;
  for (const std::string& statement : statements) {
    Locks expected;
    for (const TableLock& lock : predicted(statement)) expected[lock.table.name] = lock.mode;
    if (before_14 && statement.find("DETACH PARTITION") != std::string::npos)
      expected["events_1"] = LockMode::share_update_exclusive;
    database.run("BEGIN");
    const auto done = database.admin().query(statement);
    EXPECT_TRUE(done) << statement << ": " << done.error().line();
    if (done) {
      EXPECT_EQ(shown(locks_on_server(database)), shown(expected)) << statement;
    }
    database.run("ROLLBACK");
  }
}

TEST(MigrationLocks, RewritesAreThoseOfAServer) {
  live::Database database;
  database.run(schema);
  database.run(
      "SET client_min_messages = warning; SET TimeZone = 'Europe/Berlin'; CREATE TABLE old AS SELECT "
      "oid, relname, relfilenode FROM pg_class WHERE relkind IN ('r', 'm')");
  for (const std::string& statement : statements) {
    if (statement.starts_with("TRUNCATE") || statement.starts_with("DROP")) continue;
    std::string expected;
    for (const TableLock& lock : predicted(statement))
      if (lock.work == TableLock::Work::rewrite) expected += lock.table.name + " ";
    database.run("BEGIN");
    if (database.admin().query(statement)) {
      const std::string seen = database.value(
          "SELECT coalesce(string_agg(o.relname || ' ', '' ORDER BY o.relname), '') FROM old o JOIN pg_class "
          "c USING (oid) WHERE c.relfilenode <> o.relfilenode");
      // The server fills a copy and takes over the rows that differ.
      if (statement.find("CONCURRENTLY totals") == std::string::npos) {
        EXPECT_EQ(seen, expected) << statement;
      }
    }
    database.run("ROLLBACK");
  }
}

}  // namespace
}  // namespace pgadvise
