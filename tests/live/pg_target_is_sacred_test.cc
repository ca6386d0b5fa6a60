// "Nothing is ever written to the target": a hostile database, every statement that could change it, and a
// comparison of all that could have changed.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "live/support.h"
#include "pg/catalog/catalog_reader.h"
#include "pg/plans/plan_source.h"

namespace pgadvise {
namespace {

constexpr const char* hostile = R"(
CREATE TABLE touched (what text);
CREATE TABLE t (id integer PRIMARY KEY, n text, v numeric);
INSERT INTO t SELECT i, 'n' || i, i FROM generate_series(1, 1000) i;
CREATE TABLE victim (id integer); INSERT INTO victim VALUES (1);
CREATE SEQUENCE seq;

-- Each does all that it can; what a READ ONLY transaction refuses is caught, what it does not refuse stays.
CREATE FUNCTION harm(what text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
  PERFORM pg_advisory_lock(hashtext(what));
  BEGIN INSERT INTO public.touched VALUES (what); EXCEPTION WHEN OTHERS THEN NULL; END;
  BEGIN PERFORM lo_create(0); EXCEPTION WHEN OTHERS THEN NULL; END;
  BEGIN PERFORM dblink_exec(format('dbname=%s user=pgadvise_admin host=%s', current_database(),
    current_setting('unix_socket_directories')), format('INSERT INTO public.touched VALUES (%L)', what));
    EXCEPTION WHEN OTHERS THEN NULL; END;
  RETURN true; END $$;
CREATE EXTENSION IF NOT EXISTS dblink;
CREATE FUNCTION harm_immutable(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM public.harm('immutable'); RETURN $1; END $$;
CREATE FUNCTION harm_stable() RETURNS integer LANGUAGE plpgsql STABLE AS
  $$ BEGIN PERFORM public.harm('stable'); RETURN 1; END $$;
CREATE FUNCTION harm_sql(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS
  $$ SELECT CASE WHEN public.harm('sql') THEN $1 ELSE 0 END $$;
CREATE FUNCTION harm_eq(integer, integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM public.harm('operator'); RETURN $1 = $2; END $$;
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = harm_eq);
CREATE FUNCTION harm_ne(integer, integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM public.harm('negator'); RETURN $1 <> $2; END $$;
CREATE OPERATOR ==== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, NEGATOR = !====);
CREATE OPERATOR !==== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = harm_ne, NEGATOR = ====);
CREATE OPERATOR ~=~ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4ne, NEGATOR = ~==~, RESTRICT = neqsel);
CREATE OPERATOR ~==~ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = harm_eq, NEGATOR = ~=~, RESTRICT = eqsel);
CREATE FUNCTION harm_commuted(integer, bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM public.harm('commutator'); RETURN $1 = $2; END $$;
CREATE OPERATOR =|= (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = int84eq, COMMUTATOR = =|=);
CREATE OPERATOR =|= (LEFTARG = integer, RIGHTARG = bigint, FUNCTION = harm_commuted, COMMUTATOR = =|=);
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE FUNCTION harm_json(mood) RETURNS json LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM public.harm('json cast'); RETURN '1'; END $$;
CREATE CAST (mood AS json) WITH FUNCTION harm_json(mood);
CREATE TABLE moods (m mood, list mood[]); INSERT INTO moods VALUES ('ok', '{sad}');
CREATE OPERATOR !!! (RIGHTARG = double precision, FUNCTION = pg_sleep);
CREATE TYPE pair AS (a integer, b integer);
CREATE FUNCTION harm_cast(pair) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM public.harm('cast'); RETURN $1.a; END $$;
CREATE CAST (pair AS integer) WITH FUNCTION harm_cast(pair);
CREATE VIEW v AS SELECT id, harm('view') FROM t;
CREATE VIEW vv AS SELECT id FROM v WHERE id < 5;
CREATE TABLE guarded (id integer); INSERT INTO guarded VALUES (1);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON guarded USING (harm('policy'));
CREATE FUNCTION harm_check(integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM public.harm('check'); RETURN true; END $$;
CREATE DOMAIN checked AS integer CHECK (harm_check(VALUE));
CREATE TYPE holder AS (c checked);
CREATE TABLE holds (h holder, list checked[]);
CREATE FUNCTION takes(checked[]) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE TABLE indexed (id integer, n integer);
INSERT INTO indexed SELECT i, i FROM generate_series(1, 100) i;
CREATE INDEX ON indexed ((n + harm_immutable(0)));
CREATE TABLE partial (id integer); CREATE INDEX ON partial (id) WHERE id > harm_immutable(3);
CREATE TABLE checks (id integer CHECK (id > harm_immutable(0)));
CREATE TABLE stats (a integer, b integer); CREATE STATISTICS st ON (a + harm_immutable(1)), b FROM stats;
CREATE TABLE parted (id integer) PARTITION BY LIST (harm_immutable(id));
CREATE TABLE plain_parent (id integer); CREATE TABLE bad_child (CHECK (id > harm_immutable(0))) INHERITS (plain_parent);
CREATE AGGREGATE harm_sum(integer) (SFUNC = harm_add, STYPE = integer);
)";

constexpr const char* before_hostile = R"(
CREATE FUNCTION harm_add(integer, integer) RETURNS integer LANGUAGE plpgsql AS
  $$ BEGIN PERFORM public.harm('aggregate'); RETURN $2; END $$;
CREATE FUNCTION harm_cmp(integer, integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM public.harm('opclass'); RETURN btint4cmp($1, $2); END $$;
CREATE OPERATOR CLASS harm_ops FOR TYPE integer USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 harm_cmp(integer, integer);
CREATE TABLE own_order (id integer);
INSERT INTO own_order SELECT i FROM generate_series(1, 100) i;
CREATE TYPE harm_range AS RANGE (subtype = integer, subtype_opclass = harm_ops);
CREATE FUNCTION gives() RETURNS TABLE (r harm_range, n integer) LANGUAGE sql AS 'SELECT NULL::harm_range, 1';
)";

// All of a database that anything could have changed.
std::string photograph(live::Database& database) {
  std::string out;
  for (const char* query : {
           "SELECT string_agg(x, ';' ORDER BY x) FROM (SELECT concat_ws(' ', c.oid, c.relname, c.relkind, "
           "c.relacl) FROM pg_class c WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname "
           "~ '^pg_toast')) y(x)",
           "SELECT md5(string_agg(x, ';' ORDER BY x)) FROM (SELECT p.oid || p.proname || p.prosrc FROM "
           "pg_proc p) y(x)",
           "SELECT count(*)::text FROM pg_largeobject_metadata",
           "SELECT string_agg(last_value || ' ' || is_called, ';') FROM seq",
           "SELECT string_agg(what, ';' ORDER BY what) FROM touched",
           "SELECT md5(string_agg(t::text, ';' ORDER BY id)) FROM t",
           "SELECT string_agg(id::text, ';') FROM victim",
           "SELECT string_agg(id::text, ';') FROM guarded",
           "SELECT string_agg(l.locktype || l.classid || l.objid, ';') FROM pg_locks l WHERE locktype = "
           "'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
           "SELECT string_agg(gid, ';') FROM pg_prepared_xacts WHERE database = current_database()",
           "SELECT string_agg(slot_name, ';') FROM pg_replication_slots",
           "SELECT string_agg(setting::text, ';') FROM pg_db_role_setting s(d, r, setting) WHERE d = (SELECT "
           "oid FROM pg_database "
           "WHERE datname = current_database()) OR r = current_user::regrole",
           "SELECT coalesce(stats_reset::text, '') FROM pg_stat_database WHERE datname = current_database()",
       })
    out += database.value(query) + "\n";
  return out;
}

// What a connection itself could keep.
std::string session(pg::Connection& connection, const std::string& hypopg) {
  std::string out;
  for (const std::string& query :
       {std::string("SELECT string_agg(name, ';') FROM pg_prepared_statements"),
        std::string("SELECT string_agg(name, ';') FROM pg_cursors"),
        std::string("SELECT string_agg(name || '=' || setting, ';' ORDER BY name) FROM pg_settings WHERE "
                    "source = 'session'"),
        std::string("SELECT current_setting('my.setting', true)"),
        std::string("SELECT count(*)::text FROM pg_listening_channels()"),
        std::string("SELECT count(*)::text FROM pg_class WHERE relnamespace = pg_my_temp_schema()"),
        hypopg.empty() ? std::string("SELECT ''") : "SELECT count(*)::text FROM " + hypopg + ".hypopg()"}) {
    const auto rows = connection.query(query);
    out += rows ? rows->front().front().value_or("") + "\n" : rows.error().line();
  }
  return out;
}

class PgTargetIsSacred : public testing::Test {
 protected:
  void SetUp() override {
    database_.run(
        std::string(R"(CREATE FUNCTION harm(text) RETURNS boolean LANGUAGE sql AS 'SELECT true';)") +
        before_hostile + "DROP FUNCTION harm(text);" + hostile + "CREATE INDEX ON own_order (id harm_ops);");
    database_.run(
        "DELETE FROM touched; SELECT pg_advisory_unlock_all(); SELECT lo_unlink(oid) FROM "
        "pg_largeobject_metadata;"
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO " +
        reader_ + "; GRANT ALL ON SEQUENCE seq TO " + reader_ +
        ";"
        "CREATE EXTENSION IF NOT EXISTS hypopg");
  }
  live::Database database_;
  const std::string reader_ = database_.create_role("reader");
};

const std::vector<std::string> harmful = {
    "SELECT harm('called')",
    "SELECT * FROM t WHERE NOT (id ==== 45)",
    "SELECT * FROM t WHERE id ~=~ 3",
    "SELECT * FROM t WHERE id::bigint =|= id",
    "SELECT json_build_object('m', m) FROM moods",
    "SELECT to_jsonb(list) FROM moods",
    "SELECT json_agg(x) FROM (SELECT m FROM moods) x",
    "SELECT json_agg(moods) FROM moods",
    "SELECT * FROM t WHERE harm('where') LIMIT 1",
    "SELECT harm_immutable(1)",
    "SELECT * FROM t WHERE id = harm_immutable(7)",
    "SELECT * FROM t WHERE id = harm_stable()",
    "SELECT harm_sql(1)",
    "SELECT * FROM v",
    "SELECT * FROM vv",
    "SELECT * FROM t WHERE id === 3",
    "SELECT !!! 0.01",
    "SELECT ROW(1, 2)::pair::integer",
    "SELECT * FROM guarded",
    "SELECT 5::checked",
    "SELECT '5'::checked",
    "SELECT ARRAY[1]::checked[]",
    "SELECT '{1}'::checked[]",
    "SELECT '(1)'::holder",
    "SELECT * FROM holds WHERE h = '(1)'",
    "SELECT * FROM holds WHERE list = '{1,2}'",
    "SELECT takes('{1}')",
    "SELECT U&'\\0061', '{1}'::U&\"\\0063hecked\"[]",
    "SELECT json_populate_record(NULL::holder, '{\"c\": 1}')",
    "SELECT * FROM json_to_record('{\"c\": 1}') AS x(c checked)",
    "SELECT '[1,2]'::harm_range",
    "SELECT harm_range(1, 2)",
    "SELECT '{[1,2]}'::harm_multirange",
    "SELECT * FROM gives() WHERE r = '[1,2]'",
    "SELECT * FROM own_order WHERE id < 5",
    "SELECT * FROM indexed WHERE n = 1",
    "SELECT * FROM partial WHERE id > 5",
    "SELECT * FROM checks WHERE id > 5",
    "SELECT * FROM stats WHERE a > 5",
    "SELECT * FROM parted",
    "SELECT * FROM plain_parent",
    "SELECT harm_sum(id) FROM t",
    "SELECT sum(id) OVER (ORDER BY harm('window')) FROM t",
    "SELECT id FROM t GROUP BY id HAVING harm('having')",
    "SELECT id FROM t ORDER BY harm('order') LIMIT 1",
    "SELECT (SELECT harm('sublink')) FROM t",
    "WITH c AS (SELECT harm('cte')) SELECT * FROM c",
    "SELECT * FROM t, LATERAL (SELECT harm(t.n)) x",
    "SELECT * FROM unnest(ARRAY[1]) AS u(i) WHERE harm('rangefunction')",
    "VALUES (harm('values'))",
    "SELECT 1 UNION SELECT harm_immutable(2)",
    "SELECT CASE WHEN false THEN harm('case') END",
    "INSERT INTO victim VALUES (harm_immutable(2))",
    "SELECT nextval('seq')",
    "SELECT setval('seq', 77)",
    "SELECT pg_sleep(0.1)",
    "SELECT pg_sleep_for('1 second')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
    "SELECT pg_cancel_backend(1)",
    "SELECT lo_create(0)",
    "SELECT lo_import('/etc/passwd')",
    "SELECT lo_export(1, '/tmp/pgadvise-should-not-be')",
    "SELECT set_config('my.setting', 'x', false)",
    "SELECT pg_notify('c', 'x')",
    "SELECT pg_advisory_lock(1)",
    "SELECT pg_try_advisory_lock_shared(1)",
    "SELECT query_to_xml('SELECT harm(''xml'')', true, true, '')",
    "SELECT table_to_xml('v', true, true, '')",
    "SELECT schema_to_xml('public', true, true, '')",
    "SELECT * FROM ts_stat('SELECT to_tsvector(n) FROM t')",
    "SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery')",
    "SELECT * FROM dblink('dbname=x', 'SELECT 1') AS d(i integer)",
    "SELECT dblink_exec('dbname=x', 'SELECT 1')",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT pg_stat_reset()",
    "SELECT txid_current()",
    "SELECT pg_current_xact_id()",
    "SELECT pg_export_snapshot()",
    "SELECT pg_create_physical_replication_slot('s')",
    "SELECT pg_switch_wal()",
    "SELECT pg_reload_conf()",
    "SELECT pg_logical_emit_message(false, 'a', 'b')",
    "SELECT setseed(0.5)",
    "SELECT currval('seq')",
};

const std::vector<std::string> not_plain = {
    "SELECT * INTO made FROM t",
    "CREATE TABLE made AS SELECT * FROM t",
    "CREATE MATERIALIZED VIEW made AS SELECT * FROM t",
    "CREATE TABLE made (id integer)",
    "COPY t TO PROGRAM 'touch /tmp/pgadvise-should-not-be'",
    "COPY victim FROM PROGRAM 'echo 5'",
    "COMMIT; INSERT INTO victim VALUES (2)",
    "SELECT 1; COMMIT; INSERT INTO victim VALUES (2)",
    "SELECT 1; SELECT 2",
    "COMMIT",
    "ROLLBACK",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE ALL",
    "DO $$ BEGIN PERFORM harm('do'); END $$",
    "CALL harm('call')",
    "EXPLAIN ANALYZE INSERT INTO victim VALUES (3)",
    "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "SET my.setting = 'x'",
    "LISTEN c",
    "NOTIFY c",
    "LOCK TABLE t",
    "TRUNCATE victim",
    "VACUUM",
    "DROP TABLE victim",
    "",
    ";",
    "-- nothing",
};

// Plans are fine, running is not.
const std::vector<std::string> writing = {
    "INSERT INTO victim VALUES (2)",
    "UPDATE t SET n = 'x' WHERE id = 1",
    "DELETE FROM victim",
    "WITH d AS (DELETE FROM victim RETURNING id) SELECT * FROM d",
    "WITH d AS (INSERT INTO victim VALUES (9) RETURNING id) SELECT * FROM d",
    "SELECT * FROM t WHERE id = 1 FOR UPDATE",
    "SELECT * FROM (SELECT * FROM t FOR SHARE) x",
};

const std::vector<std::string> innocent = {
    "SELECT * FROM t WHERE id = 5",
    "SELECT count(*), max(n), avg(v), string_agg(n, ',' ORDER BY id) FROM t WHERE n LIKE 'n1%' AND v > 3.5",
    "SELECT lower(n), upper(n), length(n), coalesce(n, 'x'), id::text, n || 'x', substring(n, 1, 2), "
    "round(v), "
    "round(v, 1), lpad(n, 5), trim(n), format('%s', n) FROM t WHERE id IN (1, 2, 3) ORDER BY n DESC",
    "SELECT now(), clock_timestamp(), random(), gen_random_uuid(), date_trunc('day', now()), now() - "
    "interval '1 day', "
    "extract(year FROM now()), to_char(now(), 'YYYY'), age(now()), current_date, current_user",
    "SELECT json_build_object('a', n), jsonb_agg(id), to_jsonb(t), row_to_json(t), '{\"a\": 1}'::jsonb ->> "
    "'a', "
    "'[1]'::jsonb @> '1' FROM t GROUP BY t.id",
    "SELECT array_agg(id), ARRAY[1, 2] && ARRAY[2], unnest(ARRAY[1, 2]), generate_series(1, 3), int4range(1, "
    "3) @> 2 "
    "FROM t",
    "SELECT row_number() OVER (PARTITION BY n ORDER BY id), lag(id) OVER (ORDER BY id), rank() OVER (ORDER "
    "BY v) FROM t",
    "SELECT to_tsvector('english', n) @@ plainto_tsquery('english', 'x'), ts_rank(to_tsvector(n), "
    "to_tsquery('a')) FROM t",
    "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 5) SELECT * FROM r JOIN t ON "
    "t.id = r.i",
    "SELECT DISTINCT ON (n) * FROM t TABLESAMPLE bernoulli (50) ORDER BY n, id",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v), mode() WITHIN GROUP (ORDER BY n), bool_and(id > "
    "0), "
    "regr_slope(id, id), count(DISTINCT n) FILTER (WHERE id > 3) FROM t",
    "SELECT regexp_replace(n, 'a', 'b'), split_part(n, 'n', 2), md5(n), n ~ '^n[0-9]+$', n ILIKE '%5', "
    "concat(n, id), greatest(id, 5), nullif(n, 'x') FROM t",
    "SELECT (1, 2) < (id, id), id = ANY ('{1,2}'::int[]), id IS DISTINCT FROM 3, n COLLATE \"C\" < 'x' FROM "
    "t",
    "SELECT * FROM t a JOIN t b USING (id) LEFT JOIN LATERAL (SELECT max(v) FROM t c WHERE c.id < a.id) x ON "
    "true",
    "SELECT 'a'::pair IS NULL FROM t WHERE false AND ROW(1, 2)::pair = ROW(1, 2)::pair",
};

std::string joined(const plan::Dependencies& found) {
  return fmt::format("{} | {} | {}", fmt::join(found.unknown_functions, ","),
                     fmt::join(found.refused_functions, ","), fmt::join(found.foreign_tables, ","));
}

TEST_F(PgTargetIsSacred, HarmIsFoundWithoutRunningIt) {
  for (const std::string& user : std::vector<std::string>{"pgadvise_admin", reader_}) {
    auto connection = database_.connect(user);
    auto source = pg::make_plan_source(connection);
    ASSERT_TRUE(source) << source.error().line();
    EXPECT_EQ(user != reader_, (*source)->superuser());
    for (const auto& statement : harmful) {
      const auto before = photograph(database_);
      const auto kept = session(connection, "public");
      const auto found = (*source)->dependencies(statement, plan::Names::session);
      const bool exempt =
          user != reader_ && statement == "SELECT * FROM guarded";  // policies bind no superuser
      if (found && !exempt) {
        EXPECT_FALSE(found->unknown_functions.empty() && found->refused_functions.empty())
            << user << ": " << statement;
      }
      EXPECT_EQ(before, photograph(database_)) << statement;
      ASSERT_TRUE(connection.alive()) << statement;
      EXPECT_EQ(kept, session(connection, "public")) << statement;
    }
  }
}

// Also where nobody asked for the dependencies before, as when they have changed since.
TEST_F(PgTargetIsSacred, ExplainChecksAStatementItself) {
  auto connection = database_.connect(reader_);
  auto source = pg::make_plan_source(connection);
  ASSERT_TRUE(source) << source.error().line();
  const auto before = photograph(database_);
  for (const auto& statement : harmful)
    EXPECT_FALSE((*source)->explain({statement, {}, false, {}})) << statement;
  EXPECT_EQ(before, photograph(database_));
}

// The control: what the tests above would see if anything ran.
TEST_F(PgTargetIsSacred, TheDatabaseIsHostile) {
  auto connection = database_.connect(reader_);
  for (const char* statement :
       {"EXPLAIN SELECT harm_immutable(1)", "EXPLAIN SELECT * FROM t WHERE id = harm_stable()",
        "EXPLAIN SELECT * FROM partial WHERE id > 5", "PREPARE p AS SELECT '{1}'::checked[]"}) {
    const auto before = photograph(database_);
    ASSERT_TRUE(connection.query("BEGIN READ ONLY"));
    EXPECT_TRUE(connection.query(statement));
    ASSERT_TRUE(connection.query("ROLLBACK"));
    EXPECT_NE(before, photograph(database_)) << statement;
    ASSERT_TRUE(connection.query("SELECT pg_advisory_unlock_all()"));
  }
}

TEST_F(PgTargetIsSacred, TheInnocentPass) {
  auto connection = database_.connect(reader_);
  auto source = pg::make_plan_source(connection);
  ASSERT_TRUE(source);
  const auto before = photograph(database_);
  const auto kept = session(connection, "public");
  for (const auto& statement : innocent) {
    const auto found = (*source)->dependencies(statement, plan::Names::session);
    if (!found && statement.find("::pair IS NULL") != std::string::npos) continue;
    ASSERT_TRUE(found) << statement << ": " << found.error().line();
    EXPECT_EQ(" |  | ", joined(*found)) << statement;
    for (const bool analyze : {false, true}) {
      const auto plan = (*source)->explain({statement, {}, analyze, {}});
      EXPECT_TRUE(plan) << statement << ": " << plan.error().line();
    }
  }
  EXPECT_EQ(before, photograph(database_));
  EXPECT_EQ(kept, session(connection, "public"));
}

TEST_F(PgTargetIsSacred, ExplainRefusesAllButOnePlainStatement) {
  auto connection = database_.connect();
  auto source = pg::make_plan_source(connection);
  ASSERT_TRUE(source);
  const auto before = photograph(database_);
  const auto kept = session(connection, "public");
  for (const auto& statement : not_plain)
    for (const bool analyze : {false, true}) {
      EXPECT_FALSE((*source)->explain({statement, {}, analyze, {}})) << statement;
      const auto found = (*source)->dependencies(statement, plan::Names::session);
      EXPECT_TRUE(!found || !found->unknown_functions.empty()) << statement;
    }
  for (const auto& statement : writing) {
    EXPECT_TRUE((*source)->explain({statement, {}, false, {}})) << statement;
    EXPECT_FALSE((*source)->explain({statement, {}, true, {}})) << statement;
  }
  EXPECT_EQ(before, photograph(database_));
  EXPECT_EQ(kept, session(connection, "public"));
  EXPECT_TRUE(connection.alive());
}

// What the role's settings do to names and strings: our own queries look in pg_catalog alone, and the server
// reads strings as our parser does.
TEST_F(PgTargetIsSacred, TheRolesSettingsTrickNobody) {
  database_.run(
      "CREATE SCHEMA evil;"
      "CREATE FUNCTION evil.set_config(text, text, boolean) RETURNS text LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM public.harm('set_config'); RETURN 'x'; END $$;"
      "CREATE FUNCTION evil.eq(oid, oid) RETURNS boolean LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM public.harm('oid = oid'); RETURN true; END $$;"
      "CREATE FUNCTION evil.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM public.harm('text = text'); RETURN true; END $$;"
      "CREATE FUNCTION evil.eq(name, name) RETURNS boolean LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM public.harm('name = name'); RETURN true; END $$;"
      "CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.eq);"
      "CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.eq);"
      "CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = name, FUNCTION = evil.eq);"
      "GRANT USAGE ON SCHEMA evil TO " +
      reader_ +
      ";"
      "ALTER ROLE " +
      reader_ + " IN DATABASE " + database_.name() +
      " SET search_path = evil, pg_catalog, public;"
      "ALTER ROLE " +
      reader_ + " IN DATABASE " + database_.name() + " SET standard_conforming_strings = off;");
  const auto before = photograph(database_);
  auto connection = database_.connect(reader_);
  EXPECT_EQ("evil, pg_catalog, public", connection.query("SHOW search_path")->front()[0]);
  EXPECT_EQ("off", connection.query("SHOW standard_conforming_strings")->front()[0]);
  Diagnostics diagnostics;
  const auto catalog = pg::read_catalog(connection, diagnostics);
  ASSERT_TRUE(catalog) << catalog.error().line();
  EXPECT_TRUE(catalog->table(QualifiedName{"public", "victim"}));
  auto source = pg::make_plan_source(connection);
  ASSERT_TRUE(source) << source.error().line();
  const std::string two_readings =
      R"(SELECT id, '\' , ' AS a INTO stolen FROM t WHERE harm($$scs$$) --' FROM t WHERE n = 'q')";
  (void)(*source)->dependencies(two_readings, plan::Names::session);
  (void)(*source)->explain({two_readings, {}, true, {}});
  EXPECT_TRUE((*source)->dependencies("SELECT * FROM t WHERE id = 1", plan::Names::session));
  EXPECT_TRUE(
      (*source)->explain({"SELECT * FROM public.t WHERE id = 1", {}, true, {}, plan::Names::catalog}));
  EXPECT_TRUE((*source)->values("SELECT n FROM public.t LIMIT 3"));
  (void)(*source)->typical_values({"public", "t"}, {"n"});
  EXPECT_EQ(before, photograph(database_));
}

// A built-in whose row a superuser has bent is not the built-in any more.
TEST_F(PgTargetIsSacred, BentBuiltInsAreNotTrusted) {
  database_.run(
      "CREATE OR REPLACE FUNCTION pg_catalog.lower(text) RETURNS text LANGUAGE internal IMMUTABLE STRICT AS "
      "'upper';"
      "CREATE OR REPLACE FUNCTION pg_catalog.initcap(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS "
      "$$ BEGIN PERFORM public.harm('initcap'); RETURN $1; END $$;"
      "CREATE OR REPLACE FUNCTION pg_catalog.lpad(text, integer) RETURNS text LANGUAGE sql IMMUTABLE STRICT "
      "AS "
      "$$ SELECT CASE WHEN public.harm('lpad') THEN $1 END $$;");
  auto connection = database_.connect();
  auto source = pg::make_plan_source(connection);
  ASSERT_TRUE(source);
  for (const char* statement : {"SELECT lower('A')", "SELECT initcap('A')", "SELECT lpad('A', 3)"}) {
    const auto before = photograph(database_);
    const auto found = (*source)->dependencies(statement, plan::Names::session);
    ASSERT_TRUE(found) << found.error().line();
    EXPECT_FALSE(found->unknown_functions.empty() && found->refused_functions.empty()) << statement;
    EXPECT_EQ(before, photograph(database_)) << statement;
  }
}

// INSERT and UPDATE may name nextval() in a default; a function that only has its name and number is another.
TEST_F(PgTargetIsSacred, ABentNextvalIsNotTrusted) {
  database_.run(
      "CREATE TABLE numbered (id bigint DEFAULT nextval('seq'), n int);"
      "GRANT ALL ON numbered TO " +
      reader_);
  const std::string insert = "INSERT INTO numbered (n) VALUES (1)";
  for (const bool bent : {false, true}) {
    if (bent)
      database_.run(
          "CREATE OR REPLACE FUNCTION pg_catalog.nextval(regclass) RETURNS bigint LANGUAGE sql IMMUTABLE AS "
          "$$ SELECT CASE WHEN public.harm('nextval') THEN 1::bigint END $$");
    auto connection = database_.connect(reader_);
    auto source = pg::make_plan_source(connection);
    ASSERT_TRUE(source);
    const auto found = (*source)->dependencies(insert, plan::Names::session);
    ASSERT_TRUE(found) << found.error().line();
    EXPECT_EQ(bent ? " | nextval | " : " |  | ", joined(*found));
    const auto read = (*source)->dependencies("SELECT nextval('seq')", plan::Names::session);
    ASSERT_TRUE(read) << read.error().line();
    EXPECT_EQ(" | nextval | ", joined(*read)) << "also behind a statement for which it is harmless";
  }
}

// A function of a known extension is that extension's code only if its library says so, and a built-in in SQL
// is PostgreSQL's own only by its text: pg_surgery forges the transaction that wrote the row.
TEST_F(PgTargetIsSacred, OwnersAndTransactionsOfRowsProveNothing) {
  database_.run(
      "CREATE EXTENSION hstore; CREATE EXTENSION pg_surgery;"
      "CREATE FUNCTION planted() RETURNS text LANGUAGE c IMMUTABLE AS '$libdir/dblink', "
      "'dblink_current_query';"
      "ALTER EXTENSION hstore ADD FUNCTION planted();"
      "CREATE OR REPLACE FUNCTION pg_catalog.lpad(text, integer) RETURNS text LANGUAGE sql IMMUTABLE STRICT "
      "AS "
      "$$ SELECT CASE WHEN public.harm('lpad') THEN $1 END $$;");
  const std::string row =
      database_.value("SELECT ctid FROM pg_proc WHERE oid = 'pg_catalog.lpad(text, integer)'::regprocedure");
  database_.run("SELECT heap_force_freeze('pg_proc', ARRAY['" + row + "'::tid])");
  EXPECT_EQ("2", database_.value("SELECT xmin::text FROM pg_proc WHERE oid = "
                                 "'pg_catalog.lpad(text, integer)'::regprocedure"));
  auto connection = database_.connect();
  auto source = pg::make_plan_source(connection);
  ASSERT_TRUE(source);
  for (const auto& [statement, expected] :
       {std::pair("SELECT planted()", "public.planted |  | "), std::pair("SELECT lpad('a', 5)", " | lpad | "),
        std::pair("SELECT 'a=>1'::hstore -> 'a'", " |  | ")}) {
    const auto found = (*source)->dependencies(statement, plan::Names::session);
    ASSERT_TRUE(found) << found.error().line();
    EXPECT_EQ(expected, joined(*found)) << statement;
  }
}

TEST_F(PgTargetIsSacred, OnlyHypoPGsOwnFunctionsAreCalled) {
  database_.run(
      "CREATE FUNCTION hypopg_relation_size(integer) RETURNS bigint LANGUAGE plpgsql AS "
      "$$ BEGIN PERFORM public.harm('hypopg'); RETURN 1; END $$");
  auto connection = database_.connect(reader_);
  auto source = pg::make_plan_source(connection);
  ASSERT_TRUE(source);
  EXPECT_EQ(
      "the function public.hypopg_relation_size is not HypoPG's own: pgadvise calls no function of that "
      "schema",
      (*source)->what_if_missing());
}

TEST_F(PgTargetIsSacred, HypotheticalIndexesGo) {
  auto connection = database_.connect(reader_);
  auto source = pg::make_plan_source(connection);
  ASSERT_TRUE(source);
  if (!(*source)->what_if_missing().empty()) GTEST_SKIP() << (*source)->what_if_missing();
  database_.run("ANALYZE t");
  const auto kept = session(connection, "public");
  const auto plan =
      (*source)->explain({"SELECT * FROM t WHERE n = $1", {"n5"}, false, {"CREATE INDEX ON t (n)"}});
  ASSERT_TRUE(plan) << plan.error().line();
  EXPECT_NE(std::string::npos, plan->text.find("Index Scan")) << plan->text;
  EXPECT_EQ(kept, session(connection, "public"));
  EXPECT_FALSE((*source)->explain({"SELECT * FROM nowhere", {}, false, {"CREATE INDEX ON t (n)"}}));
  EXPECT_EQ(kept, session(connection, "public"));
  EXPECT_FALSE(
      (*source)->explain({"SELECT * FROM t", {}, false, {"CREATE INDEX ON t (n)", "DROP TABLE victim"}}));
  EXPECT_EQ(kept, session(connection, "public"));
  EXPECT_FALSE((*source)->explain({"SELECT * FROM t", {}, true, {"CREATE INDEX ON t (n)"}}));
  EXPECT_EQ("1", database_.value("SELECT count(*) FROM victim"));
}

TEST_F(PgTargetIsSacred, WhatTheUserNamesAsSafeLeavesNoLocks) {
  auto connection = database_.connect(reader_);
  auto source = pg::make_plan_source(connection);
  ASSERT_TRUE(source);
  const auto locks = [&] {
    return database_.value(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM "
        "pg_database WHERE datname = current_database())");
  };
  (void)(*source)->explain({"SELECT pg_advisory_lock(5)", {}, true, {}});
  EXPECT_EQ("0", locks());
  (void)(*source)->explain({"SELECT pg_advisory_lock(5), 1 / (id - id) FROM t", {}, true, {}});
  EXPECT_EQ("0", locks());
}

}  // namespace
}  // namespace pgadvise
