// The tables and views of the ClickHouse store, and their versions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/clickhouse/clickhouse_session.h"
#include "store/store/clickhouse_address.h"

namespace pgadvise::store {

inline constexpr std::int64_t clickhouse_schema_version = 2;

// A table of docs/store.md is a view here: each row once, and of complete uploads only. The rows are in the
// table NAME_rows, on a cluster in NAME_rows_local behind the Distributed table NAME_rows.
struct ClickHouseTable {
  std::string_view name;
  std::string_view columns;      // those of docs/store.md, with types
  std::string_view own_columns;  // further ones of NAME_rows
  std::string_view version;      // of rows with the same key the one with the largest value counts; "": any
  std::string_view key;          // ORDER BY
  std::string_view day;          // seconds since 1970: a partition has a day; "": see `month`
  std::string_view month;        // the same: a partition has a month; "": one partition
  std::string_view shard;        // the column whose hash chooses the shard
  std::string_view rows;         // WHERE of the view; "": all
};

std::span<const ClickHouseTable> clickhouse_tables();

// Without types: "target, class_id".
std::string column_names(std::string_view columns);

// The SELECT from tables and views of docs/store.md, with their definitions in front of it: the views that
// the database keeps under these names are not read.
std::string clickhouse_select(const std::string& select);

// The statements that create what is missing and replace the views, in order.
std::vector<std::string> clickhouse_definitions(const ClickHouseAddress& address);

// " ON CLUSTER `main`", or nothing.
std::string on_cluster(const ClickHouseAddress& address);
// The table that has the rows: "run_rows", on a cluster "run_rows_local".
std::string stored_table(const ClickHouseAddress& address, std::string_view name);

// Creates the database and its tables, or the views if another version created them. Several processes may do
// this at once. Without `create` and without a store: an error. Errors (usage): the database has tables of
// others, or of a later version; the server is older than 24.8; the address names a cluster and the tables
// are not of one, or the other way round.
Result<void> migrate(ClickHouseSession& session, bool create);

}  // namespace pgadvise::store
