// "A statement is planned only if everything reachable is known to be harmless": a function behind each kind
// of catalog object that can hold an expression or name a function, and statements that reach it. The server
// counts the calls (track_functions), which a ROLLBACK does not take back. The lists of catalogs and columns
// come from the server, so a version with a new one fails the test.
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/text/text.h"
#include "live/support.h"
#include "pg/plans/dependency_checker.h"
#include "pg/plans/object_classes.h"
#include "pg/plans/plan_source.h"
#include "plan/run/safety.h"
#include "sql/parse/statement.h"
#include "support/run.h"

namespace pgadvise {
namespace {

using testing_support::Folder;
using testing_support::quoted;
using testing_support::run;

struct Versions {
  int first = 12, last = 99;
};
constexpr Versions always, never{99, 0}, by_insert{13, 15};

struct Case {
  // Prefix of its objects: the functions KEY_i(integer) and KEY_b(integer) are behind them.
  std::string key;
  std::string columns;  // of the catalogs, which this case stands for: "pg_attrdef.adbin"
  std::string setup;    // "{k}" is the key
  std::vector<std::string> refused;
  std::vector<std::string> planned = {};
  // The versions in which EXPLAIN of the refused statements calls the function: the control that the case is
  // one.
  Versions runs = {};
  int since = 12;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"stored",
       "pg_attrdef.adbin",
       "CREATE TABLE {k} (id int, g int GENERATED ALWAYS AS ({k}_i(1)) STORED);",
       {"INSERT INTO {k} VALUES (1)", "UPDATE {k} SET id = 2", "INSERT INTO {k} SELECT id FROM plain",
        "WITH w AS (INSERT INTO {k} VALUES (1) RETURNING id) SELECT * FROM w"},
       {"SELECT * FROM {k}"},
       by_insert},
      {"merged",
       "pg_attrdef.adbin",
       "CREATE TABLE {k} (id int, g int GENERATED ALWAYS AS ({k}_i(1)) STORED);",
       {"MERGE INTO {k} t USING plain p ON t.id = p.id WHEN MATCHED THEN UPDATE SET id = 3",
        "MERGE INTO {k} t USING plain p ON t.id = p.id WHEN NOT MATCHED THEN INSERT (id) VALUES (3)"},
       {},
       by_insert,
       15},
      {"child",
       "pg_attrdef.adbin",
       "CREATE TABLE {k} (id int); CREATE TABLE {k}_c (g int GENERATED ALWAYS AS ({k}_i(1)) STORED) INHERITS "
       "({k});",
       {"UPDATE {k} SET id = 2"},
       {"SELECT * FROM {k}"},
       never},
      {"partition",
       "pg_attrdef.adbin",
       "CREATE TABLE {k} (id int, g int GENERATED ALWAYS AS ({k}_i(1)) STORED) PARTITION BY LIST (id);"
       "CREATE TABLE {k}_1 PARTITION OF {k} FOR VALUES IN (1);",
       {"INSERT INTO {k} VALUES (1)", "INSERT INTO {k}_1 VALUES (1)", "UPDATE {k} SET id = 1"},
       {},
       by_insert},
      {"defaults",
       "pg_attrdef.adbin",
       "CREATE TABLE {k} (id int, g int DEFAULT {k}_i(1));",
       {"INSERT INTO {k} (id) VALUES (1)", "INSERT INTO {k} DEFAULT VALUES", "UPDATE {k} SET g = DEFAULT"},
       {"INSERT INTO {k} VALUES (1, 2)", "SELECT * FROM {k}"}},
      {"checks",
       "pg_constraint.conbin",
       "CREATE TABLE {k} (id int CHECK ({k}_b(1)));",
       {"SELECT * FROM {k} WHERE id = 1", "INSERT INTO {k} VALUES (1)"},
       {},
       never},
      {"domains",
       "pg_constraint.conbin pg_type.typdefaultbin",
       "CREATE DOMAIN {k}_d AS int DEFAULT {k}_i(1) CHECK ({k}_b(VALUE)); CREATE TABLE {k} (id int, d "
       "{k}_d);",
       {"INSERT INTO {k} (id) VALUES (1)", "SELECT 5::{k}_d", "SELECT '{{1}}'::{k}_d[]"}},
      {"inputs",
       "",
       "CREATE DOMAIN {k}_d AS int CHECK ({k}_b(VALUE)); CREATE TYPE {k}_c AS (a {k}_d);",
       {"SELECT * FROM plain WHERE n = array_to_string(array_in('{{1}}', {oid of {k}_d}, -1), ',')",
        "SELECT record_in('(1)', {oid of {k}_c}, -1)"}},
      {"expressions",
       "pg_index.indexprs",
       "CREATE TABLE {k} (id int); CREATE UNIQUE INDEX ON {k} ((id + {k}_i(0)));",
       {"SELECT * FROM {k} WHERE id = 1", "INSERT INTO {k} VALUES (1)", "DELETE FROM {k}",
        "INSERT INTO {k} VALUES (1) ON CONFLICT ((id + {k}_i(0))) DO NOTHING"}},
      {"predicates",
       "pg_index.indpred",
       "CREATE TABLE {k} (id int); CREATE INDEX ON {k} (id) WHERE {k}_b(0);",
       {"SELECT * FROM {k} WHERE id = 1", "INSERT INTO {k} VALUES (1)"}},
      {"keys",
       "pg_partitioned_table.partexprs",
       "CREATE TABLE {k} (id int) PARTITION BY LIST ((id + {k}_i(0)));"
       "CREATE TABLE {k}_1 PARTITION OF {k} FOR VALUES IN (1);",
       {"SELECT * FROM {k} WHERE id = 1", "SELECT * FROM {k}_1 WHERE id = 1",
        "INSERT INTO {k}_1 VALUES (1)"}},
      {"hashes",
       "pg_amproc.amproc",
       "CREATE FUNCTION {k}_h(int, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT "
       "{k}_i($1)::bigint';"
       "CREATE OPERATOR CLASS {k}_o FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 2 {k}_h(int, bigint);"
       "CREATE TABLE {k} (id int) PARTITION BY HASH (id {k}_o);"
       "CREATE TABLE {k}_1 PARTITION OF {k} FOR VALUES WITH (MODULUS 1, REMAINDER 0);",
       {"SELECT * FROM {k} WHERE id = 1"}},
      {"policies",
       "pg_policy.polqual pg_policy.polwithcheck",
       "CREATE TABLE {k} (id int); ALTER TABLE {k} ENABLE ROW LEVEL SECURITY;"
       "CREATE POLICY p ON {k} USING ({k}_b(1)) WITH CHECK ({k}_b(2));",
       {"SELECT * FROM {k} WHERE id = 1", "INSERT INTO {k} VALUES (1)", "UPDATE {k} SET id = 2"}},
      {"rules",
       "pg_rewrite.ev_qual pg_rewrite.ev_action",
       "CREATE TABLE {k} (id int); CREATE VIEW {k}_v AS SELECT {k}_i(1);"
       "CREATE RULE r AS ON INSERT TO {k} DO ALSO SELECT {k}_i(2);"
       "CREATE RULE q AS ON UPDATE TO {k} WHERE {k}_b(3) DO ALSO DELETE FROM plain;",
       {"SELECT * FROM {k}_v", "INSERT INTO {k} VALUES (1)", "UPDATE {k} SET id = 4"},
       {"SELECT * FROM {k}"}},
      {"stats",
       "pg_statistic_ext.stxexprs",
       "CREATE TABLE {k} (id int, n int); CREATE STATISTICS {k}_s ON (id + {k}_i(1)), n FROM {k};"
       "INSERT INTO {k} VALUES (1, 2); ANALYZE {k};",
       {"SELECT * FROM {k} WHERE id = 1"},
       {},
       always,
       14},
      {"triggers",
       "pg_trigger.tgqual",
       "CREATE TABLE {k} (id int); CREATE FUNCTION {k}_t() RETURNS trigger LANGUAGE plpgsql AS "
       "$$ BEGIN PERFORM {k}_i(1); RETURN NEW; END $$;"
       "CREATE TRIGGER t BEFORE INSERT OR UPDATE ON {k} FOR EACH ROW WHEN ({k}_b(1)) EXECUTE FUNCTION "
       "{k}_t();"
       "CREATE TRIGGER s BEFORE INSERT ON {k} EXECUTE FUNCTION {k}_t();",
       {},
       {"INSERT INTO {k} VALUES (1)", "UPDATE {k} SET id = 2", "SELECT * FROM {k}"},
       never},
      {"functions",
       "pg_proc.proargdefaults",
       "CREATE FUNCTION {k}_f(int DEFAULT {k}_i(1)) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + "
       "{k}_i(1)';"
       "CREATE AGGREGATE {k}_a(int) (SFUNC = {k}_add, STYPE = int, FINALFUNC = {k}_i, INITCOND = '0');",
       {"SELECT {k}_i(1)", "SELECT {k}_f()", "SELECT * FROM plain WHERE id = {k}_i(1)"}},
      {"bodies",
       "pg_proc.prosqlbody",
       "CREATE FUNCTION {k}_f() RETURNS int LANGUAGE sql IMMUTABLE RETURN {k}_i(1);",
       {"SELECT {k}_f()"},
       {},
       always,
       14},
      {"aggregates",
       "pg_aggregate.aggfnoid pg_aggregate.aggtransfn pg_aggregate.aggfinalfn pg_aggregate.aggcombinefn "
       "pg_aggregate.aggmtransfn pg_aggregate.aggminvtransfn pg_aggregate.aggmfinalfn",
       "CREATE AGGREGATE {k}_a(int) (SFUNC = {k}_add, STYPE = int, FINALFUNC = {k}_i, COMBINEFUNC = {k}_add, "
       "MSFUNC = {k}_add, MINVFUNC = {k}_add, MSTYPE = int, MFINALFUNC = {k}_i);",
       {"SELECT {k}_a(id) FROM plain",
        "SELECT {k}_a(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM plain"},
       {},
       never},
      {"operators",
       "pg_operator.oprcode",
       "CREATE OPERATOR =*= (LEFTARG = int, RIGHTARG = int, FUNCTION = {k}_eq);"
       "CREATE OPERATOR <*> (LEFTARG = int, RIGHTARG = int, FUNCTION = int4ne, NEGATOR = =**=);"
       "CREATE OPERATOR =**= (LEFTARG = int, RIGHTARG = int, FUNCTION = {k}_eq, NEGATOR = <*>);",
       {"SELECT 1 =*= 2", "SELECT * FROM plain WHERE NOT (1 <*> 2)"}},
      {"casts",
       "",
       "CREATE TYPE {k}_p AS (a int, b int); CREATE FUNCTION {k}_c({k}_p) RETURNS int LANGUAGE sql IMMUTABLE "
       "AS "
       "'SELECT {k}_i($1.a)'; CREATE CAST ({k}_p AS int) WITH FUNCTION {k}_c({k}_p);",
       {"SELECT ROW(1, 2)::{k}_p::int"}},
      {"values",  // of columns of the type anyarray: functions look up a cast by the type of the value
       "",
       "CREATE TYPE {k}_e AS ENUM ('a'); CREATE FUNCTION {k}_c({k}_e) RETURNS json LANGUAGE sql IMMUTABLE AS "
       "'SELECT to_json({k}_i(1))'; CREATE CAST ({k}_e AS json) WITH FUNCTION {k}_c({k}_e);"
       "CREATE TABLE {k} (id int); INSERT INTO {k} VALUES (1); ALTER TABLE {k} ADD e {k}_e DEFAULT 'a';",
       {"SELECT array_to_json(attmissingval) FROM pg_attribute WHERE attmissingval IS NOT NULL",
        "SELECT row_to_json(a) FROM pg_attribute a", "SELECT json_agg(most_common_vals) FROM pg_stats",
        "SELECT to_jsonb(s) FROM pg_statistic s", "SELECT json_build_array(e) FROM {k}"},
       {"SELECT to_json(id) FROM {k}", "SELECT row_to_json(p) FROM plain p"},
       never},
      {"texts",  // the bodies of || and quote_literal() have a cast to text, which inlining looks up
       "",
       "CREATE TYPE {k}_e AS ENUM ('a'); CREATE FUNCTION {k}_c({k}_e) RETURNS text LANGUAGE sql IMMUTABLE AS "
       "'SELECT {k}_i(1)::text'; CREATE CAST ({k}_e AS text) WITH FUNCTION {k}_c({k}_e);"
       "CREATE TABLE {k} (id int, e {k}_e);",
       {"SELECT 'x' || 'a'::{k}_e", "SELECT 'a'::{k}_e || 'x'::text", "SELECT quote_literal('a'::{k}_e)",
        "SELECT quote_nullable('a'::{k}_e)", "SELECT id FROM {k} WHERE e || 'x' = 'y'"},
       {"SELECT 'x' || id FROM {k}", "SELECT e FROM {k} WHERE e = 'a'"}},
      {"classes",
       "pg_amproc.amproc",
       "CREATE OPERATOR CLASS {k}_o FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, "
       "OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 {k}_cmp(int, int);"
       "CREATE TABLE {k} (id int); CREATE INDEX ON {k} (id {k}_o);",
       {"SELECT * FROM {k} WHERE id < 5", "INSERT INTO {k} VALUES (1)"},
       {},
       never},
      {"ranges",
       "pg_range.rngsubdiff",
       "CREATE FUNCTION {k}_d(int, int) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT {k}_i($1 - "
       "$2)::float8';"
       "CREATE OPERATOR CLASS {k}_o FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, "
       "OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 {k}_cmp(int, int);"
       "CREATE TYPE {k}_r AS RANGE (SUBTYPE = int, SUBTYPE_OPCLASS = {k}_o, SUBTYPE_DIFF = {k}_d);",
       {"SELECT '[1,2]'::{k}_r", "SELECT {k}_r(1, 2)"}},

