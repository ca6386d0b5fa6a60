// What belongs to no single relation: types, sequences, settings, sessions; and the statistics of columns.
#include "pg/catalog/catalog_queries.h"

#include <algorithm>

#include "pg/catalog/activity_sample.h"
#include "pg/connection/values.h"

namespace pgadvise::pg {

// As a new session of this role would find them: what this one set for itself is not in reset_val. A timeout
// that some other role or database has is one that the server's owner thought of.
Result<void> CatalogReader::settings_and_age() {
  TRY(const auto rows,
      ask(3,
          "SELECT s.name, s.reset_val, s.reset_val = '0' AND EXISTS (SELECT FROM pg_db_role_setting r, "
          "unnest(r.setconfig) AS one(text) "
          "WHERE one.text LIKE s.name || '=%' AND one.text <> s.name || '=0') FROM pg_settings s WHERE "
          "s.name IN ('statement_timeout', "
          "'idle_in_transaction_session_timeout', 'lock_timeout', 'max_connections', "
          "'superuser_reserved_connections', 'reserved_connections', 'shared_preload_libraries', "
          "'autovacuum', "
          "'autovacuum_vacuum_threshold', 'autovacuum_vacuum_scale_factor', 'autovacuum_freeze_max_age', "
          "'in_hot_standby') "
          // What decides plans, where somebody set it.
          "OR (s.category LIKE 'Query Tuning%' OR s.name IN ('work_mem', 'hash_mem_multiplier', "
          "'max_parallel_workers_per_gather', "
          "'parallel_leader_participation')) AND s.context = 'user' AND s.source <> 'default' ORDER BY 1"));
  if (rows.empty()) return tl::unexpected(no_catalog("pg_settings has no max_connections"));
  for (const auto& row : rows) catalog_.settings[text(row[0])] = truth(row[2]) ? "set by role" : text(row[1]);
  TRY(const auto age, ask(1,
                          "SELECT extract(epoch FROM now() - coalesce(d.stats_reset, "
                          "pg_postmaster_start_time())) / 86400 FROM pg_stat_database d "
                          "WHERE d.datname = current_database()"));
  if (!age.empty() && age.front().front()) catalog_.statistics_days = number(age.front().front());
  return cluster_member();
}

// Neither a backup nor a subscriber to logical replication is a replica with indexes of its own scans.
Result<void> CatalogReader::cluster_member() {
  const std::string nothing = "SELECT WHERE false";
  TRY(const auto rows,
      ask(4,
          "SELECT concat(host(inet_server_addr()), '|', current_setting('port')), pg_is_in_recovery(), "
          "has_function_privilege('pg_control_system()', 'EXECUTE'), (SELECT count(*) FROM "
          "pg_stat_replication r WHERE coalesce(r.state, '') <> 'backup' AND NOT EXISTS (SELECT FROM "
          "pg_replication_slots s WHERE s.slot_type = 'logical' AND s.active_pid = r.pid))",
          nothing, "replicas were not counted"));
  if (rows.empty()) return {};
  const auto& row = rows.front();
  catalog_.member = {
      .system = {}, .address = text(row[0]), .replica = truth(row[1]), .replicas = whole(row[3])};
  if (!truth(row[2])) return {};
  TRY(const auto system, ask(1, "SELECT system_identifier FROM pg_control_system()", nothing,
                             "the system identifier was not read"));
  if (!system.empty()) catalog_.member.system = text(system.front()[0]);
  return {};
}

// Of other roles' sessions only those that may look (pg_monitor, pg_read_all_stats) see more than that they
// are there: the server replaces the query's text. A session that is being started has no state yet, either.
Result<void> CatalogReader::sessions() {
  TRY(const auto rows,
      ask(8,
          "SELECT a.pid, a.datname, a.application_name, a.state, extract(epoch FROM now() - a.xact_start), "
          "extract(epoch FROM now() - a.state_change), a.wait_event_type, a.query = '<insufficient "
          "privilege>' FROM pg_stat_activity a WHERE " +
              std::string(session_of_client) + " ORDER BY a.pid LIMIT 20000",
          "SELECT WHERE false", "connected sessions were not read"));
  std::size_t hidden = 0;
  for (const auto& row : rows) {
    Session& session = catalog_.sessions.emplace_back();
    read_row(row, session.pid, session.database, session.application, session.state,
             session.transaction_seconds, session.state_seconds, session.wait_event_type);
    // What began after our own transaction is younger than nothing.
    for (auto* seconds : {&session.transaction_seconds, &session.state_seconds})
      if (*seconds) *seconds = std::max(0.0, **seconds);
    hidden += truth(row[7]);
  }
  if (hidden)
    diagnostics_.push_back(
        Error{Error::Kind::nonfatal, connection_.where(),
              fmt::format("this role can't see the activity of {} of {} sessions", hidden, rows.size()),
              "GRANT pg_monitor makes it visible"});
  return lock_waits();
}

// pg_blocking_pids() stops the server's lock table for a moment: it is asked about few sessions.
Result<void> CatalogReader::lock_waits() {
  TRY(const auto rows, ask(3,
                           "SELECT w.pid, w.seconds, (pg_blocking_pids(w.pid))[1] FROM (" +
                               longest_lock_waits(connection_.server_version()) + ") w",
                           "SELECT WHERE false", "waits for locks were not read"));
  for (const auto& row : rows) {
    const auto waiting = std::ranges::find_if(catalog_.sessions, [&](const Session& session) {
      return session.pid == static_cast<int>(whole(row[0]));
    });
    // No blocker: the wait ended meanwhile.
    if (waiting == catalog_.sessions.end() || !row[2]) continue;
    waiting->lock_wait_seconds = std::max(0.0, number(row[1]));
    waiting->blocked_by = std::max(0, static_cast<int>(whole(row[2])));
  }
  return {};
}

Result<void> CatalogReader::types_and_sequences() {
  TRY(const auto enums,
      ask(3,
          fmt::format(
              "SELECT n.nspname, t.typname, e.enumlabel FROM pg_type t JOIN pg_namespace n ON n.oid = "
              "t.typnamespace LEFT JOIN pg_enum e ON e.enumtypid = t.oid WHERE t.typtype = 'e' AND {} AND {} "
              "ORDER BY 1, 2, e.enumsortorder",
              own_schema, not_of_extension("pg_type", "t.oid"))));
  for (const auto& row : enums) {
    const QualifiedName name{text(row[0]), text(row[1])};
    auto& out = catalog_.enums[name];
    out.name = name;
    if (row[2]) out.labels.push_back(*row[2]);
  }
  const auto query = [](std::string_view last) {
    return fmt::format(
        "SELECT n.nspname, c.relname, format_type(s.seqtypid, NULL), tn.nspname, t.relname, a.attname, "
        "s.seqincrement, s.seqcycle, s.seqmax, {}, s.seqmin FROM pg_class c JOIN pg_namespace n ON n.oid = "
        "c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid LEFT JOIN pg_depend d ON d.classid = "
        "'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid "
        "> 0 AND d.deptype IN ('a', 'i') LEFT JOIN pg_class t ON t.oid = d.refobjid LEFT JOIN pg_namespace "
        "tn ON tn.oid = t.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = "
        "d.refobjsubid WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND {} AND {} ORDER BY 1, 2",
        last, own_schema, not_of_extension("pg_class", "c.oid"));
  };
  TRY(const auto sequences, ask(11,
                                query("CASE WHEN has_sequence_privilege(c.oid, 'SELECT, USAGE') THEN "
                                      "pg_sequence_last_value(c.oid) END"),
                                query("NULL"), "sequence positions were not read"));
  for (const auto& row : sequences) {
    Sequence sequence;
    QualifiedName owner;
    read_row(row, sequence.name.schema, sequence.name.name, sequence.type, owner.schema, owner.name,
             sequence.owner_column, sequence.increment, sequence.cycles, sequence.maximum,
             sequence.last_value, sequence.minimum);
    if (row[4]) sequence.owner_table = std::move(owner);
    catalog_.sequences[sequence.name] = sequence;
  }
  return {};
}

void CatalogReader::column_statistics() {
  const std::string uuids = "'^[{]([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(,|[}]$))+$'";
  const auto rows = ask(
      14,
      "SELECT n.schemaname, n.tablename, n.attname, n.inherited, n.n_distinct, n.null_frac, n.correlation, "
      "n.avg_width, n.avg_width > 1 AND left(coalesce(n.histogram_bounds, n.most_common_vals)::text, 40) ~ "
      "'^[{]\"?[[:space:]]*[[{]', n.most_common_freqs[1], " +
          std::string(values_
                          ? "n.most_common_vals::text, n.most_common_freqs::text, n.histogram_bounds::text"
                          : "NULL, NULL, NULL") +
          ", CASE WHEN n.avg_width = 37 THEN coalesce(n.histogram_bounds, n.most_common_vals) IS NOT NULL "
          "AND coalesce(n.histogram_bounds::text ~ " +
          uuids + ", true) AND coalesce(n.most_common_vals::text ~ " + uuids +
          ", true) ELSE false END FROM pg_stats n WHERE n.schemaname !~ '^pg_' AND n.schemaname <> "
          "'information_schema'",
      "SELECT WHERE false", "column statistics were not read");
  if (!rows) return;
  for (const auto& row : *rows) {
    Table* owner = catalog_.table(QualifiedName{text(row[0]), text(row[1])});
    if (!owner) continue;
    // A parent has two sets: of its own rows, and of those with its children.
    if (truth(row[3]) != (owner->kind == Table::Kind::partitioned)) continue;
    for (auto& column : owner->columns)
      if (column.name == text(row[2]))
        column.statistics =
            ColumnStatistics{number(row[4]), number(row[5]), number(row[6]), static_cast<int>(whole(row[7])),
                             truth(row[8]),  truth(row[13]), number(row[9]), text(row[10]),
                             text(row[11]),  text(row[12])};
  }
}

// Only leaves hold rows: what is known of them goes to every ancestor.
void CatalogReader::sum_up_partitions() {
  for (auto& [name, parent] : catalog_.tables)
    if (parent.kind == Table::Kind::partitioned) parent.statistics = TableStatistics{};
  for (const auto& [name, leaf] : catalog_.tables) {
    if (!leaf.partition_of || !leaf.statistics || leaf.kind == Table::Kind::partitioned) continue;
    auto above = leaf.partition_of;
    for (int depth = 0; above && depth < 64; ++depth) {
      Table* parent = catalog_.table(*above);
      if (!parent || !parent->statistics) break;
      auto& sum = *parent->statistics;
      if (leaf.statistics->rows >= 0) sum.rows = std::max(sum.rows, 0.0) + leaf.statistics->rows;
      sum.pages += leaf.statistics->pages;
      sum.bytes += leaf.statistics->bytes;
      sum.sequential_scans += leaf.statistics->sequential_scans;
      sum.sequential_rows += leaf.statistics->sequential_rows;
      sum.index_scans += leaf.statistics->index_scans;
      sum.writes += leaf.statistics->writes;
      sum.live_rows += leaf.statistics->live_rows;
      sum.dead_rows += leaf.statistics->dead_rows;
      sum.changes_since_analyze += leaf.statistics->changes_since_analyze;
      above = parent->partition_of;
    }
  }
}

}  // namespace pgadvise::pg
