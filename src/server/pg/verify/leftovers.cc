#include "pg/verify/leftovers.h"

#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/process/shell.h"
#include "base/text/identifier.h"
#include "base/text/text.h"
#include "model/schema/ddl.h"
#include "pg/connection/read_only.h"
#include "pg/connection/values.h"

namespace pgadvise::pg {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_lines = 20;
constexpr auto drop_limit = 60s;

// Indexes with such a name, and what is attached to them.
constexpr const char* list_indexes = R"(
WITH RECURSIVE own AS (
  SELECT i.indexrelid AS oid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE c.relname LIKE 'pgadvise\_verify\_%' ORDER BY 1 LIMIT 1000),
tree AS (SELECT oid FROM own UNION SELECT h.inhrelid FROM tree JOIN pg_inherits h ON h.inhparent = tree.oid)
SELECT i.indexrelid, n.nspname, c.relname, tn.nspname, t.relname, obj_description(i.indexrelid, 'pg_class'),
  i.indisunique OR i.indisexclusion, EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid),
  i.indisreplident OR i.indisclustered,
  (SELECT h.inhparent FROM pg_inherits h WHERE h.inhrelid = i.indexrelid LIMIT 1)
FROM tree JOIN pg_index i ON i.indexrelid = tree.oid JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
ORDER BY n.nspname, c.relname)";

// Sessions that hold a run's lock; $1: lock_class.
constexpr const char* list_sessions = R"(
SELECT l.objid, a.pid, a.backend_start::text, a.usename = session_user AND a.application_name = 'pgadvise',
  a.state, a.query
FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = $1::text::oid
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND l.pid <> pg_backend_pid()
ORDER BY a.pid LIMIT 1000)";

std::string why_kept(const Row& row, const VerifyRun& run) {
  const std::string name = row[2].value_or("");
  if (run.id.empty()) return "its comment was not written by a run of --verify";
  if (run_of_index(name) != run.id) return "its name and its comment belong to different runs";
  if (row[7] == "t") return "a constraint needs it";
  if (row[6] == "t") return "--verify builds no unique index";
  if (row[8] == "t") return "it is the table's replica identity, or the table is clustered by it";
  return {};
}

// What is attached to each other is dropped together, so one index that must be kept keeps those above and
// below it.
void keep_whole_trees(std::vector<LeftoverIndex>& indexes) {
  std::map<std::string, LeftoverIndex*> by_oid;
  for (auto& index : indexes) by_oid[index.oid] = &index;
  for (auto& index : indexes)
    if (!index.parent.empty() && !by_oid.count(index.parent) && index.kept_because.empty())
      index.kept_because = "it is part of an index that --verify did not build";
  for (bool changed = true; changed;) {
    changed = false;
    for (auto& index : indexes) {
      const auto above = by_oid.find(index.parent);
      if (above == by_oid.end()) continue;
      LeftoverIndex& parent = *above->second;
      const bool together =
          index.run.id == parent.run.id && index.kept_because.empty() == parent.kept_because.empty();
      if (together) continue;
      auto keep = [&](LeftoverIndex& one) {
        changed |= std::exchange(
                       one.kept_because,
                       "it is attached to, or has attached, an index that this run of --verify did not build")
                       .empty();
      };
      if (parent.kept_because.empty()) keep(parent);
      if (index.kept_because.empty()) keep(index);
    }
  }
}

}  // namespace

Result<Leftovers> find_leftovers(Connection& connection) {
  ReadOnly transaction(connection);
  TRY_VOID(transaction.begin(false, As::user));
  TRY_VOID(connection.query(server_search_path));
  TRY(const auto indexes, connection.query(list_indexes));
  TRY(const auto sessions, connection.query(list_sessions, {std::to_string(lock_class)}));
  TRY(const auto database, connection.query("SELECT current_database()"));
  Leftovers out;
  if (!database.empty()) out.database = database.front()[0].value_or("");
  std::set<std::int64_t> locked;
  for (const auto& row : sessions) {
    locked.insert(whole(row[0]));
    const auto run = run_of_build(row[5].value_or(""));
    if (!run || row[4] != "active" || lock_number(run->id) != whole(row[0])) continue;
    out.builds.push_back(
        {static_cast<int>(whole(row[1])), row[2].value_or(""), *run, row[3] == "t", process_of(*run)});
  }
  for (const auto& row : indexes) {
    LeftoverIndex index;
    read_row(row, index.oid, index.index.schema, index.index.name, index.table.schema, index.table.name);
    index.parent = text(row[9]);
    if (const auto run = read_mark(text(row[5]))) index.run = *run;
    index.kept_because = why_kept(row, index.run);
    if (!index.run.id.empty()) index.process = process_of(index.run);
    index.locked = !index.run.id.empty() && locked.contains(lock_number(index.run.id));
    out.indexes.push_back(std::move(index));
  }
  keep_whole_trees(out.indexes);
  return out;
}

