// Shared by the schema and index rules: properties of a table.
#pragma once

#include <concepts>
#include <ranges>
#include <string>
#include <vector>

#include "lint/run/context.h"
#include "model/schema/catalog.h"

namespace pgadvise::lint {

// The project's own tables with storage: ordinary tables and partitioned tables, without partitions,
// temporary tables, and tables of migration tools or extensions.
std::vector<const Table*> checked_tables(const Context& context);

// The same with partitions, for rules about indexes and constraints that a partition has for itself. What it
// takes from its parent is marked there: Index::attached_to, Constraint::inherited.
std::vector<const Table*> checked_tables_and_partitions(const Context& context);

// Whether a migration tool, an extension or a job queue created the table for itself. `table`: nullptr if
// only the name is known.
bool made_by_tool(const QualifiedName& name, const Table* table);

const Constraint* primary_key(const Table& table);

inline auto foreign_keys(const Table& table) {
  return std::views::filter(table.constraints, [](const Constraint& constraint) {
    return constraint.kind == Constraint::Kind::foreign_key;
  });
}
// Without those that a partition inherits.
inline auto own_foreign_keys(const Table& table) {
  return std::views::filter(foreign_keys(table), [](const Constraint& key) { return !key.inherited; });
}

// A foreign key between the two tables, in either direction; nullptr if there is none.
const Constraint* foreign_key_between(const Table& a, const Table& b);

// A valid unique index without expressions whose columns are all among `columns`; nullptr if none. `partial`:
// include partial indexes.
const Index* unique_among(const Table& table, const std::vector<std::string>& columns, bool partial = false);

// Whether a unique index permits no second row: its keys are constants, such as (true), or c IS [NOT] NULL of
// a column that is NOT NULL, or whose type may be a domain that is.
bool at_most_one_row(const Table& table);

bool contains(const std::vector<std::string>& list, std::string_view value);

// A junction table: two foreign keys of one column each, and no other columns than an id (number or uuid) and
// times of creation and change. `links` are the two columns.
struct Junction {
  bool is = false;
  std::vector<std::string> links;
};
Junction junction(const Table& table);

// Whether a value of the column is large: by its statistics, an average of `least_bytes` or more, or without
// statistics by its type: json, jsonb, bytea, xml, tsvector, vector.
bool is_large(const Column& column, double least_bytes);

// Whether the name is that of a table whose rows are written once and never referenced: logs, events,
// history, queues. `other_words`: words of the name, in the singular, that mean something else here.
bool named_like_log(const Table& table, const std::vector<std::string>& other_words = {});

// "12,000"
std::string grouped(double number);
std::string grouped(std::integral auto number) { return grouped(static_cast<double>(number)); }
// "1.2 GB"
std::string bytes_text(double bytes);

// What a finding is about: a table or, by its columns or name, a part of it of this kind.
Subject subject_in(const QualifiedName& table, std::string kind, std::vector<std::string> columns = {},
                   std::string constraint = {});
Subject table_subject(const QualifiedName& table);
Subject column_subject(const QualifiedName& table, std::string column);
Subject key_subject(const QualifiedName& table, const Constraint& key);
Subject index_subject(const QualifiedName& table, std::string index);

// Whether the table has rows of its own or in its partitions: neither a view nor a foreign table.
bool stores_rows(const Table& table);

bool in_foreign_key(const Table& table, const std::string& column);

// Whether a unique index, also a partial one, has the column as a key or its name in an expression.
bool in_unique_index(const Table& table, const std::string& column);

}  // namespace pgadvise::lint
