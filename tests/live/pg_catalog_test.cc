#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "live/support.h"
#include "pg/catalog/catalog_reader.h"
#include "pg/sandbox/sandbox.h"

namespace pgadvise {
namespace {

Catalog read(pg::Connection& connection, Diagnostics& diagnostics) {
  auto catalog = pg::read_catalog(connection, diagnostics);
  EXPECT_TRUE(catalog) << catalog.error().line();
  return catalog ? std::move(*catalog) : Catalog{};
}

Catalog read(pg::Connection& connection) {
  Diagnostics diagnostics;
  auto catalog = read(connection, diagnostics);
  for (const auto& each : diagnostics) ADD_FAILURE() << each.line();
  return catalog;
}

const Constraint* constraint(const Table& table, const std::string& name) {
  for (const auto& each : table.constraints)
    if (each.name == name) return &each;
  return nullptr;
}

TEST(PgCatalog, ReadsWhatSchemaAndServerRulesJudgeBy) {
  live::Database database;
  database.run(R"(
    CREATE TABLE parents (id serial PRIMARY KEY, tenant integer, UNIQUE (tenant, id));
    CREATE TABLE notes (id integer, "userId" integer, tenant integer,
      FOREIGN KEY (tenant, "userId") REFERENCES parents (tenant, id) ON DELETE SET NULL ("userId"));
    CREATE UNIQUE INDEX notes_id ON notes (id);
    ALTER TABLE notes ALTER COLUMN id SET NOT NULL;
    ALTER TABLE notes REPLICA IDENTITY USING INDEX notes_id;
    ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON notes FOR SELECT USING ("userId" = current_setting('app.user')::integer);
    CREATE POLICY added ON notes AS RESTRICTIVE FOR INSERT WITH CHECK (id > 0);
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER touched BEFORE INSERT OR UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE TRIGGER told AFTER UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE TRIGGER idle BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch();
    ALTER TABLE notes DISABLE TRIGGER idle;
    CREATE TABLE base (id integer, CONSTRAINT positive CHECK (id > 0));
    CREATE TABLE child (CONSTRAINT positive CHECK (id > 0)) INHERITS (base);
    INSERT INTO parents (tenant) SELECT 1 FROM generate_series(1, 7);
    INSERT INTO base SELECT 1 FROM generate_series(1, 20);
    ANALYZE;
  )");
  const auto catalog = read(database.admin());
  const Table& notes = *catalog.table({"public", "notes"});
  EXPECT_EQ(notes.update_triggers, std::vector<std::string>{"touched"});
  ASSERT_EQ(notes.policies.size(), 2u);
  EXPECT_EQ(notes.policies[0].name, "added");
  EXPECT_EQ(notes.policies[0].command, "INSERT");
  EXPECT_FALSE(notes.policies[0].permissive);
  EXPECT_EQ(notes.policies[0].check_expression, "(id > 0)");
  EXPECT_EQ(notes.policies[1].command, "SELECT");
  EXPECT_NE(notes.policies[1].using_expression.find("\"userId\" = "), std::string::npos);
  EXPECT_TRUE(notes.index("notes_id")->replica_identity);
  EXPECT_FALSE(notes.index("notes_id")->building);
  if (catalog.server_version >= 150000) {
    EXPECT_EQ(notes.constraints.back().on_delete_columns, std::vector<std::string>{"userId"});
  }
  // Declared again in the child, and inherited all the same.
  EXPECT_FALSE(constraint(*catalog.table({"public", "base"}), "positive")->inherited);
  EXPECT_TRUE(constraint(*catalog.table({"public", "child"}), "positive")->inherited);
  const Sequence& sequence = catalog.sequences.at({"public", "parents_id_seq"});
  EXPECT_EQ(sequence.last_value, 7);
  EXPECT_EQ(sequence.maximum, 2147483647);
  EXPECT_EQ(catalog.settings.at("statement_timeout"), "0");
  EXPECT_EQ(catalog.settings.at("autovacuum_freeze_max_age"), "200000000");
  ASSERT_TRUE(catalog.statistics_days);
  EXPECT_LT(*catalog.statistics_days, 1);
  EXPECT_DOUBLE_EQ(catalog.table({"public", "base"})->column("id")->statistics->most_common_freq, 1);
  EXPECT_GT(catalog.table({"public", "base"})->statistics->relfrozenxid_age, 0);
}

// On a server of its own: each reader of the server's settings sees what a role has.
TEST(PgCatalog, ATimeoutThatARoleHasIsNotAbsent) {
  auto sandbox = pg::Sandbox::start();
  ASSERT_TRUE(sandbox) << sandbox.error().line();
  EXPECT_EQ(read(sandbox->admin()).settings.at("idle_in_transaction_session_timeout"), "0");
  ASSERT_TRUE(sandbox->admin().query("ALTER ROLE pgadvise SET idle_in_transaction_session_timeout = '9s'"));
  EXPECT_EQ(read(sandbox->admin()).settings.at("idle_in_transaction_session_timeout"), "set by role");
}

TEST(PgCatalog, ReadsWhoIsConnected) {
  live::Database database;
  auto other = database.connect();
  for (const char* statement : {"SET application_name = 'web'", "BEGIN", "SELECT 'a secret'"})
    ASSERT_TRUE(other.query(statement)) << statement;
  const auto web = [](const Catalog& catalog) {
    const auto found = std::find_if(catalog.sessions.begin(), catalog.sessions.end(),
                                    [](const Session& session) { return session.application == "web"; });
    return found == catalog.sessions.end() ? Session{} : *found;
  };
  const auto catalog = read(database.admin());
  const Session session = web(catalog);
  EXPECT_GT(session.pid, 0);
  EXPECT_EQ(session.database, catalog.database);
  EXPECT_EQ(session.state, "idle in transaction");
  ASSERT_TRUE(session.transaction_seconds && session.state_seconds);
  EXPECT_GE(*session.transaction_seconds, *session.state_seconds);
  EXPECT_TRUE(catalog.settings.count("superuser_reserved_connections"));

  auto reader = database.connect("pgadvise");
  Diagnostics diagnostics;
  const Session hidden = web(read(reader, diagnostics));
  EXPECT_EQ(hidden.pid, session.pid);
  EXPECT_EQ(hidden.state, "");
  EXPECT_FALSE(hidden.transaction_seconds);
  EXPECT_TRUE(std::any_of(diagnostics.begin(), diagnostics.end(), [](const Error& each) {
    return each.what.find("this role can't see the activity of") != std::string::npos;
  }));
}

TEST(PgCatalog, ReadsWhoWaitsForALock) {
  live::Database database;
  database.run("CREATE TABLE accounts (id bigint)");
  auto holder = database.connect();
  for (const char* statement :
       {"SET application_name = 'holder'", "BEGIN", "LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE"})
    ASSERT_TRUE(holder.query(statement)) << statement;
  auto waiting = database.connect();
  ASSERT_TRUE(waiting.query("SET application_name = 'waiting'"));
  const std::jthread wait([&] { (void)waiting.query("INSERT INTO accounts VALUES (4711)"); });
  const auto named = [](const Catalog& catalog, const std::string& application) {
    const auto found =
        std::find_if(catalog.sessions.begin(), catalog.sessions.end(), [&](const Session& session) {
          return session.database == catalog.database && session.application == application;
        });
    return found == catalog.sessions.end() ? Session{} : *found;
  };
  Session session;
  Catalog catalog;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(50);
  while (!(session.blocked_by && session.wait_event_type == "Lock") &&
         std::chrono::steady_clock::now() < until) {
    catalog = read(database.admin());
    session = named(catalog, "waiting");
  }
  EXPECT_TRUE(holder.query("ROLLBACK"));
  EXPECT_EQ(session.wait_event_type, "Lock");
  ASSERT_TRUE(session.blocked_by && session.lock_wait_seconds);
  EXPECT_EQ(*session.blocked_by, named(catalog, "holder").pid);
  EXPECT_FALSE(named(catalog, "holder").blocked_by);
}

TEST(PgCatalog, ReadsTablesAndColumns) {
  live::Database database;
  database.run(R"(
    CREATE SCHEMA "App Data";
    CREATE TYPE "App Data"."State" AS ENUM ('new', 'sent', 'done');
    ALTER TYPE "App Data"."State" ADD VALUE 'paid' BEFORE 'sent';
    CREATE TYPE mood AS ENUM ('sad');
    CREATE TABLE "App Data"."Order" (
      id bigserial PRIMARY KEY,
      code varchar(10) COLLATE "C" NOT NULL DEFAULT 'x',
      "State" "App Data"."State" DEFAULT 'new',
      moods mood[],
      at timestamptz(3) DEFAULT now(),
      ident integer GENERATED ALWAYS AS IDENTITY,
      twice integer GENERATED ALWAYS AS (1 + 1) STORED,
      gone integer, price numeric(10,2));
    ALTER TABLE "App Data"."Order" DROP COLUMN gone;
    COMMENT ON TABLE "App Data"."Order" IS 'orders';
    COMMENT ON COLUMN "App Data"."Order".price IS 'in cents, {"json": 1}';
    CREATE UNLOGGED TABLE fast (id integer);
    ALTER TABLE fast ENABLE ROW LEVEL SECURITY;
    CREATE TEMP TABLE mine (id integer);
    CREATE VIEW seen AS SELECT id, code FROM "App Data"."Order";
    CREATE MATERIALIZED VIEW kept AS SELECT 1 AS one;
    CREATE FUNCTION plus_one(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1 + 1';
    CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION pg_stat_statements;
    CREATE SEQUENCE lonely AS smallint;
  )");
  const auto catalog = read(database.admin());
  EXPECT_GE(catalog.server_version, 120000);
  EXPECT_EQ((std::vector<std::string>{"App Data", "public"}), catalog.schemas);
  EXPECT_EQ((std::vector<std::string>{"citext", "hstore", "pg_stat_statements"}), catalog.extensions);
  EXPECT_EQ((std::vector<std::string>{"public.plus_one"}), catalog.user_functions);
  ASSERT_EQ(4u, catalog.tables.size());  // neither the temporary table nor what extensions brought
  const auto* order = catalog.table({"App Data", "Order"});
  ASSERT_TRUE(order);
  std::vector<std::string> columns;
  for (const auto& column : order->columns) columns.push_back(column.name + " " + column.type);
  EXPECT_EQ((std::vector<std::string>{
                "id bigint", "code character varying(10)", "State \"App Data\".\"State\"", "moods mood[]",
                "at timestamp(3) with time zone", "ident integer", "twice integer", "price numeric(10,2)"}),
            columns);
  EXPECT_EQ("nextval('\"App Data\".\"Order_id_seq\"'::regclass)", order->column("id")->default_expression);
  EXPECT_TRUE(order->column("id")->not_null);
  EXPECT_EQ("C", order->column("code")->collation);
  EXPECT_EQ("", order->column("State")->collation);
  EXPECT_EQ("now()", order->column("at")->default_expression);
  EXPECT_EQ(Column::Identity::always, order->column("ident")->identity);
  EXPECT_FALSE(order->column("ident")->default_expression);
  EXPECT_EQ("(1 + 1)", order->column("twice")->generated_expression);
  EXPECT_FALSE(order->column("twice")->default_expression);
  EXPECT_EQ("orders", order->comment);
  EXPECT_EQ("in cents, {\"json\": 1}", order->column("price")->comment);
  EXPECT_TRUE(catalog.table({"public", "fast"})->unlogged);
  EXPECT_TRUE(catalog.table({"public", "fast"})->row_security);
  EXPECT_EQ(Table::Kind::view, catalog.table({"public", "seen"})->kind);
  EXPECT_NE(std::string::npos,
            catalog.table({"public", "seen"})->definition.find("FROM \"App Data\".\"Order\""));
  EXPECT_EQ(Table::Kind::materialized_view, catalog.table({"public", "kept"})->kind);
  const auto& state = catalog.enums.at({"App Data", "State"});
  EXPECT_EQ((std::vector<std::string>{"new", "paid", "sent", "done"}), state.labels);
  const auto& sequence = catalog.sequences.at({"App Data", "Order_id_seq"});
  EXPECT_EQ((QualifiedName{"App Data", "Order"}), sequence.owner_table);
  EXPECT_EQ("id", sequence.owner_column);
  EXPECT_EQ("smallint", catalog.sequences.at({"public", "lonely"}).type);
  EXPECT_FALSE(catalog.sequences.at({"public", "lonely"}).owner_table);
}

TEST(PgCatalog, ReadsIndexes) {
  live::Database database;
  database.run(R"(
    CREATE TABLE t (a integer, b text, c text, d integer, "E" integer, UNIQUE NULLS NOT DISTINCT (d));
    CREATE INDEX i1 ON t (a DESC, b NULLS FIRST, d DESC NULLS LAST) INCLUDE (c);
    CREATE INDEX i2 ON t (lower(b), (a + d)) WHERE c = 'x';
    CREATE INDEX i3 ON t (b text_pattern_ops, c COLLATE "C");
    CREATE INDEX i4 ON t USING hash (a);
    CREATE UNIQUE INDEX i5 ON t (a) WHERE a IS NOT NULL;
    CREATE INDEX i6 ON t (a) WHERE a IS NOT NULL AND "E" IS NOT NULL;
    CREATE INDEX i7 ON t (a) WHERE a IS NOT NULL OR d IS NOT NULL;
    CREATE INDEX i8 ON t (a) WHERE a + d IS NOT NULL;
    CREATE INDEX i9 ON t USING gin (to_tsvector('english', b));
    UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i4'::regclass;
  )");
  const auto catalog = read(database.admin());
  const auto* t = catalog.table({"public", "t"});
  ASSERT_TRUE(t);
  const auto* i1 = t->index("i1");
  ASSERT_TRUE(i1 && i1->keys.size() == 3);
  EXPECT_TRUE(i1->keys[0].descending && i1->keys[0].nulls_first);
  EXPECT_TRUE(!i1->keys[1].descending && i1->keys[1].nulls_first);
  EXPECT_TRUE(i1->keys[2].descending && !i1->keys[2].nulls_first);
  EXPECT_EQ("", i1->keys[0].operator_class + i1->keys[1].operator_class + i1->keys[1].collation);
  EXPECT_EQ((std::vector<std::string>{"c"}), i1->include);
  const auto* i2 = t->index("i2");
  EXPECT_EQ("lower(b)", i2->keys[0].expression);
  EXPECT_EQ("", i2->keys[0].column + i2->keys[0].collation);
  EXPECT_EQ("(a + d)", i2->keys[1].expression);
  EXPECT_EQ("(c = 'x'::text)", i2->predicate);
  EXPECT_TRUE(i2->predicate_not_null.empty());
  EXPECT_EQ("text_pattern_ops", t->index("i3")->keys[0].operator_class);
  EXPECT_EQ("C", t->index("i3")->keys[1].collation);
  EXPECT_EQ("hash", t->index("i4")->method);
  EXPECT_FALSE(t->index("i4")->valid);
  EXPECT_TRUE(t->index("i5")->unique && t->index("i5")->valid);
  EXPECT_EQ((std::vector<std::string>{"a"}), t->index("i5")->predicate_not_null);
  EXPECT_EQ((std::vector<std::string>{"a", "E"}), t->index("i6")->predicate_not_null);
  EXPECT_TRUE(t->index("i7")->predicate_not_null.empty());
  EXPECT_TRUE(t->index("i8")->predicate_not_null.empty());
  EXPECT_EQ("to_tsvector('english'::regconfig, b)", t->index("i9")->keys[0].expression);
  EXPECT_TRUE(t->index("t_d_key")->constraint && t->index("t_d_key")->nulls_not_distinct);
  EXPECT_TRUE(constraint(*t, "t_d_key")->nulls_not_distinct);
}

TEST(PgCatalog, ReadsConstraintsAndPartitions) {
  live::Database database;
  database.run(R"(
    CREATE TABLE parent (x integer, y integer, PRIMARY KEY (y, x), CHECK (x > 0));
    CREATE TABLE child (id integer, a integer, b integer,
      CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES parent (y, x) MATCH FULL ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
      CONSTRAINT ex EXCLUDE USING gist (box(point(a, b), point(a, b)) WITH &&)) WITH (fillfactor = 70);
    ALTER TABLE child ADD CONSTRAINT later CHECK (a <> 7) NOT VALID;
    CREATE TABLE events (id bigint, at date, parent_x integer, parent_y integer,
      FOREIGN KEY (parent_y, parent_x) REFERENCES parent) PARTITION BY RANGE (at);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (id);
    CREATE TABLE events_1a PARTITION OF events_1 FOR VALUES IN (1);
    CREATE TABLE events_2 PARTITION OF events DEFAULT;
    CREATE INDEX everywhere ON events (id);
    CREATE INDEX nowhere ON ONLY events (parent_y);
    INSERT INTO events SELECT 1, '2024-02-02' FROM generate_series(1, 1000);
    INSERT INTO events SELECT 2, '2030-02-02' FROM generate_series(1, 500);
    CREATE TABLE base (id integer); CREATE TABLE derived () INHERITS (base);
    ANALYZE;
  )");
  const auto catalog = read(database.admin());
  const auto* child = catalog.table({"public", "child"});
  const auto* fk = constraint(*child, "fk");
  ASSERT_TRUE(fk);
  EXPECT_EQ((std::vector<std::string>{"a", "b"}), fk->columns);
  EXPECT_EQ((std::vector<std::string>{"y", "x"}), fk->referenced_columns);
  EXPECT_EQ((QualifiedName{"public", "parent"}), fk->referenced_table);
  EXPECT_EQ("SET NULL CASCADE", fk->on_delete + " " + fk->on_update);
  EXPECT_TRUE(fk->deferrable && fk->initially_deferred && fk->match_full && fk->validated && !fk->inherited);
  EXPECT_EQ(70, child->fillfactor);
  EXPECT_FALSE(constraint(*child, "later")->validated);
  EXPECT_EQ("(a <> 7)", constraint(*child, "later")->expression);
  EXPECT_EQ(0u, constraint(*child, "ex")->expression.find("USING gist"));
  EXPECT_TRUE(child->index("ex")->constraint);
  const auto* events = catalog.table({"public", "events"});
  EXPECT_EQ(Table::Kind::partitioned, events->kind);
  EXPECT_EQ("RANGE (at)", events->partition_key);
  EXPECT_EQ(1500, events->statistics->rows);
  EXPECT_GT(events->statistics->pages, 0);
  EXPECT_GE(events->statistics->bytes, events->statistics->pages * 8192);
  EXPECT_TRUE(events->column("id")->statistics);
  EXPECT_TRUE(events->index("everywhere")->valid);
  EXPECT_FALSE(events->index("nowhere")->valid);
  EXPECT_FALSE(events->constraints.front().inherited);
  const auto* leaf = catalog.table({"public", "events_1a"});
  EXPECT_EQ((QualifiedName{"public", "events_1"}), leaf->partition_of);
  EXPECT_EQ("FOR VALUES IN ('1')", leaf->partition_bound);
  EXPECT_TRUE(leaf->constraints.front().inherited);
  EXPECT_TRUE(leaf->inherits.empty());
  EXPECT_EQ(1000, leaf->statistics->rows);
  EXPECT_EQ("DEFAULT", catalog.table({"public", "events_2"})->partition_bound);
  EXPECT_EQ((std::vector<QualifiedName>{{"public", "base"}}), catalog.table({"public", "derived"})->inherits);
}

TEST(PgCatalog, QueriesDoNotGrowWithTables) {
  live::Database database;
  database.run("CREATE EXTENSION pg_stat_statements");
  const auto calls = [&] {
    auto reader = database.connect();
    EXPECT_TRUE(reader.query("SET log_statement_stats = off"));
    long count = 0;
    // Every statement starts with a parse message; the server counts none of them without a preloaded
    // library, so the round trips are counted by the notices that each statement is made to give.
    reader.on_notice([&](std::string_view text) { count += text.substr(0, 17) == "PARSER STATISTICS"; });
    EXPECT_TRUE(reader.query("SET log_parser_stats = on"));
    EXPECT_TRUE(reader.query("SET client_min_messages = log"));
    count = 0;
    read(reader);
    return count;
  };
  const auto few = calls();
  std::string script;
  for (int n = 0; n < 60; ++n)
    script += fmt::format("CREATE TABLE t{} (id serial PRIMARY KEY, a integer REFERENCES t{} CHECK (a > 0));",
                          n, n ? n - 1 : 0);
  database.run(script);
  EXPECT_EQ(few, calls());
  EXPECT_GT(few, 5);
  EXPECT_LT(few, 40);
}

TEST(PgCatalog, GoesOnWithoutPermissionAndAroundLocks) {
  live::Database database;
  database.run(R"(
    CREATE SCHEMA secret; CREATE TABLE secret.t (id integer DEFAULT 7 CHECK (id > 0), b text);
    CREATE VIEW secret.v AS SELECT id FROM secret.t;
    INSERT INTO secret.t SELECT 1, 'x' FROM generate_series(1, 100); ANALYZE;
  )");
  auto plain = database.connect(database.create_role("nobody_special"));
  Diagnostics diagnostics;
  auto catalog = read(plain, diagnostics);
  ASSERT_EQ(1u, diagnostics.size());
  EXPECT_NE(std::string::npos, diagnostics[0].what.find("secret.t"));
  ASSERT_TRUE(catalog.table({"secret", "t"}));
  EXPECT_EQ(100, catalog.table({"secret", "t"})->statistics->rows);
  EXPECT_FALSE(catalog.table({"secret", "t"})->column("id")->statistics);
  auto locker = database.connect();
  ASSERT_TRUE(locker.query("BEGIN"));
  ASSERT_TRUE(locker.query("LOCK TABLE secret.t IN ACCESS EXCLUSIVE MODE"));
  diagnostics.clear();
  catalog = read(database.admin(), diagnostics);
  ASSERT_EQ(1u, diagnostics.size()) << diagnostics[0].line() << "\n" << diagnostics.back().line();
  EXPECT_NE(std::string::npos, diagnostics[0].what.find("secret.t: locked"));
  EXPECT_EQ("", catalog.table({"secret", "v"})->definition);
  ASSERT_TRUE(catalog.table({"secret", "t"}));
  EXPECT_EQ(100, catalog.table({"secret", "t"})->statistics->rows);
  EXPECT_EQ(2u, catalog.table({"secret", "t"})->columns.size());
  EXPECT_FALSE(database.admin().in_transaction());
}

// Databases that were created from one template have relations of the same OIDs.
TEST(PgCatalog, ALockInAnotherDatabaseIsNone) {
  const std::string script = "CREATE TABLE t (id integer DEFAULT 7)";
  live::Database database(script);
  live::Database locked(script);
  ASSERT_EQ(database.value("SELECT 't'::regclass::oid"), locked.value("SELECT 't'::regclass::oid"));
  ASSERT_TRUE(locked.admin().query("BEGIN"));
  ASSERT_TRUE(locked.admin().query("LOCK TABLE t IN ACCESS EXCLUSIVE MODE"));
  Diagnostics diagnostics;
  const auto catalog = read(database.admin(), diagnostics);
  EXPECT_TRUE(diagnostics.empty()) << diagnostics[0].line();
  EXPECT_EQ("7", catalog.table({"public", "t"})->column("id")->default_expression);
}

}  // namespace
}  // namespace pgadvise