bool can_drop(const LeftoverIndex& index) {
  return index.kept_because.empty() && index.parent.empty() &&
         (!index.locked || index.process == ProcessState::gone);
}
bool can_cancel(const LeftoverBuild& build) {
  return build.own_session && build.process == ProcessState::gone;
}

std::string origin(const VerifyRun& run) {
  return fmt::format("process {} on {}, started {}", run.process, run.host, run.started);
}

Diagnostics describe(const Leftovers& leftovers, const Connection& connection) {
  const std::string command =
      "pgadvise advise --cleanup --db CONNECTION --disposable " + quote_shell(leftovers.database);
  Diagnostics out;
  std::size_t left_out = 0;
  const auto add = [&](std::string what, std::string hint) {
    if (out.size() >= max_lines) return void(++left_out);
    out.push_back({Error::Kind::nonfatal, connection.where(), std::move(what), std::move(hint)});
  };
  for (const auto& build : leftovers.builds)
    if (build.process == ProcessState::gone)
      add(fmt::format(
              "the server still builds an index for a killed run of advise --verify ({}), in backend {}",
              origin(build.run), build.backend),
          can_cancel(build) ? command + " cancels it"
                            : fmt::format("SELECT pg_cancel_backend({}) cancels it", build.backend));
  for (const auto& index : leftovers.indexes)
    if (can_drop(index))
      add(fmt::format(
              "a killed run of advise --verify ({2}) left index {0} on {1}; plans and costs include it",
              quote_name(index.index.schema, index.index.name), display(index.table), origin(index.run)),
          command + " drops it");
  if (left_out) out.back().what += fmt::format("; and {} more", left_out);
  return out;
}

Result<void> drop_leftover(Connection& connection, const LeftoverIndex& index) {
  const std::string name = quote_name(index.index.schema, index.index.name);
  const auto refuse = [&](const std::string& why) {
    return fail(Error::Kind::nonfatal, connection.where(), "index " + name + " was not dropped: " + why);
  };
  if (!index.kept_because.empty()) return refuse(index.kept_because);
  if (!index.parent.empty())
    return refuse("pgadvise drops it together with the index to which it is attached");
  connection.set_deadline(drop_limit + 5s);
  std::string why;
  const auto step = [&](const std::string& statement) -> Rows {
    if (!why.empty()) return {};
    auto done = connection.query(statement);
    if (!done) why = done.error().what;
    return done ? std::move(*done) : Rows();
  };
  step("BEGIN");
  step(
      fmt::format("SELECT pg_catalog.set_config('lock_timeout', '2s', true), "
                  "pg_catalog.set_config('statement_timeout', '{}s', true), "
                  "pg_catalog.set_config('search_path', 'pg_catalog', true)",
                  drop_limit.count()));
  const Rows locked =
      step(fmt::format("SELECT pg_try_advisory_xact_lock({}, {})", lock_class, lock_number(index.run.id)));
  if (why.empty() && (locked.empty() || locked.front()[0] != "t"))
    why = "its run, or another cleanup, is still active";
  step(ddl::drop_index(index.index, false));
  // The name may be another index's since it was listed; what was listed has to be what is gone.
  const Rows there = step("SELECT FROM pg_class WHERE oid = " + quote_literal(index.oid));
  if (why.empty() && !there.empty()) why = "another index has this name now";
  step("COMMIT");
  if (connection.in_transaction()) (void)connection.query("ROLLBACK");
  connection.set_deadline({});
  if (!why.empty()) return refuse(why);
  return {};
}

Result<void> cancel_build(Connection& connection, const LeftoverBuild& build) {
  const auto refuse = [&](std::string why) {
    return fail(Error::Kind::nonfatal, connection.where(),
                fmt::format("backend {} was not canceled: {}", build.backend, std::move(why)));
  };
  if (!build.own_session)
    return refuse("it is not a session of this user with the application_name pgadvise");
  if (build.process == ProcessState::alive) return refuse("its run is still active");
  if (build.process == ProcessState::unknown)
    return refuse(fmt::format("pgadvise can't see from here whether its {} still runs", origin(build.run)));
  const auto done = connection.query(
      "SELECT pg_catalog.pg_cancel_backend(a.pid) FROM pg_catalog.pg_stat_activity a WHERE a.pid "
      "OPERATOR(pg_catalog.=) $1::pg_catalog.int4 AND a.backend_start::pg_catalog.text "
      "OPERATOR(pg_catalog.=) $2::pg_catalog.text AND pg_catalog.starts_with(a.query, $3::pg_catalog.text)",
      {std::to_string(build.backend), build.backend_start, statement_mark(build.run) + "CREATE INDEX "});
  if (!done) return refuse(done.error().what);
  return {};
}

}  // namespace pgadvise::pg
