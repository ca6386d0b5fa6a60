#include "migrations/scripts/dialect.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/text/text.h"
#include "sql/parse/lexer.h"
#include "sql/parse/statement.h"
#include "sql/replay/replay.h"

namespace pgadvise::migrations {

bool foreign_folder(std::string_view name) {
  static constexpr auto whole = word_list("h2", "db2", "d1", "derby", "scylla", "spanner", "tidb", "libsql",
                                          "turso", "snowflake", "bigquery", "sql_server");
  static constexpr auto part = word_list("mysql", "mariadb", "sqlite", "hsqldb", "oracle", "mssql",
                                         "sqlserver", "clickhouse", "cassandra", "duckdb", "singlestore");
  const std::string low = lower(name);
  if (contains(low, "postgres")) return false;
  return is_one_of(low, whole) || contains_any(low, part);
}

// Without comments and strings, in which people write what they like.
static std::string plain_sql(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (text.substr(at, 2) == "--") end = std::min(text.find('\n', at), text.size());
    else if (text.substr(at, 2) == "/*") end = std::min(text.find("*/", at + 2), text.size() - 2) + 2;
    else if (text[at] == '\'') end = std::min(text.find('\'', at + 1), text.size() - 1) + 1;
    else out += text[at];
    at = end;
  }
  return out;
}

// Statements that PostgreSQL's grammar does not have: one of them decides.
static std::string_view statement_of_another(std::string_view statement) {
  for (const auto start : {"pragma ", "create virtual table ", "insert or ignore ", "insert or replace "})
    if (starts_with_nocase(statement, start)) return "SQLite";
  if (starts_with_nocase(statement, "replace into ")) return "MySQL";
  if (!starts_with_nocase(statement, "alter table")) return {};
  return contains_any(lower(plain_sql(statement)), {" modify column ", " change column "}) ? "MySQL" : "";
}

// What only SQLite's CREATE TABLE has: one of them decides. `functions`: the script may create functions, and
// may so have some of SQLite's names.
static bool has_sqlite_syntax(std::string_view create_table, bool functions) {
  std::string text = lower(plain_sql(create_table));
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; });
  return contains_any(text, {"keyautoincrement", ")withoutrowid"}) ||
         (!functions && contains_any(text, {"strftime(", "julianday(", "unixepoch(", "(datetime("}));
}

// A CREATE TABLE that PostgreSQL would parse, with a column of a type that it does not have. `text`: the same
// in small letters, without strings; only one that has such a word is worth the parser's time.
static bool has_foreign_type(std::string_view create_table, std::string_view text, const TypeNames& own) {
  static constexpr auto types =
      word_list("datetime", "blob", "tinyint", "mediumint", "mediumtext", "longtext", "tinytext", "longblob",
                "tinyblob", "double", "clob", "nvarchar");
  if (!contains_any(text, types)) return false;
  sql::Replayer replayer;
  replayer.run(create_table, "");
  for (const auto& [name, table] : replayer.catalog().tables)
    for (const auto& column : table.columns) {
      const std::string type = lower(column.type.substr(column.type.rfind('.') + 1));
      if (is_one_of(type, types) && !own.count(type)) return true;
    }
  return false;
}

TypeNames created_types(std::string_view script) {
  TypeNames out;
  const std::string text = lower(script);
  if (!contains(text, "domain") && !contains(text, "type")) return out;
  sql::Lexer lexer(text);
  bool create = false;
  for (const sql::Lexeme& token : lexer) {
    if (create && (token.is_word("domain") || token.is_word("type"))) {
      std::string type = lexer.next_token().name();
      while (lexer.position() < text.size() && text[lexer.position()] == '.') {
        lexer.next_token();
        type = lexer.next_token().name();
      }
      if (!type.empty()) out.insert(std::move(type));
    }
    create = token.is_word("create");
  }
  return out;
}

// The word with which a sign of a foreign type begins: the type, which a script may create in PostgreSQL.
static std::string_view first_word(std::string_view sign) {
  sign = trim(sign);
  return sign.substr(
      0, static_cast<std::size_t>(std::ranges::find_if_not(sign, is_alphanumeric) - sign.begin()));
}

// What ClickHouse does not share with MySQL, as it does backticks and MODIFY COLUMN.
static constexpr auto clickhouse_signs = word_list("mergetree", "lowcardinality(", "datetime64(");

static std::string foreign_by_signs(std::string_view script, const TypeNames& own_types) {
  // What a script for each of the databases has.
  static const std::vector<std::pair<std::string, std::vector<std::string_view>>> signs = {
      {"ClickHouse", {clickhouse_signs.begin(), clickhouse_signs.end()}},
      {"MySQL",
       {"`", "auto_increment", "engine=innodb", "engine = innodb", "int unsigned", "int(11)", " tinyint",
        " longtext", " mediumtext", "on update current_timestamp"}},
      {"SQL Server", {"nvarchar", "[dbo]", "identity(1,1)", " datetime2"}},
      {"Oracle", {"varchar2("}},
      {"MySQL or SQLite", {" datetime not null", " datetime default", " datetime null"}}};
  std::map<std::string, int> foreign;
  int tables = 0;
  const std::string all_of_it = lower(script);
  TypeNames own = created_types(script);
  own.insert(own_types.begin(), own_types.end());
  const bool functions = contains(all_of_it, "create function") || contains(all_of_it, "replace function");
  for (const auto& statement : sql::split(script)) {
    if (const auto other = statement_of_another(statement.text); !other.empty()) return std::string(other);
    if (!starts_with_nocase(statement.text, "create table")) continue;
    if (has_sqlite_syntax(statement.text, functions)) return "SQLite";
    ++tables;
    const std::string text = lower(plain_sql(statement.text));
    const auto found = std::ranges::find_if(signs, [&](const auto& database) {
      return std::ranges::any_of(database.second, [&](std::string_view sign) {
        return contains(text, sign) && !own.contains(first_word(sign));
      });
    });
    if (found != signs.end()) ++foreign[found->first];
    else if (has_foreign_type(statement.text, text, own)) ++foreign["MySQL or SQLite"];
  }
  int all = 0;
  const char* most = "";
  for (const auto& [database, count] : foreign) {
    all += count;
    if (*most == 0 || count > foreign[most]) most = database.c_str();
  }
  return all * 2 > tables ? most : "";
}

std::string foreign_sql(std::string_view script, const TypeNames& own_types) {
  const std::string other = foreign_by_signs(script, own_types);
  return !other.empty() && contains_any(lower(plain_sql(script)), clickhouse_signs) ? "ClickHouse" : other;
}

}  // namespace pgadvise::migrations
