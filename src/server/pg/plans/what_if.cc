#include "pg/plans/what_if.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "base/text/text.h"
#include "model/schema/ddl.h"
#include "pg/connection/read_only.h"
#include "pg/connection/values.h"
#include "pg/plans/dependencies.h"
#include "pg/plans/hypopg.h"
#include "plan/read/reader.h"
#include "plan/read/rows_written.h"

namespace pgadvise::pg {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds longest_transaction{1};
constexpr std::chrono::seconds longest_silence{1};
// HypoPG gives each a name from a range of object ids, and has 2,828 of them, partitions' own among them.
constexpr std::size_t max_indexes = 2500;
constexpr std::size_t max_at_once = 500;

// A hypothetical index as each connection may create it: one statement for each partition, or one.
struct Definition {
  QualifiedName table;
  std::vector<std::string> statements;
};

class ServerWhatIf final : public plan::WhatIf {
 public:
  ServerWhatIf(Connection& connection, const std::vector<Definition>& definitions)
      : connection_(connection), definitions_(definitions) {}
  ~ServerWhatIf() override { clear(); }
  ServerWhatIf(const ServerWhatIf&) = delete;
  ServerWhatIf& operator=(const ServerWhatIf&) = delete;

  Result<void> inspect_server() {
    TRY_VOID(begin());
    TRY(const auto hypopg, find_hypopg(connection_));
    if (!hypopg.created)
      return fail(Error::Kind::usage, connection_.where(), "HypoPG is not installed in the database",
                  "CREATE EXTENSION hypopg");
    if (!hypopg.refused.empty()) return fail(Error::Kind::usage, connection_.where(), hypopg.refused);
    hypopg_ = hypopg.schema;
    // Of a database without tables nothing is called: whether all that we need is there, and may be used, is
    // found out by parsing.
    const auto usable = connection_.parse(fmt::format(
        "SELECT h.indexrelid, h.indexname, {0}.hypopg_relation_size(h.indexrelid), "
        "{0}.hypopg_drop_index(h.indexrelid), {0}.hypopg_reset() FROM {0}.hypopg_create_index('') h",
        hypopg_));
    transaction_.reset();
    if (!usable && usable.error().kind == Error::Kind::database) return usable;
    if (!usable)
      return fail(Error::Kind::usage, connection_.where(), "HypoPG can't be used: " + usable.error().what,
                  "ALTER EXTENSION hypopg UPDATE; the user needs USAGE of its schema");
    return {};
  }

  int add(const QualifiedName&, std::vector<std::string>) override { return -1; }  // ManyWhatIf's

  Result<plan::WhatIfPlan> cost(const plan::WhatIfStatement& statement,
                                const std::vector<int>& indexes) override {
    TRY_VOID(create_wanted(statement.tables, indexes));
    const auto rows = explain(statement);
    asked_ = Clock::now();
    if (!rows) return failed(rows.error());
    TRY(const auto plan, plan::read_json(rows->empty() ? std::string() : rows->front()[0].value_or("")));
    plan::WhatIfPlan out{plan.root.total_cost, {}, plan::rows_written(plan)};
    visit(plan.root, [&](const PlanNode& node) {
      if (node.index.empty()) return;
      if (const auto owner = owners_.find(node.index); owner != owners_.end())
        out.used.push_back(owner->second);
    });
    std::ranges::sort(out.used);
    out.used.erase(std::unique(out.used.begin(), out.used.end()), out.used.end());
    return out;
  }

  Result<std::vector<std::int64_t>> sizes(const std::vector<int>& indexes) override {
    std::vector<int> unknown;
    for (const int index : indexes)
      if (!known_[index].bytes) unknown.push_back(index);
    for (auto at = unknown.begin(); at != unknown.end();) {
      std::vector<int> some;
      for (std::size_t sum = 0; at != unknown.end() && (some.empty() || sum + parts(*at) <= max_at_once);
           ++at)
        some.push_back(*at), sum += parts(*at);
      if (const auto created = create_wanted({}, some);
          !created && created.error().kind == Error::Kind::database)
        return tl::unexpected(created.error());
    }
    std::vector<std::int64_t> out;
    for (const int index : indexes) out.push_back(known_[index].bytes.value_or(0));
    return out;
  }

