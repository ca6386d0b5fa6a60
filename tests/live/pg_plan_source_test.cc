#include <fmt/format.h>
#include <gtest/gtest.h>

#include "live/support.h"
#include "pg/plans/plan_source.h"

namespace pgadvise {
namespace {

class PgPlanSource : public testing::Test {
 protected:
  void SetUp() override {
    database_.run(R"(
      CREATE TABLE big (id integer PRIMARY KEY, kind text, n integer, at timestamptz DEFAULT now());
      INSERT INTO big SELECT i, CASE WHEN i % 10 = 0 THEN 'rare' ELSE 'often' END, i FROM generate_series(1, 20000) i;
      CREATE TABLE parts (id integer, k text) PARTITION BY RANGE (id);
      CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100000);
      INSERT INTO parts SELECT i, 'k' || i % 3 FROM generate_series(1, 1000) i;
      CREATE EXTENSION citext; CREATE EXTENSION pg_trgm; CREATE EXTENSION postgres_fdw;
      CREATE TABLE mail (address citext PRIMARY KEY, name text); CREATE INDEX ON mail USING gin (name gin_trgm_ops);
      ANALYZE;
      CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; CREATE FOREIGN TABLE distant (id integer) SERVER far;
      CREATE TABLE family (id integer); CREATE FOREIGN TABLE child () INHERITS (family) SERVER far;
      CREATE TYPE state AS ENUM ('a', 'b'); CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
      CREATE TABLE typed (s state, p positive, l state[]);
      CREATE TABLE instead (id integer); CREATE RULE r AS ON INSERT TO instead DO INSTEAD NOTHING;
    )");
    connection_.emplace(database_.connect("pgadvise_admin"));
    auto source = pg::make_plan_source(*connection_);
    ASSERT_TRUE(source) << source.error().line();
    source_ = std::move(*source);
  }
  std::string dependencies(const std::string& statement) {
    const auto found = source_->dependencies(statement, plan::Names::session);
    if (!found) return found.error().line();
    return fmt::format("{}|{}|{}", fmt::join(found->unknown_functions, ","),
                       fmt::join(found->refused_functions, ","), fmt::join(found->foreign_tables, ","));
  }
  live::Database database_;
  std::optional<pg::Connection> connection_;
  std::unique_ptr<plan::PlanSource> source_;
};

TEST_F(PgPlanSource, KnowsDependencies) {
  EXPECT_EQ("||", dependencies("SELECT * FROM mail WHERE address = 'A@b.c' AND name ILIKE '%x%'"));
  EXPECT_EQ("||", dependencies("SELECT * FROM typed WHERE s = 'a' AND p = 5 AND 'b' = ANY (l)"));
  EXPECT_EQ("||", dependencies("SELECT * FROM typed WHERE s = $1 AND p = $2"));
  EXPECT_EQ("||public.distant", dependencies("SELECT * FROM distant"));
  EXPECT_EQ("||public.child", dependencies("SELECT * FROM family"));
  EXPECT_EQ("an object that the server does not show||", dependencies("INSERT INTO instead VALUES (1)"));
  EXPECT_FALSE(source_->dependencies("SELECT * FROM nowhere", plan::Names::session));
  EXPECT_FALSE(source_->dependencies("SELECT * FORM big", plan::Names::session));
  EXPECT_FALSE(connection_->in_transaction());
}

// What holds such a type is looked for in catalogs of thousands of rows, within the five seconds that a
// statement has.
TEST_F(PgPlanSource, ADomainOfManyTablesIsNoHindranceToOthers) {
  database_.run(R"(
    CREATE FUNCTION is_slug(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1 ~ '^[a-z-]+$'; END $$;
    CREATE DOMAIN slug AS text CHECK (is_slug(VALUE));
    DO $$ BEGIN FOR n IN 1..400 LOOP
      EXECUTE format('CREATE TABLE p%sx (id integer, name slug, %s)', n, (SELECT string_agg(format('c%s text', i), ', ') FROM generate_series(1, 20) i));
    END LOOP; END $$;)");
  EXPECT_EQ("||", dependencies("SELECT * FROM typed WHERE p = '5'"));
  EXPECT_EQ("the CHECK of the domain public.slug||", dependencies("SELECT 'a'::slug[]"));
  EXPECT_EQ("the CHECK of the domain public.slug||", dependencies("SELECT id FROM p77x WHERE c1 = 'x'"));
}

// As projects set them up for their language. A thesaurus names another dictionary, which may be itself.
TEST_F(PgPlanSource, TextSearchIsPlannedWithDictionariesOfKnownTemplates) {
  database_.run(R"(
    CREATE EXTENSION unaccent; CREATE TEXT SEARCH CONFIGURATION fr (COPY = french);
    CREATE TEXT SEARCH DICTIONARY plain_words (TEMPLATE = simple);
    ALTER TEXT SEARCH CONFIGURATION fr ALTER MAPPING FOR hword, word WITH unaccent, plain_words, french_stem;)");
  const std::string statement =
      "SELECT id FROM big WHERE to_tsvector('fr', kind) @@ plainto_tsquery('fr', $1)";
  EXPECT_EQ("||", dependencies(statement));
  database_.run(
      "CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = thesaurus, DictFile = thesaurus_sample, Dictionary = "
      "english_stem)");
  connection_.emplace(database_.connect("pgadvise_admin"));
  source_ = std::move(*pg::make_plan_source(*connection_));
  EXPECT_EQ("the text search dictionary public.words||", dependencies(statement));
  EXPECT_EQ("||", dependencies("SELECT id FROM big WHERE kind = 'x'"));
}

TEST_F(PgPlanSource, ExplainsWithAndWithoutValues) {
  const auto plan =
      source_->explain({"SELECT * FROM big WHERE kind = $1 AND n > $2", {"rare", "5"}, false, {}});
  ASSERT_TRUE(plan) << plan.error().line();
  EXPECT_FALSE(plan->analyzed);
  EXPECT_EQ("Seq Scan", plan->root.type);
  EXPECT_EQ("public.big", plan->root.schema + "." + plan->root.relation);
  EXPECT_NEAR(2000, plan->root.plan_rows, 500);
  const auto measured = source_->explain({"SELECT * FROM big WHERE kind = $1", {"rare"}, true, {}});
  ASSERT_TRUE(measured) << measured.error().line();
  EXPECT_TRUE(measured->analyzed);
  EXPECT_EQ(2000, measured->root.actual_rows);
  EXPECT_EQ(18000, measured->root.rows_removed_by_filter);
  const auto generic =
      source_->explain({"SELECT * FROM big WHERE kind = $1 AND n BETWEEN $2 AND $3", {}, false, {}});
  ASSERT_TRUE(generic) << generic.error().line();
  EXPECT_NE(std::string::npos, generic->root.filter.find("$1")) << generic->text;
  EXPECT_FALSE(source_->explain({"SELECT * FROM big WHERE kind = $1", {}, true, {}}));
  EXPECT_TRUE(source_->explain({"SELECT '$1' FROM big", {}, true, {}}));
  const auto few = source_->explain({"SELECT * FROM big WHERE kind = $1 AND n = $2", {"rare"}, false, {}});
  EXPECT_FALSE(few);
  const auto wrong = source_->explain({"SELECT * FROM big WHERE n = $1", {"hunter2"}, false, {}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(std::string::npos, wrong.error().line().find("hunter2"));
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ("0", connection_->query("SELECT count(*)::text FROM pg_prepared_statements")->front().front());
}

TEST_F(PgPlanSource, EndsWhatTakesTooLong) {
  const auto slow = source_->explain(
      {"SELECT count(*) FROM generate_series(1, 100000) a, generate_series(1, 100000) b", {}, true, {}});
  ASSERT_FALSE(slow) << "10,000,000,000 rows within the limit";
  EXPECT_EQ(Error::Kind::nonfatal, slow.error().kind);
  EXPECT_NE(std::string::npos, slow.error().what.find("statement timeout")) << slow.error().line();
  auto locker = database_.connect();
  ASSERT_TRUE(locker.query("BEGIN"));
  ASSERT_TRUE(locker.query("LOCK TABLE big IN ACCESS EXCLUSIVE MODE"));
  const auto locked = source_->explain({"SELECT * FROM big", {}, false, {}});
  ASSERT_FALSE(locked);
  EXPECT_NE(std::string::npos, locked.error().what.find("lock timeout")) << locked.error().line();
  EXPECT_FALSE(connection_->in_transaction());
}

TEST_F(PgPlanSource, CostsHypotheticalIndexes) {
  EXPECT_EQ("HypoPG is not installed in the database: CREATE EXTENSION hypopg", source_->what_if_missing());
  EXPECT_FALSE(source_->explain({"SELECT 1", {}, false, {"CREATE INDEX ON big (kind)"}}));
  database_.run("CREATE SCHEMA \"Odd one\"; CREATE EXTENSION hypopg SCHEMA \"Odd one\"");
  auto source = pg::make_plan_source(*connection_);
  ASSERT_TRUE(source);
  ASSERT_EQ("", (*source)->what_if_missing());
  const plan::ExplainRequest before{"SELECT * FROM big WHERE n = $1", {"7"}, false, {}};
  auto after = before;
  after.hypothetical = {"CREATE INDEX ON public.big (n)"};
  const auto without = (*source)->explain(before);
  const auto with = (*source)->explain(after);
  ASSERT_TRUE(without && with);
  EXPECT_LT(with->root.total_cost * 10, without->root.total_cost);
  EXPECT_EQ((*source)->explain(before)->root.total_cost, without->root.total_cost);
}

TEST_F(PgPlanSource, GivesTypicalValues) {
  const auto kinds = source_->typical_values({"public", "big"}, {"kind"});
  EXPECT_EQ((std::vector<Parameters>{{"often"}, {"rare"}}), kinds);
  const auto both = source_->typical_values({"public", "big"}, {"kind", "n"});
  ASSERT_FALSE(both.empty());
  EXPECT_EQ("often", both[0][0]);
  EXPECT_NEAR(10000, std::stoi(*both[0][1]), 1500);
  EXPECT_EQ(3u, source_->typical_values({"public", "parts"}, {"k"}).size());
  EXPECT_TRUE(source_->typical_values({"public", "big"}, {"nothing"}).empty());
  EXPECT_TRUE(source_->typical_values({"public", "typed"}, {"s"}).empty());
}

}  // namespace
}  // namespace pgadvise
