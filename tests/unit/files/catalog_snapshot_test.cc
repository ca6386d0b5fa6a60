// A server's catalog in a file: what is written is what is read, and what can't be a snapshot is an error
// with its place.
#include "files/catalog_snapshot.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text/text.h"
#include "lint/run/context.h"
#include "lint/schema/schema_difference.h"
#include "migrations/folders/find_schemas.h"
#include "migrations/folders/schema_load.h"
#include "support/paths.h"
#include "support/run.h"
#include "support/schema.h"

namespace pgadvise::files {
namespace {

using nlohmann::json;
using testing_support::Folder;

// Every member of every struct, and none with its default: the list in catalog_snapshot.cc is complete by
// static_assert, and right by this.
Catalog everything() {
  Catalog out;
  out.server_version = 150004;
  out.database = "shop";
  out.has_statistics = true;
  out.statistics_days = 12.5;
  out.settings = {{"lock_timeout", "0"}, {"statement_timeout", "set by role"}};
  out.schemas = {"public", "Zwölf"};
  out.extensions = {"pg_trgm"};
  out.user_functions = {"public.touch"};
  out.enums[{"public", "mood"}] = {{"public", "mood"}, {"sad", "it's \"fine\""}, {}};
  out.sequences[{"public", "s"}] = {{"public", "s"},
                                    "integer",
                                    QualifiedName{"public", "orders"},
                                    "id",
                                    {},
                                    -2,
                                    true,
                                    -9,
                                    std::numeric_limits<std::int64_t>::max(),
                                    -9000};
  out.tracking = {
      {"drizzle", "drizzle", "__drizzle_migrations", {{"0000_init", "abc", 1712345678901, true}, {}}}};
  out.sessions = {{42, "shop", "web", "active", 360.5, 300, "Lock", 12.5, 7}};

  Table table;
  table.name = {"public", "orders"};
  table.kind = Table::Kind::partitioned;
  table.statistics = TableStatistics{1e7, 2, 3, 4, 11, 5, 6, 7, 8, 10, 9};
  Column column{.name = "id",
                .type = "character varying(10)",
                .not_null = true,
                .identity = Column::Identity::by_default,
                .default_expression = "",
                .generated_expression = "a + 1",
                .collation = "C",
                .comment = "two\nlines\x01",
                .statistics = {},
                .origin = {}};
  column.statistics = ColumnStatistics{-0.25, 0.1, -1, 8, true, true, 0.3, "{a,b}", "{0.3,0.2}", "{c,d}"};
  table.columns = {column,
                   {.name = "plain",
                    .type = "text",
                    .default_expression = {},
                    .generated_expression = {},
                    .collation = {},
                    .comment = {},
                    .statistics = ColumnStatistics{},
                    .origin = {}}};
  Constraint key;
  key.kind = Constraint::Kind::foreign_key;
  key.name = "fk";
  key.columns = {"id"};
  key.referenced_table = {"billing", "invoices"};
  key.referenced_columns = {"number"};
  key.on_delete = "SET NULL";
  key.on_update = "CASCADE";
  key.on_delete_columns = {"id"};
  key.expression = "x > 0";
  key.validated = false;
  key.deferrable = key.nulls_not_distinct = key.inherited = true;
  key.match_full = key.initially_deferred = true;
  table.constraints = {key};
  Index index;
  index.name = "i";
  index.method = "gin";
  index.keys = {{"id", "", true, true, "text_pattern_ops", "C"}, {"", "lower(x)", false, false, "", ""}};
  index.include = {"plain"};
  index.predicate = "id IS NOT NULL";
  index.predicate_not_null = {"id"};
  index.unique = index.nulls_not_distinct = index.constraint = index.building = index.replica_identity = true;
  index.valid = false;
  index.attached_to = "parent_i";
  index.statistics = IndexStatistics{10, 11};
  table.indexes = {index};
  table.policies = {{"p", "SELECT", false, "true", "false", {}, {"reader", "writer"}}};
  table.update_triggers = {"touch"};
  table.partition_of = QualifiedName{"public", "all"};
  table.partition_bound = "FOR VALUES IN (1)";
  table.partition_key = "LIST (id)";
  table.inherits = {{"public", "base"}};
  table.fillfactor = 70;
  table.unlogged = table.temporary = table.row_security = true;
  table.definition = "SELECT 1";
  table.comment = "c";
  out.tables[table.name] = table;
  return out;
}

const json as_json = json::parse(R"json({
  "pgadvise_snapshot": 1, "pgadvise": "0.1.0", "taken": "2026-05-01T12:00:00Z",
  "server_version": 150004, "database": "shop", "has_statistics": true, "statistics_days": 12.5,
  "settings": {"lock_timeout": "0", "statement_timeout": "set by role"},
  "schemas": ["public", "Zwölf"], "extensions": ["pg_trgm"], "user_functions": ["public.touch"],
  "enums": [{"schema": "public", "name": "mood", "labels": ["sad", "it's \"fine\""]}],
  "sequences": [{"schema": "public", "name": "s", "type": "integer", "owner_table": {"schema": "public", "name": "orders"}, "owner_column": "id", "increment": -2,
                 "cycles": true, "last_value": -9, "maximum": 9223372036854775807, "minimum": -9000}],
  "tracking": [{"tool": "drizzle", "schema": "drizzle", "name": "__drizzle_migrations",
                "rows": [{"migration": "0000_init", "checksum": "abc", "when": 1712345678901, "failed": true}, {}]}],
  "sessions": [{"pid": 42, "database": "shop", "application": "web", "state": "active", "transaction_seconds": 360.5, "state_seconds": 300.0, "wait_event_type": "Lock", "lock_wait_seconds": 12.5, "blocked_by": 7}],
  "tables": [{
    "schema": "public", "name": "orders", "kind": "partitioned table",
    "statistics": {"rows": 1e7, "pages": 2, "bytes": 3, "sequential_scans": 4, "sequential_rows": 11, "index_scans": 5, "writes": 6, "live_rows": 7, "dead_rows": 8, "changes_since_analyze": 10, "transaction_age": 9},
    "columns": [
      {"name": "id", "type": "character varying(10)", "not_null": true, "identity": "by default", "default": "", "generated": "a + 1", "collation": "C",
       "comment": "two\nlines\u0001",
       "statistics": {"distinct": -0.25, "null_fraction": 0.1, "correlation": -1, "average_width": 8, "begins_as_json": true, "holds_uuids": true, "top_frequency": 0.3,
                      "most_common_values": "{a,b}", "most_common_frequencies": "{0.3,0.2}", "histogram_bounds": "{c,d}"}},
      {"name": "plain", "type": "text", "statistics": {}}],
    "constraints": [{"kind": "foreign key", "name": "fk", "columns": ["id"], "referenced_table": {"schema": "billing", "name": "invoices"},
                     "referenced_columns": ["number"], "on_delete": "SET NULL", "on_update": "CASCADE", "on_delete_columns": ["id"], "expression": "x > 0",
                     "validated": false, "deferrable": true, "initially_deferred": true, "match_full": true, "nulls_not_distinct": true, "inherited": true}],
    "indexes": [{"name": "i", "method": "gin",
                 "keys": [{"column": "id", "descending": true, "nulls_first": true, "operator_class": "text_pattern_ops", "collation": "C"}, {"expression": "lower(x)"}],
                 "include": ["plain"], "predicate": "id IS NOT NULL", "predicate_not_null": ["id"], "unique": true, "nulls_not_distinct": true, "valid": false,
                 "constraint": true, "building": true, "replica_identity": true, "attached_to": "parent_i", "statistics": {"scans": 10, "pages": 11}}],
    "policies": [{"name": "p", "command": "SELECT", "permissive": false, "using": "true", "check": "false", "roles": ["reader", "writer"]}],
    "update_triggers": ["touch"], "partition_of": {"schema": "public", "name": "all"}, "partition_bound": "FOR VALUES IN (1)", "partition_key": "LIST (id)",
    "inherits": [{"schema": "public", "name": "base"}], "unlogged": true, "fillfactor": 70, "temporary": true, "row_security": true, "definition": "SELECT 1", "comment": "c"
  }]})json");

std::string written(const Catalog& catalog) {
  return to_catalog_snapshot({"2026-05-01T12:00:00Z", "0.1.0", {}, catalog});
}

// "" when it is read.
std::string error_of(const json& document) {
  const auto read = parse_catalog_snapshot("prod.json", document.dump());
  return read ? "" : read.error().line();
}

json with(const char* pointer, json value) {
  json out = as_json;
  out[json::json_pointer(pointer)] = std::move(value);
  return out;
}

TEST(CatalogSnapshot, HoldsEveryMember) {
  EXPECT_EQ(json::parse(written(everything())), as_json);
  EXPECT_EQ(testing_support::violations("snapshot.schema.json", as_json), "");
}

TEST(CatalogSnapshot, TellsWhatCouldNotBeRead) {
  const auto again = parse_catalog_snapshot(
      "prod.json", to_catalog_snapshot({"2026-05-01T12:00:00Z", "0.1.0", {"sizes can't be seen"}, {}}));
  ASSERT_TRUE(again) << again.error().line();
  EXPECT_EQ(again->not_read, std::vector<std::string>{"sizes can't be seen"});
}

TEST(CatalogSnapshot, IsReadAsItWasWritten) {
  const std::string text = written(everything());
  const auto read = parse_catalog_snapshot("prod.json", text);
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(read->taken, "2026-05-01T12:00:00Z");
  EXPECT_EQ(read->by, "0.1.0");
  EXPECT_EQ(written(read->catalog), text);
  const Table& table = read->catalog.tables.at({"public", "orders"});
  EXPECT_EQ(table.columns[0].default_expression, "");
  EXPECT_FALSE(table.columns[1].default_expression);
  EXPECT_EQ(table.columns[0].comment, "two\nlines\x01");
  EXPECT_EQ(table.statistics->rows, 1e7);
  EXPECT_EQ(read->catalog.sequences.at({"public", "s"}).maximum, std::numeric_limits<std::int64_t>::max());
  EXPECT_TRUE(table.origin.live());
}

TEST(CatalogSnapshot, OfEveryCatalogAtHand) {
  std::vector<std::string> paths;
  std::vector<json> snapshots;
  Diagnostics ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::string(testing_support::source_dir) + "/fixtures")) {
    if (entry.path().extension() != ".sql") continue;
    const std::string path = entry.path().string();
    const auto catalog = migrations::load({migrations::SchemaKind::sql_file, path, {{path, ""}}}, ignored);
    if (!catalog) continue;
    const std::string text = written(*catalog);
    paths.push_back(path);
    snapshots.push_back(json::parse(text));
    const auto read = parse_catalog_snapshot("prod.json", text);
    ASSERT_TRUE(read) << path << ": " << read.error().line();
    EXPECT_EQ(written(read->catalog), text) << path;
    EXPECT_TRUE(lint::schema_differences(*catalog, read->catalog).empty()) << path;
    EXPECT_TRUE(lint::schema_differences(read->catalog, *catalog).empty()) << path;
  }
  EXPECT_GT(paths.size(), 100u);
  const auto violations = testing_support::violations_of_each("snapshot.schema.json", snapshots);
  for (std::size_t at = 0; at < paths.size(); ++at) EXPECT_EQ(violations[at], "") << paths[at];
}

