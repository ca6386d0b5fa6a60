// schema.prisma: the catalog that Prisma's schema engine makes of the same text (bench/run prisma-schema
// compares whole projects).
#include "prisma/schema.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "check/load/source_comparison.h"
#include "files/files.h"
#include "files/tree.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/schema_load.h"
#include "prisma/field_sql.h"
#include "prisma/project.h"
#include "sql/replay/replay.h"
#include "support/paths.h"
#include "support/temp_tree.h"

namespace pgadvise::prisma {
namespace {

using testing_support::TempTree;

const std::string datasource = "datasource db {\n  provider = \"postgresql\"\n}\n";

Schema of(const std::string& text, JoinKey key = JoinKey::primary_key) {
  return read_schema({parse("schema.prisma", text)}, key);
}

std::string columns(const Schema& schema, const QualifiedName& name) {
  std::string out;
  if (const Table* table = schema.catalog.table(name))
    for (const auto& column : table->columns)
      out += column.name + " " + column.type + (column.not_null ? " not null" : "") +
             (column.default_expression ? " default " + *column.default_expression : "") + "\n";
  return out;
}

std::string indexes(const Schema& schema, const QualifiedName& name) {
  std::string out;
  if (const Table* table = schema.catalog.table(name))
    for (const auto& index : table->indexes) {
      out += index.name + (index.unique ? " unique" : "") + " " + index.method + " (";
      for (const auto& key : index.keys)
        out += (&key == &index.keys.front() ? "" : ", ") + key.column + (key.descending ? " DESC" : "") +
               (key.operator_class.empty() ? "" : " " + key.operator_class);
      out += ")" + (index.predicate ? " WHERE " + *index.predicate : "") + "\n";
    }
  return out;
}

std::string foreign_keys(const Schema& schema, const QualifiedName& name) {
  std::string out;
  if (const Table* table = schema.catalog.table(name))
    for (const auto& key : table->constraints)
      if (key.kind == Constraint::Kind::foreign_key)
        out += key.name + " (" + join(key.columns, ", ") + ") to " + display(key.referenced_table) + " (" +
               join(key.referenced_columns, ", ") + ") " + key.on_delete + "/" + key.on_update + "\n";
  return out;
}

// Two spellings of one expression differ.
std::string without_defaults(const std::string& text) {
  std::string out;
  for (const auto line : split(text, '\n')) out += std::string(line.substr(0, line.find(" default "))) + "\n";
  return out;
}

std::vector<std::string> sorted_lines(const std::string& text) {
  std::vector<std::string> out;
  for (const auto line : split(text, '\n')) out.emplace_back(line);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> gaps(const Schema& schema) {
  std::vector<std::string> out;
  for (const auto& gap : schema.unknown) out.push_back(gap.location.str() + " " + gap.what);
  return out;
}

TEST(PrismaSchema, TypesAndDefaults) {
  const Schema schema = of(R"prisma(
enum Role {
  USER @map("user")
  ADMIN
  @@map("role_type")
  @@schema("base")
}
model Post {
  id    Int      @id @default(autoincrement())
  big   BigInt?  @default(autoincrement())
  small Int      @default(5) @db.SmallInt
  a     String   @default("it's \"x\"")
  b     DateTime @default("2020-01-01T00:00:00Z")
  b2    DateTime @default(now()) @updatedAt @db.Timestamptz
  b3    DateTime @db.Timestamp(6) @default(dbgenerated("clock_timestamp()"))
  c     Json     @default("{}")
  d     Json[]
  e     String[] @default(["a", "b's"])
  f     Role     @default(USER)
  g     Role[]   @default([USER, ADMIN])
  h     Decimal  @default(1.50)
  i     Decimal? @db.Decimal(10, 2) @default("2.00")
  j     String   @db.VarChar(20) /* of a form */
  k     String   @default(uuid()) @db.Uuid
  l     Unsupported("tsvector")? // for search
  m     Boolean  @default(true)
  n     Bytes
  o     String   @db.Char
  p     Float    @default(-1.5)
  q     String   @default(dbgenerated())
  @@map("posts")
  @@schema("base")
}
)prisma");
  EXPECT_EQ(columns(schema, {"base", "posts"}),
            "id integer not null default nextval('base.posts_id_seq'::regclass)\n"
            "big bigint default nextval('base.posts_big_seq'::regclass)\n"
            "small smallint not null default 5\n"
            "a text not null default 'it''s \"x\"'\n"
            "b timestamp(3) without time zone not null default '2020-01-01 00:00:00 +00:00'\n"
            "b2 timestamp with time zone not null default CURRENT_TIMESTAMP\n"
            "b3 timestamp(6) without time zone not null default clock_timestamp()\n"
            "c jsonb not null default '{}'\n"
            "d jsonb[]\n"
            "e text[] default ARRAY['a', 'b''s']::text[]\n"
            "f base.role_type not null default 'user'\n"
            "g base.role_type[] default ARRAY['user', 'ADMIN']::base.role_type[]\n"
            "h numeric(65,30) not null default 1.50\n"
            "i numeric(10,2) default 2.00\n"
            "j character varying(20) not null\n"
            "k uuid not null\n"
            "l tsvector\n"
            "m boolean not null default true\n"
            "n bytea not null\n"
            "o character(1) not null\n"
            "p double precision not null default -1.5\n"
            "q text not null\n");
  EXPECT_EQ(gaps(schema), std::vector<std::string>());
  const auto& labels = schema.catalog.enums.at({"base", "role_type"}).labels;
  EXPECT_EQ(labels, (std::vector<std::string>{"user", "ADMIN"}));
  EXPECT_EQ(schema.catalog.table({"base", "posts"})->column("small")->origin.str(), "schema.prisma:11:3");
}

TEST(PrismaSchema, KeysAndIndexes) {
  const Schema schema = of(R"prisma(
model A {
  x Int
  y Int @map("why") @unique(map: "uy", sort: Desc)
  name String
  data Json
  @@id([x, y], map: "thepk")
  @@unique([name, y], name: "client")
  @@index([name(sort: Desc), x])
  @@index(fields: [data(ops: JsonbPathOps)], type: Gin)
  @@index([name(ops: raw("gin_trgm_ops"))], type: Gin, map: "by_trigram")
  @@index(name)
  @@index([x], where: { y: { not: null }, name: "a" })
  @@unique([x], where: raw("why > 0"))
}
)prisma");
  EXPECT_EQ(indexes(schema, {"public", "A"}),
            "uy unique btree (why DESC)\n"
            "thepk unique btree (x, why)\n"
            "A_name_why_key unique btree (name, why)\n"
            "A_name_x_idx btree (name DESC, x)\n"
            "A_data_idx gin (data jsonb_path_ops)\n"
            "by_trigram gin (name gin_trgm_ops)\n"
            "A_name_idx btree (name)\n"
            "A_x_idx btree (x) WHERE why IS NOT NULL AND name = 'a'\n"
            "A_x_key unique btree (x) WHERE why > 0\n");
  EXPECT_EQ(operator_class("Int4MinMaxMultiOps"), "int4_minmax_multi_ops");
  EXPECT_EQ(operator_class("TimestampTzMinMaxOps"), "timestamptz_minmax_ops");
}

TEST(PrismaSchema, LongNamesAreCutBeforeTheirEnding) {
  const Schema schema = of(R"prisma(
model VeryLongModelNameThatGoesOnAndOnAndOnUntilItIsOverTheLimit {
  id Int @id
  aVeryLongFieldNameThatIsAlsoQuiteLong String @unique
}
)prisma");
  EXPECT_EQ(indexes(schema, {"public", "VeryLongModelNameThatGoesOnAndOnAndOnUntilItIsOverTheLimit"}),
            "VeryLongModelNameThatGoesOnAndOnAndOnUntilItIsOverTheLimit_pkey unique btree (id)\n"
            "VeryLongModelNameThatGoesOnAndOnAndOnUntilItIsOverTheLimit__key unique btree "
            "(aVeryLongFieldNameThatIsAlsoQuiteLong)\n");
}

const std::string relations = R"prisma(
model Post {
  id       Int   @id
  userId   Int
  editorId Int?
  a        Int?
  b        Int
  user     User  @relation(fields: [userId], references: [id])
  editor   User? @relation("edits", fields: [editorId], references: [id], onUpdate: NoAction, map: "by")
  pair     Pair? @relation(fields: [a, b], references: [a, b])
  tags     Tag[]
}
model User {
  id    Int    @id @map("user_id")
  posts Post[]
  edits Post[] @relation("edits")
  likes User[] @relation("likes")
  liked User[] @relation("likes")
}
model Pair {
  a     Int
  b     Int
  posts Post[]
  @@id([a, b])
}
model Tag {
  name  String @id @db.VarChar(30)
  posts Post[]
  @@map("tags")
}
)prisma";

TEST(PrismaSchema, RelationsAreForeignKeysAndJoinTables) {
  const Schema schema = of(relations);
  EXPECT_EQ(foreign_keys(schema, {"public", "Post"}),
            "Post_userId_fkey (userId) to User (user_id) RESTRICT/CASCADE\n"
            "by (editorId) to User (user_id) SET NULL/NO ACTION\n"
            "Post_a_b_fkey (a, b) to Pair (a, b) RESTRICT/CASCADE\n");
  EXPECT_EQ(columns(schema, {"public", "_PostToTag"}),
            "A integer not null\nB character varying(30) not null\n");
  EXPECT_EQ(foreign_keys(schema, {"public", "_PostToTag"}),
            "_PostToTag_A_fkey (A) to Post (id) CASCADE/CASCADE\n"
            "_PostToTag_B_fkey (B) to tags (name) CASCADE/CASCADE\n");
  EXPECT_EQ(indexes(schema, {"public", "_PostToTag"}),
            "_PostToTag_AB_pkey unique btree (A, B)\n_PostToTag_B_index btree (B)\n");
  EXPECT_EQ(indexes(schema, {"public", "_likes"}),
            "_likes_AB_pkey unique btree (A, B)\n_likes_B_index btree (B)\n");
  EXPECT_EQ(schema.catalog.tables.size(), 6u);
  EXPECT_EQ(indexes(of(relations, JoinKey::unique_index), {"public", "_PostToTag"}),
            "_PostToTag_AB_unique unique btree (A, B)\n_PostToTag_B_index btree (B)\n");
}

TEST(PrismaSchema, RelationModePrismaHasNoForeignKeys) {
  const Schema schema =
      of("datasource db {\n  provider = \"postgresql\"\n  relationMode = \"prisma\"\n}\n" + relations);
  EXPECT_FALSE(schema.foreign_keys);
  EXPECT_EQ(foreign_keys(schema, {"public", "Post"}) + foreign_keys(schema, {"public", "_PostToTag"}), "");
  const Table* posts = schema.catalog.table({"public", "Post"});
  ASSERT_TRUE(posts && posts->logical_keys.size() == 3);
  EXPECT_EQ(posts->logical_keys[0].name, "Post.user");
  EXPECT_EQ(posts->logical_keys[0].columns, std::vector<std::string>{"userId"});
  EXPECT_EQ(posts->logical_keys[0].on_delete, "RESTRICT");
  EXPECT_EQ(posts->logical_keys[1].on_delete, "SET NULL");
  EXPECT_EQ(posts->logical_keys[2].referenced_columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(schema.catalog.table({"public", "_PostToTag"}));
  EXPECT_TRUE(of(relations).catalog.table({"public", "Post"})->logical_keys.empty());
}

// The table of a migration or of a server takes the relations that it has no foreign key for.
TEST(PrismaSchema, RelationsWithoutForeignKeyGoToTheMigratedTable) {
  const Schema schema = of("datasource db {\n  relationMode = \"prisma\"\n}\n" + relations);
  const Table* declared = schema.catalog.table({"public", "Post"});
  ASSERT_TRUE(declared);
  const auto names = [&](const std::string& script) {
    sql::Replayer replayer;
    replayer.run("CREATE TABLE \"User\" (user_id integer PRIMARY KEY);" + script, "a.sql");
    replayer.finish();
    Catalog migrated = replayer.take();
    Table& table = *migrated.table({"public", "Post"});
    check::take_logical_keys(table, *declared);
    check::take_logical_keys(table, *declared);
    std::vector<std::string> out;
    for (const auto& key : table.logical_keys) out.push_back(key.name);
    return out;
  };
  EXPECT_EQ(names("CREATE TABLE \"Post\" (\"userId\" integer, \"editorId\" integer, a integer);"),
            (std::vector<std::string>{"Post.user", "Post.editor"}));
  EXPECT_EQ(names("CREATE TABLE \"Post\" (\"userId\" integer REFERENCES \"User\", \"editorId\" integer);"),
            std::vector<std::string>{"Post.editor"});
}

TEST(PrismaSchema, ViewsAreNotPartOfIt) {
  const Schema schema = of("view V {\n  id Int @unique\n}\nmodel T {\n  id Int @id\n  v V?\n}\n");
  EXPECT_EQ(schema.catalog.tables.size(), 1u);
  EXPECT_EQ(schema.existing.count({"public", "V"}), 1u);
  EXPECT_EQ(gaps(schema), std::vector<std::string>());
}

TEST(PrismaSchema, WhatIsNotUnderstoodMakesItsTableIncomplete) {
  const Schema schema = of(
      "model A {\n  id Int @id\n  = 5\n}\nmodel B {\n  id Int @id\n  x Geometry\n  y Int @default(next())\n"
      "  @@index([z])\n}\nmodel C {\n  id Int @id\n}\nwhat is this\n");
  EXPECT_EQ(gaps(schema), (std::vector<std::string>{
                              "schema.prisma:14:1 a line that is not Prisma's schema language",
                              "schema.prisma:3:3 a line of A", "schema.prisma:7:3 the type of B.x",
                              "schema.prisma:8:3 the default of B.y", "schema.prisma:9:5 an index of B"}));
  EXPECT_EQ(schema.incomplete, (std::set<QualifiedName>{{"public", "A"}, {"public", "B"}}));
}

TEST(PrismaSchema, DeepNestingIsALineThatIsNotUnderstood) {
  const Schema schema =
      of("model A {\n  id Int @id @default(" + std::string(100'000, '[') + ")\n  x Int\n}\n");
  EXPECT_EQ(schema.incomplete.size(), 1u);
  EXPECT_EQ(columns(schema, {"public", "A"}), "x integer not null\n");
}

TEST(PrismaSchema, TheFixtureIsWhatPrismaMakesOfIt) {
  const std::string folder = std::string(testing_support::source_dir) + "/fixtures/prisma-schema";
  Diagnostics diagnostics;
  files::Tree tree(folder, diagnostics);
  const auto found = project_schemas(tree, diagnostics);
  ASSERT_EQ(found.size(), 1u);
  const Schema& schema = found[0].schema;
  EXPECT_EQ(gaps(schema), std::vector<std::string>());
  sql::Replayer replayer;
  replayer.run(read_file(folder + "/prisma.sql", files::sql_limit).value(), "prisma.sql");
  replayer.finish();
  for (const auto& error : replayer.diagnostics()) ADD_FAILURE() << error.line();
  Schema made;
  made.catalog = replayer.take();
  ASSERT_EQ(schema.catalog.tables.size(), made.catalog.tables.size());
  for (const auto& [name, table] : made.catalog.tables) {
    EXPECT_EQ(without_defaults(columns(schema, name)), without_defaults(columns(made, name)));
    EXPECT_EQ(sorted_lines(indexes(schema, name)), sorted_lines(indexes(made, name)));
    EXPECT_EQ(foreign_keys(schema, name), foreign_keys(made, name));
  }
  EXPECT_EQ(schema.catalog.enums.size(), made.catalog.enums.size());
  EXPECT_EQ(schema.catalog.extensions, (std::vector<std::string>{"citext", "pg_trgm"}));
}

struct Read {
  std::vector<ProjectSchema> schemas;
  Diagnostics diagnostics;
};

Read read(const TempTree& tree) {
  Read out;
  files::Tree listed(tree.path(), out.diagnostics);
  out.schemas = project_schemas(listed, out.diagnostics);
  return out;
}

TEST(PrismaProject, AFolderOfFiles) {
  const TempTree tree{{"db/prisma/schema.prisma", datasource},
                      {"db/prisma/models/a.prisma", "model A {\n  id Int @id\n}\n"},
                      {"db/prisma/models/b.prisma", "model B {\n  id Int @id\n}\n"},
                      {"db/package.json", R"({"devDependencies": {"prisma": "^5.22.0"}})"},
                      {"docs/schema.prisma", datasource}};
  const Read found = read(tree);
  ASSERT_EQ(found.schemas.size(), 1u);
  EXPECT_EQ(found.schemas[0].files,
            (std::vector<std::string>{"db/prisma/schema.prisma", "db/prisma/models/a.prisma",
                                      "db/prisma/models/b.prisma"}));
  EXPECT_EQ(found.schemas[0].migrations, "db/prisma/migrations");
  EXPECT_EQ(found.schemas[0].schema.catalog.tables.size(), 2u);
}

TEST(PrismaProject, ConfigurationsNameTheSchema) {
  const std::string model = "model A {\n  id Int @id\n}\n", other = "model B {\n  id Int @id\n}\n";
  const TempTree tree{
      {"a/package.json", R"({"prisma": {"schema": "database/main.prisma"}})"},
      {"a/database/main.prisma", datasource + model},
      {"a/database/copy.prisma", datasource + model},
      {"b/prisma.config.ts",
       "export default defineConfig({\n  schema: path.join('db', 'models'), // all\n  migrations: { path: "
       "'db/sql', seed: 'x' },\n});\n"},
      {"b/db/models/main.prisma", datasource + model},
      {"b/db/models/more/b.prisma", other}};
  const Read found = read(tree);
  ASSERT_EQ(found.schemas.size(), 2u);
  EXPECT_EQ(found.schemas[0].files, (std::vector<std::string>{"a/database/main.prisma"}));
  EXPECT_EQ(found.schemas[1].files,
            (std::vector<std::string>{"b/db/models/main.prisma", "b/db/models/more/b.prisma"}));
  EXPECT_EQ(found.schemas[1].migrations, "b/db/sql");
}

TEST(PrismaProject, CopiesBesideSchemaPrismaAreLeftOut) {
  const std::string model = "model A {\n  id Int @id\n}\n";
  const TempTree tree{{"prisma/schema.prisma", datasource + model},
                      {"prisma/old.prisma", model},
                      {"prisma/full.prisma", datasource + model}};
  const Read found = read(tree);
  ASSERT_EQ(found.schemas.size(), 1u);
  EXPECT_EQ(found.schemas[0].files, (std::vector<std::string>{"prisma/schema.prisma"}));
}

TEST(PrismaProject, OtherDatabasesAreNamed) {
  const TempTree tree{{"prisma/schema.prisma", "datasource db {\n  provider = \"mysql\"\n}\n"}};
  const Read found = read(tree);
  EXPECT_TRUE(found.schemas.empty());
  ASSERT_EQ(found.diagnostics.size(), 1u);
  EXPECT_EQ(found.diagnostics[0].line(),
            "prisma/schema.prisma: is a Prisma schema of another database (mysql) (pgadvise reads only "
            "PostgreSQL's)");
}

TEST(PrismaProject, IsASchemaInputWhereNoMigrationsAre) {
  const std::string model = "model A {\n  id Int @id\n}\n";
  const TempTree tree{{"prisma/schema.prisma", datasource + model}, {"package.json", "{}"}};
  Diagnostics diagnostics;
  const auto alone = migrations::find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(alone && alone->size() == 1);
  EXPECT_EQ((*alone)[0].what(), "Prisma schema (1 file)");
  const auto catalog = migrations::load((*alone)[0], diagnostics);
  ASSERT_TRUE(catalog && catalog->tables.size() == 1);
  EXPECT_EQ(catalog->tables.begin()->second.origin.file,
            files::path_under(tree.path(), "prisma/schema.prisma"));
  tree.add("prisma/migrations/migration_lock.toml", "provider = \"postgresql\"");
  tree.add("prisma/migrations/20240101000000_a/migration.sql", "CREATE TABLE \"A\" (id int PRIMARY KEY);");
  const auto migrated = migrations::find_schemas(tree.path(), diagnostics);
  ASSERT_TRUE(migrated && migrated->size() == 1);
  EXPECT_EQ((*migrated)[0].kind, migrations::SchemaKind::migrations);
  EXPECT_TRUE((*migrated)[0].source) << "which is compared with the migrations";
  EXPECT_TRUE(diagnostics.empty());
}

}  // namespace
}  // namespace pgadvise::prisma
