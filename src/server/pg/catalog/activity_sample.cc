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

// The columns of the statement below.
enum Column : std::size_t {
  sessions,
  state,
  wait_event_type,
  wait_event,
  pid,
  schema,
  relation,
  mode,
  seconds,
  blocker,
  application,
  transaction_seconds,
};

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

std::string word(const std::optional<std::string>& value) { return ellipsis(text(value), max_word); }

int process(const std::optional<std::string>& value) { return std::max(0, static_cast<int>(whole(value))); }

// The sessions that wait and those that they wait for, each once.
std::vector<Session> queues_of(const Rows& rows) {
  std::map<int, Session> out;
  const auto session = [&](int number) -> Session& {
    Session& one = out[number];
    one.pid = number;
    return one;
  };
  for (const auto& row : rows) {
    if (!row[Column::pid]) continue;
    session(process(row[Column::pid])).blocked_by = process(row[Column::blocker]);
    if (process(row[Column::blocker]) == 0) continue;  // a prepared transaction
    Session& holder = session(process(row[Column::blocker]));
    holder.application = ellipsis(mask_secrets(text(row[Column::application])), max_word);
    if (row[Column::transaction_seconds])
      holder.transaction_seconds = number(row[Column::transaction_seconds]);
  }
  std::vector<Session> all;
  for (auto& [number, one] : out) all.push_back(std::move(one));
  return all;
}

ActivitySample sample_of(const Rows& rows) {
  ActivitySample out;
  const auto queues = queues_of(rows);
  for (const auto& row : rows) {
    if (!row[Column::pid]) {
      out.sessions.push_back(
          {known_state(text(row[Column::state])), known_wait_event_type(text(row[Column::wait_event_type])),
           row[Column::wait_event] ? word(row[Column::wait_event]) : "none",
           static_cast<std::uint64_t>(std::max<std::int64_t>(0, whole(row[Column::sessions])))});
      continue;
    }
    ActivitySample::LockWait wait;
    wait.relation = {word(row[Column::schema]), word(row[Column::relation])};
    wait.mode = word(row[Column::mode]);
    wait.seconds = std::max(0.0, number(row[Column::seconds]));
    const auto waiting = std::ranges::find_if(
        queues, [&](const Session& one) { return one.pid == process(row[Column::pid]); });
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
  return sample_of(rows);
}

}  // namespace pgadvise::pg
