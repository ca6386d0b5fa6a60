#include "advisor/candidates/candidates.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "advisor/candidates/uncosted.h"
#include "advisor/costs/maintenance_cost.h"
#include "advisor/costs/size.h"
#include "advisor/ddl/index_ddl.h"
#include "advisor/search/drops.h"
#include "model/schema/ddl.h"
#include "sql/facts/facts.h"
#include "sql/replay/replay.h"

namespace pgadvise::advisor {
namespace {

Catalog catalog_of(const std::string& script) {
  sql::Replayer replayer;
  replayer.run(script, "schema.sql");
  return replayer.take();
}

Catalog shop() {
  return catalog_of(R"(
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, status text, placed_at timestamptz, total numeric, note json,
                         deleted_at timestamptz, open boolean, tags text[], doc jsonb);
    CREATE TABLE customers (id bigint PRIMARY KEY, email text, name varchar(80), "Region" text COLLATE "C");
    CREATE TABLE "Odd one" ("Id" bigint, "userId" bigint);
    CREATE VIEW open_orders AS SELECT * FROM orders WHERE status = 'open';
    CREATE INDEX orders_customer ON orders (customer_id, placed_at);
    CREATE TEMP TABLE scratch (a int);
  )");
}

std::vector<std::string> proposed(const std::string& sql, const Catalog& catalog, int width = 2) {
  const QueryFacts facts = sql::query_facts(sql, catalog);
  std::vector<std::string> out;
  for (const auto& proposal : candidates(facts, referenced_columns(sql, facts, catalog), catalog, {width}))
    out.push_back(proposal.table.name + " " + ddl::index_definition(ddl::index_of(proposal)));
  return out;
}

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

TEST(Candidates, LeadWithWhatNarrowsJoinsOrSorts) {
  const Catalog catalog = shop();
  const auto found = proposed(
      "SELECT o.total FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.status = $1 AND c.email "
      "> $2 ORDER BY o.placed_at",
      catalog);
  for (const auto* wanted :
       {"orders (status)", "orders (status, placed_at)", "orders (customer_id, status)", "orders (placed_at)",
        "orders (status, total)", "customers (email)", "customers (email, id)", "customers (id, email)"})
    EXPECT_TRUE(has(found, wanted)) << wanted;
  for (const auto* unwanted : {"orders (total)", "orders (total, status)", "orders (customer_id)",
                               "orders (customer_id, placed_at)", "customers (id)", "customers (name)"})
    EXPECT_FALSE(has(found, unwanted)) << unwanted;
  EXPECT_TRUE(has(proposed("SELECT DISTINCT status FROM orders", catalog), "orders (status)"));
  EXPECT_TRUE(has(proposed("SELECT max(total) FROM orders", catalog), "orders (total)"));
  EXPECT_TRUE(
      has(proposed("SELECT status, count(*) FROM orders GROUP BY status", catalog), "orders (status)"));
  EXPECT_TRUE(has(proposed("DELETE FROM orders WHERE total = 1", catalog), "orders (total)"));
  EXPECT_TRUE(has(proposed("UPDATE orders SET status = 'x' WHERE total = 1", catalog), "orders (total)"));
  EXPECT_TRUE(has(proposed("SELECT * FROM open_orders WHERE total = 3", catalog), "orders (status, total)"))
      << "views are looked through";
  EXPECT_TRUE(
      has(proposed("SELECT 1 FROM \"Odd one\" u WHERE u.\"userId\" = 4", catalog), "Odd one (\"userId\")"));
  EXPECT_TRUE(proposed("SELECT * FROM orders", catalog).empty());
  EXPECT_TRUE(proposed("SELECT 1 FROM scratch WHERE a = 1", catalog).empty());
  EXPECT_TRUE(proposed("SELECT 1 FROM pg_class WHERE relname = 'x'", catalog).empty());
  EXPECT_TRUE(proposed("SELECT total FROM orders WHERE note = $1", catalog).empty()) << "json has no order";
  const auto narrow =
      proposed("SELECT total FROM orders WHERE status = 'x' AND placed_at > now()", catalog, 1);
  EXPECT_FALSE(narrow.empty());
  for (const auto& one : narrow) EXPECT_EQ(std::string::npos, one.find(',')) << one;
}

// Their number is linear in the columns where a statement names very many.
TEST(Candidates, OfManyColumnsAreBounded) {
  Table table;
  table.name = {"public", "wide"};
  table.statistics = TableStatistics{.rows = 1e6, .pages = 100000, .bytes = 819200000};
  std::string query = "SELECT * FROM wide WHERE true";
  for (int n = 0; n < 600; ++n) {
    table.columns.push_back({.name = "c" + std::to_string(n), .type = "integer"});
    query += " AND c" + std::to_string(n) + " = 1";
  }
  table.columns.back().statistics = ColumnStatistics{.n_distinct = -1};
  Catalog catalog;
  catalog.tables.emplace(table.name, table);
  const auto found = proposed(query, catalog);
  EXPECT_LE(found.size(), 600U + 40 * 39);
  EXPECT_TRUE(has(found, "wide (c300)"));
  EXPECT_TRUE(has(found, "wide (c599, c1)")) << "the most distinct values";
  EXPECT_FALSE(has(found, "wide (c300, c1)"));
}

TEST(Candidates, FollowOrderByWithItsDirections) {
  const Catalog catalog = shop();
  auto found =
      proposed("SELECT id FROM orders WHERE status = 'x' ORDER BY placed_at DESC, total LIMIT 5", catalog, 3);
  EXPECT_TRUE(has(found, "orders (status, placed_at, total DESC)")) << "read from its end";
  found = proposed("SELECT id FROM orders ORDER BY placed_at DESC NULLS LAST", catalog);
  EXPECT_TRUE(has(found, "orders (placed_at NULLS FIRST)"));
  found = proposed("SELECT id FROM orders ORDER BY placed_at DESC", catalog);
  EXPECT_TRUE(has(found, "orders (placed_at)"));
}

TEST(Candidates, KnowPatternsAndExpressions) {
  Catalog catalog = shop();
  auto found = proposed(
      "SELECT id FROM customers WHERE email LIKE 'ab%' AND name LIKE 'x%' AND \"Region\" LIKE 'E%'", catalog);
  EXPECT_TRUE(has(found, "customers (email text_pattern_ops)"));
  EXPECT_TRUE(has(found, "customers (name varchar_pattern_ops)"));
  EXPECT_FALSE(has(found, "customers (\"Region\" text_pattern_ops)")) << "C needs none";
  EXPECT_FALSE(has(proposed("SELECT id FROM customers WHERE email LIKE '%ab'", catalog),
                   "customers (email text_pattern_ops)"));
  EXPECT_TRUE(has(proposed("SELECT id FROM customers WHERE lower(email) = $1", catalog),
                  "customers ((lower(email)))"));
  EXPECT_TRUE(
      has(proposed("SELECT o.id FROM orders o WHERE o.status = 'open' AND o.doc ->> 'user' = $1", catalog),
          "orders (status, (doc ->> 'user'))"));
  EXPECT_FALSE(has(proposed("SELECT id FROM orders WHERE coalesce(status, 'anna') = $1", catalog),
                   "orders ((COALESCE(status, 'anna')))"))
      << "a literal";
  Table& orders = *catalog.table({"public", "orders"});
  orders.indexes.push_back(
      {.name = "there", .method = "btree", .keys = {{.expression = "(doc ->> 'user'::text)"}}});
  EXPECT_FALSE(
      has(proposed("SELECT id FROM orders WHERE doc ->> 'user' = $1", catalog), "orders ((doc ->> 'user'))"))
      << "as the server spells it";
  catalog.settings["lc_collate"] = "C";
  EXPECT_FALSE(has(proposed("SELECT id FROM customers WHERE email LIKE 'ab%'", catalog),
                   "customers (email text_pattern_ops)"));
}

TEST(Candidates, TakeExpressionsFromTheStatementWithItsConstants) {
  const Catalog catalog = shop();
  const std::string normalised = "SELECT id FROM orders WHERE doc->>$1 = $2";
  const QueryFacts facts = sql::query_facts(normalised, catalog);
  const QueryFacts spelled = sql::query_facts("SELECT id FROM orders WHERE doc->>'user' = 'anna'", catalog);
  const auto found =
      candidates(facts, referenced_columns(normalised, facts, catalog), catalog, {.spelled = &spelled});
  EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](const IndexProposal& one) {
    return ddl::index_definition(ddl::index_of(one)) == "((doc ->> 'user'))";
  }));
}

