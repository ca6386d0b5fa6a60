#include "pg/plans/plan_source.h"

#include <algorithm>
#include <cctype>
#include <map>

#include <fmt/format.h>

#include "base/text/text.h"
#include "pg/connection/read_only.h"
#include "pg/connection/values.h"
#include "pg/plans/dependencies.h"
#include "pg/plans/hypopg.h"
#include "pg/plans/what_if.h"
#include "plan/read/reader.h"
#include "plan/run/safety.h"
#include "sql/parse/statement.h"
#include "sql/statement_statistics.h"

namespace pgadvise::pg {

namespace {

constexpr std::size_t max_values = 5;

// The most common values and the histogram of a column: $1 schema, $2 table, $3 name.
constexpr std::string_view column_values =
    "WITH s AS (SELECT most_common_vals::text::text[] AS m, histogram_bounds::text::text[] AS h FROM "
    "pg_stats WHERE schemaname = $1 AND tablename = $2 AND attname = $3 ORDER BY inherited DESC LIMIT 1) ";

bool has_parameter(std::string_view statement) {
  for (std::size_t at = 0; (at = statement.find('$', at)) != std::string_view::npos; ++at)
    if (at + 1 < statement.size() && std::isdigit(static_cast<unsigned char>(statement[at + 1]))) return true;
  return false;
}

bool plain(const sql::Shape& shape) {
  return shape.statements == 1 && plan::can_be_planned(shape.kind) && !shape.into;
}

// pg_stat_statements keeps the text of the first parse: an own statement is left out by its mark.
std::string mark(std::string_view statement, plan::Names names) {
  return std::string(statement).append(names == plan::Names::catalog ? sql::own_mark : "");
}

// The process number that the server reports differs from libpq's: a pooler is in between.
bool pooled(Connection& connection) {
  ReadOnly transaction(connection);
  if (!transaction.begin(false, As::user)) return true;
  const auto rows = connection.query("SELECT pg_catalog.pg_backend_pid()");
  return !rows || rows->empty() || rows->front()[0] != std::to_string(connection.backend_pid());
}

class ServerPlans final : public plan::PlanSource {
 public:
  explicit ServerPlans(Connection& connection) : connection_(connection) {}
  explicit ServerPlans(Connection&& connection) : own_(std::move(connection)), connection_(*own_) {}

  Result<void> inspect_server() {
    TRY_VOID(find_search_path());
    ReadOnly transaction(connection_);
    TRY_VOID(transaction.begin(false));
    TRY(const auto rows,
        connection_.query(
            "SELECT (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname OPERATOR(pg_catalog.=) "
            "SESSION_USER), (SELECT 1 FROM pg_catalog.pg_available_extensions a WHERE a.name "
            "OPERATOR(pg_catalog.=) 'hypopg'::pg_catalog.name), pg_catalog.pg_backend_pid(), "
            "pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('pgadvise.statistics_only', true)"));
    const Row row = rows.empty() ? Row{} : rows.front();
    superuser_ = row[0] == "t";  // whatever role the database sets: SET ROLE leads back
    // A query there holds its replay up, or is cancelled by it.
    if (row[3] == "t") analyze_refused_ = "the server is a standby";
    statistics_only_ = row[4] == "on";
    if (statistics_only_) analyze_refused_ = "the sandbox has production's statistics, but no rows";
    TRY(const auto hypopg, find_hypopg(connection_));
    hypopg_ = hypopg.schema;
    if (!hypopg.refused.empty()) {
      what_if_missing_ = hypopg.refused;
    } else if (!hypopg.created) {
      what_if_missing_ = row[1]
                             ? "HypoPG is not installed in the database: CREATE EXTENSION hypopg"
                             : fmt::format(
                                   "HypoPG is not on the server: install its package (postgresql-{}-hypopg), "
                                   "then CREATE EXTENSION hypopg",
                                   connection_.server_version() / 10000);
    } else if (row[2] != std::to_string(connection_.backend_pid())) {
      what_if_missing_ =
          "the connection goes through a pooler, which could keep hypothetical indexes: connect directly";
    }
    TRY(const auto path,
        connection_.query("SELECT s FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) s"));
    for (const auto& schema : path) search_path_.push_back(schema[0].value_or(""));
    TRY_VOID(find_rls_bypassed());
    watch_us_ =
        connection_.server_version() >= 140000 &&
        connection_.query("SELECT pg_catalog.set_config('client_connection_check_interval', '1s', true)")
            .has_value();
    if (connection_.alive()) return {};
    return fail(Error::Kind::database, connection_.where(), "the connection is closed");
  }

