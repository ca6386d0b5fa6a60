// The schema that Drizzle source declares (src/read/drizzle/schema). Skipped in a build without the
// grammar.
#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "drizzle/kit/snapshot.h"
#include "drizzle/schema/source_config.h"
#include "drizzle/schema/source_reader.h"
#include "support/paths.h"
#include "support/temp_tree.h"

namespace pgadvise::drizzle {
namespace {

using testing_support::TempTree;

TEST(SourceConfig, CasesNamesAsDrizzle) {
  const std::tuple<const char*, const char*, const char*> table[] = {
      {"createdAt", "created_at", "createdAt"},
      {"userID", "user_id", "userID"},
      {"HTMLParser", "html_parser", "htmlParser"},
      {"created_at", "created_at", "createdAt"},
      {"address2Line", "address2_line", "address2Line"},
      {"aB2c", "a_b_2c", "aB2c"},
      {"id", "id", "id"}};
  for (const auto& [key, snake, camel] : table) {
    EXPECT_EQ(cased(key, Casing::snake_case), snake) << key;
    EXPECT_EQ(cased(key, Casing::camel_case), camel) << key;
    EXPECT_EQ(cased(key, Casing::none), key);
  }
}

TEST(SourceConfig, ManagesWhatItsFiltersName) {
  SourceConfig config;
  EXPECT_TRUE(covers_table(config, {"billing", "a"}));
  config.schema_filter = {"public"};
  EXPECT_FALSE(covers_table(config, {"billing", "a"}));
  config.tables_filter = {"shop_*", "!shop_old*"};
  EXPECT_TRUE(covers_table(config, {"public", "shop_a"}));
  EXPECT_FALSE(covers_table(config, {"public", "shop_old_a"}));
  config.tables_filter = {"shop_*"};
  EXPECT_FALSE(covers_table(config, {"public", "blog_a"}));
  config.tables_filter = {"!blog_*"};
  EXPECT_TRUE(covers_table(config, {"public", "shop_a"}));
}

TEST(SourceConfig, KnowsWhatArrayForgetsByTheVersion) {
  for (const char* versions : {"0.28.6", "^0.45.2", ">=0.41.0", "npm:drizzle-orm@~0.38.3"})
    EXPECT_EQ(array_forgets(versions), std::optional<bool>(true)) << versions;
  for (const char* versions : {"1", "^1.0.0-rc.5", "1.2.3", "^1.0.0-beta.21", "1.0.0-beta.24-abcdef0"})
    EXPECT_EQ(array_forgets(versions), std::optional<bool>(false)) << versions;
  for (const char* versions : {"", "latest", "beta", "*", "catalog:", "workspace:^", "1.0.0-beta.",
                               "1.0.0-beta.1-7946562", "1.0.0-beta.12", "@"})
    EXPECT_EQ(array_forgets(versions), std::nullopt) << versions;
}

class DrizzleSource : public testing::Test {
 protected:
  void SetUp() override {
    if (!reads_source()) GTEST_SKIP() << "this build lacks the TypeScript grammar";
  }