TEST(Candidates, TellWhatAStatementCanDoWithout) {
  const IndexProposal a{.table = {"public", "orders"}, .keys = {{.column = "status"}}};
  IndexProposal ab = a, with = a, partial = a, expression = a;
  ab.keys.push_back({.column = "total"});
  with.include = {"total"};
  partial.predicate = "total IS NULL";
  expression.keys.push_back({.expression = "lower(status)"});
  const ReferencedColumns without{.columns = {"status", "id"}, .leading = {"status"}, .sorted = {}};
  ReferencedColumns both = without, star = without;
  both.columns.push_back("total");
  star.complete = false;
  EXPECT_TRUE(spares(a, ab, without));
  EXPECT_TRUE(spares(a, with, without));
  EXPECT_FALSE(spares(ab, a, without));
  EXPECT_FALSE(spares(a, ab, both));
  EXPECT_FALSE(spares(a, with, both));
  EXPECT_FALSE(spares(a, ab, star));
  EXPECT_FALSE(spares(a, partial, without));
  EXPECT_FALSE(spares(a, expression, without));
  IndexProposal with_id = a, with_id_and_total = a;
  with_id.include = {"id"};
  with_id_and_total.include = {"id", "total"};
  EXPECT_TRUE(spares(with_id, with_id_and_total, without));
  EXPECT_FALSE(spares(a, with_id, without));
}