  Result<plan::Dependencies> dependencies(std::string_view statement, plan::Names names) override {
    TRY(const auto shape, sql::shape(statement));
    if (!plain(shape)) return plan::Dependencies{{"more than one plain statement"}, {}, {}};
    ReadOnly transaction(connection_);
    TRY_VOID(begin(transaction, names));
    TRY(auto found, harmless_.find(connection_, mark(statement, names)));
    found.analyze_refused = analyze_refused_;
    return found;
  }

  Result<Plan> explain(const plan::ExplainRequest& request) override {
    const auto refuse = [&](std::string why) {
      return fail(Error::Kind::nonfatal, connection_.where(), std::move(why));
    };
    TRY(const auto shape, sql::shape(request.sql));
    if (!plain(shape))
      return refuse("not exactly one plain SELECT, INSERT, UPDATE, DELETE or MERGE: not explained");
    if (request.analyze && (shape.kind != StatementKind::select || shape.modifies || shape.locks_rows))
      return refuse("it writes or locks rows: not analyzed");
    if (request.analyze && statistics_only_) return refuse(analyze_refused_);
    if (request.analyze && !request.hypothetical.empty())
      return refuse("hypothetical indexes can't be analyzed");
    if (!request.hypothetical.empty() && !what_if_missing_.empty()) return refuse(what_if_missing_);

    ReadOnly transaction(connection_, plan::longest_explain);
    TRY_VOID(begin(transaction, request.names));
    TRY_VOID(harmless_.check(connection_, mark(request.sql, request.names)));
    if (request.analyze) {
      // Scans begin at the first page: with LIMIT they else read other rows each time, the more so beside
      // others.
      const auto limit = request.limit.count() > 0
                             ? std::min<std::chrono::milliseconds>(request.limit, plan::longest_explain)
                             : plan::longest_explain;
      TRY_VOID(
          connection_.query("SELECT pg_catalog.set_config('synchronize_seqscans', 'off', true), "
                            "pg_catalog.set_config('statement_timeout', $1::pg_catalog.text, true)",
                            {std::to_string(limit.count())}));
    }
    connection_.set_interruptible(true);
    const auto rows = run_explain(request);
    connection_.set_interruptible(false);
    if (!rows) transaction.back();
    // Hypothetical indexes don't end with the transaction.
    if (!request.hypothetical.empty() && connection_.alive())
      (void)connection_.query(fmt::format("SELECT {}.hypopg_reset()", hypopg_));
    if (request.analyze) unlock();
    if (!rows) return tl::unexpected(rows.error());
    if (rows->empty() || !rows->front()[0]) return refuse("EXPLAIN gave no plan");
    return plan::read_json(*rows->front()[0]);
  }

  std::string what_if_missing() const override { return what_if_missing_; }

  std::vector<Parameters> typical_values(const QualifiedName& table,
                                         const std::vector<std::string>& columns) override {
    ReadOnly transaction(connection_);
    if (columns.empty() || !transaction.begin(watch_us_, As::user) || !connection_.query(server_search_path))
      return {};
    std::vector<Parameters> by_column;
    for (const auto& column : columns) {
      // The histogram from its middle outwards: its ends are the rarest values.
      const auto rows = connection_.query(
          std::string(column_values) +
              "SELECT v FROM (SELECT v, 0 AS part, n AS place FROM s, unnest(m) WITH ORDINALITY AS x(v, n) "
              "UNION ALL SELECT v, 1, abs(n - (cardinality(h) + 1) / 2) FROM s, unnest(h) WITH ORDINALITY AS "
              "x(v, n)) y WHERE v IS NOT NULL ORDER BY part, place LIMIT 5",
          {table.schema, table.name, column});
      if (!rows || rows->empty()) return {};
      Parameters values;
      for (const auto& row : *rows) values.push_back(row[0]);
      by_column.push_back(std::move(values));
    }
    std::size_t count = 0;
    for (const auto& values : by_column) count = std::max(count, values.size());
    std::vector<Parameters> out;
    for (std::size_t n = 0; n < std::min(count, max_values); ++n) {
      Parameters row;
      for (const auto& values : by_column) row.push_back(values[n % values.size()]);
      out.push_back(std::move(row));
    }
    return out;
  }

  plan::TypicalValues typical(const QualifiedName& table, const std::string& column) override {
    const auto [it, fresh] = typical_.try_emplace({table, column});
    plan::TypicalValues& out = it->second;
    ReadOnly transaction(connection_);
    if (!fresh || !transaction.begin(watch_us_, As::user) || !connection_.query(server_search_path))
      return out;
    // A value of the histogram is rarer than each of the most common ones.
    const auto rows = connection_.query(
        std::string(column_values) +
            "SELECT coalesce(m[1], h[2], h[1]), coalesce(h[(cardinality(h) + 1) / 2], m[(cardinality(m) + 1) "
            "/ 2]), coalesce(h[cardinality(h) - 1], m[cardinality(m)]), coalesce(h[1], m[1]), "
            "coalesce(h[cardinality(h)], m[1]) FROM s",
        {table.schema, table.name, column});
    if (rows && !rows->empty())
      read_row(rows->front(), out.common, out.middle, out.rare, out.lowest, out.highest);
    return out;
  }