  std::string hide_missing() override {
    if (const auto begun = begin(); !begun) return begun.error().what;
    const auto usable = connection_.parse(fmt::format(
        "SELECT {0}.hypopg_hide_index(0::pg_catalog.oid), {0}.hypopg_unhide_all_indexes()", hypopg_));
    clear();
    return usable ? std::string() : "HypoPG 1.4 or newer is required to plan without an existing index";
  }

  void hide(std::vector<QualifiedName> indexes) override {
    clear();
    hidden_ = std::move(indexes);
  }

  void clear() override {
    if (transaction_ && connection_.in_transaction()) {
      transaction_->back();
      // Neither goes with the transaction.
      if (count_) (void)connection_.query(fmt::format("SELECT {}.hypopg_reset()", hypopg_));
      if (!hidden_.empty())
        (void)connection_.query(fmt::format("SELECT {}.hypopg_unhide_all_indexes()", hypopg_));
      for (const auto& [sql, name] : prepared_) (void)connection_.query("DEALLOCATE " + name);
    }
    prepared_.clear();
    forget();
    transaction_.reset();
  }

  void rest() override {
    if (transaction_ && Clock::now() - asked_ > longest_silence) clear();
  }
  std::uint64_t calls() const override { return calls_; }

 private:
  struct Known {
    std::optional<std::int64_t> bytes;
    std::vector<std::string> oids;  // while it is on the server
    bool refused = false;           // HypoPG can't make it
  };

  std::size_t parts(int index) const {
    return definitions_[static_cast<std::size_t>(index)].statements.size();
  }
  const QualifiedName& table(int index) const { return definitions_[static_cast<std::size_t>(index)].table; }

  Result<void> begin() {
    if (transaction_ && Clock::now() - began_ < longest_transaction && connection_.in_transaction())
      return {};
    clear();
    transaction_ = std::make_unique<ReadOnly>(connection_);
    began_ = Clock::now();
    if (const auto begun = transaction_->begin(connection_.server_version() >= 140000); !begun) {
      transaction_.reset();
      return begun;
    }
    // Costs know nothing of JIT, whose library would be loaded by the first EXPLAIN: a tenth of a second.
    TRY_VOID(
        connection_.query("SELECT pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true), "
                          "pg_catalog.set_config('jit', 'off', true)"));
    TRY_VOID(hide_indexes());
    // A statement that fails takes back what was set after the savepoint.
    TRY_VOID(connection_.query("SAVEPOINT pgadvise"));
    return {};
  }

  // With the indexes of their partitions. HypoPG hides them in this session until it is told otherwise.
  Result<void> hide_indexes() {
    if (hidden_.empty()) return {};
    std::vector<std::string> names;
    for (const auto& index : hidden_) names.push_back(quote_name(index));
    const auto hidden = connection_.query(
        fmt::format("WITH RECURSIVE t(o) AS (SELECT n::pg_catalog.regclass::pg_catalog.oid FROM "
                    "pg_catalog.unnest($1::pg_catalog.text[]) n UNION SELECT i.inhrelid FROM "
                    "pg_catalog.pg_inherits i JOIN t ON i.inhparent OPERATOR(pg_catalog.=) t.o) "
                    "SELECT {}.hypopg_hide_index(o) FROM t",
                    hypopg_),
        {array_of(names)});
    if (!hidden) return failed(hidden.error());
    return {};
  }

  void forget() {
    for (auto& [index, known] : known_) known.oids.clear();
    created_.clear();
    owners_.clear();
    count_ = 0;
  }

