#include "drizzle/kit/snapshot.h"

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "model/schema/type_name.h"
#include "sql/render_sql.h"
#include "support/paths.h"

namespace pgadvise::drizzle {
namespace {

std::string fixture(const std::string& name) {
  return read_file(std::string(testing_support::source_dir) + "/fixtures/project/snapshot/" + name).value();
}

TEST(CanonicalType, SpellsAsFormatType) {
  const std::pair<const char*, const char*> table[] = {
      {"varchar(10)", "character varying(10)"},
      {"varchar", "character varying"},
      {"VARCHAR(10)[]", "character varying(10)[]"},
      {"char(2)", "character(2)"},
      {"char", "character(1)"},
      {"timestamp", "timestamp without time zone"},
      {"timestamp (3) with time zone", "timestamp(3) with time zone"},
      {"timestamp(6)", "timestamp(6) without time zone"},
      {"timestamptz(3)", "timestamp(3) with time zone"},
      {"time with time zone", "time with time zone"},
      {"numeric(10, 2)", "numeric(10,2)"},
      {"numeric(10)", "numeric(10,0)"},
      {"decimal", "numeric"},
      {"int4[]", "integer[]"},
      {"text[3][3]", "text[]"},
      {"float(24)", "real"},
      {"float(25)", "double precision"},
      {"serial", "integer"},
      {"bool", "boolean"},
      {"public.citext", "citext"},
      {"geometry(Point, 4326)", "geometry(Point,4326)"},
      {"\"Role\"", "\"Role\""},
      {"double  precision", "double precision"},
      {"", ""},
  };
  for (const auto& [written, expected] : table) EXPECT_EQ(canonical_type(written), expected) << written;
}

TEST(Snapshot, ReadsEveryKindOfObject) {
  Diagnostics diagnostics;
  const auto catalog = read_snapshot(fixture("0003_snapshot.json"), "0003_snapshot.json", diagnostics);
  ASSERT_TRUE(catalog) << catalog.error().line();
  EXPECT_TRUE(diagnostics.empty());
  const Table* orders = catalog->table({"billing", "Orders"});
  ASSERT_TRUE(orders);
  ASSERT_EQ(orders->columns.size(), 8u);
  EXPECT_EQ(orders->columns[0].name, "id");
  EXPECT_EQ(orders->columns[0].type, "integer");
  EXPECT_TRUE(orders->columns[0].not_null);
  EXPECT_EQ(orders->columns[0].default_expression, "nextval('billing.\"Orders_id_seq\"'::regclass)");
  EXPECT_EQ(orders->column("status")->type, "billing.order_status");
  EXPECT_EQ(orders->column("status")->default_expression, "'open'");
  EXPECT_EQ(orders->column("total")->type, "numeric(10,2)");
  EXPECT_EQ(orders->column("total")->default_expression, "0");
  EXPECT_EQ(orders->column("paid")->default_expression, "false");
  EXPECT_EQ(orders->column("tags")->type, "text[]");
  EXPECT_EQ(orders->column("total_net")->generated_expression, "total * 0.8");
  EXPECT_EQ(orders->column("number")->identity, Column::Identity::always);
  EXPECT_TRUE(orders->row_security);
  EXPECT_TRUE(catalog->sequences.count({"billing", "Orders_id_seq"}));
  EXPECT_TRUE(catalog->sequences.count({"billing", "orders_number_seq"}));
  EXPECT_GT(orders->column("status")->origin.line, orders->column("id")->origin.line);

  const auto key = [&](Constraint::Kind kind) {
    for (const auto& constraint : orders->constraints)
      if (constraint.kind == kind) return constraint;
    return Constraint{};
  };
  EXPECT_EQ(key(Constraint::Kind::primary_key).name, "Orders_pkey");
  EXPECT_EQ(key(Constraint::Kind::foreign_key).on_delete, "CASCADE");
  EXPECT_EQ(key(Constraint::Kind::foreign_key).referenced_table, (QualifiedName{"public", "users"}));
  EXPECT_EQ(key(Constraint::Kind::check).expression, "total >= 0");
  const Index* index = orders->index("orders_open_idx");
  ASSERT_TRUE(index);
  ASSERT_EQ(index->keys.size(), 2u);
  EXPECT_TRUE(index->keys[0].descending && !index->keys[0].nulls_first);
  EXPECT_EQ(index->keys[1].expression, "lower(status::text)");
  EXPECT_EQ(index->predicate_not_null, (std::vector<std::string>{"user_id"}));

  const Table* users = catalog->table({"public", "users"});
  ASSERT_TRUE(users);
  EXPECT_EQ(users->column("role")->type, "\"Role\"[]");
  EXPECT_TRUE(users->index("users_email_unique")->constraint);
  EXPECT_EQ(catalog->table({"public", "paid_orders"})->kind, Table::Kind::view);
}

TEST(Snapshot, RendersSqlInAnOrderThatRuns) {
  Diagnostics diagnostics;
  const auto catalog = read_snapshot(fixture("0003_snapshot.json"), "s", diagnostics);
  ASSERT_TRUE(catalog);
  const std::string sql = sql::render_sql(*catalog);
  const auto at = [&](const char* part) {
    EXPECT_NE(sql.find(part), std::string::npos) << part << "\n" << sql;
    return sql.find(part);
  };
  EXPECT_LT(at("CREATE SCHEMA IF NOT EXISTS billing"),
            at("CREATE TYPE billing.order_status AS ENUM ('open', 'it''s paid')"));
  EXPECT_LT(at("CREATE SEQUENCE billing.\"Orders_id_seq\" AS integer"),
            at("CREATE TABLE billing.\"Orders\""));
  EXPECT_LT(at("CREATE TABLE public.users"), at("ADD CONSTRAINT orders_user_fk FOREIGN KEY (user_id) "
                                                "REFERENCES public.users (id) ON DELETE CASCADE"));
  at("number integer GENERATED ALWAYS AS IDENTITY NOT NULL");
  at("CREATE INDEX orders_open_idx ON billing.\"Orders\" (user_id DESC NULLS LAST, (lower(status::text))) "
     "WHERE \"user_id\" IS NOT NULL;");
  EXPECT_LT(at("FOREIGN KEY"), at("CREATE VIEW public.paid_orders AS select"));
}

TEST(Snapshot, OtherVersionsAndDialectsAreOneClearLine) {
  Diagnostics diagnostics;
  const auto line = [&](const char* text) {
    return read_snapshot(text, "s.json", diagnostics).error().line();
  };
  EXPECT_EQ(line(R"({"version":"9","dialect":"postgres","ddl":[]})"),
            "s.json: drizzle snapshot version 9 is not supported: pgadvise reads 5 to 8 (run `drizzle-kit "
            "up` to upgrade it)");
  EXPECT_EQ(line(R"({"version":"8","dialect":"postgres","tables":{}})"),
            "s.json: a drizzle snapshot without tables (is the file truncated?)");
  EXPECT_EQ(
      line(R"({"version":"6","dialect":"sqlite"})"),
      "s.json: a drizzle snapshot of another database (sqlite) (pgadvise reads only PostgreSQL schemas)");
  EXPECT_EQ(line("{\"version\": }").substr(0, 25), "s.json:1:13: broken JSON ");
}

TEST(Snapshot, OddShapesAreNamedNotBelieved) {
  const char* broken[] = {
      R"({"version":"7","dialect":"postgresql","tables":{"public.a":7,"public.b":{"name":"b","columns":{"x":{"name":"x"}}}}})",
      R"({"version":"7","dialect":"postgresql","tables":{"public.b":{"name":"b","columns":[1,2],"indexes":{"i":{"name":"i","columns":[5]}}}}})",
      R"({"version":"7","dialect":"postgresql","tables":{"public.b":{"name":"b","foreignKeys":{"f":{"columnsFrom":"x"}},"uniqueConstraints":[[]]}}})",
      R"({"version":"8","dialect":"postgres","ddl":[7,{"entityType":"tables"},{"entityType":"columns","table":"none"},{"entityType":"fks"},[]]})",
  };
  for (const auto* text : broken) {
    Diagnostics diagnostics;
    EXPECT_TRUE(read_snapshot(text, "s.json", diagnostics)) << text;
    EXPECT_FALSE(diagnostics.empty()) << text;
  }
}

TEST(Snapshot, DeepNestingIsRefused) {
  Diagnostics diagnostics;
  const std::string deep(200'000, '[');
  EXPECT_FALSE(read_snapshot(R"({"version":"7","tables":)" + deep, "s.json", diagnostics));
  const std::string closed(200'000, ']');
  const auto nested = read_snapshot(R"({"version":"7","dialect":"pg","tables":{},"x":)" + deep + closed + "}",
                                    "s.json", diagnostics);
  ASSERT_FALSE(nested);
  EXPECT_NE(nested.error().what.find("nested more than"), std::string::npos) << nested.error().what;
}

TEST(Snapshot, WhatIsWrittenAsSqlIsReadAsWhatItIs) {
  Diagnostics diagnostics;
  const auto catalog = read_snapshot(
      R"j({"id": "a", "prevId": "0", "version": "7", "dialect": "postgresql", "tables": {"public.t": {"name": "t", "schema": "",
    "columns": {"id": {"name": "id", "type": "text COLLATE \"C\"", "primaryKey": true, "notNull": true}, "at": {"name": "at", "type": "timestamp", "default": "null"}},
    "indexes": {"i": {"name": "i", "columns": [{"expression": "\"id\" COLLATE \"C\"", "isExpression": true, "asc": true, "nulls": "last"}, {"expression": "\"at\" DESC", "isExpression": true, "asc": true, "nulls": "last"},
      {"expression": "id gin_trgm_ops", "isExpression": true}, {"expression": "at DESC NULLS LAST", "isExpression": true}, {"expression": "lower(\"id\")", "isExpression": true}, {"expression": "\"other\" DESC", "isExpression": true},
      {"expression": "coalesce(\"at\", now()) desc nulls last", "isExpression": true, "asc": true, "nulls": "last"}, {"expression": "lower(\"id\") text_pattern_ops asc", "isExpression": true},
      {"expression": "lower(\"id\") COLLATE \"C\" DESC", "isExpression": true}]}},
    "policies": {"p": {"name": "p", "as": "PERMISSIVE", "for": "ALL", "to": ["app", "current_user"], "using": "true"}, "q": {"name": "q", "for": "ALL", "to": ["app", "public"], "using": "true"}},
    "foreignKeys": {}, "compositePrimaryKeys": {}, "uniqueConstraints": {}}}, "enums": {}, "schemas": {}})j",
      "s.json", diagnostics);
  ASSERT_TRUE(catalog);
  const Table* table = catalog->table({"public", "t"});
  ASSERT_TRUE(table);
  EXPECT_EQ(table->column("id")->type + " " + table->column("id")->collation, "text C");
  EXPECT_FALSE(table->column("at")->default_expression);
  const auto& keys = table->index("i")->keys;
  ASSERT_EQ(keys.size(), 9u);
  EXPECT_EQ(keys[0].column + " " + keys[0].collation, "id C");
  EXPECT_TRUE(keys[1].column == "at" && keys[1].descending && keys[1].nulls_first);
  EXPECT_EQ(keys[2].column + " " + keys[2].operator_class, "id gin_trgm_ops");
  EXPECT_TRUE(keys[3].column == "at" && keys[3].descending && !keys[3].nulls_first);
  EXPECT_EQ(keys[4].expression, "lower(\"id\")");
  EXPECT_TRUE(keys[5].expression == "\"other\"" && keys[5].descending && keys[5].nulls_first);
  EXPECT_EQ(keys[6].expression, "coalesce(\"at\", now())");
  EXPECT_TRUE(keys[6].descending && !keys[6].nulls_first);
  EXPECT_EQ(keys[7].expression + " " + keys[7].operator_class, "lower(\"id\") text_pattern_ops");
  EXPECT_FALSE(keys[7].descending || keys[7].nulls_first);
  EXPECT_EQ(keys[8].expression + " " + keys[8].collation, "lower(\"id\") C");
  EXPECT_TRUE(keys[8].descending && keys[8].nulls_first);
  ASSERT_EQ(table->policies.size(), 2u);
  EXPECT_EQ(table->policies[0].roles, (std::vector<std::string>{"app", "CURRENT_USER"}));
  EXPECT_TRUE(table->policies[1].roles.empty());
}

}  // namespace
}  // namespace pgadvise::drizzle
