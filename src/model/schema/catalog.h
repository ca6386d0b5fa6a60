// A database schema as plain data, with the same structure for a live server, SQL replayed from files, and a
// drizzle-kit snapshot. Names are unquoted and in exact case. Types are spelled as format_type() does
// ("character varying(10)", "timestamp with time zone", "integer[]"); types outside pg_catalog and public
// have their schema. Expressions are SQL text. Two catalogs may spell the same expression differently, so
// expressions must be deparsed by a server before they are compared.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "model/schema/migrations.h"
#include "model/source_location.h"

namespace pgadvise {

// Of a server that was built with PostgreSQL's default block size.
inline constexpr std::int64_t page_bytes = 8192;

struct QualifiedName {
  std::string schema;
  std::string name;
  auto operator<=>(const QualifiedName&) const = default;
};

// "public.t" without quotes, for messages; "t" when the schema is public.
std::string display(const QualifiedName& name);

// Statistics from pg_stats. Only a live server or a snapshot of one has them.
struct ColumnStatistics {
  double n_distinct = 0;  // as in pg_stats: below zero, minus the fraction of the rows
  double null_fraction = 0;
  double correlation = 0;
  int average_width = 0;        // bytes
  bool begins_as_json = false;  // the first histogram bound or the most common value begins with { or [
  bool holds_uuids = false;     // all histogram bounds and most common values are UUIDs
  double most_common_freq = 0;  // share of rows with the most common value; 0: unknown
  // Row data: arrays in PostgreSQL's text format; empty unless requested.
  std::string most_common_values;
  std::string most_common_frequencies;
  std::string histogram_bounds;
};

struct Column {
  enum class Identity { none, always, by_default };
  std::string name;
  std::string type;
  bool not_null = false;
  Identity identity = Identity::none;
  std::optional<std::string> default_expression;  // of serial columns: nextval('…'::regclass)
  std::optional<std::string> generated_expression;
  std::string collation;  // empty: the type's default
  std::string comment;
  std::optional<ColumnStatistics> statistics;
  SourceLocation origin;
  SourceLocation retyped;  // the ALTER TABLE that gave the column its type; line 0: none did
  // SQL comments (--) on the line of the definition and alone on the lines above it; of SQL files only.
  std::string source_comment = {};

  // Where the column got the type that it has.
  const SourceLocation& type_origin() const { return retyped.line ? retyped : origin; }
};

struct IndexKey {
  std::string column;      // empty for an expression
  std::string expression;  // empty for a column
  bool descending = false;
  bool nulls_first = false;    // PostgreSQL's default: first when descending, last when ascending
  std::string operator_class;  // empty: the default for the type and access method
  std::string collation;       // empty: the column's own
  bool operator==(const IndexKey&) const = default;
};

struct IndexStatistics {
  std::int64_t scans = 0;
  std::int64_t pages = 0;
};

struct Index {
  std::string name;
  std::string method = "btree";
  std::vector<IndexKey> keys;
  std::vector<std::string> include;
  std::optional<std::string> predicate;
  // The columns c, if the predicate is only "c IS NOT NULL [AND …]": such an index fully serves `c = $1`.
  std::vector<std::string> predicate_not_null;
  bool unique = false;
  bool nulls_not_distinct = false;
  bool valid =
      true;  // pg_index.indisvalid; also false for an index ON ONLY a partitioned table that lacks partitions
  bool constraint = false;  // belongs to the primary key, unique or exclusion constraint of the same name
  bool building = false;    // CREATE INDEX or REINDEX CONCURRENTLY is running; live only
  bool replica_identity = false;  // REPLICA IDENTITY USING INDEX
  std::string attached_to;        // for a partition's index: the parent table's index to which it is attached
  std::optional<IndexStatistics> statistics;
  SourceLocation origin;
};

struct Constraint {
  enum class Kind { primary_key, unique, foreign_key, check, exclusion };
  Kind kind = Kind::check;
  std::string name;
  std::vector<std::string> columns;
  // foreign keys
  QualifiedName referenced_table;
  std::vector<std::string> referenced_columns;
  std::string on_delete = "NO ACTION";  // NO ACTION, RESTRICT, CASCADE, SET NULL, SET DEFAULT
  std::string on_update = "NO ACTION";
  std::vector<std::string>
      on_delete_columns;    // ON DELETE SET NULL (…), SET DEFAULT (…); empty: all of the key's
  bool match_full = false;  // MATCH FULL; otherwise MATCH SIMPLE
  // checks: the expression; exclusions: the definition after EXCLUDE
  std::string expression;
  bool validated = true;
  bool deferrable = false;
  bool initially_deferred = false;
  bool nulls_not_distinct = false;
  bool inherited = false;  // inherited from the partitioned table (pg_constraint.conparentid <> 0)
  SourceLocation origin;
};

// Spells pg_constraint.confdeltype or confupdtype, which the parse tree also uses: 'c' is "CASCADE".
std::string_view referential_action(char code);

// Of a table with fewer pages a sequential scan takes only a few milliseconds: check refutes findings about
// it, and advise proposes no index for its queries.
inline constexpr std::int64_t small_table_pages = 100;

struct TableStatistics {
  double rows = -1;  // reltuples, summed over partitions; -1: never analyzed
  std::int64_t pages = 0;
  std::int64_t bytes = 0;  // heap, without indexes and TOAST
  std::int64_t sequential_scans = 0;
  std::int64_t sequential_rows = 0;  // rows that sequential scans read; 0 also if unknown
  std::int64_t index_scans = 0;
  std::int64_t writes = 0;     // rows inserted, updated or deleted since the last statistics reset
  std::int64_t live_rows = 0;  // pg_stat_all_tables.n_live_tup
  std::int64_t dead_rows = 0;
  std::int64_t changes_since_analyze = 0;  // rows inserted, updated, deleted
  std::int64_t relfrozenxid_age = 0;       // age(relfrozenxid); 0: the relation has no storage
};

// A row-level security policy.
struct Policy {
  std::string name;
  std::string command = "ALL";  // ALL, SELECT, INSERT, UPDATE, DELETE
  bool permissive = true;
  std::string using_expression;  // USING: the visible rows; "" when there is none
  std::string check_expression;  // WITH CHECK
  SourceLocation origin;
  // TO; empty: PUBLIC. "CURRENT_USER" and "SESSION_USER" where only SQL files name the role.
  std::vector<std::string> roles = {};
};

struct Table {
  enum class Kind { ordinary, partitioned, foreign, view, materialized_view };
  QualifiedName name;
  Kind kind = Kind::ordinary;
  std::vector<Column> columns;
  std::vector<Constraint> constraints;
  std::vector<Index> indexes;
  std::vector<Policy> policies;
  std::vector<std::string> update_triggers;  // names of BEFORE UPDATE triggers, which may change columns
  std::optional<QualifiedName> partition_of;
  std::string partition_bound;          // "FOR VALUES FROM …", of a partition
  std::string partition_key;            // "RANGE (created_at)", of a partitioned table
  std::vector<QualifiedName> inherits;  // INHERITS, without partitions
  bool unlogged = false;
  int fillfactor = 100;  // percent
  bool temporary = false;
  bool row_security = false;
  std::vector<std::string>
      dropped_keys;  // columns whose foreign key a migration dropped: its absence is intended
  // Relations that an ORM declares without a foreign key in the database: relationMode = "prisma" of
  // schema.prisma. Each has the columns and actions that its foreign key would have, and the name of the
  // relation: "Post.author". None is in `constraints`.
  std::vector<Constraint> logical_keys;
  std::string definition;  // of views: the query
  std::string comment;
  std::optional<TableStatistics> statistics;
  SourceLocation origin;