  static std::vector<SourceSchema> schemas(const std::string& path) {
    Diagnostics diagnostics;
    files::Tree tree(path, diagnostics);
    return read_source_schemas(tree);
  }
  static SourceSchema only(const std::vector<SourceSchema>& all) {
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? SourceSchema{} : all.front();
  }
  // Of one file, schema.ts, without a configuration.
  static SourceSchema of(const std::string& text) {
    const TempTree files(
        {{"schema.ts",
          "import { sql, eq } from 'drizzle-orm';\nimport * as pg from 'drizzle-orm/pg-core';\n" + text}});
    return only(schemas(files.path()));
  }
  static std::vector<std::string> gaps(const SourceSchema& schema) {
    std::vector<std::string> out;
    for (const auto& gap : schema.unknown) out.push_back(gap.location.str() + " " + gap.what);
    return out;
  }
  static std::string columns(const Table* table) {
    std::string out;
    if (table)
      for (const auto& column : table->columns)
        out += column.name + " " + column.type + (column.not_null ? " not null" : "") +
               (column.default_expression ? " default " + *column.default_expression : "") + "\n";
    return out;
  }
};

TEST_F(DrizzleSource, ReadsTheFixture) {
  const SourceSchema schema =
      only(schemas(std::string(testing_support::source_dir) + "/fixtures/drizzle-source"));
  EXPECT_EQ(schema.config.paths, std::vector<std::string>{"drizzle.config.ts"});
  EXPECT_EQ(schema.config.files, std::vector<std::string>{"src/db/schema/index.ts"});
  EXPECT_EQ(schema.config.schema_filter, (std::vector<std::string>{"public", "lending"}));
  EXPECT_EQ(columns(schema.catalog.table({"public", "app_authors"})),
            "id uuid not null default gen_random_uuid()\n"
            "pen_name text not null\n"
            "email_address citext not null\n"
            "kind author_kind not null default 'person'\n"
            "tags text[] not null default '{}'\n"
            "created_at timestamp with time zone not null default now()\n"
            "updated_at timestamp(3) with time zone\n");
  EXPECT_EQ(columns(schema.catalog.table({"public", "books"})),
            "id uuid not null default gen_random_uuid()\n"
            "isbn character varying(13) not null\n"
            "price numeric(10,2) default '0'\n"
            "author_id uuid not null\n"
            "sequel_of uuid\n"
            "meta jsonb default '{\"pages\":0}'::jsonb\n"
            "number integer not null\n"
            "embedding vector(3)\n"
            "title text not null\n"
            "lower_title text\n"
            "created_at timestamp with time zone not null default now()\n"
            "updated_at timestamp(3) with time zone\n");
  EXPECT_EQ(columns(schema.catalog.table({"lending", "loans"})),
            "id bigint not null default nextval('lending.loans_id_seq'::regclass)\n"
            "book_id text\n"
            "state lending.state not null\n"
            "due date not null default now() + interval '14 days'\n"
            "at time(0) without time zone\n");
  EXPECT_EQ(schema.catalog.enums.at({"public", "author_kind"}).labels,
            (std::vector<std::string>{"person", "group"}));
  EXPECT_TRUE(schema.catalog.enums.at({"public", "author_kind"}).labels_known);
  EXPECT_EQ(schema.catalog.schemas, (std::vector<std::string>{"lending", "public"}));
  EXPECT_EQ(schema.catalog.table({"public", "books"})->column("isbn")->origin.str(),
            "src/db/schema/books.ts:11:5");
}

// All that a snapshot has of a schema, one line for each object.
std::vector<std::string> described(const Catalog& catalog) {
  std::vector<std::string> out;
  for (const auto& [name, item] : catalog.enums) {
    std::string labels;
    for (const auto& label : item.labels) labels += " " + label;
    out.push_back("enum " + display(name) + labels);
  }
  for (const auto& [name, item] : catalog.sequences)
    out.push_back("sequence " + display(name) + " of " + item.owner_column + " " + item.type);
  for (const auto& schema : catalog.schemas) out.push_back("schema " + schema);
  for (const auto& [name, table] : catalog.tables) {
    const std::string of = display(name) + ".";
    out.push_back(of + " " + (table.row_security ? "row security " : "") + table.definition);
    for (const auto& column : table.columns)
      out.push_back(of + column.name + " " + column.type + (column.not_null ? " not null " : " ") +
                    column.default_expression.value_or("") + " " + column.generated_expression.value_or("") +
                    " " + std::to_string(static_cast<int>(column.identity)));
    for (const auto& key : table.constraints) {
      std::string columns;
      for (const auto& column : key.columns) columns += " " + column;
      for (const auto& column : key.referenced_columns) columns += " > " + column;
      out.push_back(of + key.name + columns + " " + display(key.referenced_table) + " " + key.on_delete +
                    " " + key.on_update + " " + key.expression);
    }
    for (const auto& index : table.indexes) {
      std::string keys;
      for (const auto& key : index.keys)
        keys += " " + key.column + key.expression + (key.descending ? " desc" : "") +
                (key.nulls_first ? " first" : "") + key.operator_class;
      out.push_back(of + index.name + (index.unique ? " unique " : " ") + index.method + keys + " " +
                    index.predicate.value_or(""));
    }
    for (const auto& policy : table.policies) {
      std::string roles;
      for (const auto& role : policy.roles) roles += " " + role;
      out.push_back(of + policy.name + " " + policy.command + roles + " " + policy.using_expression + " " +
                    policy.check_expression);
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string names_and_types(const Table& table) {
  std::string out;
  for (const auto& column : table.columns)
    out += column.name + (column.type.empty() ? "" : " " + column.type) + "\n";
  return out;
}

Catalog snapshot(const std::string& file) {
  Diagnostics diagnostics;
  const std::string path = std::string(testing_support::source_dir) + "/fixtures/" + file;
  return read_snapshot(read_file(path).value(), path, diagnostics).value();
}

// What drizzle-kit 0.31.5 wrote for the same source. A view's columns and an enum of a column that is not
// exported differ: neither is in a migration.
TEST_F(DrizzleSource, AgreesWithDrizzleKit) {
  SourceSchema fixture = only(schemas(std::string(testing_support::source_dir) + "/fixtures/drizzle-source"));
  fixture.catalog.tables.at({"lending", "overdue"}).columns.clear();
  Catalog expected = snapshot("drizzle-source/drizzle/meta/0000_snapshot.json");
  expected.tables.at({"lending", "overdue"}).columns.clear();
  EXPECT_EQ(described(fixture.catalog), described(expected));
  EXPECT_EQ(gaps(fixture), std::vector<std::string>());

  const auto text = [](const std::string& name) {
    return read_file(std::string(testing_support::source_dir) + "/fixtures/drizzle/" + name).value();
  };
  const TempTree files(
      {{"schema.ts", text("schema.ts")},
       {"schema-0.31.ts", text("schema-0.31.ts")},
       {"drizzle.config.ts", "export default { dialect: 'postgresql', schema: './schema-0.31.ts' };"}});
  SourceSchema other = only(schemas(files.path()));
  Catalog written = snapshot("drizzle/v7/meta/0000_snapshot.json");
  // Of what a view selects with the query builder, the columns are read.
  for (const auto* name : {"customer_names", "order_totals"}) {
    const Table& from_source = other.catalog.tables.at({"public", name});
    const Table& from_kit = written.tables.at({"public", name});
    EXPECT_EQ(names_and_types(from_source), names_and_types(from_kit)) << name;
    for (Catalog* catalog : {&other.catalog, &written}) {
      catalog->tables.at({"public", name}).columns.clear();
      catalog->tables.at({"public", name}).definition.clear();
    }
  }
  EXPECT_EQ(described(other.catalog), described(written));
  EXPECT_EQ(gaps(other), std::vector<std::string>());
}

TEST_F(DrizzleSource, NamesTypesAsFormatType) {
  const SourceSchema schema =
      of("const money = pg.customType<{ data: number }>({ dataType: (c) => c?.wide ? 'numeric(20,4)' : "
         "'numeric' });\n"
         "export const t = pg.pgTable('t', {\n"
         "a: pg.varchar('a'), b: pg.char({ length: 2 }), c: pg.numeric({ precision: 5 }), d: pg.timestamp({ "
         "precision: 0, mode: 'date' }),\n"
         "e: pg.time({ withTimezone: true }), f: pg.interval({ fields: 'day to second', precision: 3 }), g: "
         "pg.bigint({ mode: 'bigint' }),\n"
         "h: pg.doublePrecision(), i: pg.geometry('i', { type: 'point', srid: 4326 }), j: pg.bit({ "
         "dimensions: 3 }), k: money({ wide: true }),\n"
         "l: money(), m: pg.integer().array().array(3), n: pg.smallserial(), o: pg.date({ mode: 'string' }), "
         "p: pg.halfvec({ dimensions: 2 }) });");
  EXPECT_EQ(columns(schema.catalog.table({"public", "t"})),
            "a character varying\nb character(2)\nc numeric(5,0)\nd timestamp(0) without time zone\ne time "
            "with time zone\n"
            "f interval day to second(3)\ng bigint\nh double precision\ni geometry(point,4326)\nj bit(3)\nk "
            "numeric(20,4)\nl numeric\n"
            "m integer[]\nn smallint not null default nextval('t_n_seq'::regclass)\no date\np halfvec(2)\n");
  EXPECT_EQ(gaps(schema), std::vector<std::string>());
}

TEST_F(DrizzleSource, ArraysForgetTheModifiersBeforeThemUntilDrizzle1) {
  const std::string source =
      "import * as pg from 'drizzle-orm/pg-core';\n"
      "export const u = pg.pgTable('u', { id: pg.integer().primaryKey() });\n"
      "export const t = pg.pgTable('t', {\n"
      "a: pg.json('a').notNull().array().$type(), b: pg.integer().default(process.env.B).array().notNull(),\n"
      "c: pg.integer().primaryKey().array(), d: pg.integer().unique().array(),\n"
      "e: pg.integer().references(() => u.id).array(), f: pg.integer().array().notNull().array().default([]) "
      "});";
  const auto read = [&](const std::string& package) {
    const TempTree files({{"package.json", package}, {"app/schema.ts", source}});
    return only(schemas(files.path()));
  };
  const SourceSchema before = read(R"({"dependencies": {"drizzle-orm": "^0.45.2"}})");
  const Table* table = before.catalog.table({"public", "t"});
  EXPECT_EQ(columns(table),
            "a json[]\nb integer[] not null\nc integer[]\nd integer[]\ne integer[]\nf integer[] default "
            "'{}'\n");
  EXPECT_EQ(gaps(before), std::vector<std::string>());
  ASSERT_TRUE(table);
  EXPECT_TRUE(table->constraints.empty() && table->indexes.empty());

  const SourceSchema after = read(R"({"devDependencies": {"drizzle-orm": "1.0.0-rc.5"}})");
  table = after.catalog.table({"public", "t"});
  EXPECT_EQ(columns(table),
            "a json[] not null\nb integer[] not null\nc integer[] not null\nd integer[]\ne integer[]\n"
            "f integer[] not null default '{}'\n");
  EXPECT_EQ(gaps(after), std::vector<std::string>{"app/schema.ts:4:44 the default of the column b of t"});
  ASSERT_TRUE(table);
  EXPECT_EQ(table->constraints.size(), 3u);

  const SourceSchema unknown = read(R"({"dependencies": {"drizzle-orm": "latest"}})");
  EXPECT_TRUE(unknown.incomplete.count({"public", "t"}));
  EXPECT_EQ(gaps(unknown).size(), 6u);
  EXPECT_EQ(gaps(unknown).front(),
            "app/schema.ts:4:1 the effect of .notNull() before .array() of the column a of t");
}

// As drizzle-kit's serializer writes a Date.
TEST_F(DrizzleSource, ReadsConstantDates) {
  const SourceSchema schema =
      of("export const t = pg.pgTable('t', {\n"
         "a: pg.timestamp().default(new Date(0)), b: pg.timestamp({ withTimezone: true }).default(new "
         "Date(0)),\n"
         "c: pg.date({ mode: 'date' }).default(new Date('2020-02-29')),\n"
         "d: pg.timestamp({ precision: 3 }).default(new Date(1577934245006)),\n"
         "e: pg.timestamp().default(new Date('2020-01-02T03:04:05Z')),\n"
         "f: pg.timestamp().default(new Date()), g: pg.timestamp().default(new Date('2020-02-30')),\n"
         "h: pg.timestamp().default(new Date('2020-01-02T03:04:05')) });");
  EXPECT_EQ(columns(schema.catalog.table({"public", "t"})),
            "a timestamp without time zone default '1970-01-01 00:00:00.000'\n"
            "b timestamp with time zone default '1970-01-01T00:00:00.000Z'\n"
            "c date default '2020-02-29'\n"
            "d timestamp(3) without time zone default '2020-01-02T03:04:05.006Z'\n"
            "e timestamp without time zone default '2020-01-02 03:04:05.000'\n"
            "f timestamp without time zone\n"
            "g timestamp without time zone\n"
            "h timestamp without time zone\n");
  EXPECT_EQ(gaps(schema).size(), 3u) << "now, no day of February, and a local time";
}

TEST_F(DrizzleSource, DoesNotGuess) {
  const SourceSchema schema =
      of("import { citext } from 'citext-columns';\nimport { rateLimits } from 'limits';\n"
         "export const a = pg.pgTable(process.env.PREFIX + 'a', {});\n"
         "export const b = pg.pgTable('b', { ...shared(), id: pg.integer(), n: citext('n'), d: "
         "pg.text().default(process.env.D) },\n"
         "  (t) => [pg.index('x').on(t.missing), process.env.I && pg.index('y').on(t.id)]);\n"
         "export const c = rateLimits('c', { id: pg.integer() });\n"
         "export const d = pg.pgTable('d', { b: pg.integer().references(() => b.nothing) });\n"
         "export const e = pg.pgEnum('e', load());\n");
  EXPECT_EQ(
      gaps(schema),
      (std::vector<std::string>{
          "schema.ts:8:18 a table that another package makes", "schema.ts:10:18 the labels of e",
          "schema.ts:5:18 the name of a table", "schema.ts:6:18 some columns of b",
          "schema.ts:6:67 the type of the column n of b", "schema.ts:6:83 the default of the column d of b",
          "schema.ts:7:11 an index of b", "schema.ts:7:40 an index or constraint of b",
          "schema.ts:9:36 the column that b references, a foreign key of d"}));
  EXPECT_EQ(schema.incomplete, (std::set<QualifiedName>{{"public", "b"}, {"public", "d"}}));
  EXPECT_FALSE(schema.catalog.enums.at({"public", "e"}).labels_known);
}

TEST_F(DrizzleSource, ForeignKeysOfOneNameAreOne) {
  const SourceSchema schema =
      of("export const a = pg.pgTable('a', { id: pg.integer().primaryKey() });\n"
         "export const b = pg.pgTable('b', { one: pg.integer().references(() => a.id), two: pg.integer() },\n"
         "  (t) => [pg.foreignKey({ columns: [t.one], foreignColumns: [a.id], name: 'b_one_a_id_fk' })"
         ".onDelete('cascade'),\n"
         "    pg.foreignKey({ columns: [t.two], foreignColumns: [a.id] })]);");
  const Table* table = schema.catalog.table({"public", "b"});
  ASSERT_TRUE(table && table->constraints.size() == 2);
  EXPECT_EQ(table->constraints[0].name, "b_one_a_id_fk");
  EXPECT_EQ(table->constraints[0].on_delete, "CASCADE");
  EXPECT_EQ(table->constraints[1].name, "b_two_a_id_fk");
}

// Each list holds the one before twice: written out, the last has 2^50 elements.
TEST_F(DrizzleSource, ValuesThatShareTheirPartsAreBounded) {
  std::string lists = "const a0 = ['x'];\n";
  for (int i = 1; i <= 50; ++i)
    lists += "const a" + std::to_string(i) + " = [a" + std::to_string(i - 1) + ", a" + std::to_string(i - 1) +
             "];\n";
  const SourceSchema schema =
      of(lists +
         "export const t = pg.pgTable('t', { c: pg.jsonb().default(a50), d: pg.text().array().default(a50) "
         "},\n" +
         "  (t) => a50);\nexport const u = pg.pgTable('u', { e: pg.text().default(sql`${a50}`) });");
  EXPECT_EQ(gaps(schema), (std::vector<std::string>{"schema.ts:54:36 the default of the column c of t",
                                                    "schema.ts:54:64 the default of the column d of t",
                                                    "schema.ts:54:18 some indexes and constraints of t",
                                                    "schema.ts:56:36 the default of the column e of u"}));
}

TEST_F(DrizzleSource, AChainOfReferencesTakesLinearSteps) {
  const auto steps = [](int tables) {
    std::string text =
        "import { pgTable, integer } from 'drizzle-orm/pg-core';\n"
        "export const t0 = pgTable('t0', { id: integer().primaryKey() });\n";
    for (int i = 1; i < tables; ++i)
      text += fmt::format(
          "export const t{0} = pgTable('t{0}', {{ id: integer().references(() => t{1}.id) }});\n", i, i - 1);
    const TempTree files({{"schema.ts", text}});
    Diagnostics diagnostics;
    files::Tree tree(files.path(), diagnostics);
    const SourceSchema schema = only(read_source_schemas(tree));
    EXPECT_EQ(schema.catalog.tables.size(), static_cast<std::size_t>(tables));
    EXPECT_TRUE(diagnostics.empty() && schema.unknown.empty());
    return static_cast<double>(tree.steps().used());
  };
  EXPECT_LT(steps(2000), 4.4 * steps(500));
}

// The steps end in the middle of b.ts: its tables, and those of later files, are not known.
TEST_F(DrizzleSource, WhatIsNotFollowedIsNamed) {
  const std::string imports = "import { pgTable, integer } from 'drizzle-orm/pg-core';\n";
  std::string tables = imports;
  for (int i = 0; i < 100; ++i)
    tables += fmt::format("export const t{0} = pgTable('t{0}', {{ id: integer() }});\n", i);
  const TempTree files(
      {{"a.ts", imports + "export const first = pgTable('first', { id: integer() });"}, {"b.ts", tables}});
  Diagnostics diagnostics;
  files::Tree tree(files.path(), diagnostics);
  tree.steps() = StepBudget(700);
  const SourceSchema schema = only(read_source_schemas(tree));
  EXPECT_TRUE(schema.catalog.table(QualifiedName{"public", "first"}));
  EXPECT_LT(schema.catalog.tables.size(), 100u);
  EXPECT_EQ(schema.unread, std::vector<std::string>{"b.ts"});
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_TRUE(diagnostics[0].where.starts_with("b.ts")) << diagnostics[0].line();
  EXPECT_NE(diagnostics[0].what.find("takes more than 700 steps: the rest is not read"), std::string::npos)
      << diagnostics[0].line();
}

TEST_F(DrizzleSource, FindsTheFilesOfEachConfiguration) {
  const std::string table = "import { pgTable, text } from 'drizzle-orm/pg-core';\nexport const ";
  const TempTree files({
      {"apps/a/package.json", R"({"name": "a"})"},
      {"apps/a/drizzle.config.ts",
       "export default { dialect: 'postgresql', schema: './src/db', casing: process.env.C } satisfies "
       "Config;"},
      {"apps/a/src/db/x.ts", table + "x = pgTable('x', { aB: text() });"},
      {"apps/a/src/db/deep/y.ts", table + "y = pgTable('y', {});"},
      {"apps/b/package.json", R"({"name": "b"})"},
      {"apps/b/config/drizzle.config.mjs",
       "export default defineConfig({ dialect: 'postgresql', schema: ['./src/**/*.table.{ts,js}'], casing: "
       "'snake_case' });"},
      {"apps/b/config/drizzle.config.prod.mjs",
       "export default defineConfig({ dialect: 'postgresql', schema: ['./src/**/*.table.{ts,js}'], casing: "
       "'snake_case' });"},
      {"apps/b/src/z.table.ts", table + "z = pgTable('z', { aB: text() });"},
      {"apps/c/drizzle.config.ts", "export default { dialect: 'sqlite', schema: './src/s.ts' };"},
      {"apps/c/src/s.ts", table + "s = pgTable('s', {});"},
  });
  const auto all = schemas(files.path());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].config.files, std::vector<std::string>{"apps/a/src/db/x.ts"});
  EXPECT_EQ(gaps(all[0]), std::vector<std::string>{"apps/a/drizzle.config.ts the casing of column names"});
  EXPECT_EQ(all[1].config.paths, (std::vector<std::string>{"apps/b/config/drizzle.config.mjs",
                                                           "apps/b/config/drizzle.config.prod.mjs"}));
  EXPECT_EQ(columns(all[1].catalog.table({"public", "z"})), "a_b text\n");
}

TEST_F(DrizzleSource, AGlobMayExcludeTests) {
  const std::string table = "import { pgTable } from 'drizzle-orm/pg-core';\nexport const ";
  const TempTree files({
      {"package.json", "{}"},
      {"core/drizzle.config.ts",
       "export default { dialect: 'postgresql', schema: './core/schema/!(*.test).ts' };"},
      {"core/schema/x.ts", table + "x = pgTable('x', {});"},
      {"core/schema/x.test.ts", table + "t = pgTable('t', {});"},
  });
  const auto all = schemas(files.path());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].config.files, std::vector<std::string>{"core/schema/x.ts"});
}

TEST_F(DrizzleSource, WithoutConfigurationReadsEachPackage) {
  const std::string table = "import { pgTable } from \"drizzle-orm/pg-core\";\nexport const ";
  const TempTree files({{"a/package.json", "{}"},
                        {"a/x.ts", table + "x = pgTable('x', {});"},
                        {"a/y.ts", "export * from './x';"},
                        {"b/package.json", "{}"},
                        {"b/z.ts", table + "z = pgTable('z', {});"},
                        {"b/test/t.ts", table + "t = pgTable('t', {});"},
                        {"node_modules/m/m.ts", table + "m = pgTable('m', {});"},
                        {"b/dist/z.js", table + "z = pgTable('z2', {});"}});
  const auto all = schemas(files.path());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].config.files, std::vector<std::string>{"a/x.ts"});
  EXPECT_EQ(all[1].config.files, std::vector<std::string>{"b/z.ts"});
}

