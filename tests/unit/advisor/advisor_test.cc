#include <gtest/gtest.h>

#include "advisor/candidates/propose.h"
#include "advisor/ddl/index_ddl.h"

namespace pgadvise::advisor {
namespace {

Table table(const std::string& schema, const std::string& name, Table::Kind kind = Table::Kind::ordinary) {
  Table out;
  out.name = {schema, name};
  out.kind = kind;
  return out;
}

Catalog catalog_of(std::vector<Table> tables) {
  Catalog catalog;
  for (auto& each : tables) catalog.tables.emplace(each.name, each);
  return catalog;
}

IndexProposal on(const std::string& schema, const std::string& name, std::vector<IndexKey> keys) {
  return {.table = {schema, name}, .keys = std::move(keys)};
}

IndexDdl ddl(const IndexProposal& proposal, const Catalog& catalog, const Project* project = nullptr) {
  IndexNamer namer(catalog);
  return create_index(proposal, namer, catalog, project);
}

TEST(CreateIndex, IsConcurrentAndQuotesNames) {
  const auto catalog = catalog_of({table("public", "auditLog")});
  const auto made = ddl(on("public", "auditLog", {{.column = "userId"}}), catalog);
  EXPECT_EQ(made.sql, R"(CREATE INDEX CONCURRENTLY "auditLog_userId_idx" ON public."auditLog" ("userId");)");
  EXPECT_EQ(made.down_sql, R"(DROP INDEX CONCURRENTLY public."auditLog_userId_idx";)");
}

TEST(CreateIndex, SpellsOrderAndNullsOnlyWhereTheyDiffer) {
  const auto catalog = catalog_of({table("billing", "invoices")});
  const auto proposal = on("billing", "invoices",
                           {{.column = "a", .descending = true, .nulls_first = true},
                            {.column = "b", .descending = true},
                            {.column = "c", .nulls_first = true}});
  EXPECT_EQ(ddl(proposal, catalog).sql,
            "CREATE INDEX CONCURRENTLY invoices_a_b_c_idx ON billing.invoices (a DESC, b DESC NULLS LAST, c "
            "NULLS FIRST);");
}

TEST(CreateIndex, OnAPartitionedTableGoesPartitionByPartition) {
  auto parent = table("public", "events", Table::Kind::partitioned);
  auto first = table("public", "events_1");
  auto second = table("public", "events_2");
  first.partition_of = second.partition_of = parent.name;
  first.indexes.push_back({.name = "there_already", .keys = {{.column = "order_id"}}});
  const auto made =
      ddl(on("public", "events", {{.column = "order_id"}}), catalog_of({parent, first, second}));
  EXPECT_EQ(made.sql,
            "CREATE INDEX events_order_id_idx ON ONLY public.events (order_id);\n"
            "ALTER INDEX public.events_order_id_idx ATTACH PARTITION public.there_already;\n"
            "CREATE INDEX CONCURRENTLY events_2_order_id_idx ON public.events_2 (order_id);\n"
            "ALTER INDEX public.events_order_id_idx ATTACH PARTITION public.events_2_order_id_idx;");
  EXPECT_EQ(made.down_sql,
            "DROP INDEX public.events_order_id_idx;\n"
            "CREATE INDEX CONCURRENTLY there_already ON public.events_1 (order_id);")
      << "dropping the parent's takes those that were attached with it";
}

TEST(CreateIndex, CompletesAnIndexThatLacksPartitions) {
  auto parent = table("public", "events", Table::Kind::partitioned);
  parent.indexes.push_back({.name = "whole", .keys = {{.column = "order_id"}}, .valid = false});
  auto first = table("public", "events_1");
  auto second = table("public", "events_2");
  first.partition_of = second.partition_of = parent.name;
  first.indexes.push_back({.name = "part", .keys = {{.column = "order_id"}}, .attached_to = "whole"});
  EXPECT_EQ(ddl(on("public", "events", {{.column = "order_id"}}), catalog_of({parent, first, second})).sql,
            "CREATE INDEX CONCURRENTLY events_2_order_id_idx ON public.events_2 (order_id);\n"
            "ALTER INDEX public.whole ATTACH PARTITION public.events_2_order_id_idx;");
}

TEST(CreateIndex, HypotheticalOnesStandOnLeaves) {
  auto parent = table("public", "events", Table::Kind::partitioned);
  auto leaf = table("public", "events_1");
  leaf.partition_of = parent.name;
  EXPECT_EQ(hypothetical_indexes(on("public", "events", {{.column = "a"}}), catalog_of({parent, leaf})),
            std::vector<std::string>{"CREATE INDEX ON public.events_1 (a)"});
}

TEST(IndexNamer, FollowsTheProjectsPattern) {
  auto orders = table("public", "orders");
  orders.indexes.push_back({.name = "idx_orders_status", .keys = {{.column = "status"}}});
  IndexNamer namer(catalog_of({orders}));
  EXPECT_EQ(namer.name(orders.name, {{.column = "a"}, {.column = "b"}}), "idx_orders_a_b");
  auto rails = table("public", "posts");
  rails.indexes.push_back({.name = "index_posts_on_a_and_b", .keys = {{.column = "a"}, {.column = "b"}}});
  IndexNamer rails_namer(catalog_of({rails}));
  EXPECT_EQ(rails_namer.name(rails.name, {{.column = "x"}, {.column = "y"}}), "index_posts_on_x_and_y");
}

TEST(IndexNamer, NeverCollidesAndStaysUnder63Bytes) {
  auto orders = table("public", "orders");
  orders.indexes.push_back({.name = "orders_a_idx", .keys = {{.column = "z"}}});
  IndexNamer namer(catalog_of({orders}));
  EXPECT_EQ(namer.name(orders.name, {{.column = "a"}}), "orders_a_idx_1");
  const QualifiedName wide{"public", std::string(63, 't')};
  const auto one = namer.name(wide, {{.column = std::string(63, 'a')}});
  const auto two = namer.name(wide, {{.column = std::string(62, 'a') + "b"}});
  EXPECT_LE(one.size(), 63u);
  EXPECT_LE(two.size(), 63u);
  EXPECT_NE(one, two);
  EXPECT_NE(one.find("_idx"), std::string::npos);
  const auto umlauts = namer.name({"public", "tä" + std::string(70, 'x')},
                                  {{.column = std::string("ü") + std::string(61, 'y')}});
  EXPECT_LE(umlauts.size(), 63u);
}

TEST(CreateIndex, WritesTheDrizzleLineInTheProjectsNames) {
  Project project;
  project.drizzle = true;
  project.drizzle_names = {{"public.orders", "orders"},
                           {"public.orders.created", "created"},
                           {"public.orders.customer_id", "customerId"}};
  EXPECT_EQ(ddl(on("public", "orders", {{.column = "a"}}), catalog_of({table("public", "orders")}), &project)
                .drizzle,
            "")
      << "the column's property is not known";
  const auto catalog = catalog_of({table("public", "orders")});
  EXPECT_EQ(ddl(on("public", "events", {{.column = "a"}}), catalog, &project).drizzle, "")
      << "not in schema.ts";
  EXPECT_EQ(
      ddl(on("public", "orders",
             {{.column = "customer_id"}, {.column = "created", .descending = true, .nulls_first = true}}),
          catalog, &project)
          .drizzle,
      "index('orders_customer_id_created_idx').on(table.customerId, table.created.desc().nullsFirst())");
}

Finding asking(const std::string& id, std::vector<IndexKey> keys) {
  Finding finding;
  finding.id = id;
  finding.proposal = on("public", "orders", std::move(keys));
  return finding;
}

TEST(Propose, OneIndexForSeveralFindings) {
  const auto catalog = catalog_of({table("public", "orders")});
  std::vector<Finding> findings{
      asking("1", {{.column = "a"}}), asking("2", {{.column = "a"}, {.column = "b"}}),
      asking("3", {{.column = "a"}, {.column = "b"}}), asking("4", {{.column = "b"}})};
  findings[2].fix = Fix{.cost_before = 9, .cost_after = 1};
  findings.push_back(asking("5", {{.column = "c"}}));
  findings.back().verdict = Verdict::refuted;
  apply_fixes(propose(findings, {}, catalog, nullptr), findings);
  EXPECT_EQ(findings[0].fix->proposed_by, "2");
  EXPECT_EQ(findings[0].fix->sql, "");
  EXPECT_EQ(findings[1].fix->sql, "CREATE INDEX CONCURRENTLY orders_a_b_idx ON public.orders (a, b);");
  EXPECT_EQ(findings[2].fix->proposed_by, "2");
  EXPECT_EQ(findings[2].fix->cost_after, 1);
  EXPECT_EQ(findings[3].fix->sql, "CREATE INDEX CONCURRENTLY orders_b_idx ON public.orders (b);");
  EXPECT_FALSE(findings[4].fix);
}

TEST(Propose, AnIndexOnAPartitionedTableServesItsPartitions) {
  auto parent = table("public", "events", Table::Kind::partitioned);
  auto first = table("public", "events_1");
  auto second = table("public", "events_2");
  first.partition_of = second.partition_of = parent.name;
  const auto catalog = catalog_of({parent, first, second});
  std::vector<Finding> findings(3);
  const char* tables[] = {"events_1", "events", "events_2"};
  for (std::size_t at = 0; at < findings.size(); ++at) {
    findings[at].id = std::to_string(at + 1);
    findings[at].proposal = on("public", tables[at], {{.column = at == 2 ? "b" : "a"}});
  }
  apply_fixes(propose(findings, {}, catalog, nullptr), findings);
  EXPECT_EQ(findings[0].fix->proposed_by, "2");
  EXPECT_EQ(findings[0].fix->sql, "");
  EXPECT_EQ(findings[1].fix->sql.substr(0, 52), "CREATE INDEX events_a_idx ON ONLY public.events (a);");
  EXPECT_EQ(findings[2].fix->sql, "CREATE INDEX CONCURRENTLY events_2_b_idx ON public.events_2 (b);");
}

}  // namespace
}  // namespace pgadvise::advisor
