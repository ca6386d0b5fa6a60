#include "lint/schema/tables.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <iterator>
#include <utility>

#include "base/text/text.h"
#include "lint/schema/words.h"
#include "model/schema/migration_tool.h"

namespace pgadvise::lint {
namespace {

// When the row came and changed, not what it says.
bool keeps_time(const Column& column) {
  static constexpr std::array<std::string_view, 13> words = {
      "created",  "updated", "deleted",  "modified", "inserted", "added",   "joined",
      "archived", "linked",  "assigned", "removed",  "changed",  "creation"};
  return column.type.compare(0, 9, "timestamp") == 0 && any_of(words_of(column.name), words);
}

bool surrogate(const Table& table, const Column& column) {
  const Constraint* key = primary_key(table);
  return (key && key->columns == std::vector<std::string>{column.name}) || column.name == "id";
}

// A type of the server's own may be NULL where the column may; another one may be a domain that is NOT NULL.
bool never_null(const Column& column) {
  static constexpr std::array<std::string_view, 22> own = {
      "smallint", "integer", "bigint", "numeric",   "real",     "double", "text", "character",
      "boolean",  "date",    "time",   "timestamp", "interval", "uuid",   "json", "jsonb",
      "bytea",    "inet",    "cidr",   "money",     "oid",      "name"};
  const std::string_view word = std::string_view(column.type).substr(0, column.type.find_first_of(" (["));
  return column.not_null || !is_one_of(word, own);
}

// Whether the expression is a literal, also with a cast, or c IS [NOT] NULL of a c that is never NULL.
bool constant(const Table& table, const std::string& expression) {
  auto tokens = tokens_of(expression);  // without strings
  std::erase_if(tokens, [](const std::string& token) { return token == "(" || token == ")"; });
  if (const auto cast = std::ranges::find(tokens, "::"); cast != tokens.end()) {
    const auto type = std::next(cast);
    const bool only_a_type =
        tokens.end() - type <= 2 && std::all_of(type, tokens.end(), [](const auto& word) {
          return std::isalpha(static_cast<unsigned char>(word[0]));
        });
    if (!only_a_type) return false;
    tokens.erase(cast, tokens.end());
  }
  if (tokens.empty()) return !expression.empty();
  if (tokens.size() == 1)
    return tokens[0] == "true" || tokens[0] == "false" ||
           tokens[0].find_first_not_of("0123456789") == std::string::npos;
  const bool test = tokens.size() == 3 || (tokens.size() == 4 && tokens[2] == "not");
  const Column* column = test ? table.column(tokens[0]) : nullptr;
  return column && never_null(*column) && tokens[1] == "is" && tokens.back() == "null";
}

}  // namespace

bool made_by_tool(const QualifiedName& name, const Table* table) {
  static constexpr std::array<std::string_view, 5> schemas = {"partman", "cron", "pgboss", "graphile_worker",
                                                              "supabase_functions"};
  return owner_of_table(name, table) || is_one_of(name.schema, schemas) ||
         lower(name.name) == "spatial_ref_sys";
}

std::vector<const Table*> checked_tables_and_partitions(const Context& context) {
  std::vector<const Table*> out;
  for (const auto& [name, table] : context.catalog().tables) {
    if (stores_rows(table) && !table.temporary && !made_by_tool(name, &table)) out.push_back(&table);
  }
  return out;
}

std::vector<const Table*> checked_tables(const Context& context) {
  auto out = checked_tables_and_partitions(context);
  std::erase_if(out, [](const Table* table) { return table->partition_of.has_value(); });
  return out;
}

const Constraint* primary_key(const Table& table) {
  for (const auto& constraint : table.constraints)
    if (constraint.kind == Constraint::Kind::primary_key) return &constraint;
  return nullptr;
}

const Index* unique_among(const Table& table, const std::vector<std::string>& columns, bool partial) {
  for (const auto& index : table.indexes) {
    if (!index.unique || !index.valid || (index.predicate && !partial)) continue;
    if (std::ranges::all_of(index.keys, [&](const IndexKey& key) {
          return !key.column.empty() && contains(columns, key.column);
        }))
      return &index;
  }
  return nullptr;
}

bool at_most_one_row(const Table& table) {
  return std::ranges::any_of(table.indexes, [&](const Index& index) {
    return index.unique && index.valid && !index.predicate && !index.keys.empty() &&
           std::ranges::all_of(index.keys, [&](const IndexKey& key) {
             return key.column.empty() && constant(table, key.expression);
           });
  });
}

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

Junction junction(const Table& table) {
  Junction out;
  for (const Constraint& key : foreign_keys(table)) {
    if (key.columns.size() != 1) return {};
    if (!contains(out.links, key.columns[0])) out.links.push_back(key.columns[0]);
  }
  if (out.links.size() != 2) return {};
  for (const auto& column : table.columns)
    if (!contains(out.links, column.name) && !surrogate(table, column) && !keeps_time(column)) return {};
  // With an id of its own, and a side that may be missing, it is a record rather than a link.
  const Constraint* key = primary_key(table);
  const bool own_id = key && std::ranges::none_of(key->columns, [&](const std::string& name) {
                        return contains(out.links, name);
                      });
  for (const auto& link : out.links)
    if (own_id && !table.column(link)->not_null) return {};
  out.is = true;
  return out;
}

bool is_large(const Column& column, double least_bytes) {
  static constexpr std::array<std::string_view, 5> types = {"json", "jsonb", "bytea", "xml", "tsvector"};
  if (column.statistics && column.statistics->average_width > 0)
    return column.statistics->average_width >= least_bytes;
  return is_one_of(column.type, types) || column.type.starts_with("vector(");
}

bool named_like_log(const Table& table, const std::vector<std::string>& other_words) {
  static constexpr std::array<std::string_view, 28> names = {
      "log",    "audit", "event",   "history",  "archive",  "archived", "deleted",
      "outbox", "queue", "job",     "backup",   "snapshot", "metric",   "analytics",
      "usage",  "view",  "visit",   "click",    "download", "activity", "trace",
      "tmp",    "temp",  "staging", "revision", "cache",    "cached",   "aggregation"};
  for (const auto& word : words_of(table.name.name))
    if (is_one_of(singular(word), names) && !contains(other_words, singular(word))) return true;
  return false;
}

std::string grouped(double number) {
  std::string digits = std::to_string(std::llround(std::clamp(number, -9e15, 9e15)));
  for (int at = static_cast<int>(digits.size()) - 3; at > (digits[0] == '-' ? 1 : 0); at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string bytes_text(double bytes) {
  static constexpr std::array<const char*, 5> units = {"bytes", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), bytes < 10 && unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
  return out.data();
}

Subject subject_in(const QualifiedName& table, std::string kind, std::vector<std::string> columns,
                   std::string constraint) {
  return {.kind = std::move(kind),
          .schema = table.schema,
          .table = table.name,
          .columns = std::move(columns),
          .constraint = std::move(constraint)};
}

Subject table_subject(const QualifiedName& table) { return subject_in(table, "table"); }

Subject column_subject(const QualifiedName& table, std::string column) {
  return subject_in(table, "column", {std::move(column)});
}

Subject key_subject(const QualifiedName& table, const Constraint& key) {
  return subject_in(table, "foreign-key", key.columns, key.name);
}

Subject index_subject(const QualifiedName& table, std::string index) {
  return {.kind = "index", .schema = table.schema, .table = table.name, .index = std::move(index)};
}

bool stores_rows(const Table& table) {
  return table.kind == Table::Kind::ordinary || table.kind == Table::Kind::partitioned;
}

bool in_foreign_key(const Table& table, const std::string& column) {
  return std::ranges::any_of(foreign_keys(table),
                             [&](const Constraint& key) { return contains(key.columns, column); });
}

bool in_unique_index(const Table& table, const std::string& column) {
  return std::ranges::any_of(table.indexes, [&](const Index& index) {
    return index.unique && std::ranges::any_of(index.keys, [&](const IndexKey& key) {
             return key.column == column || key.expression.find(column) != std::string::npos;
           });
  });
}

const Constraint* foreign_key_between(const Table& a, const Table& b) {
  for (const auto& [child, parent] : {std::pair(&a, &b), std::pair(&b, &a)})
    for (const Constraint& key : foreign_keys(*child))
      if (key.referenced_table == parent->name) return &key;
  return nullptr;
}

}  // namespace pgadvise::lint