TEST_F(DrizzleSource, KnowsTheRolesAndTablesOfSupabase) {
  const SourceSchema schema =
      of("import { authUsers, authenticatedRole, authUid } from 'drizzle-orm/supabase';\n"
         "export const p = pg.pgTable('p', { id: pg.uuid().references(() => authUsers.id) },\n"
         "  (t) => [pg.pgPolicy('own', { for: 'update', to: authenticatedRole, withCheck: eq(t.id, authUid) "
         "})]);");
  const Table* table = schema.catalog.table({"public", "p"});
  ASSERT_TRUE(table && table->policies.size() == 1 && table->constraints.size() == 1);
  EXPECT_EQ(table->constraints[0].referenced_table, (QualifiedName{"auth", "users"}));
  EXPECT_EQ(table->policies[0].roles, std::vector<std::string>{"authenticated"});
  EXPECT_EQ(table->policies[0].check_expression, "\"p\".\"id\" = (select auth.uid())");
  EXPECT_EQ(gaps(schema), std::vector<std::string>());
}

TEST_F(DrizzleSource, LeavesOutWhatExists) {
  const SourceSchema schema =
      of("export const v = pg.pgView('v', { a: pg.text() }).existing();\n"
         "export const w = pg.pgMaterializedView('w').as((qb) => qb.select().from(v));\n"
         "export const s = pg.pgSequence('s');\nexport const r = pg.pgRole('r').existing();");
  EXPECT_EQ(schema.existing, (std::set<QualifiedName>{{"public", "v"}}));
  ASSERT_EQ(schema.catalog.tables.size(), 1u);
  EXPECT_EQ(schema.catalog.tables.begin()->second.kind, Table::Kind::materialized_view);
  EXPECT_EQ(schema.catalog.sequences.size(), 1u);
}