  Result<std::vector<std::string>> values(const std::string& select) override {
    TRY(const auto shape, sql::shape(select));
    if (!plain(shape) || shape.kind != StatementKind::select || shape.modifies || shape.locks_rows)
      return fail(Error::Kind::nonfatal, connection_.where(),
                  "not exactly one SELECT that only reads: not run");
    if (statistics_only_) return fail(Error::Kind::nonfatal, connection_.where(), analyze_refused_);
    ReadOnly transaction(connection_);
    TRY_VOID(begin(transaction, plan::Names::catalog));
    TRY_VOID(harmless_.check(connection_, mark(select, plan::Names::catalog)));
    connection_.set_interruptible(true);
    const auto rows = connection_.query(select);
    connection_.set_interruptible(false);
    if (!rows) transaction.back();
    unlock();
    if (!rows) return tl::unexpected(rows.error());
    std::vector<std::string> out;
    for (const auto& row : *rows)
      if (row[0]) out.push_back(*row[0]);
    return out;
  }

  bool superuser() const override { return superuser_; }
  const std::vector<std::string>& search_path() const override { return search_path_; }
  const std::vector<std::string>& rls_bypassed() const override { return rls_bypassed_; }

 private:
  // SET ROLE does not bring the role's own settings, a login does: ALTER ROLE … [IN DATABASE …] SET
  // search_path.
  Result<void> find_search_path() {
    SessionSettings session_settings = connection_.session_settings();
    if (session_settings.role.empty() || !session_settings.search_path.empty()) return {};
    ReadOnly transaction(connection_);
    TRY_VOID(transaction.begin(false, As::user));
    TRY(const auto rows,
        connection_.query(
            "SELECT pg_catalog.substr(x.setting, 13) FROM pg_catalog.pg_db_role_setting s JOIN "
            "pg_catalog.pg_roles r ON r.oid OPERATOR(pg_catalog.=) s.setrole CROSS JOIN LATERAL "
            "pg_catalog.unnest(s.setconfig) x (setting) WHERE r.rolname OPERATOR(pg_catalog.=) "
            "$1::pg_catalog.text::pg_catalog.name AND s.setdatabase OPERATOR(pg_catalog.=) ANY "
            "(ARRAY[0::pg_catalog.oid, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname "
            "OPERATOR(pg_catalog.=) pg_catalog.current_database())]) AND pg_catalog.left(x.setting, 12) "
            "OPERATOR(pg_catalog.=) 'search_path='::pg_catalog.text ORDER BY s.setdatabase DESC LIMIT 1",
            {session_settings.role}));
    if (!rows.empty()) session_settings.search_path = rows.front()[0].value_or("");
    connection_.set_session(std::move(session_settings));
    return {};
  }

  // Tables whose policies don't hold for whom we act as: its owner, a superuser, BYPASSRLS.
  Result<void> find_rls_bypassed() {
    TRY(const auto rows,
        connection_.query(
            "SELECT pg_catalog.concat(n.nspname, '.', c.relname) FROM pg_catalog.pg_class c JOIN "
            "pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace WHERE "
            "c.relrowsecurity AND NOT pg_catalog.row_security_active(c.oid) ORDER BY 1"));
    for (const auto& row : rows) rls_bypassed_.push_back(row[0].value_or(""));
    return {};
  }

  Result<void> begin(ReadOnly& transaction, plan::Names names) {
    if (const auto begun = transaction.begin(watch_us_); !begun || names == plan::Names::session)
      return begun;
    TRY_VOID(connection_.query(
        "SELECT pg_catalog.set_config('search_path', pg_catalog.concat('pg_catalog, public', CASE WHEN "
        "pg_catalog.length(pg_catalog.current_setting('search_path')) OPERATOR(pg_catalog.>) 0 THEN ', ' "
        "END, pg_catalog.current_setting('search_path')), true)"));
    return {};
  }

  // Session locks outlive the transaction.
  void unlock() {
    if (!connection_.alive()) return;
    (void)connection_.query(
        "SELECT pg_catalog.pg_advisory_unlock_all() FROM (SELECT FROM pg_catalog.pg_locks l WHERE l.locktype "
        "OPERATOR(pg_catalog.=) 'advisory'::pg_catalog.text AND l.pid OPERATOR(pg_catalog.=) "
        "pg_catalog.pg_backend_pid() LIMIT 1) held");
  }

