// A migration tool is one file of src/read/migrations/interface/tools: no other source file has its tables as
// data, and only the files of the list below have its name.
#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "base/files/input_file.h"
#include "base/text/text.h"
#include "lint/queries/queries.h"
#include "lint/run/context.h"
#include "lint/server/server_events.h"
#include "migrations/interface/tools.h"
#include "model/schema/migration_tool.h"
#include "sql/replay/replay.h"
#include "support/paths.h"

namespace pgadvise::migrations {
namespace {

namespace fs = std::filesystem;

// Where a tool's name may stand all the same: it is not a fact about how the tool runs migrations, but the
// name of a library, a command, a setting or a format.
struct Allowed {
  std::string_view path;  // of a file, or of a folder with a slash
  std::vector<std::string_view> tools;
  std::string_view why;
};
const std::vector<Allowed>& allowed() {
  static const std::vector<Allowed> list = {
      {"src/read/deploy/commands/code_commands.cc",
       {"drizzle"},
       "the project's own runner of drizzle's files"},
      {"src/read/deploy/shell/command.cc", {"rails"}, "a program that runs other programs"},
      {"src/read/deploy/connections/connections.cc",
       {"prisma", "typeorm", "sequelize", "knex", "kysely", "rails"},
       "libraries that open connections, and their pools"},
      {"src/read/deploy/commands/entry_points.cc",
       {"mikro-orm", "typeorm", "sequelize"},
       "libraries' settings files"},
      {"src/read/deploy/commands/orm_dialect.cc", {"prisma"}, "a settings file that names the database"},
      {"src/read/deploy/commands/resolver.cc",
       {"prisma", "knex", "sequelize", "typeorm", "mikro-orm", "rails"},
       "programs and their commands"},
      {"src/read/deploy/commands/schema_calls.cc",
       {"typeorm", "sequelize", "mikro-orm"},
       "calls of a library that change the schema"},
      {"src/read/deploy/commands/seeds.cc",
       {"knex", "drizzle", "prisma"},
       "programs and settings that load seeds"},
      {"src/server/pg/sandbox/sandbox_environment.cc",
       {"prisma", "sequelize", "typeorm"},
       "variables that libraries read, and a URL's scheme"},
      {"src/read/deploy/connections/session_timeouts.cc",
       {"alembic", "drizzle", "mikro-orm", "prisma", "sequelize"},
       "settings files of libraries that open connections"},
      {"src/read/deploy/ci/ci_run.cc",
       {"supabase"},
       "an image of PostgreSQL, and the command that starts it"},
      {"rules/migration/push_in_production.cc",
       {"typeorm", "sequelize", "mikro-orm", "prisma", "rails"},
       "the rule is about these commands"},
      {"rules/migration/seed_in_production.cc",
       {"sequelize", "knex", "rails", "supabase"},
       "the rule is about these commands"},
      {"src/read/drizzle/", {"drizzle"}, "drizzle's own formats"},
      {"src/read/drizzle/schema/source_packages.cc", {"supabase"}, "a module of drizzle-orm"},
      {"src/read/typescript/module.cc", {"pop"}, "a method of JavaScript's arrays"},
      {"src/read/prisma/", {"prisma"}, "Prisma's own language"},
      {"src/read/migrations/interface/source_schemas.cc",
       {"drizzle", "prisma"},
       "the two ORMs whose source declares a schema"},
      {"src/engine/lint/run/needs.cc", {"prisma"}, "the same two, in words"},
      {"rules/migration/schema_ahead_of_migrations.cc", {"prisma"}, "how a schema's file name ends"},
      {"src/read/deploy/connections/passwords.cc", {"prisma"}, "how a schema's file name ends"},
      {"src/read/deploy/connections/unconfirmed_push.cc",
       {"drizzle", "supabase"},
       "drizzle-kit's configuration, and a provider's variables"},
      {"src/read/drizzle/checks/code_json.cc", {"pop"}, "a method of JavaScript's arrays"},
      {"src/read/log/formats/detect.cc", {"drizzle"}, "the format of drizzle's logger"},
      {"src/report/json/finding_json.cc", {"drizzle"}, "a fix in drizzle's language"},
      {"src/read/migrations/scripts/project_database.cc",
       {"drizzle", "sqlx", "diesel"},
       "libraries and settings that name a project's database"},
      {"src/read/migrations/tools/drizzle_v1.cc", {"drizzle"}, "the other form of the same tool's folders"},
      {"src/read/migrations/tools/pop.cc", {"golang-migrate"}, "a library that a go.mod names beside pop"},
      {"src/read/migrations/tools/sqlx.cc",
       {"diesel", "refinery"},
       "libraries that a Cargo.toml names beside sqlx"},
      {"src/read/files/tree.cc", {"prisma"}, "package.json's prisma.seed"},
      {"src/front/cli/output/sources.cc", {"prisma"}, "how a schema's file name ends"},
  };
  return list;
}

bool is_at(const std::string& path, const Allowed& one) {
  return one.path.ends_with("/") ? path.starts_with(one.path) : path == one.path;
}

bool may(const std::string& path, std::string_view tool) {
  return std::any_of(allowed().begin(), allowed().end(), [&](const Allowed& one) {
    return is_at(path, one) && std::find(one.tools.begin(), one.tools.end(), tool) != one.tools.end();
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
  return "src/read/migrations/tools/" + replace_all(replace_all(std::string(tool.id()), "-", "_"), " ", "_") +
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
        if (!path.starts_with("src/read/migrations/tools/")) {
          EXPECT_EQ(std::count(found.begin(), found.end(), own.name), 0)
              << path << " has " << own.name << " of " << tool->id();
        }
    }
  EXPECT_GT(tables, 20);
}

// A row names only files and tools that need it, so that a new mention fails.
TEST(ToolEntries, EveryNameOfTheAllowListIsUsed) {
  for (const auto& one : allowed())
    for (const auto id : one.tools) {
      ASSERT_TRUE(migration_tool(id)) << id;
      bool used = false;
      for (const auto& [path, found] : sources())
        used = used ||
               (is_at(path, one) && std::any_of(found.begin(), found.end(), [&](const std::string& literal) {
                  return has_word(literal, id) && !is_prose(path, id, literal);
                }));
      EXPECT_TRUE(used) << one.path << " does not need " << id;
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
