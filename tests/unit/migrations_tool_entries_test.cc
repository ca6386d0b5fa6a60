// A migration tool is one file of src/migrations/tools: no other source file has its name or its tables as
// data.
#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "base/input_file.h"
#include "base/text.h"
#include "lint/context.h"
#include "lint/queries.h"
#include "lint/server_events.h"
#include "migrations/tools.h"
#include "model/migration_tool.h"
#include "sql/replay.h"
#include "support/paths.h"

namespace pgadvise::migrations {
namespace {

namespace fs = std::filesystem;

// Where a tool's name may stand all the same.
struct Allowed {
  std::string_view path;  // its beginning
  std::string_view tool;  // "": any
  std::string_view why;
};
constexpr Allowed allowed[] = {
    {"src/deploy/", "", "commands, libraries and settings of a deployment"},
    {"rules/migration/push_in_production.cc", "", "the rule is about these commands"},
    {"rules/migration/seed_in_production.cc", "", "the rule is about these commands"},
    {"src/drizzle/", "drizzle", "drizzle's own formats"},
    {"src/log/", "drizzle", "the format of drizzle's logger"},
    {"src/report/", "drizzle", "a fix in drizzle's language"},
    {"src/migrations/tools/drizzle_v1.cc", "drizzle", "the other form of the same tool's folders"},
    {"src/files/tree.cc", "prisma", "package.json's prisma.seed"},
    {"src/cli/sources.cc", "prisma", "how a schema's file name ends"},
};

bool may(const std::string& path, std::string_view tool) {
  return std::any_of(std::begin(allowed), std::end(allowed), [&](const Allowed& one) {
    return path.starts_with(one.path) && (one.tool.empty() || one.tool == tool);
  });
}

// A sentence: the documentation of a rule, or a message that says that drizzle's snapshots are read.
bool is_prose(const std::string& path, std::string_view tool, const std::string& literal) {
  return contains(literal, " ") && (path.starts_with("rules/") || tool == "drizzle");
}

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool has_word(const std::string& text, std::string_view word) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !is_word_character(text[at - 1])) &&
        (end == text.size() || !is_word_character(text[end])))
      return true;
  }
  return false;
}

// The string literals of a line of C++, in lower case, without those of a comment.
std::vector<std::string> literals(std::string_view line) {
  std::vector<std::string> out;
  if (trim(line).starts_with("#include")) return out;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line.substr(at, 2) == "//") break;
    if (line[at] == '\'' && at + 2 < line.size()) at += line[at + 1] == '\\' ? 3 : 2;
    else if (line[at] == '"') {
      std::size_t end = at + 1;
      while (end < line.size() && line[end] != '"') end += line[end] == '\\' ? 2 : 1;
      out.push_back(lower(line.substr(at + 1, std::min(end, line.size()) - at - 1)));
      at = end;
    }
  }
  return out;
}

// Path below the repository -> literals.
const std::map<std::string, std::vector<std::string>>& sources() {
  static const auto all = [] {
    std::map<std::string, std::vector<std::string>> out;
    const fs::path root = testing_support::source_dir;
    for (const char* folder : {"src", "rules"})
      for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
        if (entry.path().extension() != ".cc" && entry.path().extension() != ".h") continue;
        const std::string text = read_file(entry.path().string()).value();
        auto& found = out[fs::relative(entry.path(), root).generic_string()];
        for (const auto line : split(text, '\n'))
          for (auto& literal : literals(line)) found.push_back(std::move(literal));
      }
    return out;
  }();
  return all;
}

std::string file_of(const MigrationTool& tool) {
  return "src/migrations/tools/" + replace_all(replace_all(std::string(tool.id()), "-", "_"), " ", "_") +
         ".cc";
}