TEST(CatalogSnapshot, IsOneThingALineToCompare) {
  const std::string text = written(everything());
  EXPECT_NE(text.find("\n   {\"name\": \"plain\", \"type\": \"text\", \"statistics\": {}}\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\n \"lock_timeout\": \"0\",\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  \"comment\": \"c\"\n }\n]\n}\n"), std::string::npos) << text;
  EXPECT_EQ(json::parse(written({})).size(), 3u);
}

TEST(CatalogSnapshot, NumbersThatNoFileCanHoldAreBounded) {
  Catalog catalog = everything();
  Table& table = catalog.tables.begin()->second;
  table.statistics->writes = std::numeric_limits<std::int64_t>::max();
  table.columns[0].statistics->correlation = 1.0000001;
  table.statistics->rows = std::numeric_limits<double>::infinity();
  table.comment = "Latin \xe9";
  const auto read = parse_catalog_snapshot("prod.json", written(catalog));
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(read->catalog.tables.begin()->second.statistics->writes, std::int64_t{1} << 53);
  EXPECT_EQ(read->catalog.tables.begin()->second.columns[0].statistics->correlation, 1);
}

// Other programs sort members, and read numbers as doubles.
TEST(CatalogSnapshot, ReadsWhatWentThroughAnotherProgram) {
  std::string text = as_json.dump(2);  // sorted
  EXPECT_NE(text.find("\"database\""), std::string::npos);
  EXPECT_LT(text.find("\"database\""), text.find("\"pgadvise_snapshot\""));
  EXPECT_TRUE(is_catalog_snapshot("\xef\xbb\xbf" + text));
  const auto read = parse_catalog_snapshot(
      "prod.json", "\xef\xbb\xbf" + replace_all(text, "9223372036854775807", "9223372036854776000"));
  ASSERT_TRUE(read) << read.error().line();
  EXPECT_EQ(written(read->catalog), written(everything()));
  json later = as_json;
  later["added_later"] = {1, 2};
  later["tables"][0]["added_later"] = {{"a", 1}};
  EXPECT_EQ(error_of(later), "");
}