      // PostgreSQL accepts functions in C only, which here are the server's own: the case is that they are
      // refused.
      {"methods",
       "pg_am.amhandler",
       "CREATE FUNCTION {k}_h(internal) RETURNS table_am_handler LANGUAGE internal AS 'heap_tableam_handler';"
       "CREATE ACCESS METHOD {k}_m TYPE TABLE HANDLER {k}_h; CREATE TABLE {k} (id int) USING {k}_m;",
       {"SELECT * FROM {k}", "INSERT INTO {k} VALUES (1)"},
       {},
       never},
      {"estimators",
       "pg_operator.oprrest pg_operator.oprjoin",
       "CREATE FUNCTION {k}_r(internal, oid, internal, int) RETURNS float8 LANGUAGE internal AS 'eqsel';"
       "CREATE FUNCTION {k}_j(internal, oid, internal, smallint, internal) RETURNS float8 LANGUAGE internal "
       "AS "
       "'eqjoinsel'; CREATE OPERATOR =+= (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq, RESTRICT = "
       "{k}_r, "
       "JOIN = {k}_j);",
       {"SELECT * FROM plain WHERE id =+= 3"},
       {},
       never},
      {"serials",
       "pg_aggregate.aggserialfn pg_aggregate.aggdeserialfn",
       "CREATE FUNCTION {k}_t(internal, numeric) RETURNS internal LANGUAGE internal AS 'numeric_avg_accum';"
       "CREATE FUNCTION {k}_f(internal) RETURNS numeric LANGUAGE internal AS 'numeric_avg';"
       "CREATE FUNCTION {k}_m(internal, internal) RETURNS internal LANGUAGE internal AS "
       "'numeric_avg_combine';"
       "CREATE FUNCTION {k}_s(internal) RETURNS bytea LANGUAGE internal STRICT AS 'numeric_avg_serialize';"
       "CREATE FUNCTION {k}_d(bytea, internal) RETURNS internal LANGUAGE internal STRICT AS "
       "'numeric_avg_deserialize';"
       "CREATE AGGREGATE {k}_a(numeric) (SFUNC = {k}_t, STYPE = internal, FINALFUNC = {k}_f, COMBINEFUNC = "
       "{k}_m, "
       "SERIALFUNC = {k}_s, DESERIALFUNC = {k}_d);",
       {"SELECT {k}_a(id) FROM plain"},
       {},
       never},
      {"bases",
       "pg_type.typinput pg_type.typoutput pg_type.typreceive pg_type.typsend pg_type.typmodin "
       "pg_type.typmodout "
       "pg_type.typanalyze",
       "CREATE TYPE {k}_t; CREATE FUNCTION {k}_in(cstring) RETURNS {k}_t LANGUAGE internal STRICT AS "
       "'int4in';"
       "CREATE FUNCTION {k}_out({k}_t) RETURNS cstring LANGUAGE internal STRICT AS 'int4out';"
       "CREATE FUNCTION {k}_recv(internal) RETURNS {k}_t LANGUAGE internal STRICT AS 'int4recv';"
       "CREATE FUNCTION {k}_send({k}_t) RETURNS bytea LANGUAGE internal STRICT AS 'int4send';"
       "CREATE FUNCTION {k}_typmodin(cstring[]) RETURNS int LANGUAGE internal STRICT AS 'varchartypmodin';"
       "CREATE FUNCTION {k}_typmodout(int) RETURNS cstring LANGUAGE internal STRICT AS 'varchartypmodout';"
       "CREATE FUNCTION {k}_an(internal) RETURNS boolean LANGUAGE internal STRICT AS 'array_typanalyze';"
       "CREATE TYPE {k}_t (INPUT = {k}_in, OUTPUT = {k}_out, RECEIVE = {k}_recv, SEND = {k}_send, TYPMOD_IN "
       "= "
       "{k}_typmodin, TYPMOD_OUT = {k}_typmodout, ANALYZE = {k}_an, INTERNALLENGTH = 4, PASSEDBYVALUE);"
       "CREATE TABLE {k} (b {k}_t);",
       {"SELECT '1'::{k}_t", "SELECT b FROM {k}", "SELECT b::text FROM {k}", "SELECT '{{1}}'::{k}_t[]"},
       {},
       never},
      {"subscripts",
       "pg_type.typsubscript",
       "CREATE FUNCTION {k}_s(internal) RETURNS internal LANGUAGE internal AS 'raw_array_subscript_handler';"
       "CREATE TYPE {k}_t; CREATE FUNCTION {k}_in(cstring) RETURNS {k}_t LANGUAGE internal STRICT AS "
       "'textin';"
       "CREATE FUNCTION {k}_out({k}_t) RETURNS cstring LANGUAGE internal STRICT AS 'textout';"
       "CREATE TYPE {k}_t (INPUT = {k}_in, OUTPUT = {k}_out, SUBSCRIPT = {k}_s, ELEMENT = int);"
       "CREATE TABLE {k} (b {k}_t);",
       {"SELECT b[1] FROM {k}", "SELECT b FROM {k}"},
       {},
       never,
       14},
      {"canonical",
       "pg_range.rngcanonical",
       "CREATE TYPE {k}_r; CREATE FUNCTION {k}_c({k}_r) RETURNS {k}_r LANGUAGE internal IMMUTABLE STRICT AS "
       "'int4range_canonical'; CREATE TYPE {k}_r AS RANGE (SUBTYPE = int, CANONICAL = {k}_c);",
       {"SELECT '[1,2]'::{k}_r", "SELECT {k}_r(1, 2)"},
       {},
       never},
      {"supports",
       "pg_proc.prosupport",
       "CREATE FUNCTION {k}_s(internal) RETURNS internal LANGUAGE internal AS 'generate_series_int4_support';"
       "CREATE FUNCTION {k}_f(int, int) RETURNS SETOF int LANGUAGE internal IMMUTABLE SUPPORT {k}_s AS "
       "'generate_series_int4';",
       {"SELECT * FROM {k}_f(1, 2)"},
       {},
       never},
      {"parsers",
       "pg_ts_parser.prsstart pg_ts_parser.prstoken pg_ts_parser.prsend pg_ts_parser.prsheadline "
       "pg_ts_parser.prslextype",
       "CREATE TEXT SEARCH PARSER {k}_p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, "
       "LEXTYPES = "
       "prsd_lextype, HEADLINE = prsd_headline); CREATE TEXT SEARCH CONFIGURATION {k}_c (PARSER = {k}_p);",
       {"SELECT to_tsvector('{k}_c', 'a b')", "SELECT to_tsquery('a')",
        "SELECT to_tsvector(id::text::regconfig, 'a') FROM plain"},
       {},
       never},
      {"templates",
       "pg_ts_template.tmplinit pg_ts_template.tmpllexize",
       "CREATE TEXT SEARCH TEMPLATE {k}_t (INIT = dsimple_init, LEXIZE = dsimple_lexize);"
       "CREATE TEXT SEARCH DICTIONARY {k}_d (TEMPLATE = {k}_t);",
       {"SELECT to_tsvector('a b')", "SELECT ts_lexize('{k}_d', 'a')"},
       {},
       never},
      {"samples",
       "",
       "CREATE FUNCTION {k}_m(internal) RETURNS tsm_handler LANGUAGE internal AS 'tsm_bernoulli_handler';",
       {"SELECT * FROM plain TABLESAMPLE {k}_m (10)"},
       {"SELECT * FROM plain TABLESAMPLE bernoulli (10)"},
       never},
      {"migrations",  // pgadvise itself reads it, as a tool's list of applied migrations
       "",
       "CREATE TABLE schema_migrations (version text); CREATE INDEX ON schema_migrations (({k}_i(1)));"
       "INSERT INTO schema_migrations VALUES ('20260101000000');",
       {"SELECT version FROM schema_migrations"}},
      {"cut_names",  // the server takes the first 63 bytes of a name
       "",
       "CREATE DOMAIN {k}_d AS text CHECK ({k}_b(1)); CREATE TABLE "
       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (id int, d {k}_d[]);",
       {"SELECT id FROM aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa WHERE d = "
        "'{{1}}'",
        "SELECT id FROM \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" WHERE d = "
        "'{{1}}'"}},
      {"foreign_tables",
       "",
       "CREATE FOREIGN DATA WRAPPER {k}_w; CREATE SERVER {k}_s FOREIGN DATA WRAPPER {k}_w;"
       "CREATE FOREIGN TABLE {k} (id int) SERVER {k}_s;",
       {"SELECT * FROM {k}"},
       {},
       never},
      {"languages",
       "",
       "CREATE LANGUAGE {k}_l HANDLER plpgsql_call_handler;"
       "CREATE FUNCTION {k}_f() RETURNS int LANGUAGE {k}_l IMMUTABLE AS 'BEGIN RETURN {k}_i(1); END';",
       {"SELECT {k}_f()"}},
  };
  return all;
}