TEST(Candidates, LeaveOutWhatCannotBeBuiltOrDoesNotMatter) {
  Catalog catalog = shop();
  Table& orders = *catalog.table({"public", "orders"});
  orders.statistics = TableStatistics{.rows = 40, .pages = 2};
  EXPECT_TRUE(proposed("SELECT id FROM orders WHERE status = 'x'", catalog).empty()) << "two pages";
  orders.statistics = TableStatistics{.rows = 4000, .pages = small_table_pages - 1};
  EXPECT_TRUE(proposed("SELECT id FROM orders WHERE status = 'x'", catalog).empty()) << "check refutes it";
  orders.statistics = TableStatistics{.rows = 4000, .pages = small_table_pages};
  EXPECT_FALSE(proposed("SELECT id FROM orders WHERE status = 'x'", catalog).empty());
  orders.statistics = TableStatistics{.rows = 40000, .pages = 2000};
  EXPECT_FALSE(proposed("SELECT id FROM orders WHERE status = 'x'", catalog).empty());
  for (auto& column : orders.columns)
    if (column.name == "status") column.statistics = ColumnStatistics{.n_distinct = -1, .average_width = 900};
  EXPECT_TRUE(proposed("SELECT tags FROM orders WHERE status = 'x'", catalog, 1).empty())
      << "an entry may be too long";
}