TEST(CatalogSnapshot, AnotherVersionIsNamed) {
  EXPECT_EQ(error_of(with("/pgadvise_snapshot", 2)),
            "prod.json: is a snapshot of version 2; this pgadvise (" PGADVISE_VERSION
            ") reads version 1 (pgadvise snapshot --db CONN -o FILE creates one)");
  json other = with("/pgadvise_snapshot", "one\x1b[2J");
  EXPECT_NE(error_of(other).find("of version \"one\\u001b"), std::string::npos) << error_of(other);
  // Also where nothing else of it is understood.
  other = {{"pgadvise_snapshot", 9}, {"tables", {{{"columns", 1}}}}};
  EXPECT_NE(error_of(other).find("of version 9;"), std::string::npos) << error_of(other);
}

TEST(CatalogSnapshot, WhatIsDamagedIsNamedWithItsPlace) {
  const auto damaged = [](const char* what) {
    return "prod.json: is damaged: " + std::string(what) +
           " (pgadvise snapshot --db CONN -o FILE creates one)";
  };
  EXPECT_EQ(error_of(with("/tables/0/columns/1/type", 7)),
            damaged("tables[0]: columns: [1]: type is not a string"));
  EXPECT_EQ(error_of(with("/tables/0/columns/1/name", "")),
            damaged("tables[0]: columns: [1]: name is empty"));
  EXPECT_EQ(error_of(with("/tables/0/columns/1/name", "id")), damaged("tables[0] has a column twice"));
  EXPECT_EQ(error_of(with("/tables/1", as_json["tables"][0])), damaged("tables[1] occurs twice"));
  EXPECT_EQ(
      error_of(with("/tables/0/kind", "tabel")),
      damaged(
          "tables[0]: kind is none of: table, partitioned table, foreign table, view, materialized view"));
  EXPECT_EQ(error_of(with("/tables/0/statistics/pages", -1)),
            damaged("tables[0]: statistics: pages is out of range"));
  EXPECT_EQ(error_of(with("/tables/0/statistics/pages", 1.5)),
            damaged("tables[0]: statistics: pages is not a whole number"));
  EXPECT_EQ(error_of(with("/tables/0/statistics/rows", 1e300)),
            damaged("tables[0]: statistics: rows is not a number from -1 to 1e+18"));
  EXPECT_EQ(error_of(with("/tables/0/indexes/0/keys", json::array())),
            damaged("tables[0]: indexes: [0]: keys is empty"));
  EXPECT_EQ(error_of(with("/tables/0/indexes/0/keys/0", json::object())),
            damaged("tables[0]: indexes: [0]: keys: [0] is neither a column nor an expression"));
  EXPECT_EQ(error_of(with("/tables/0/constraints/0/columns", json::array())),
            damaged("tables[0]: constraints: [0] is a key without columns"));
  EXPECT_EQ(error_of(with("/tables", json::object())), damaged("tables is not a list"));
  EXPECT_EQ(error_of(with("/settings/lock_timeout", 0)), damaged("settings is not a string"));
  EXPECT_EQ(error_of(with("/server_version", 4'000'000'000)), damaged("server_version is out of range"));
  EXPECT_EQ(error_of(with("/taken", "yesterday")), damaged("taken is not a timestamp"));
  EXPECT_EQ(error_of(json::array({1})),
            "prod.json: is not a pgadvise snapshot (pgadvise snapshot --db CONN -o FILE creates one)");
}

TEST(CatalogSnapshot, WhatIsCutOffIsAnError) {
  const std::string text = written(everything());
  for (std::size_t length = 0; length + 1 < text.size(); length += 7)
    EXPECT_FALSE(parse_catalog_snapshot("prod.json", text.substr(0, length))) << length;
}

TEST(CatalogSnapshot, NothingNestsOrGrowsWithoutALimit) {
  const std::string head =
      "{\"pgadvise_snapshot\": 1, \"pgadvise\": \"1\", \"taken\": \"2026-05-01T12:00:00Z\", ";
  const auto error = [&](const std::string& text) {
    return parse_catalog_snapshot("prod.json", text).error().what;
  };
  for (const char* key : {"\"tables\": ", "\"schemas\": "})
    EXPECT_EQ(error(head + key + std::string(5'000'000, '[')), "is nested deeper than any snapshot");
  EXPECT_EQ(error(head + "\"x\": " + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}"),
            "is nested deeper than any snapshot");
  std::string many;
  for (int i = 0; i < 4'100'000; ++i) many += "0,";
  EXPECT_EQ(error(head + "\"x\": [" + many + "0]}"), "is larger than any snapshot");
  EXPECT_EQ(error(head + "\"tables\": [{\"x\": [" + many + "0]}]}"), "is larger than any snapshot");
}

TEST(CatalogSnapshot, IsKnownByItsContent) {
  EXPECT_TRUE(is_catalog_snapshot(written(everything())));
  EXPECT_FALSE(is_catalog_snapshot("{\"pgadvise_workload\": 1}"));
  EXPECT_FALSE(is_catalog_snapshot("{\"tables\": {\"pgadvise_snapshot\": {}}}"));
  EXPECT_FALSE(is_catalog_snapshot("CREATE TABLE \"pgadvise_snapshot\" (a int)"));
  // A production database's columns may be called as drizzle's snapshots' members are.
  Catalog catalog = everything();
  for (const char* name : {"dialect", "version", "prevId"})
    catalog.tables.begin()->second.columns.push_back({.name = name,
                                                      .type = "text",
                                                      .default_expression = {},
                                                      .generated_expression = {},
                                                      .collation = {},
                                                      .comment = {},
                                                      .statistics = {},
                                                      .origin = {}});
  const Folder folder;
  Diagnostics diagnostics;
  const auto found = migrations::find_schemas(folder.write("prod.json", written(catalog)), diagnostics);
  ASSERT_TRUE(found && found->size() == 1);
  EXPECT_EQ(found->front().kind, migrations::SchemaKind::server_snapshot);
  EXPECT_EQ(found->front().what(), "snapshot");
  const auto loaded = migrations::load(found->front(), diagnostics);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(written(*loaded), written(catalog));
  EXPECT_FALSE(migrations::schema_sql(found->front(), diagnostics));
}

TEST(CatalogSnapshot, PartitionsEndSomewhere) {
  const auto chain = [](int length, bool circle) {
    json out = as_json;
    out["tables"] = json::array();
    for (int i = 0; i < length; ++i) {
      json table{{"schema", "public"}, {"name", "t" + std::to_string(i)}};
      if (i > 0 || circle)
        table["partition_of"] = {{"schema", "public"},
                                 {"name", "t" + std::to_string(i > 0 ? i - 1 : length - 1)}};
      out["tables"].push_back(table);
    }
    return error_of(out);
  };
  EXPECT_EQ(chain(1000, false), "");
  EXPECT_NE(chain(1001, false).find("partitions in partitions"), std::string::npos);
  for (const int length : {1, 2, 7, 5000})
    EXPECT_NE(chain(length, true).find("in a circle"), std::string::npos) << length;
  json wide = as_json;
  for (int i = 0; i < 1700; ++i) wide["tables"][0]["columns"].push_back({{"name", "c" + std::to_string(i)}});
  EXPECT_NE(error_of(wide).find("tables[0] has more than 1664 columns"), std::string::npos);
}

// Columns that are not there: what a server never has, and a file may.
TEST(CatalogSnapshot, RulesBearWhatAServerNeverHas) {
  json odd = as_json;
  odd["tables"][0]["partition_of"] = {{"schema", "public"}, {"name", "none"}};
  odd["tables"][0]["inherits"] = {{{"schema", "public"}, {"name", "orders"}}};
  odd["tables"][0]["constraints"][0]["referenced_table"] = {{"schema", "public"}, {"name", "orders"}};
  odd["tables"][0]["constraints"][0]["columns"] = {"none", "none"};
  odd["tables"][0]["constraints"][0]["referenced_columns"] = json::array();
  odd["tables"][0]["indexes"][0]["keys"][0]["column"] = "none";
  for (const char* kind : {"primary key", "unique", "check", "exclusion", "foreign key"})
    for (const char* table : {"table", "view", "partitioned table", "foreign table", "materialized view"}) {
      odd["tables"][0]["constraints"][0]["kind"] = kind;
      odd["tables"][0]["kind"] = table;
      const auto read = parse_catalog_snapshot("prod.json", odd.dump());
      ASSERT_TRUE(read) << read.error().line();
      EXPECT_FALSE(lint::run({&read->catalog, nullptr, nullptr, nullptr}).ran.empty());
    }
}

}  // namespace
}  // namespace pgadvise::files
