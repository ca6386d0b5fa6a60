#include "model/schema/ddl.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/text/identifier.h"
#include "support/paths.h"

namespace pgadvise {
namespace {

namespace fs = std::filesystem;

TEST(Quote, QuotesWhatAnySupportedVersionReserves) {
  for (const auto* name :
       {"system_user", "json_table", "normalize", "merge_action", "xmltable", "all", "order"})
    EXPECT_EQ(quote_identifier(name), '"' + std::string(name) + '"');
  for (const auto* name : {"name", "alla", "al", "a", "zone"}) EXPECT_EQ(quote_identifier(name), name);
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
  EXPECT_EQ(ddl::create_index({"", "t"}, ddl::index_of({.table = {"", "t"}, .predicate = "a > 0"})),
            "CREATE INDEX ON t (…) WHERE a > 0");
  EXPECT_EQ(ddl::drop_index({"public", "Order_idx"}, false), "DROP INDEX public.\"Order_idx\"");
  EXPECT_EQ(ddl::drop_index({"public", "i"}, true), "DROP INDEX CONCURRENTLY public.i");
}

TEST(Ddl, WritesAlterTable) {
  const QualifiedName table{"shop", "order"};
  EXPECT_EQ(ddl::alter_table(table), "ALTER TABLE shop.\"order\"");
  EXPECT_EQ(ddl::alter_column(table, "User"), "ALTER TABLE shop.\"order\" ALTER COLUMN \"User\"");
  EXPECT_EQ(ddl::drop_constraint(table, "user"), "ALTER TABLE shop.\"order\" DROP CONSTRAINT \"user\"");
  EXPECT_EQ(ddl::validate_constraint(table, "k"), "ALTER TABLE shop.\"order\" VALIDATE CONSTRAINT k");
  EXPECT_EQ(ddl::alter_column("User"), "ALTER COLUMN \"User\"");
  EXPECT_EQ(ddl::drop_constraint("user"), "DROP CONSTRAINT \"user\"");
  const Constraint key{.kind = Constraint::Kind::primary_key, .name = "order_pkey", .columns = {"id"}};
  EXPECT_EQ(ddl::add_constraint(key), "ADD CONSTRAINT order_pkey PRIMARY KEY (id)");
  EXPECT_EQ(ddl::add_constraint(table, key, {"User"}),
            "ALTER TABLE shop.\"order\" ADD CONSTRAINT order_pkey PRIMARY KEY (id) INCLUDE (\"User\")");
  EXPECT_EQ(ddl::add_constraint_using_index(table, Constraint::Kind::unique, "User"),
            "ALTER TABLE shop.\"order\" ADD CONSTRAINT \"User\" UNIQUE USING INDEX \"User\"");
  EXPECT_EQ(ddl::add_constraint_using_index(table, Constraint::Kind::primary_key, "k"),
            "ALTER TABLE shop.\"order\" ADD CONSTRAINT k PRIMARY KEY USING INDEX k");
  EXPECT_EQ(ddl::add_column(table, {.name = "User", .type = "text"}),
            "ALTER TABLE shop.\"order\" ADD COLUMN \"User\" text");
  EXPECT_EQ(ddl::drop_column(table, "User"), "ALTER TABLE shop.\"order\" DROP COLUMN \"User\"");
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
  key.match_full = key.initially_deferred = true;
  EXPECT_EQ(
      ddl::constraint(key),
      "FOREIGN KEY (a, \"user\") REFERENCES public.b (x, y) MATCH FULL ON DELETE SET NULL (a) ON UPDATE "
      "CASCADE DEFERRABLE INITIALLY DEFERRED");
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

// A line that may contain the pattern all the same.
struct Exception {
  std::string_view path;  // its beginning
  std::string_view line;  // a part of it; "": every line
  std::string_view why;
};
using Exceptions = std::vector<Exception>;

// The lines of src and rules that contain the pattern, each with its path and number, and the exceptions that
// no line needs.
std::string found_outside(const std::string& pattern, const Exceptions& exceptions) {
  const fs::path root = fs::path(testing_support::source_dir);
  const std::regex wanted(pattern);
  std::string out;
  int files = 0;
  std::set<const Exception*> used;
  for (const auto* folder : {"src", "rules"})
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string path = fs::relative(entry.path(), root).generic_string();
      if (!path.ends_with(".cc") && !path.ends_with(".h")) continue;
      ++files;
      std::ifstream in(entry.path());
      std::string line;
      for (int number = 1; std::getline(in, line); ++number) {
        if (!std::regex_search(line, wanted)) continue;
        const auto exception = std::find_if(exceptions.begin(), exceptions.end(), [&](const Exception& one) {
          return path.starts_with(one.path) && line.find(one.line) != std::string::npos;
        });
        if (exception != exceptions.end()) used.insert(&*exception);
        else out += path + ":" + std::to_string(number) + ": " + line + "\n";
      }
    }
  EXPECT_GT(files, 300);
  for (const auto& one : exceptions)
    if (used.count(&one) == 0) out += "no line needs the exception for " + std::string(one.path) + "\n";
  return out;
}

// DDL that is put together: a string that ends behind the word for an object (or with its parenthesis), and
// goes on; a string that goes on with a command of ALTER TABLE; a format.
const std::string object =
    "(CREATE (UNIQUE )?INDEX|DROP INDEX|ALTER COLUMN|(ADD|DROP) COLUMN|(ADD|DROP|VALIDATE) CONSTRAINT|"
    "USING INDEX|(FOREIGN|PRIMARY) KEY|REFERENCES)";
const std::string written = object + "( CONCURRENTLY| IF (NOT )?EXISTS| ON| ONLY)* ?\\(?";
const std::string put_together =
    "\\b" + written + "(\" *\\+| \" *:|\\{)" +
    "|(\\+|return) \" ?(ADD|DROP|ALTER|VALIDATE) (COLUMN|CONSTRAINT|PRIMARY|FOREIGN) ";

TEST(OnePlace, DdlThatIsPutTogetherIsRecognised) {
  const std::regex wanted(put_together);
  for (const auto* line :
       {R"(step("DROP INDEX " + name);)", R"(fix.sql = alter + " ADD COLUMN id bigint PRIMARY KEY;";)",
        R"("CREATE INDEX CONCURRENTLY ON " + table + " (" + columns)",
        R"(alter + " ADD CONSTRAINT " + name +)", R"(fmt::format("CREATE UNIQUE INDEX {} ON {}", a, b))",
        R"(unique ? "CREATE UNIQUE INDEX " : x)", R"(" FOREIGN KEY (" + join(columns, ", "))",
        R"(" REFERENCES " + quote_name(other))",
        R"("ALTER COLUMN " + quote_identifier(name) + " SET NOT NULL")", R"(" PRIMARY KEY USING INDEX " +)"})
    EXPECT_TRUE(std::regex_search(line, wanted)) << line;
  for (const auto* line : {R"("`ALTER COLUMN … TYPE text`, with a CHECK on the length",)",
                           R"(if (word == "REFERENCES"))", R"(ddl::alter_column(name) + " SET NOT NULL")",
                           R"("Build the index with CREATE INDEX CONCURRENTLY.")"})
    EXPECT_FALSE(std::regex_search(line, wanted)) << line;
}

TEST(OnePlace, WritesDdl) {
  EXPECT_EQ(
      found_outside(put_together,
                    {{"src/model/schema/ddl.cc", "", "the writer"},
                     {"src/server/pg/verify/verify.cc", "statement_mark(run_)",
                      "another name in the writer's statement"},
                     {"rules/migration/blocking_index_build.cc", "action.name.empty()", "a message"},
                     {"rules/migration/blocking_constraint.cc", "in_its_own_transaction", "a fix in words"}}),
      "");
}

TEST(OnePlace, DecidesWhatIsQuoted) {
  EXPECT_EQ(found_outside(R"re(std::string quote_(identifier|literal)\(.*\{)re",
                          {{"src/base/text/identifier.cc", "", "the function"}}),
            "");
}

// Of replay and steps, only the definitions read these nodes of a parse tree.
TEST(OnePlace, ReadsTheDefinitionsOfDdl) {
  EXPECT_EQ(
      found_outside(
          R"re(PgQuery__(AlterTableCmd|AlterTableStmt|ColumnDef|Constraint|IndexElem|IndexStmt|DropStmt|RenameStmt|AlterObjectSchemaStmt)\b)re",
          {{"src/read/sql/definitions/definitions", "", "_table, _alter …"},
           {"src/read/sql/definitions/read_statement.h", "", "declares them"}}),
      "");
}

TEST(OnePlace, UnquotesNames) {
  EXPECT_EQ(found_outside(R"re(replace_all\(.*substr\(1.*"\\"\\"", "\\""\))re",
                          {{"src/read/sql/parse/lexer.cc", "", "Lexeme::name"}}),
            "");
}

// Others make the list, or ask whether it is empty.
TEST(OnePlace, LooksUpDrizzleNames) {
  EXPECT_EQ(found_outside(R"re(\bdrizzle_names\b(?!\.empty\(\)))re",
                          {{"src/model/project/project", "", "Project::drizzle_name"},
                           {"src/read/drizzle/schema/names", "", "the reader"},
                           {"src/read/deploy/repository.cc", "drizzle::drizzle_names(", "calls the reader"}}),
            "");
}

// What goes through a whole plan is a visitor of model/plan.h; others look at the children of one node.
TEST(OnePlace, WalksPlans) {
  EXPECT_EQ(found_outside(R"re(for \(.*(\.|->)children\))re",
                          {{"src/model/queries/plan.h", "", "the visitors"},
                           {"src/model/queries/plan_inputs.cc", "", "the inputs"},
                           {"src/report/text/plan_text.cc", "below += child.total_cost", "a node's own cost"},
                           {"src/server/plan/insights/analysis.cc", "", "a node's own time"},
                           {"src/server/plan/read/text_reader.cc", "out.children.push_back(build(child))",
                            "makes a plan"}}),
            "");
}

}  // namespace
}  // namespace pgadvise
