#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "base/identifier.h"
#include "model/ddl.h"
#include "support/paths.h"

namespace pgadvise {
namespace {

namespace fs = std::filesystem;

TEST(Quote, KnowsTheVersionThatReservesAKeyWord) {
  EXPECT_EQ(quote_identifier("system_user", 150012), "system_user");
  EXPECT_EQ(quote_identifier("system_user", 160000), "\"system_user\"");
  EXPECT_EQ(quote_identifier("json_table", 160004), "json_table");
  EXPECT_EQ(quote_identifier("json_table", 170000), "\"json_table\"");
  EXPECT_EQ(quote_identifier("normalize", 120000), "normalize");
  EXPECT_EQ(quote_identifier("order", 100000), "\"order\"");
}

TEST(Quote, WithoutAVersionQuotesWhatAnySupportedVersionReserves) {
  for (const auto* name : {"system_user", "json_table", "normalize", "merge_action", "xmltable", "all"})
    EXPECT_EQ(quote_identifier(name), '"' + std::string(name) + '"');
  EXPECT_EQ(quote_identifier("name"), "name");
}

// A key word may be reserved for column names alone ("between") or for functions and types alone ("left"):
// both are quoted.
TEST(Quote, DoesNotDependOnWhatTheNameIsOf) {
  EXPECT_EQ(quote_identifier("between"), "\"between\"");
  EXPECT_EQ(quote_identifier("left"), "\"left\"");
}

TEST(Ddl, WritesAnIndexWithAllItsParts) {
  Index index;
  index.name = "Order_idx";
  index.unique = true;
  index.method = "gist";
  index.nulls_not_distinct = true;
  index.keys = {
      {.column = "system_user", .descending = true, .nulls_first = true},
      {.expression = "lower(email)", .operator_class = "public.citext_ops", .collation = "public.Nice"}};
  index.include = {"user", "b"};
  index.predicate = "b > 0";
  EXPECT_EQ(ddl::create_index({"shop", "order"}, index, {.concurrently = true, .if_not_exists = true}),
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"Order_idx\" ON shop.\"order\" USING gist "
            "(\"system_user\" DESC, "
            "(lower(email)) COLLATE public.\"Nice\" public.citext_ops) INCLUDE (\"user\", b) NULLS NOT "
            "DISTINCT WHERE b > 0");
  EXPECT_EQ(ddl::create_index({"", "t"}, ddl::index_of({.table = {"", "t"}, .keys = {{.column = "a"}}}),
                              {.only = true}),
            "CREATE INDEX ON ONLY t (a)");
  EXPECT_EQ(ddl::drop_index({"public", "Order_idx"}, false), "DROP INDEX public.\"Order_idx\"");
  EXPECT_EQ(ddl::drop_index({"public", "i"}, true), "DROP INDEX CONCURRENTLY public.i");
}

TEST(Ddl, WritesAlterTable) {
  const QualifiedName table{"shop", "order"};
  EXPECT_EQ(ddl::alter_table(table), "ALTER TABLE shop.\"order\"");
  EXPECT_EQ(ddl::alter_column(table, "User"), "ALTER TABLE shop.\"order\" ALTER COLUMN \"User\"");
  EXPECT_EQ(ddl::drop_constraint(table, "user"), "ALTER TABLE shop.\"order\" DROP CONSTRAINT \"user\"");
  EXPECT_EQ(ddl::validate_constraint(table, "k"), "ALTER TABLE shop.\"order\" VALIDATE CONSTRAINT k");
  EXPECT_EQ(ddl::set_not_null_by_check({"", "t"}, "User", "C", "-- later\n"),
            "ALTER TABLE t ADD CONSTRAINT \"C\" CHECK (\"User\" IS NOT NULL) NOT VALID;\n"
            "-- later\n"
            "ALTER TABLE t VALIDATE CONSTRAINT \"C\";\n"
            "ALTER TABLE t ALTER COLUMN \"User\" SET NOT NULL;\n"
            "ALTER TABLE t DROP CONSTRAINT \"C\";");
}

TEST(Ddl, WritesConstraints) {
  Constraint key{.kind = Constraint::Kind::foreign_key,
                 .name = "k",
                 .columns = {"a", "user"},
                 .referenced_table = {"public", "b"}};
  EXPECT_EQ(ddl::constraint(key), "FOREIGN KEY (a, \"user\") REFERENCES public.b");
  key.referenced_columns = {"x", "y"};
  key.on_delete = "SET NULL";
  key.on_delete_columns = {"a"};
  key.on_update = "CASCADE";
  key.deferrable = true;
  EXPECT_EQ(ddl::named_constraint(key),
            "CONSTRAINT k FOREIGN KEY (a, \"user\") REFERENCES public.b (x, y) ON DELETE SET NULL (a) ON "
            "UPDATE CASCADE DEFERRABLE");
  const Constraint unique{
      .kind = Constraint::Kind::unique, .columns = {"a"}, .deferrable = true, .nulls_not_distinct = true};
  EXPECT_EQ(ddl::constraint(unique, {"b"}), "UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b) DEFERRABLE");
  EXPECT_EQ(ddl::constraint({.kind = Constraint::Kind::primary_key, .columns = {"a"}}), "PRIMARY KEY (a)");
  EXPECT_EQ(ddl::constraint({.kind = Constraint::Kind::check, .expression = "a > 0"}), "CHECK (a > 0)");
  EXPECT_EQ(ddl::constraint({.kind = Constraint::Kind::exclusion, .expression = "USING gist (r WITH &&)"}),
            "EXCLUDE USING gist (r WITH &&)");
}

TEST(Ddl, WritesColumns) {
  EXPECT_EQ(ddl::column({.name = "user",
                         .type = "text",
                         .not_null = true,
                         .default_expression = "''::text",
                         .collation = "C"}),
            "\"user\" text COLLATE \"C\" DEFAULT ''::text NOT NULL");
  EXPECT_EQ(
      ddl::column({.name = "n", .type = "bigint", .not_null = true, .identity = Column::Identity::always}),
      "n bigint GENERATED ALWAYS AS IDENTITY NOT NULL");
}

// Every .cc and .h of src and rules, but for the one that may: the path and the line of each match.
std::string found_outside(const std::string& pattern, const std::string& writer) {
  const fs::path root = fs::path(testing_support::source_dir);
  const std::regex wanted(pattern);
  std::string out;
  int files = 0;
  for (const auto* folder : {"src", "rules"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string path = fs::relative(entry.path(), root).generic_string();
      if (!path.ends_with(".cc") && !path.ends_with(".h")) continue;
      if (path.starts_with(writer)) continue;
      ++files;
      std::ifstream in(entry.path());
      std::string line;
      for (int number = 1; std::getline(in, line); ++number)
        if (std::regex_search(line, wanted)) out += path + ":" + std::to_string(number) + ": " + line + "\n";
    }
  EXPECT_GT(files, 300);
  return out;
}

// A string that goes on with something else is being put together; one that ends a sentence is prose.
TEST(OnePlace, WritesIndexesAndForeignKeys) {
  const std::string writer = "src/model/ddl.cc";
  EXPECT_EQ(
      found_outside(
          R"re("(CREATE (UNIQUE )?INDEX|DROP INDEX)( CONCURRENTLY)?( IF (NOT )?EXISTS)? ?("|\{)[^,;]*quote_)re",
          writer),
      "");
  EXPECT_EQ(found_outside(
                R"re((CREATE [^"]*INDEX [^"]*ON \{|CREATE \{\}INDEX|DROP INDEX \{|INDEX CONCURRENTLY \{))re",
                writer),
            "");
  EXPECT_EQ(found_outside(R"re("(CREATE (UNIQUE )?INDEX|DROP INDEX) " *:)re", writer), "");
  EXPECT_EQ(found_outside(R"re((FOREIGN|PRIMARY) KEY (\("|"|\{|\(\{))re", writer), "");
}

TEST(OnePlace, DecidesWhatIsQuoted) {
  EXPECT_EQ(found_outside(R"re(std::string quote_(identifier|literal)\(.*\{)re", "src/base/identifier.cc"),
            "");
}

// Of replay and steps, only the definitions read these nodes of a parse tree.
TEST(OnePlace, ReadsTheDefinitionsOfDdl) {
  const std::string reader = "src/sql/definitions";  // _table, _alter …
  EXPECT_EQ(
      found_outside(
          R"re(PgQuery__(AlterTableCmd|AlterTableStmt|ColumnDef|Constraint|IndexElem|IndexStmt|DropStmt|RenameStmt|AlterObjectSchemaStmt)\b)re",
          reader),
      "");
}

TEST(OnePlace, LooksUpDrizzleNamesAndWalksPlans) {
  EXPECT_EQ(found_outside(R"re(: *(context\.)?project(\(\))?(\.|->)drizzle_names\))re", "src/model/model.cc"),
            "");
  EXPECT_EQ(found_outside(R"re(void (visit|each_node)\((const )?(Plan)?Node& node, const Visitor)re",
                          "src/model/plan.h"),
            "");
}

}  // namespace
}  // namespace pgadvise
