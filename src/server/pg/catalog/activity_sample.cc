#include "pg/catalog/activity_sample.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text/mask.h"
#include "base/text/text.h"
#include "pg/connection/read_only.h"
#include "pg/connection/values.h"

namespace pgadvise::pg {
namespace {

constexpr std::chrono::seconds statement_limit{3};
constexpr std::size_t max_word = 64;  // of a name, in bytes: PostgreSQL's are shorter

// A row of the statement below: a number of sessions or, with a pid, one that waits for a lock.
struct SampleRow {
  std::int64_t sessions = 0;
  std::string state, wait_event_type;
  std::optional<std::string> wait_event;
  std::optional<int> pid;
  QualifiedName relation;
  std::string mode;
  double seconds = 0;
  int blocker = 0;  // a pid; 0: a prepared transaction
  std::string application;
  std::optional<double> transaction_seconds;
};

std::vector<SampleRow> sample_rows(const Rows& rows) {
  std::vector<SampleRow> all;
  for (const auto& row : rows) {
    SampleRow& out = all.emplace_back();
    read_row(row, out.sessions, out.state, out.wait_event_type, out.wait_event, out.pid, out.relation.schema,
             out.relation.name, out.mode, out.seconds, out.blocker, out.application, out.transaction_seconds);
    if (out.pid) out.pid = std::max(0, *out.pid);
    out.blocker = std::max(0, out.blocker);
  }
  return all;
}

// A session that waits for a row locks a tuple of the table, and then waits for the other transaction: the
// table is that of the tuple. pg_blocking_pids() stops the server's lock table for a moment: it is asked
// about few sessions.
std::string statement_for(int server_version) {
  return fmt::format(
      "SELECT count(*), a.state, a.wait_event_type, a.wait_event, NULL::int, NULL, NULL, NULL, NULL::float8, "
      "NULL::int, NULL, NULL::float8 FROM pg_stat_activity a WHERE {0} AND a.datname = current_database() "
      "GROUP BY a.state, a.wait_event_type, a.wait_event UNION ALL SELECT NULL, NULL, NULL, NULL, q.pid, "
      "n.nspname, c.relname, q.mode, q.seconds::float8, q.blocker, coalesce(nullif(b.application_name, ''), "
      "nullif(b.backend_type, 'client backend')), extract(epoch FROM now() - b.xact_start)::float8 FROM "
      "(SELECT w.pid, w.seconds, w.mode, w.relation, (pg_blocking_pids(w.pid))[1] AS blocker FROM ({1}) w "
      "OFFSET 0) q LEFT JOIN (SELECT t.pid, max(t.relation) AS relation FROM pg_locks t WHERE t.locktype = "
      "'tuple' AND t.granted GROUP BY t.pid) t ON t.pid = q.pid LEFT JOIN pg_class c ON c.oid = "
      "coalesce(q.relation, t.relation) LEFT JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN "
      "pg_stat_activity b ON b.pid = q.blocker WHERE q.blocker IS NOT NULL",
      session_of_client,
      longest_lock_waits(server_version,
                         fmt::format("AND l.pid IN (SELECT a.pid FROM pg_stat_activity a WHERE {} AND "
                                     "a.datname = current_database())",
                                     session_of_client)));
}

// The sessions that wait and those that they wait for, each once.
std::vector<Session> queues_of(const std::vector<SampleRow>& rows) {
  std::map<int, Session> out;
  for (const auto& row : rows) {
    if (!row.pid) continue;
    out[*row.pid].blocked_by = row.blocker;
    if (row.blocker == 0) continue;
    Session& holder = out[row.blocker];
    holder.application = ellipsis(mask_secrets(row.application), max_word);
    if (row.transaction_seconds) holder.transaction_seconds = row.transaction_seconds;
  }
  std::vector<Session> all;
  for (auto& [pid, session] : out) {
    session.pid = pid;
    all.push_back(std::move(session));
  }
  return all;
}

ActivitySample sample_of(const std::vector<SampleRow>& rows) {
  ActivitySample out;
  const auto queues = queues_of(rows);
  for (const auto& row : rows) {
    if (!row.pid) {
      out.sessions.push_back({known_state(row.state), known_wait_event_type(row.wait_event_type),
                              row.wait_event ? ellipsis(*row.wait_event, max_word) : "none",
                              static_cast<std::uint64_t>(std::max<std::int64_t>(0, row.sessions))});
      continue;
    }
    ActivitySample::LockWait wait;
    wait.relation = {ellipsis(row.relation.schema, max_word), ellipsis(row.relation.name, max_word)};
    wait.mode = ellipsis(row.mode, max_word);
    wait.seconds = std::max(0.0, row.seconds);
    const auto waiting = std::ranges::find(queues, *row.pid, &Session::pid);
    if (const Session* holder = waiting == queues.end() ? nullptr : lock_holder(queues, *waiting)) {
      wait.holder = holder->application;
      wait.holder_seconds = std::max(0.0, holder->transaction_seconds.value_or(0));
    }
    out.lock_waits.push_back(std::move(wait));
  }
  return out;
}

}  // namespace

std::string longest_lock_waits(int server_version, std::string_view condition) {
  return fmt::format(
      "SELECT l.pid, max(extract(epoch FROM now() - {})) AS seconds, min(l.mode) AS mode, "
      "max(l.relation) AS relation FROM pg_locks l WHERE NOT l.granted AND l.pid <> pg_backend_pid() {} "
      "GROUP BY l.pid ORDER BY 2 DESC NULLS LAST, 1 LIMIT 20",
      server_version >= 140000 ? "l.waitstart"
                               : "(SELECT a.state_change FROM pg_stat_activity a WHERE a.pid = l.pid)",
      condition);
}

Result<ActivitySample> read_activity_sample(Connection& connection) {
  // The server's functions, whatever search_path the role has.
  connection.set_session({.role = {}, .search_path = "pg_catalog"});
  ReadOnly transaction(connection, statement_limit);
  TRY_VOID(transaction.begin(false));
  TRY(const auto rows, connection.query(statement_for(connection.server_version())));
  return sample_of(sample_rows(rows));
}

}  // namespace pgadvise::pg