TEST(ToolEntries, ATypicalLineIsRead) {
  EXPECT_EQ(literals(R"(  if (tool == "goose" && c == '"') return "a \"b\"";  // "flyway")"),
            (std::vector<std::string>{"goose", R"(a \"b\")"}));
  EXPECT_TRUE(has_word("-- +goose up", "goose"));
  EXPECT_FALSE(has_word("mongoose", "goose"));
}

TEST(ToolEntries, AToolsNameStandsInItsOwnFileAlone) {
  ASSERT_GT(sources().size(), 300u);
  ASSERT_GE(migration_tools().size(), 30u);
  std::set<std::string_view> ids;
  for (const auto* tool : migration_tools()) {
    EXPECT_TRUE(ids.insert(tool->id()).second) << tool->id() << " twice";
    EXPECT_FALSE(tool->facts.sentence.empty()) << tool->id();
    const std::string own = file_of(*tool), id = lower(tool->id());
    ASSERT_TRUE(sources().count(own)) << own;
    for (const auto& [path, found] : sources()) {
      if (path == own || may(path, tool->id())) continue;
      for (const auto& literal : found)
        EXPECT_FALSE(has_word(literal, id) && !is_prose(path, tool->id(), literal))
            << path << ": \"" << literal << "\" names " << id << ": that belongs into " << own;
    }
  }
}

TEST(ToolEntries, AToolsTablesStandInTheEntriesAlone) {
  int tables = 0;
  for (const auto* tool : migration_tools())
    for (const auto& own : tool->facts.tables) {
      EXPECT_EQ(own.name, lower(own.name));
      if (!contains(own.name, "_")) continue;  // a word that may mean anything else
      ++tables;
      for (const auto& [path, found] : sources())
        if (!path.starts_with("src/migrations/tools/")) {
          EXPECT_EQ(std::count(found.begin(), found.end(), own.name), 0)
              << path << " has " << own.name << " of " << tool->id();
        }
    }
  EXPECT_GT(tables, 20);
}

TEST(ToolEntries, EveryRowOfTheAllowListIsUsed) {
  for (const auto& one : allowed) {
    bool used = false;
    for (const auto& [path, found] : sources())
      if (path.starts_with(one.path))
        for (const auto* tool : migration_tools())
          if (one.tool.empty() || one.tool == tool->id())
            used = used || std::any_of(found.begin(), found.end(), [&](const std::string& literal) {
                     return has_word(literal, lower(tool->id()));
                   });
    EXPECT_TRUE(used) << one.path << " " << one.tool;
  }
}

Catalog catalog_of(const std::string& script) {
  sql::Replayer replayer;
  replayer.run(script, "x.sql");
  EXPECT_TRUE(replayer.diagnostics().empty());
  return replayer.take();
}

std::vector<std::string> without_key(const Catalog& catalog) {
  std::vector<std::string> out;
  const lint::Outcome outcome = lint::run({.catalog = &catalog}, {"missing-primary-key"});
  for (const auto& finding : outcome.findings)
    out.push_back(finding.subject.schema + "." + finding.subject.table);
  std::sort(out.begin(), out.end());
  return out;
}

TEST(ToolTables, NoneOfAToolsTablesIsReportedAndOnesThatLookAlikeAre) {
  std::string script;
  std::set<std::string> schemas, names;
  for (const auto* tool : migration_tools())
    for (const auto& own : tool->facts.tables) {
      const std::string schema(own.schema.empty() ? "public" : own.schema),
          name(own.name.empty() ? "anything" : own.name);
      if (schema != "public" && schemas.insert(schema).second)
        script += "CREATE SCHEMA \"" + schema + "\";\n";
      const std::string column(own.column.empty() ? "x" : own.column);
      if (own.column.empty() && names.insert(schema + "." + name).second)
        script += "CREATE TABLE \"" + schema + "\".\"" + name + "\" (\"" + column + "\" text);\n";
    }
  ASSERT_TRUE(names.count("public.play_evolutions") && names.count("public.refinery_schema_history"));
  EXPECT_EQ(without_key(catalog_of(script)), std::vector<std::string>{});
  EXPECT_EQ(without_key(catalog_of(
                "CREATE TABLE play_evolutions_of_species (id int); CREATE TABLE my_schema_history (id int);"
                "CREATE TABLE user_migrations (id int); CREATE TABLE goose_db_versions (id int);")),
            (std::vector<std::string>{"public.goose_db_versions", "public.my_schema_history",
                                      "public.play_evolutions_of_species", "public.user_migrations"}));
}

TEST(ToolTables, ATableWithAnEverydayNameIsAToolsByItsColumns) {
  EXPECT_EQ(without_key(catalog_of("CREATE TABLE migrations (migration text, batch int);")),
            std::vector<std::string>{});
  EXPECT_EQ(without_key(catalog_of("CREATE TABLE migrations (bird text, autumn int);")),
            std::vector<std::string>{"public.migrations"});
  EXPECT_EQ(
      without_key(catalog_of("CREATE TABLE changelog (id numeric, applied_at text, description text);")),
      std::vector<std::string>{});
  EXPECT_EQ(without_key(catalog_of("CREATE TABLE changelog (ticket int, line text);")),
            std::vector<std::string>{"public.changelog"});
}

TEST(ToolTables, TheSameListServesEveryRule) {
  for (const char* name : {"play_evolutions", "refinery_schema_history", "SequelizeMeta",
                           "__EFMigrationsHistory", "alembic_version", "kysely_migration"}) {
    EXPECT_TRUE(lint::of_tool_or_server({"public", name}, nullptr)) << name;
    EXPECT_TRUE(owner_of_table({"public", name}, nullptr)) << name;
  }
  EXPECT_EQ(owner_of_table({"public", "goose_db_version"}, nullptr)->id, "goose");
  EXPECT_EQ(owner_of_table({"sqitch", "changes"}, nullptr)->id, "sqitch");
  EXPECT_EQ(owner_of_table({"public", "changes"}, nullptr), nullptr);
  EXPECT_FALSE(lint::of_tool_or_server({"public", "user_migrations"}, nullptr));
}

TEST(ToolFacts, AMigrationToolIsKnownByItsApplicationName) {
  for (const char* name : {"Flyway Community 10", "drizzle-kit", "alembic", "goose", "psql", "pgAdmin 4"})
    EXPECT_TRUE(lint::is_tool(name)) << name;
  for (const char* name : {"", "web", "my-flyway"}) EXPECT_FALSE(lint::is_tool(name)) << name;
}

}  // namespace
}  // namespace pgadvise::migrations
