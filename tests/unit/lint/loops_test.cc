// What the rules on loops say besides the log: of counters alone, and in Drizzle's words.
#include <fstream>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "lint/queries/loop_rewrite.h"
#include "lint/run/context.h"
#include "log/reader.h"
#include "log/workload/statistics_file.h"
#include "sql/facts/facts.h"
#include "sql/parse/statement.h"
#include "sql/replay/replay.h"
#include "support/paths.h"

namespace pgadvise::lint {
namespace {

const std::string root = std::string(testing_support::source_dir) + "/fixtures/";

Catalog schema(std::string_view script) {
  sql::Replayer replayer;
  replayer.run(std::string(script), "schema.sql");
  return replayer.take();
}

Workload counters(const Catalog& catalog) {
  Diagnostics diagnostics;
  auto out =
      log::parse_statistics_file("s.csv", read_file(root + "logs/statistics.csv").value(), diagnostics);
  EXPECT_TRUE(out && diagnostics.empty());
  sql::resolve(*out, catalog);
  return std::move(*out);
}

constexpr std::string_view tables =
    "create table author (id serial primary key, name text);"
    "create table visit (id serial primary key, book_id int, note text);";

// Recorded: pages of twelve books, the author of each asked for one by one; look-ups by name and of visits
// beside them.
TEST(Counters, HintAtALoopAndNameItsParent) {
  const Catalog catalog =
      schema(std::string(tables) +
             "create table book (id serial primary key, author_id int references author, title text);");
  const Workload workload = counters(catalog);
  const auto outcome = run({&catalog, &workload}, {"n-plus-one-query"});
  ASSERT_EQ(outcome.findings.size(), 1u);
  const Finding& finding = outcome.findings[0];
  EXPECT_EQ(finding.severity, Severity::note);
  EXPECT_EQ(finding.verdict, Verdict::suspected);
  EXPECT_EQ(finding.subject.table, "author");
  EXPECT_TRUE(finding.message.starts_with("Hint, from counters only: the query on author ran 12 times"))
      << finding.message;
  EXPECT_EQ(
      finding.evidence.at(0).text,
      "the keys may come from: select id, author_id, title from book where id > $1 order by id limit $2");
  EXPECT_TRUE(finding.evidence.at(1).text.starts_with("96 calls with 96 rows, after 8 calls with 96 rows"))
      << finding.evidence[1].text;
  EXPECT_EQ(finding.fix->sql, "select id, name from author where id = ANY($1)");
}

TEST(Counters, SayNothingWithoutAForeignKeyOrASchema) {
  const Catalog catalog =
      schema(std::string(tables) + "create table book (id serial primary key, author_id int, title text);");
  const Workload workload = counters(catalog);
  EXPECT_TRUE(run({&catalog, &workload}, {"n-plus-one-query"}).findings.empty());
  const auto outcome = run({nullptr, &workload}, {"n-plus-one-query"});
  ASSERT_EQ(outcome.skipped.size(), 1u);
  EXPECT_EQ(outcome.skipped[0].reason,
            "needs a log with every statement in order (--log) or a schema (PATH, --schema or --db)");
}

std::vector<std::string> drizzle_fixes(const std::string& rule) {
  Diagnostics diagnostics;
  const Catalog catalog = schema(read_file(root + "rules/" + rule + "/bad.sql").value());
  Workload workload = log::read({root + "rules/" + rule + "/bad.log"}, {}, diagnostics);
  sql::resolve(workload, catalog);
  Project project;
  project.drizzle = true;
  project.drizzle_names = {{"public.customers", "customers"},
                           {"public.order_items", "orderItems"},
                           {"public.order_items.order_id", "orderId"},
                           {"public.orders", "orders"},
                           {"public.orders.customer_id", "customerId"},
                           {"public.orders.id", "id"},
                           {"public.orders.total", "total"}};
  std::vector<std::string> out;
  for (const auto& finding : run({&catalog, &workload, &project}, {rule}).findings)
    if (finding.fix) out.push_back(finding.fix->drizzle);
  return out;
}

bool any(const std::vector<std::string>& fixes, std::string_view part) {
  return std::any_of(fixes.begin(), fixes.end(),
                     [&](const std::string& fix) { return fix.find(part) != std::string::npos; });
}

TEST(LoopFixes, AreInDrizzleWhereTheProjectIs) {
  const auto query = drizzle_fixes("n-plus-one-query");
  EXPECT_TRUE(any(query,
                  "db.select({ customerId: orders.customerId, id: orders.id }).from(orders)"
                  ".where(inArray(orders.customerId, keys))"));
  EXPECT_FALSE(any(query, "with:")) << "no relation is known";
  const auto write = drizzle_fixes("n-plus-one-write");
  EXPECT_TRUE(any(write, "db.insert(orderItems).values(rows)"));
  EXPECT_TRUE(
      any(write,
          "db.update(orders).set({ total: sql`(case ${orders.id} ${sql.join(rows.map((row) => sql`when "
          "${row.id} then ${row.total}`), sql` `)} end)::numeric` }).where(inArray(orders.id, "
          "rows.map((row) => row.id)))"));
  EXPECT_FALSE(any(write, "delete")) << "schema.ts lacks the table";
  EXPECT_TRUE(
      any(drizzle_fixes("writes-outside-transaction"),
          "await db.transaction(async (tx) => {\n  await tx.insert(orders).values(ordersRow).returning();\n"
          "  await tx.insert(orderItems).values(orderItemsRow);\n});"));
}

// Of a statement's text and the catalog's types; nothing where the form is another.
TEST(LoopFixes, AreWholeStatements) {
  const Catalog catalog = schema(
      "create table t (id bigint primary key, \"B c\" numeric(10,2), d text); create table u (t_id bigint "
      "references t);");
  const auto rewritten = [&](const std::string& text) {
    Workload workload;
    Query query;
    query.fingerprint = "1";
    query.text = text;
    workload.queries = {query};
    sql::resolve(workload, catalog);
    const Query& found = workload.queries[0];
    const Predicate* key = nullptr;
    for (const auto& predicate : found.facts.predicates)
      if (!key && predicate.op == Predicate::Op::equality) key = &predicate;
    switch (found.facts.kind) {
      case StatementKind::insert: return insert_all(found);
      case StatementKind::update: return key ? update_all(Context({&catalog}), found, *key) : std::string();
      case StatementKind::delete_: return key ? delete_all(found, *key) : std::string();
      default: return key ? ask_for_all(Context({&catalog}), found, *key, {}) : std::string();
    }
  };
  EXPECT_EQ(rewritten("select d from t where id = $1"), "select id, d from t where id = ANY($1)");
  EXPECT_EQ(rewritten("select * from t where t.id=$1 limit $2"), "select * from t where t.id=ANY($1)");
  EXPECT_EQ(rewritten("select count(*) from u where t_id = $1"),
            "select t_id, count(*) from u where t_id = ANY($1) group by t_id");
  EXPECT_EQ(rewritten("select d from t where id = $1 order by d limit $2"), "");
  EXPECT_EQ(rewritten("select d from t where id = $1 for update"), "");
  EXPECT_EQ(rewritten("select d from t where id = $1::bigint"), "");
  EXPECT_EQ(rewritten("select distinct d from t where id = $1"), "");
  EXPECT_EQ(rewritten("with a as (select $2) select d from t where id = $1"), "");
  EXPECT_EQ(rewritten("insert into t values ($1, $2, lower($3)) on conflict do nothing"),
            "insert into t values ($1, $2, lower($3)), ($4, $5, lower($6)) on conflict do nothing");
  EXPECT_EQ(rewritten("insert into t (id) values ($1) on conflict (id) do update set d = $2"), "");
  EXPECT_EQ(rewritten("update t set \"B c\" = $1, d = $2 where id = $3"),
            "update t as t set \"B c\" = v.\"B c\", d = v.d from unnest($1::numeric(10,2)[], $2::text[], "
            "$3::bigint[]) as v(\"B c\", d, id) where t.id = v.id");
  EXPECT_EQ(rewritten("update t set d = d || $1 where id = $2"), "");
  EXPECT_EQ(rewritten("update t set d = $1 where id = $2 returning id"), "");
  EXPECT_EQ(rewritten("delete from u where t_id = $1"), "delete from u where t_id = ANY($1)");
  EXPECT_EQ(rewritten("delete from u where t_id = $1 and t_id > $2"), "");
  for (const auto* text : {"select count(*) from u where t_id = $1", "select d from t where (id = $1)",
                           "delete from u where t_id = $1"}) {
    const std::string all = rewritten(text);
    EXPECT_TRUE(!all.empty() && sql::fingerprint(all).has_value()) << text << ": " << all;
  }
}

// A list in the place of the key would not run, or mean something else.
TEST(LoopFixes, HaveNoStatementWhereOneMoreKeyChangesTheMeaning) {
  const Catalog catalog = schema(
      "create table warehouse (id int primary key, region text); create table product (id int primary key, "
      "name text);"
      "create table stock (warehouse_id int references warehouse, product_id int references product, qty "
      "int, primary key (warehouse_id, product_id));");
  for (const auto* text : {
           "delete from stock where warehouse_id=$1 and product_id=$2",
           "delete from stock where warehouse_id=$1 or qty is null",
           "delete from stock where not warehouse_id=$1",
           "delete from stock where (warehouse_id=$1) is null",
           "update stock set qty=$1 where warehouse_id=$2 and product_id=$3",
           "select qty from stock where warehouse_id=$1 and product_id=$2",
           "select product_id, count(*) from stock where warehouse_id=$1 group by product_id having "
           "count(*)>$2",
           "select count(*) from stock where product_id=$1 having count(*)>2",
           "select exists(select 1 from stock where product_id=$1)",
           "select (select name from product where id=$1)",
           "select name from product where id in (select product_id from stock where warehouse_id=$1)",
           "select qty, count(*) over () from stock where product_id=$1",
           "select p.name from product p left join stock s on s.product_id=p.id and s.warehouse_id=$1",
           "select s.qty from product p left join stock s on s.product_id=p.id where s.warehouse_id=$1",
           "select id from product where name=$1 or id=$2",
           "select qty from stock where product_id=$1 limit 1",
           "select qty from stock where product_id=$1 order by 1",
           "select qty from stock where coalesce(product_id=$1, true)",
           "select qty from stock where product_id=$1 union select 1",
       }) {
    Workload workload;
    workload.queries.emplace_back();
    workload.queries[0].fingerprint = "1";
    workload.queries[0].text = text;
    sql::resolve(workload, catalog);
    const Query& query = workload.queries[0];
    const Context context({&catalog});
    for (const auto& key : query.facts.predicates) {
      EXPECT_EQ(ask_for_all(context, query, key, {}), "") << text;
      EXPECT_EQ(update_all(context, query, key), "") << text;
      EXPECT_EQ(delete_all(query, key), "") << text;
    }
    if (query.facts.predicates.size() == 2 && query.facts.kind == StatementKind::delete_ &&
        query.facts.parameters == 2) {
      EXPECT_EQ(all_keys(query, {}), "WHERE (warehouse_id, product_id) IN (…)");
    }
  }
}

// Two look-ups in each round by the same value: it came from before the loop. By what the first one's row
// gives: from that.
TEST(Rounds, KeysComeFromTheRowOrFromBeforeTheLoop) {
  const Catalog catalog = schema(
      "create table authors (id int primary key, name text, town_id int); create table books (id int primary "
      "key, author_id int references authors);");
  const auto first_evidence = [&](int shift, bool parameters) {
    const std::string path = ::testing::TempDir() + "rounds.log";
    std::ofstream out(path);
    const auto line = [&](int ms, const std::string& statement, int value) {
      out << "2026-01-09 12:00:00." << 100 + ms << " UTC [77] a@a LOG:  duration: 0.060 ms  "
          << (parameters ? "execute <unnamed>: " : "statement: ") << statement
          << (parameters ? "$1" : std::to_string(value)) << "\n";
      if (parameters)
        out << "2026-01-09 12:00:00." << 100 + ms << " UTC [77] a@a DETAIL:  parameters: $1 = '" << value
            << "'\n";
    };
    line(0, "select id, author_id from books where id > ", 1);
    for (int i = 0; i < 10; ++i) {
      line(2 * i + 1, "select name from authors where id = ", i + 2);
      line(2 * i + 2, "select title from books where author_id = ", i + 2 + shift);
    }
    out.close();
    Diagnostics diagnostics;
    Workload workload = log::read({path}, {}, diagnostics);
    sql::resolve(workload, catalog);
    for (const auto& finding : run({&catalog, &workload}, {"n-plus-one-query"}).findings)
      if (finding.subject.table == "books") return finding.evidence.at(0).text;
    return std::string("no finding");
  };
  for (const bool parameters : {true, false}) {
    EXPECT_EQ(first_evidence(0, parameters),
              "the query before it: select id, author_id from books where id > $1");
    EXPECT_EQ(first_evidence(1000, parameters), "the keys come from: select name from authors where id = $1");
  }
}

}  // namespace
}  // namespace pgadvise::lint