  Result<Rows> run_explain(const plan::ExplainRequest& request) {
    const std::string_view options = !request.analyze ? "VERBOSE, FORMAT JSON"
                                     : request.timing ? "ANALYZE, BUFFERS, VERBOSE, FORMAT JSON"
                                                      : "ANALYZE, TIMING OFF, BUFFERS, VERBOSE, FORMAT JSON";
    TRY_VOID(create_hypothetical(request.hypothetical));
    if (request.parameters.empty() && has_parameter(request.sql)) return explain_generic(options, request);
    return connection_.query(fmt::format("EXPLAIN ({}) {}", options, request.sql), request.parameters);
  }

  // Works from 12 on, where EXPLAIN (GENERIC_PLAN) needs 16.
  Result<Rows> explain_generic(std::string_view options, const plan::ExplainRequest& request) {
    TRY_VOID(
        connection_.query("SELECT pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', true)"));
    const auto name = fmt::format("pgadvise_{}_{}", connection_.backend_pid(), ++prepared_);
    TRY_VOID(connection_.query(fmt::format("PREPARE {} AS {}", name, request.sql)));
    const auto parameters =
        connection_.query(fmt::format("SELECT pg_catalog.cardinality(p.parameter_types) FROM "
                                      "pg_catalog.pg_prepared_statements p WHERE p.name "
                                      "OPERATOR(pg_catalog.=) '{}'::pg_catalog.text",
                                      name));
    Result<Rows> rows = parameters;
    if (parameters && parameters->size() == 1) {
      const auto wanted = std::clamp<std::int64_t>(whole(parameters->front()[0]), 0, max_parameters);
      if (wanted > 0 && request.analyze) {
        rows = fail(Error::Kind::nonfatal, connection_.where(),
                    "the statement's parameter values are unknown: not analyzed");
      } else {
        const std::vector<std::string> nulls(static_cast<std::size_t>(wanted), "NULL");
        rows = connection_.query(fmt::format("EXPLAIN ({}) EXECUTE {}{}", options, name,
                                             wanted ? "(" + join(nulls, ", ") + ")" : ""));
      }
    }
    // A prepared statement outlives its transaction.
    if (!rows && connection_.alive()) (void)connection_.query("ROLLBACK TO SAVEPOINT pgadvise");
    if (connection_.alive()) (void)connection_.query("DEALLOCATE " + name);
    return rows;
  }

  Result<void> create_hypothetical(const std::vector<std::string>& indexes) {
    for (const auto& index : indexes) {
      const auto made = connection_.query(
          fmt::format("SELECT * FROM {}.hypopg_create_index($1::pg_catalog.text)", hypopg_), {index});
      if (!made) {
        Error error = made.error();
        // invalid_object_definition, undefined_object: no operator class. HypoPG's own limits are no such
        // code.
        const std::string state = connection_.sqlstate();
        if (state == "42P17" || state == "42704") error.what = std::string(plan::rejected_index) + error.what;
        return tl::unexpected(std::move(error));
      }
      if (made->empty())
        return fail(Error::Kind::nonfatal, connection_.where(),
                    "HypoPG created no hypothetical index for: " + index);
    }
    return {};
  }

  std::optional<Connection> own_;
  Connection& connection_;
  int prepared_ = 0;  // statements of explain_generic(), whose names must differ
  bool superuser_ = false;
  bool watch_us_ = false;
  bool statistics_only_ = false;
  std::string hypopg_;  // its schema, quoted
  std::string what_if_missing_;
  std::string analyze_refused_;
  std::vector<std::string> rls_bypassed_;
  std::vector<std::string> search_path_;
  HarmlessStatements harmless_;
  std::map<std::pair<QualifiedName, std::string>, plan::TypicalValues> typical_;
};

}  // namespace

Result<std::unique_ptr<plan::PlanSource>> make_plan_source(Connection& connection) {
  auto source = std::make_unique<ServerPlans>(connection);
  TRY_VOID(source->inspect_server());
  return source;
}

std::vector<std::unique_ptr<plan::PlanSource>> more_plan_sources(Connection& first,
                                                                 const std::string& conninfo,
                                                                 std::size_t wanted) {
  std::vector<std::unique_ptr<plan::PlanSource>> out;
  if (wanted == 0 || pooled(first)) return out;
  for (auto& connection : more_connections(first, conninfo, wanted)) {
    auto source = std::make_unique<ServerPlans>(std::move(connection));
    if (source->inspect_server()) out.push_back(std::move(source));
  }
  return out;
}

}  // namespace pgadvise::pg
