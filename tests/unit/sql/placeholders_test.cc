// Placeholders of templates, which are read as identifiers.
#include "sql/parse/placeholders.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sql/definitions/transaction_needs.h"

namespace pgadvise::sql {
namespace {

std::string filled(std::string_view script) {
  const std::string out = Placeholders().fill(script);
  EXPECT_EQ(out.size(), script.size()) << script;
  return out;
}

// The name in the place of the placeholder, with blanks up to the length of the placeholder.
std::string in_place_of(std::string_view placeholder, std::string name) {
  name.resize(placeholder.size(), ' ');
  return name;
}

TEST(Placeholders, BecomeNamesOfEqualLength) {
  for (const auto& [placeholder, name] : std::vector<std::pair<std::string, std::string>>{
           {"{{ .Schema }}", "schema"},
           {"${schema}", "schema"},
           {"${schema:-public}", "schema"},
           {"<%= s %>", "s"},
           {"{{ schema | quote }}", "schema"},
           {"{{ index .Options \"Namespace\" }}", "namespace"},
           {"\"{{ index .Options \"Namespace\" }}\"", "namespace"},
           {"${user}", "\"user\""}}) {
    const std::string in_place = in_place_of(placeholder, name);
    EXPECT_EQ(filled("CREATE TABLE " + placeholder + ".t (a int);"),
              "CREATE TABLE " + in_place + ".t (a int);");
    EXPECT_EQ(filled("DROP TABLE " + placeholder), "DROP TABLE " + in_place);
    EXPECT_EQ(filled("DROP TABLE a." + placeholder), "DROP TABLE a." + in_place);
    EXPECT_EQ(filled("DO $$ BEGIN ALTER TABLE " + placeholder + ".t ADD a int; END $$"),
              "DO $$ BEGIN ALTER TABLE " + in_place + ".t ADD a int; END $$");
  }
  EXPECT_EQ(filled("CREATE TABLE {{ .p }}_users (a int)"), "CREATE TABLE        p_users (a int)");
  EXPECT_EQ(filled("CREATE INDEX i_{{ .p }} ON t (a)"), "CREATE INDEX i_p        ON t (a)");
}

TEST(Placeholders, ThatAreNoNamesStay) {
  for (const char* script :
       {"INSERT INTO t VALUES ({{ .Value }})", "SELECT '{{ .S }}.t'", "-- {{ .S }}.t", "{{ if .X }} SELECT 1",
        "SELECT $$ from {{ .S }}.t $$", "{% if x %} SELECT 1", "CREATE TABLE t (a int) {{ .Options }}",
        "CREATE TABLE a_{{ .b }}_c (a int)", "SET x TO ${value}", "DROP TABLE {{\nschema\n}}.t",
        "CREATE TABLE {{ .a", "SELECT a <% b, c %> d"})
    EXPECT_EQ(filled(script), script);
}

TEST(Placeholders, EqualOnesHaveOneNameAndDifferentOnesTwo) {
  Placeholders placeholders;
  EXPECT_EQ(placeholders.fill("DROP TABLE {{ .A.schema }}.t"),
            "DROP TABLE " + in_place_of("{{ .A.schema }}", "schema") + ".t");
  EXPECT_EQ(placeholders.fill("DROP TABLE {{.A.schema}}.u"),
            "DROP TABLE " + in_place_of("{{.A.schema}}", "schema") + ".u");
  EXPECT_EQ(placeholders.fill("DROP TABLE {{.B.schema}}.t"),
            "DROP TABLE " + in_place_of("{{.B.schema}}", "b_schema") + ".t");
  ASSERT_EQ(placeholders.filled().size(), 2u);
  EXPECT_EQ(placeholders.filled()[0], (std::pair<std::string, std::string>("{{ .A.schema }}", "schema")));
  EXPECT_TRUE(placeholders.made("b_schema"));
}

TEST(Placeholders, InConditionsOfBlocksAreNamesWhereTheNameIsKnown) {
  const std::string block = "DO $$ BEGIN IF x = '{{ .S }}' THEN DROP TABLE t; END IF; END $$";
  Placeholders placeholders;
  EXPECT_EQ(placeholders.fill(block), block);
  placeholders.fill("DROP TABLE {{.S}}.t");
  EXPECT_EQ(placeholders.fill(block), "DO $$ BEGIN IF x = 's'        THEN DROP TABLE t; END IF; END $$");
  EXPECT_EQ(placeholders.fill("SELECT '{{ .S }}'"), "SELECT '{{ .S }}'");
}

TEST(Placeholders, ArePutBackIntoGeneratedSql) {
  Placeholders placeholders;
  placeholders.fill("CREATE TABLE {{ .S }}.{{ .P }}users (a int, id int)");
  const PutBack out = with_placeholders(
      "CREATE INDEX users_s_idx ON s.pusers (a, t.s); DROP INDEX s.users_s_idx", placeholders.names());
  EXPECT_EQ(out.sql,
            "CREATE INDEX users_s_idx ON {{ .S }}.{{ .P }}users (a, t.s); DROP INDEX {{ .S }}.users_s_idx");
  EXPECT_TRUE(out.any);
  EXPECT_FALSE(out.whole);
}

TEST(Placeholders, GetNamesThatNoWordOfTheScriptsHas) {
  EXPECT_EQ(filled("CREATE TABLE ${users} (id int); CREATE TABLE o (users int)"),
            "CREATE TABLE users_   (id int); CREATE TABLE o (users int)");
  EXPECT_EQ(filled("CREATE TABLE ${users} (\"users\" int)"), "CREATE TABLE users_   (\"users\" int)");
  EXPECT_EQ(filled("CREATE TABLE {{ .My.users }} (users int, users_ int)"),
            "CREATE TABLE my_users        (users int, users_ int)");
  EXPECT_EQ(filled("CREATE TABLE ${users} (users int, users_ int, users__ int)"),
            "CREATE TABLE ${users} (users int, users_ int, users__ int)");
  EXPECT_EQ(filled("-- users /* users\nCREATE TABLE ${users} (a int)"),
            "-- users /* users\nCREATE TABLE users    (a int)");
  EXPECT_EQ(filled("CREATE SCHEMA ${schema}; GRANT USAGE ON SCHEMA ${schema} TO x; DROP TABLE ${schema}.t"),
            "CREATE SCHEMA schema   ; GRANT USAGE ON SCHEMA schema    TO x; DROP TABLE schema   .t");
  EXPECT_EQ(filled("CREATE TABLE ${uuid} (a int)"), "CREATE TABLE uuid_   (a int)")
      << "a type of generated SQL";
  EXPECT_EQ(filled("CREATE TABLE {{ .p }}_users (a int); CREATE TABLE p_users (a int)"),
            "CREATE TABLE {{ .p }}_users (a int); CREATE TABLE p_users (a int)")
      << "the name as a whole is another table's";
  Placeholders placeholders;
  placeholders.avoid_words("CREATE TABLE users (id int)");
  EXPECT_EQ(placeholders.fill("CREATE TABLE ${users} (id int)"), "CREATE TABLE users_   (id int)");
}

TEST(Placeholders, AreNotPutInThePlaceOfKeyWords) {
  Placeholders placeholders;
  placeholders.fill("CREATE TABLE ${table} (a int); CREATE TABLE app.${index} (a int)");
  const PutBack out = with_placeholders(
      "ALTER TABLE public.\"table\" ADD a int; CREATE INDEX ON app.index (a)", placeholders.names());
  EXPECT_EQ(out.sql, "ALTER TABLE ${table} ADD a int; CREATE INDEX ON app.${index} (a)")
      << "a placeholder without a schema may contain one";
  EXPECT_TRUE(out.whole);
}

TEST(Placeholders, StayInDeeplyNestedDollarQuotes) {
  const auto nested = [](int depth) {
    std::string begin, end;
    for (int i = 0; i < depth; ++i) {
      const std::string quote = "$a" + std::to_string(i) + "$";
      begin += " " + quote;
      end = quote + " " + end;
    }
    return "DO" + begin + " DROP TABLE ${x}.t " + end;
  };
  EXPECT_EQ(filled(nested(8)).find("${x}"), std::string::npos);
  EXPECT_NE(filled(nested(9)).find("${x}"), std::string::npos);
}

TEST(Placeholders, DoNotHideWhatRunsConcurrently) {
  EXPECT_EQ(transaction_needs("CREATE INDEX CONCURRENTLY i ON ${s}.t (a)").concurrently, 1);
}

}  // namespace
}  // namespace pgadvise::sql