// The names are those that drizzle-orm 0.45 writes into SQL: a column's own, and the alias of SQL.
TEST_F(DrizzleSource, ViewsOfTheQueryBuilderHaveTheColumnsThatAreKnown) {
  const SourceSchema schema = of(
      "import { getTableColumns, count } from 'drizzle-orm';\n"
      "export const t = pg.pgTable('t', { id: pg.integer(), theName: pg.text('the_name'), at: pg.date() });\n"
      "export const u = pg.pgTable('u', { tId: pg.integer('t_id'), n: pg.numeric() });\n"
      "export const all = pg.pgView('all_t').as((qb) => qb.select().from(t));\n"
      "export const some = pg.pgMaterializedView('some').with({}).as((qb) => { const q = qb\n"
      "  .select({ key: t.id, part: { label: t.theName }, total: sql<number>`sum(${u.n})`.as('sum_n') })\n"
      "  .from(t).leftJoin(u, eq(u.tId, t.id)).groupBy(t.id); return q; });\n"
      "export const spread = pg.pgView('spread').as((qb) => qb.selectDistinctOn([t.id], {\n"
      "  ...getTableColumns(t), other: u.tId }).from(t).innerJoin(u, eq(u.tId, t.id)));\n"
      "export const nested = pg.pgView('nested').as((qb) => {\n"
      "  const one = qb.$with('one').as(qb.select({ a: t.theName, b: sql`1`.as('b1') }).from(t));\n"
      "  const two = qb.select().from(some).as('two');\n"
      "  return qb.with(one).select({ x: one.a, y: one.b, z: two.total }).from(one).innerJoin(two, "
      "sql`true`); });\n"
      "export const joined = pg.pgView('joined').as((qb) => qb.select().from(all).crossJoin(u));\n"
      "export const unnamed = pg.pgView('unnamed').as((qb) => qb.select({ id: t.id, n: count() }).from(t));\n"
      "export const foreign = pg.pgView('foreign').as((qb) => qb.select({ ...process.env }).from(t));\n"
      "export const itself = pg.pgView('itself').as((qb) => qb.select().from(itself));\n");
  std::string found;
  for (const auto& [name, table] : schema.catalog.tables)
    if (table.kind != Table::Kind::ordinary) found += name.name + ":\n" + names_and_types(table);
  EXPECT_EQ(found,
            "all_t:\nid integer\nthe_name text\nat date\n"
            "foreign:\nitself:\n"
            "joined:\nid integer\nthe_name text\nat date\nt_id integer\nn numeric\n"
            "nested:\nthe_name text\nb1\nsum_n\n"
            "some:\nid integer\nthe_name text\nsum_n\n"
            "spread:\nid integer\nthe_name text\nat date\nt_id integer\n"
            "unnamed:\n");
  EXPECT_EQ(gaps(schema), std::vector<std::string>());
}