  const Column* column(std::string_view column_name) const;
  const Index* index(std::string_view index_name) const;
  const Constraint* constraint(std::string_view constraint_name) const;
};

struct Enum {
  QualifiedName name;
  std::vector<std::string> labels;
  SourceLocation origin;
  bool labels_known = true;  // false: source computes them, and `labels` is empty
};

struct Sequence {
  QualifiedName name;
  std::string type = "bigint";
  std::optional<QualifiedName> owner_table;
  std::string owner_column;
  SourceLocation origin;
  // Live only.
  std::int64_t increment = 1;
  bool cycles = false;
  std::optional<std::int64_t> last_value;  // nullopt: unused yet, or not readable
  std::optional<std::int64_t> maximum;
  std::optional<std::int64_t> minimum;
};

// A session of a client in any database of the server, except pgadvise's own.
struct Session {
  int pid = 0;
  std::string database;
  std::string application;
  std::string state;  // "active", "idle in transaction" …; "": hidden from pgadvise's role, as are the times
  std::optional<double> transaction_seconds;  // since the start of its open transaction, if any
  std::optional<double> state_seconds;        // since the last change of state
  std::string wait_event_type = {};  // "Lock", "Client" …; "": the session does not wait, or is hidden
  // Of the 20 sessions that have waited longest for a lock.
  std::optional<double> lock_wait_seconds = {};  // before PostgreSQL 14: since the last change of state
  std::optional<int> blocked_by = {};            // pid of the lock's holder; 0: a prepared transaction
};

// Which server of a cluster a catalog was read from. A primary and its physical replicas have the same
// `system`.
struct ClusterMember {
  std::string system;         // system identifier; "": the role may not read it
  std::string address;        // "10.0.0.5|5432"; "|5432" over a Unix-domain socket; "": not from a server
  bool replica = false;       // in recovery
  std::int64_t replicas = 0;  // physical ones that receive WAL from this server
};

struct Catalog {
  int server_version = 0;  // server_version_num; 0 when not from a server
  std::string database;    // live only
  bool has_statistics = false;
  std::optional<double> statistics_days;  // since the last statistics reset; live only
  ClusterMember member;                   // live only
  // Settings by name, as a new session would have them, in the units of pg_settings. Empty without a server.
  // The value is "set by role" for a setting like statement_timeout that only some roles or databases set.
  std::map<std::string, std::string> settings;
  std::map<QualifiedName, Table> tables;  // views included
  std::map<QualifiedName, Enum> enums;
  std::map<QualifiedName, Sequence> sequences;
  std::vector<std::string> schemas;
  std::vector<std::string> extensions;
  std::vector<std::string> user_functions;  // "schema.name", sorted
  std::vector<TrackingTable> tracking;      // records of migration tools about applied migrations; live only
  std::vector<Session> sessions;            // at the time of reading; live only

  const Table* table(const QualifiedName& name) const;
  Table* table(const QualifiedName& name);
  // The value of a setting; nullptr: not known.
  const std::string* setting(const std::string& name) const;
  bool has_enum(const std::string& type) const;  // `type`: as a column has it
};

}  // namespace pgadvise