  // From what is there to what is wanted, by the difference. Of two plans that cost the same the planner
  // takes one by the order of a table's indexes, which is that of their making: always that of their numbers,
  // whatever was asked before.
  Result<void> create_wanted(const std::set<QualifiedName>& tables, const std::vector<int>& indexes) {
    std::size_t wanted = 0;
    for (const int index : indexes) wanted += parts(index);
    if (wanted > max_indexes)
      return fail(Error::Kind::nonfatal, connection_.where(),
                  "HypoPG can't hold so many hypothetical indexes at once");
    if (count_ + wanted > max_indexes) clear();
    TRY_VOID(begin());
    // Where one is refused the others have to be made again.
    for (;;) {
      std::vector<int> fresh;
      std::map<QualifiedName, int> first;  // of those, by table
      for (const int index : indexes)
        if (const Known& known = known_[index]; known.oids.empty() && !known.refused) {
          fresh.push_back(index);
          first.emplace(table(index), index);
        }
      std::vector<int> gone;
      for (const auto& [table, there] : created_) {
        const auto least = first.find(table);
        for (const int index : there) {
          const bool unwanted = tables.count(table) && !std::ranges::binary_search(indexes, index);
          const bool too_early = least != first.end() && index > least->second;
          if (unwanted || too_early) gone.push_back(index);
          if (too_early && !unwanted) fresh.push_back(index);
        }
      }
      if (fresh.empty()) return gone.empty() ? Result<void>() : drop(gone);
      std::ranges::sort(fresh);
      TRY_VOID(create(fresh, gone));
    }
  }

  // In one round trip with what goes; which of them is done first does not matter.
  Result<void> create(const std::vector<int>& indexes, const std::vector<int>& gone = {}) {
    std::vector<std::string> definitions;
    std::vector<int> owners;
    for (const int index : indexes)
      for (const auto& definition : definitions_[static_cast<std::size_t>(index)].statements) {
        definitions.push_back(definition);
        owners.push_back(index);
      }
    const auto made = connection_.query(
        fmt::format("SELECT i.n, h.indexrelid, h.indexname, {0}.hypopg_relation_size(h.indexrelid) FROM "
                    "(SELECT pg_catalog.count({0}.hypopg_drop_index(o)) FROM "
                    "pg_catalog.unnest($2::pg_catalog.oid[]) o) gone, "
                    "pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY i(sql, n), LATERAL "
                    "{0}.hypopg_create_index(i.sql) h",
                    hypopg_),
        {array_of(definitions), array_of(take_off(gone))});
    if (!made) {
      auto out = failed(made.error());
      clear();
      if (out.value().kind == Error::Kind::database) return out;
      // HypoPG has too little room for all of them.
      if (out.value().what.find("not more oid available") != std::string::npos) return out;
      TRY_VOID(begin());
      return one_by_one(indexes);
    }
    for (const int index : indexes) known_[index].bytes = 0;
    for (const auto& row : *made) {
      const auto at = static_cast<std::size_t>(whole(row[0]));
      if (at < 1 || at > owners.size() || !row[1] || !row[2]) continue;
      const int owner = owners[at - 1];
      Known& known = known_[owner];
      known.oids.push_back(*row[1]);
      known.bytes = known.bytes.value_or(0) + whole(row[3]);
      owners_[*row[2]] = owner;
      created_[table(owner)].insert(owner);
      ++count_;
    }
    // No row: HypoPG has no more room, or does not want to.
    for (const int index : indexes)
      if (Known& known = known_[index]; known.oids.empty()) known.refused = true;
    return {};
  }

  // One that HypoPG refuses spoils the others of its batch: it is left out from then on.
  Result<void> one_by_one(const std::vector<int>& indexes) {
    if (indexes.size() == 1) {
      known_[indexes.front()] = {.bytes = 0, .refused = true};
      return {};
    }
    for (const int index : indexes)
      if (!known_[index].refused) TRY_VOID(create({index}));
    return {};
  }

  Result<void> drop(const std::vector<int>& indexes) {
    const auto dropped = connection_.query(
        fmt::format("SELECT {}.hypopg_drop_index(o) FROM pg_catalog.unnest($1::pg_catalog.oid[]) o", hypopg_),
        {array_of(take_off(indexes))});
    if (dropped) return {};
    auto out = failed(dropped.error());
    clear();  // what is there is not known any more
    return out;
  }

  // From the list of those that are there; their object ids.
  std::vector<std::string> take_off(const std::vector<int>& indexes) {
    std::vector<std::string> oids;
    for (const int index : indexes) {
      Known& known = known_[index];
      oids.insert(oids.end(), known.oids.begin(), known.oids.end());
      count_ -= known.oids.size();
      known.oids.clear();
      created_[table(index)].erase(index);
    }
    return oids;
  }