std::string with_key(const std::string& text, const std::string& key) {
  return replace_all(replace_all(replace_all(text, "{k}", key), "{{", "{"), "}}", "}");
}

// The functions behind a case. KEY_ran is PL/pgSQL, which the server does not inline, and counts: a call from
// an expression, not one as a support function.
std::string functions_of(const std::string& key) {
  return with_key(R"(
    CREATE FUNCTION {k}_ran() RETURNS void LANGUAGE plpgsql AS $$ BEGIN END $$;
    CREATE FUNCTION {k}_i(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
      $$ BEGIN PERFORM public.{k}_ran(); RETURN $1; END $$;
    CREATE FUNCTION {k}_b(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
      $$ BEGIN PERFORM public.{k}_ran(); RETURN true; END $$;
    CREATE FUNCTION {k}_add(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
      $$ BEGIN PERFORM public.{k}_ran(); RETURN $1; END $$;
    CREATE FUNCTION {k}_eq(int, int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
      $$ BEGIN PERFORM public.{k}_ran(); RETURN $1 OPERATOR(pg_catalog.=) $2; END $$;
    CREATE FUNCTION {k}_cmp(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
      $$ BEGIN PERFORM public.{k}_ran(); RETURN pg_catalog.btint4cmp($1, $2); END $$;)",
                  key);
}

class ReachableCode : public testing::Test {
 protected:
  void SetUp() override {
    version_ = live::server_admin().server_version() / 10000;
    database_.run(fmt::format("ALTER DATABASE {} SET track_functions = 'pl'", database_.name()));
    std::string script =
        "CREATE TABLE plain (id int PRIMARY KEY, n text); INSERT INTO plain VALUES (1, 'a');"
        "CREATE FUNCTION sentinel() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;";
    for (const auto& one : cases())
      if (one.since <= version_) script += functions_of(one.key) + with_key(one.setup, one.key);
    database_.run(script);
    database_.run("GRANT ALL ON ALL TABLES IN SCHEMA public TO " + reader_);
    database_.run("SELECT pg_stat_reset()");
  }

  // A statement of a case: "{oid of TYPE}" is a number, which hides the type from whoever reads the text.
  std::string statement(std::string text, const std::string& key) {
    text = with_key(text, key);
    constexpr std::string_view begin = "{oid of ";
    for (auto at = text.find(begin); at != text.npos; at = text.find(begin)) {
      const auto end = text.find('}', at), name = at + begin.size();
      text.replace(at, end - at + 1,
                   database_.value("SELECT '" + text.substr(name, end - name) + "'::regtype::oid"));
    }
    return text;
  }

  // Packages of some servers lack it: then nothing is tried with hypothetical indexes.
  void create_hypopg() {
    database_.run(
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'hypopg') THEN "
        "CREATE EXTENSION hypopg; END IF; END $$");
  }

  // The cases whose function has been called since the last call of this, separated by blanks. The server
  // counts what a connection did when that ends: the others end first, then the one that calls the sentinel.
  std::string called(pg::Connection connection) {
    ++sentinels_;
    const auto others = fmt::format(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), "
        "{})",
        database_.admin().backend_pid());
    for (int tries = 0; tries < 500 && !connection.query(others)->empty(); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_TRUE(connection.query("SELECT public.sentinel()"));
    {
      const auto ended = std::move(connection);
    }
    std::map<std::string, int> counts;
    for (int tries = 0; tries < 200 && counts["sentinel"] < sentinels_; ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      const auto rows = database_.connect().query("SELECT funcname, calls FROM pg_stat_user_functions");
      if (!rows) continue;
      for (const auto& row : *rows) counts[row[0].value_or("")] = std::stoi(row[1].value_or("0"));
    }
    EXPECT_EQ(counts["sentinel"], sentinels_) << "the server counts calls";
    std::string out;
    for (const auto& [name, count] : counts)
      if (name.ends_with("_ran") && std::exchange(before_[name], count) != count) out += name + " ";
    return out;
  }

  int version_ = 0;
  int sentinels_ = 0;
  std::map<std::string, int> before_;
  live::Database database_;
  const std::string reader_ = database_.create_role("reader");
};

// Whether pgadvise explains the statement, in each way that its kind allows.
bool explained(plan::PlanSource& source, const std::string& statement, const std::string& key) {
  const auto shape = sql::shape(statement);
  EXPECT_TRUE(shape) << statement;
  const auto found = source.dependencies(statement, plan::Names::session);
  if (!found || !shape) return false;
  const auto decision = plan::decide(*shape, *found, true);
  if (decision.allowed == plan::Allowed::nothing) return false;
  EXPECT_TRUE(source.explain({statement, {}, false, {}})) << statement;
  if (decision.allowed == plan::Allowed::analyze) {
    EXPECT_TRUE(source.explain({statement, {}, true, {}})) << statement;
  }
  if (source.what_if_missing().empty())
    (void)source.explain({statement, {}, false, {"CREATE INDEX ON public." + key + " (id)"}});
  return true;
}

TEST_F(ReachableCode, IsNotRun) {
  create_hypopg();
  for (const std::string& user : {reader_, std::string("pgadvise_admin")}) {
    auto connection = database_.connect(user);
    auto source = pg::make_plan_source(connection);
    ASSERT_TRUE(source) << source.error().line();
    for (const auto& one : cases()) {
      if (one.since > version_) continue;
      for (const auto& text : one.refused) {
        const auto statement = this->statement(text, one.key);
        if (one.key == "policies" && user != reader_) continue;  // policies bind no superuser
        EXPECT_FALSE(explained(**source, statement, one.key)) << user << ": " << statement;
      }
      if (version_ == 12)
        continue;  // opens the tables of `keys` to parse: nothing in this database is planned
      for (const auto& text : one.planned)
        EXPECT_TRUE(explained(**source, with_key(text, one.key), one.key)) << user << ": " << text;
    }
    source->reset();
    EXPECT_EQ(called(std::move(connection)), "") << user;
  }
}

// The parser calls the handler of a sampling method, so the statement must not be parsed.
TEST_F(ReachableCode, OfASamplingMethodIsRefusedBeforeItIsParsed) {
  auto connection = database_.connect(reader_);
  auto source = pg::make_plan_source(connection);
  ASSERT_TRUE(source) << source.error().line();
  const auto found =
      (*source)->dependencies("SELECT * FROM plain TABLESAMPLE samples_m (10)", plan::Names::session);
  ASSERT_TRUE(found) << found.error().line();
  if (version_ > 12) {
    EXPECT_EQ(join(found->unknown_functions, ","), "the sampling method samples_m");
  }
}

// The whole program over a log of the same statements, and the reading of the catalog.
TEST_F(ReachableCode, IsNotRunByACommand) {
  create_hypopg();
  const Folder folder;
  std::string log, first;
  int second = 0;
  for (const auto& one : cases()) {
    if (one.since > version_) continue;
    for (const auto& text : one.refused)
      for (int times = 0; times < 3; ++times, ++second)
        log +=
            fmt::format("2026-03-01 10:{:02}:{:02}.100 UTC [101] LOG:  duration: 285.100 ms  statement: {}\n",
                        second / 60 % 60, second % 60, statement(text, one.key));
  }
  const auto file = quoted(folder.write("one.log", log));
  for (const std::string& user : {reader_, std::string("pgadvise_admin")}) {
    const auto db = " --db " + quoted(database_.conninfo(user)) + " ";
    for (const std::string& command :
         {"check --fail-on never --log " + file + db, "advise --log " + file + db,
          "explain 'INSERT INTO stored VALUES (1)'" + db, "explain 'SELECT * FROM keys_1 WHERE id = 1'" + db,
          "snapshot -o " + quoted(folder.path("s.json")) + db,
          "advise --verify --disposable " + database_.name() + " --log " + file + db}) {
      const auto ran = run(command);
      EXPECT_LE(ran.exit_code, version_ == 12 ? 3 : 2) << command << ran.err;  // 12: the database is not read
      EXPECT_EQ(called(database_.connect()), "") << command << ran.out;
    }
  }
}

// Built-in functions and extensions' run queries of their own, whose operators are looked up along
// search_path.
TEST_F(ReachableCode, ThroughTheSearchPathIsNotPlanned) {
  const auto refused = [&](const std::string& statement) {
    auto connection = database_.connect();
    auto source = pg::make_plan_source(connection);
    EXPECT_TRUE(source);
    const auto found = (*source)->dependencies(statement, plan::Names::session);
    EXPECT_TRUE(found) << (found ? "" : found.error().line());
    if (!found) return std::string();
    return found->unknown_functions.empty()
               ? (found->refused_functions.empty() ? "" : found->refused_functions.front())
               : found->unknown_functions.front();
  };
  EXPECT_EQ(refused("SELECT count(*) FROM plain"), "");
  EXPECT_EQ(refused("SELECT pg_get_viewdef('plain'::regclass)"), "");
  const auto set = [&](const std::string& path) {
    database_.run("ALTER DATABASE " + database_.name() + " SET search_path = " + path);
  };
  set("public, pg_catalog");
  EXPECT_EQ(refused("SELECT count(*) FROM plain"),
            "operators of a schema that search_path puts before pg_catalog");
  set("pg_catalog, public");
  EXPECT_EQ(refused("SELECT count(*) FROM plain"), "");
}

// The control: EXPLAIN itself runs the function behind each case that says so.
TEST_F(ReachableCode, WouldRunByEXPLAIN) {
  for (const auto& one : cases()) {
    if (one.since > version_ || version_ < one.runs.first || version_ > one.runs.last) continue;
    auto connection = database_.connect(reader_);
    for (const auto& text : one.refused) {
      const auto statement = this->statement(text, one.key);
      ASSERT_TRUE(connection.query("BEGIN READ ONLY"));
      EXPECT_TRUE(connection.query("EXPLAIN " + statement)) << statement;
      ASSERT_TRUE(connection.query("ROLLBACK"));
    }
    EXPECT_EQ(called(std::move(connection)), one.key + "_ran ");
  }
}

// A version with a new kind of object fails here, and src/server/pg/plans/object_classes.cc has to say what
// it can run.
TEST_F(ReachableCode, EveryCatalogAndColumnHasARow) {
  std::set<std::string> tried;
  for (const auto& one : cases())
    for (const auto name : split(one.columns, ' ')) tried.emplace(name);
  std::map<std::string, pg::ObjectClass> known;
  for (const auto& row : pg::object_classes()) known.emplace(row.catalog, row);
  const auto catalogs = database_.admin().query(
      "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'oid' "
      "WHERE "
      "c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r'");
  ASSERT_TRUE(catalogs && catalogs->size() > 30);
  for (const auto& row : *catalogs) EXPECT_TRUE(known.contains(*row[0])) << *row[0];
  const auto columns = database_.admin().query(
      "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE "
      "c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND a.atttypid IN "
      "('pg_catalog.pg_node_tree'::regtype, 'pg_catalog.regproc'::regtype)");
  ASSERT_TRUE(columns && columns->size() > 40);
  for (const auto& row : *columns) {
    const std::string name = *row[0] + "." + *row[1];
    const auto found = known.find(*row[0]);
    ASSERT_NE(found, known.end()) << name;
    const auto listed = split(found->second.code, ' ');
    EXPECT_NE(std::find(listed.begin(), listed.end(), *row[1]), listed.end()) << name;
    EXPECT_TRUE(tried.contains(name) || !found->second.why.empty())
        << name << " has neither a case nor a reason";
  }
}

// An unknown catalog: whatever of it depends on something that the statement reaches is refused.
TEST_F(ReachableCode, OfAnUnknownKindOfObjectIsRefused) {
  auto connection = database_.connect();
  ASSERT_TRUE(connection.query("SET search_path = pg_catalog"));
  const auto trigger = connection.query(
      "SELECT 'pg_trigger'::regclass::oid, 'public.triggers'::regclass::oid, "
      "'public.plain'::regclass::oid");
  ASSERT_TRUE(trigger);
  const auto oid = [&](int column) {
    return static_cast<pg::Oid>(std::stoul(*trigger->front()[static_cast<std::size_t>(column)]));
  };
  for (const auto& [relation, expected] :
       {std::pair(oid(1), "an object of the catalog pg_trigger"), std::pair(oid(2), "")}) {
    pg::DependencyChecker checker(connection, {}, {oid(0)});
    checker.take_statement(fmt::format("{{QUERY :commandType 1 :relid {}}}", relation));
    const auto found = checker.run();
    ASSERT_TRUE(found) << found.error().line();
    EXPECT_EQ(join(found->unknown_functions, ","), expected);
  }
}

}  // namespace
}  // namespace pgadvise
