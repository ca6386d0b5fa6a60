// Table-level locks of PostgreSQL: their modes, which modes conflict, and the locks that a statement of a
// migration takes. Source: PostgreSQL documentation, "Explicit Locking", table 13.2.
#pragma once

#include <optional>
#include <string_view>

#include "model/schema/catalog.h"

namespace pgadvise {

// From the weakest to the strongest, in the server's order.
enum class LockMode {
  access_share,
  row_share,
  row_exclusive,
  share_update_exclusive,
  share,
  share_row_exclusive,
  exclusive,
  access_exclusive,
};

// "ACCESS EXCLUSIVE", as in LOCK TABLE.
std::string_view label(LockMode mode);
// The reverse, also of pg_locks' names ("AccessExclusiveLock"); nullopt for other words.
std::optional<LockMode> lock_mode(std::string_view name);

bool conflict(LockMode a, LockMode b);

// SELECT takes ACCESS SHARE; INSERT, UPDATE, DELETE and MERGE take ROW EXCLUSIVE.
inline bool blocks_reads(LockMode mode) { return conflict(mode, LockMode::access_share); }
inline bool blocks_writes(LockMode mode) { return conflict(mode, LockMode::row_exclusive); }

// What a migration begins with so that no queue grows behind it: it fails, and runs again later. The first
// form lasts until the end of the transaction.
inline constexpr std::string_view set_local_lock_timeout = "SET LOCAL lock_timeout = '2s'";
inline constexpr std::string_view set_session_lock_timeout = "SET lock_timeout = '2s'";

// A lock that one statement takes on one relation, and what the statement does to it meanwhile.
struct TableLock {
  // From the least to the most time. Each but `none` and `rows` takes time that grows with the table's size.
  enum class Work {
    none,     // changes the system catalogs only
    rows,     // an INSERT … SELECT, UPDATE or DELETE; SchemaAction has the share of the rows
    scan,     // reads every row
    build,    // reads every row and builds an index
    rewrite,  // writes every row and all indexes
  };
  // Why the statement locks the relation.
  enum class Through {
    statement,          // the statement names it
    foreign_key,        // the other side of a foreign key
    partition,          // a partition or an INHERITS child of the named table
    parent,             // the partitioned table of the named partition
    default_partition,  // of the table to which a partition is added
    domain,             // has a column of the named domain
    cascade,            // TRUNCATE … CASCADE
  };
  QualifiedName table;
  LockMode mode = LockMode::access_exclusive;
  Work work = Work::none;
  Through through = Through::statement;
  bool on_new_table = false;  // the migration, or one deployed together with it, creates the table
  bool table_known = true;    // false: the replayed files do not create it
  bool concurrently = false;  // a CONCURRENTLY form, which also waits for older transactions
  bool operator==(const TableLock&) const = default;
};

}  // namespace pgadvise