  Result<Rows> explain(const plan::WhatIfStatement& statement) {
    ++calls_;
    TRY_VOID(harmless_.check(connection_, statement.sql));
    if (statement.generic) return explain_generic(statement.sql);
    return connection_.query("EXPLAIN (FORMAT JSON) " + statement.sql, statement.parameters);
  }

  // Works from 12 on, where EXPLAIN (GENERIC_PLAN) needs 16.
  Result<Rows> explain_generic(const std::string& sql) {
    std::string& name = prepared_[sql];
    if (name.empty()) {
      name = fmt::format("pgadvise_what_if_{}", prepared_.size());
      const auto prepared = connection_.query(fmt::format("PREPARE {} AS {}", name, sql));
      if (!prepared) {
        prepared_.erase(sql);
        return prepared;
      }
    }
    TRY(const auto parameters,
        connection_.query(fmt::format("SELECT pg_catalog.cardinality(p.parameter_types) FROM "
                                      "pg_catalog.pg_prepared_statements p WHERE p.name "
                                      "OPERATOR(pg_catalog.=) '{}'::pg_catalog.text",
                                      name)));
    const auto wanted =
        parameters.empty() ? 0 : std::clamp<std::int64_t>(whole(parameters.front()[0]), 0, max_parameters);
    // The plan that was made for other indexes is kept else.
    TRY_VOID(connection_.query("DISCARD PLANS"));
    const std::vector<std::string> nulls(static_cast<std::size_t>(wanted), "NULL");
    return connection_.query(
        fmt::format("EXPLAIN (FORMAT JSON) EXECUTE {}{}", name, wanted ? "(" + join(nulls, ", ") + ")" : ""));
  }

  tl::unexpected<Error> failed(Error error) {
    if (!connection_.alive()) {
      forget();
      transaction_.reset();
      error.kind = Error::Kind::database;
    } else if (transaction_ && !transaction_->back()) {
      clear();
    }
    return tl::unexpected(std::move(error));
  }

  Connection& connection_;
  const std::vector<Definition>& definitions_;
  std::string hypopg_;                              // its schema, quoted
  std::map<int, Known> known_;                      // by the number of the definition
  std::map<QualifiedName, std::set<int>> created_;  // on the server, by table
  std::size_t count_ = 0;
  std::vector<QualifiedName> hidden_;            // existing indexes
  std::map<std::string, int> owners_;            // by the hypothetical index's name
  std::map<std::string, std::string> prepared_;  // names by statement
  std::unique_ptr<ReadOnly> transaction_;
  Clock::time_point began_;
  HarmlessStatements harmless_;
  Clock::time_point asked_;
  std::atomic<std::uint64_t> calls_ = 0;  // read by others while we ask
};

// Several connections, each with hypothetical indexes of its own.
class ManyWhatIf final : public plan::WhatIf {
 public:
  explicit ManyWhatIf(std::vector<Connection> more) : more_(std::move(more)) {}

  Result<void> inspect_server(Connection& first) {
    servers_.push_back(std::make_unique<ServerWhatIf>(first, definitions_));
    for (auto& connection : more_)
      servers_.push_back(std::make_unique<ServerWhatIf>(connection, definitions_));
    for (const auto& server : servers_) TRY_VOID(server->inspect_server());
    return {};
  }

  int add(const QualifiedName& table, std::vector<std::string> definitions) override {
    definitions_.push_back({table, std::move(definitions)});
    return static_cast<int>(definitions_.size()) - 1;
  }
  Result<plan::WhatIfPlan> cost(const plan::WhatIfStatement& statement,
                                const std::vector<int>& indexes) override {
    auto out = servers_.front()->cost(statement, indexes);
    rest();
    return out;
  }
  Result<std::vector<std::int64_t>> sizes(const std::vector<int>& indexes) override {
    return servers_.front()->sizes(indexes);
  }
  std::string hide_missing() override { return servers_.front()->hide_missing(); }
  void hide(std::vector<QualifiedName> indexes) override {
    for (const auto& server : servers_) server->hide(indexes);
  }
  void clear() override {
    for (const auto& server : servers_) server->clear();
  }
  void rest() override {
    for (const auto& server : servers_) server->rest();
  }
  std::uint64_t calls() const override {
    std::uint64_t sum = 0;
    for (const auto& server : servers_) sum += server->calls();
    return sum;
  }