TEST_F(DrizzleSource, LabelsOfEnumsAreFollowedToConstants) {
  const SourceSchema schema =
      of("import { z } from 'zod'; import * as v from 'valibot'; import * as zod from 'zod/v4';\n"
         "const LIST = ['a', 'b'] as const;\nconst MAP = { x: 'one', y: 'two' } as const;\n"
         "enum Color { red = 'red', green = `green` }\nenum Number { zero, one }\n"
         "const status = z.enum(['open', 'closed']);\n"
         "function valuesOf(e: object) { return Object.values(e).map((value: any) => `${value}`) as "
         "[string]; }\n"
         "export const a = pg.pgEnum('a', LIST);\n"
         "export const b = pg.pgEnum('b', Object.values(MAP) as [string, ...string[]]);\n"
         "export const c = pg.pgEnum('c', status.options);\n"
         "export const d = pg.pgEnum('d', Object.keys(status.enum) as [string]);\n"
         "export const e = pg.pgEnum('e', Color);\n"
         "export const f = pg.pgEnum('f', valuesOf(Color));\n"
         "export const g = pg.pgEnum('g', [Color.green, status.enum.open, ...LIST.slice(-1)]);\n"
         "export const h = pg.pgEnum('h', [...a.enumValues, 'c']);\n"
         "export const i = pg.pgEnum('i', v.picklist(LIST).options);\n"
         "export const j = pg.pgEnum('j', zod.nativeEnum(Color).enum);\n"
         "export const k = pg.pgEnum('k', Array.from(zod.enum(Color).options));\n"
         "export const l = pg.pgEnum('l', z.enum([process.env.L, 'x']).options);\n"
         "export const m = pg.pgEnum('m', status.exclude(['open']).options);\n"
         "export const n = pg.pgEnum('n', Number);\n"
         "export const schema = z.object({ status });\n");
  std::string found;
  for (const auto& [name, type] : schema.catalog.enums) {
    found += name.name + ":";
    for (const auto& label : type.labels) found += " " + label;
    found += "\n";
  }
  EXPECT_EQ(found,
            "a: a b\nb: one two\nc: open closed\nd: open closed\ne: red green\nf: red green\n"
            "g: green open b\nh: a b c\ni: a b\nj: red green\nk: red green\nl:\nm:\nn:\n");
  EXPECT_EQ(gaps(schema),
            (std::vector<std::string>{"schema.ts:21:18 the labels of l", "schema.ts:22:18 the labels of m",
                                      "schema.ts:23:18 the labels of n"}));
}

}  // namespace
}  // namespace pgadvise::drizzle
