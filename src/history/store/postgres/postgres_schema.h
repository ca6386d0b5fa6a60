// The schema pgadvise of the PostgreSQL store, and its versions.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "pg/connection/connection.h"
#include "store/postgres/postgres_session.h"
#include "store/store/views.h"

namespace pgadvise::store {

inline constexpr std::int64_t postgres_schema_version = 4;

// The locks that writers of a store take until the end of a transaction.
struct StoreLock {
  static constexpr int area = 0x70676164;         // "pgad": first key of the advisory locks
  static constexpr int target_area = 0x70676165;  // second key: a hash of the target
  enum Key { schema, upload, partitions };        // second keys
};

// The views of the PostgreSQL store, and in front of them its tables by their full names.
std::vector<View> postgres_definitions();

// Creates the schema `pgadvise`, or brings one of an earlier version up to date, in one transaction: of
// several processes at once one does it. Replaces the views if another version created them, and lets readers
// of the store read what is new. Without `create` and without a store: an error. Errors (usage): the schema
// does not exist and the database has tables of others, which may be the application's; the schema is another
// program's, or of a later version; those of check_relations() and replace_views().
Result<void> migrate(pg::Connection& connection, bool create);

// Creates the missing partitions of `table`, one of daily_tables, for the days that begin at `days` (seconds
// since 1970), in a transaction of its own. Readers and writers of other days do not wait.
Result<void> add_partitions(pg::Connection& connection, const std::string& table,
                            const std::set<std::int64_t>& days);

// The partition of the day that begins at `day`: "relation_size_20231120".
std::string partition_of(const std::string& table, std::int64_t day);

// Drops the partitions of the days before `day`. Readers and writers wait until the transaction ends.
Result<void> drop_partitions(PostgresTransaction& transaction, const std::string& table, std::int64_t day);

}  // namespace pgadvise::store