TEST(Candidates, HashOnlyForLongTextsThatAreOnlyEqual) {
  Catalog catalog = catalog_of(
      "CREATE TABLE pages (id bigint PRIMARY KEY, url text, title text, kind text, token varchar UNIQUE, n "
      "int)");
  Table& table = catalog.tables.begin()->second;
  table.statistics = TableStatistics{.rows = 100'000, .pages = 3000, .bytes = 24'576'000};
  for (auto& column : table.columns)
    column.statistics = ColumnStatistics{.n_distinct = column.name == "kind" ? 5.0 : -1.0,
                                         .average_width = column.name == "n" ? 4 : 180};
  const auto hashes = [&](const std::string& sql, const std::vector<std::string>& others = {}) {
    std::vector<std::string> all{sql};
    all.insert(all.end(), others.begin(), others.end());
    Columns not_just_equal;
    for (const auto& statement : all) {
      const QueryFacts facts = sql::query_facts(statement, catalog);
      add_not_just_equal(facts, referenced_columns(statement, facts, catalog), not_just_equal);
    }
    std::string out;
    const QueryFacts facts = sql::query_facts(sql, catalog);
    for (const auto& proposal :
         hash_candidates(facts, referenced_columns(sql, facts, catalog), not_just_equal, catalog))
      out += ddl::index_definition(ddl::index_of(proposal));
    return out;
  };
  const std::string by_url = "SELECT id FROM pages WHERE url = $1 AND n = 5";
  EXPECT_EQ(hashes(by_url), "(url)");
  EXPECT_EQ(hashes(by_url, {"UPDATE pages SET title = 'x' WHERE url = $1"}), "(url)");
  for (const auto* other :
       {"SELECT id FROM pages ORDER BY url LIMIT 5", "SELECT id FROM pages WHERE url > $1",
        "SELECT id FROM pages WHERE url LIKE 'a%'", "SELECT id FROM pages WHERE url IS NULL",
        "SELECT id FROM pages WHERE url <> $1", "SELECT id FROM pages WHERE url = ANY ($1)",
        "SELECT url, count(*) FROM pages GROUP BY url", "SELECT min(url) FROM pages",
        "SELECT DISTINCT url FROM pages", "SELECT id FROM pages WHERE lower(url) = $1",
        "SELECT a.id FROM pages a JOIN pages b ON b.title = a.url"})
    EXPECT_EQ(hashes(by_url, {other}), "") << other;
  EXPECT_EQ(hashes("SELECT id FROM pages WHERE token = $1"), "") << "its key serves";
  EXPECT_EQ(hashes("SELECT id FROM pages WHERE n = $1"), "") << "no text";
  EXPECT_EQ(hashes("SELECT id FROM pages WHERE kind = $1"), "")
      << "a B-tree stores each of five values but once";
  table.statistics->pages = 5, table.statistics->bytes = 40'960;
  EXPECT_EQ(hashes(by_url), "") << "the table is small";
  table.statistics->pages = 3000;
  table.columns[1].statistics->average_width = 40;
  EXPECT_EQ(hashes(by_url), "") << "too short";
}

TEST(Refinements, WidenCoverAndFilter) {
  const Catalog catalog = shop();
  const std::string sql =
      "SELECT total FROM orders WHERE status = $1 AND placed_at > $2 AND deleted_at IS NULL AND open";
  const QueryFacts facts = sql::query_facts(sql, catalog);
  const auto referenced = referenced_columns(sql, facts, catalog).at({"public", "orders"});
  const IndexProposal used{.table = {"public", "orders"},
                           .keys = {{.column = "status"}, {.column = "placed_at"}}};
  std::vector<std::string> found;
  for (const auto& proposal : refinements(used, facts, referenced, catalog, {4}))
    found.push_back(ddl::index_definition(ddl::index_of(proposal)));
  for (const auto* wanted :
       {"(status, placed_at, total)", "(status, placed_at) INCLUDE (total, deleted_at, open)",
        "(status, placed_at) WHERE deleted_at IS NULL", "(status, placed_at) WHERE open"})
    EXPECT_TRUE(has(found, wanted)) << wanted;
  EXPECT_TRUE(refinements(used, facts, referenced, catalog, {2}).empty());
  const std::string all = "SELECT * FROM orders WHERE status = $1";
  const QueryFacts all_facts = sql::query_facts(all, catalog);
  const auto of_all = refinements(
      used, all_facts, referenced_columns(all, all_facts, catalog).at({"public", "orders"}), catalog, {4});
  for (const auto& proposal : of_all) EXPECT_TRUE(proposal.include.empty()) << "* reads all columns";
}

TEST(Size, IsThatOfABuiltIndex) {
  Catalog catalog = catalog_of("CREATE TABLE t (id integer, kind integer, at timestamptz, name text)");
  Table& table = *catalog.table({"public", "t"});
  table.statistics = TableStatistics{.rows = 1e6, .pages = 10000};
  const auto stat = [&](const std::string& name, double distinct, int width) {
    for (auto& column : table.columns)
      if (column.name == name)
        column.statistics = ColumnStatistics{.n_distinct = distinct, .average_width = width};
  };
  stat("id", -1, 4);
  stat("kind", 5, 4);
  stat("at", -1, 8);
  const auto mb_of = [&](std::vector<IndexKey> keys, std::vector<std::string> include = {}) {
    return static_cast<double>(index_size(
               {.table = table.name, .keys = std::move(keys), .include = std::move(include)}, catalog)) /
           1e6;
  };
  // As PostgreSQL 15 builds them: 22.5, 6.9 and 31.5 MB.
  EXPECT_NEAR(22.5, mb_of({{.column = "id"}}), 1);
  EXPECT_NEAR(6.9, mb_of({{.column = "kind"}}), 0.4);
  EXPECT_NEAR(31.5, mb_of({{.column = "kind"}, {.column = "at"}}), 1.5);
  EXPECT_GT(mb_of({{.column = "kind"}}, {"at"}), 25) << "with INCLUDE nothing is stored once";
  // A hash index to the byte, while its buckets don't overflow.
  table.statistics->rows = 50'000;
  EXPECT_EQ(2'113'536,
            index_size({.table = table.name, .keys = {{.column = "id"}}, .method = "hash"}, catalog));
  table.statistics->rows = 120'000;
  EXPECT_EQ(4'210'688,
            index_size({.table = table.name, .keys = {{.column = "id"}}, .method = "hash"}, catalog));
  EXPECT_EQ(0, index_size({.table = {"public", "gone"}, .keys = {{.column = "id"}}}, catalog));
}

TEST(Drops, NameDuplicatesBeginningsAndTheUnused) {
  Catalog catalog = catalog_of(R"(
    CREATE TABLE p (id int PRIMARY KEY);
    CREATE TABLE t (a int, b int, c int REFERENCES p, d int, e int UNIQUE);
    CREATE INDEX i_a ON t (a); CREATE INDEX i_ab ON t (a, b); CREATE INDEX i_ab2 ON t (a, b); CREATE UNIQUE INDEX u_a ON t (a);
    CREATE INDEX i_c ON t (c); CREATE INDEX i_d ON t (d); CREATE INDEX i_e ON t (e); CREATE INDEX i_part ON t (a) WHERE b > 0; CREATE INDEX h_d ON t USING hash (d);
  )");
  for (auto& index : catalog.table({"public", "t"})->indexes)
    index.statistics = IndexStatistics{.scans = index.name == "h_d" ? 4 : 0, .pages = 100};
  catalog.statistics_days = 3;
  std::vector<std::string> found;
  const auto list = [&](const std::vector<IndexProposal>& made) {
    found.clear();
    for (const auto& drop : drops(catalog, made))
      found.push_back(drop.index + ": " + drop.reason.substr(0, drop.reason.find(' ')));
    return found;
  };
  EXPECT_EQ((std::vector<std::string>{"i_a: redundant:", "i_ab2: duplicate", "i_e: duplicate"}), list({}));
  EXPECT_TRUE(
      has(list({{.table = {"public", "t"}, .keys = {{.column = "d"}, {.column = "a"}}}}), "i_d: replaced:"));
  catalog.statistics_days = 30;
  list({});
  EXPECT_TRUE(has(found, "i_d: not"));
  EXPECT_TRUE(has(found, "i_part: not"));
  EXPECT_FALSE(has(found, "i_c: not")) << "it serves a foreign key";
  EXPECT_FALSE(has(found, "h_d: not"));
  const auto all = drops(catalog, {});
  const auto part =
      std::find_if(all.begin(), all.end(), [](const IndexDrop& drop) { return drop.index == "i_part"; });
  ASSERT_NE(all.end(), part);
  EXPECT_EQ("DROP INDEX CONCURRENTLY public.i_part;", part->sql);
  EXPECT_NE(std::string::npos, part->down_sql.find("CREATE INDEX CONCURRENTLY i_part ON public.t (a) WHERE "))
      << part->down_sql;
}

TEST(Uncosted, ProposesGin) {
  const Catalog catalog = shop();
  Query contained{.fingerprint = "1"};
  contained.facts = sql::query_facts("SELECT id FROM orders WHERE doc @> $1 AND tags && $2", catalog);
  Query like{.fingerprint = "2"};
  like.facts = sql::query_facts("SELECT id FROM customers WHERE name ILIKE '%x%'", catalog);
  IndexNamer namer(catalog);
  const auto found = uncosted({&contained, &like}, catalog, namer);
  ASSERT_EQ(3u, found.size());
  EXPECT_NE(std::string::npos, found[0].sql.find("USING gin (name gin_trgm_ops)")) << found[0].sql;
  EXPECT_NE(std::string::npos, found[0].reason.find("pg_trgm"));
  EXPECT_NE(std::string::npos, found[1].sql.find("USING gin (doc jsonb_path_ops)")) << found[1].sql;
  EXPECT_NE(std::string::npos, found[2].sql.find("USING gin (tags)")) << found[2].sql;
}

TEST(Upkeep, DependsOnWhatIsWritten) {
  const Catalog catalog = shop();
  const IndexProposal on_status{.table = {"public", "orders"}, .keys = {{.column = "status"}}};
  const auto paid = [&](const std::string& sql) {
    const QueryFacts facts = sql::query_facts(sql, catalog);
    return maintenance_cost(on_status, {{&facts, 10}}, catalog);
  };
  EXPECT_EQ(10, paid("INSERT INTO orders (id) VALUES (1)"));
  EXPECT_EQ(20, paid("UPDATE orders SET status = 'x' WHERE id = 1"));
  EXPECT_EQ(3, paid("UPDATE orders SET total = 2 WHERE id = 1"));
  EXPECT_EQ(0, paid("DELETE FROM orders WHERE id = 1"));
  EXPECT_EQ(0, paid("INSERT INTO customers (id) VALUES (1)"));
}

}  // namespace
}  // namespace pgadvise::advisor