  void for_each(std::size_t count, const std::function<void(std::size_t, WhatIf&)>& work,
                const std::function<bool()>& stop) override {
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> stopped = stop();  // before anybody begins
    const auto ask = [&](WhatIf& server) {
      for (std::size_t at = 0; !stopped && (at = next++) < count;) work(at, server);
    };
    std::vector<std::thread> threads;
    for (std::size_t at = 1; at < std::min(servers_.size(), count); ++at)
      threads.emplace_back([&, at] { ask(*servers_[at]); });
    for (std::size_t at = 0; !(stopped = stop()) && (at = next++) < count;) work(at, *servers_.front());
    for (auto& thread : threads) thread.join();
    rest();
  }

 private:
  std::vector<Definition> definitions_;
  std::vector<Connection> more_;
  std::vector<std::unique_ptr<ServerWhatIf>> servers_;
};

// What is left for us of the server's, the database's and the role's limits. Others' backends are seen by
// their database at least.
Result<Rows> connection_limits(Connection& connection) {
  ReadOnly transaction(connection);
  TRY_VOID(transaction.begin(false, As::user));
  TRY_VOID(connection.query(server_search_path));
  return connection.query(
      "SELECT least(current_setting('max_connections')::int - "
      "current_setting('superuser_reserved_connections')::int - "
      "coalesce(current_setting('reserved_connections', true), '0')::int - count(*), CASE WHEN "
      "d.datconnlimit >= 0 THEN d.datconnlimit - count(*) FILTER (WHERE a.datid = d.oid) END, CASE WHEN "
      "r.rolconnlimit >= 0 THEN r.rolconnlimit - count(*) FILTER (WHERE a.usesysid = r.oid) END) FROM "
      "pg_database d, pg_roles r, pg_stat_activity a WHERE d.datname = current_database() AND r.rolname = "
      "session_user AND a.datid IS NOT NULL GROUP BY d.datconnlimit, r.rolconnlimit, d.oid, r.oid");
}

// Which server and database answers.
std::string identity(Connection& connection) {
  ReadOnly transaction(connection);
  if (!transaction.begin(false, As::user)) return {};
  const auto rows = connection.query(
      "SELECT pg_catalog.concat(pg_catalog.pg_postmaster_start_time(), ' ', pg_catalog.inet_server_addr(), ' "
      "', pg_catalog.inet_server_port(), ' ', pg_catalog.current_database())");
  return rows && !rows->empty() ? rows->front()[0].value_or("") : std::string();
}

}  // namespace

std::vector<Connection> more_connections(Connection& first, const std::string& conninfo, std::size_t wanted) {
  std::vector<Connection> out;
  const auto rows = connection_limits(first);
  if (!rows || rows->empty()) return out;
  const auto free = std::max<std::int64_t>(0, whole(rows->front()[0]));
  wanted = std::min(wanted, static_cast<std::size_t>(free) / 2);
  const std::string server = identity(first);
  while (out.size() < wanted) {
    auto connection = Connection::open(conninfo, first.sent_observer());
    // Of several hosts another one may answer.
    if (!connection || server.empty() || identity(*connection) != server) break;
    connection->set_session(first.session_settings());
    connection->set_stop(first.stop());
    out.push_back(std::move(*connection));
  }
  return out;
}

Result<std::unique_ptr<plan::WhatIf>> make_what_if(Connection& connection, std::vector<Connection> more) {
  auto out = std::make_unique<ManyWhatIf>(std::move(more));
  if (auto looked = out->inspect_server(connection); !looked) {
    if (looked.error().kind == Error::Kind::nonfatal) looked.error().kind = Error::Kind::database;
    return tl::unexpected(std::move(looked.error()));
  }
  return out;
}

}  // namespace pgadvise::pg
