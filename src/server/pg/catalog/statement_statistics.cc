#include "pg/catalog/statement_statistics.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/text/text.h"
#include "pg/connection/read_only.h"
#include "pg/connection/values.h"
#include "sql/statement_statistics.h"

namespace pgadvise::pg {
namespace {

constexpr const char* statistics_settings =
    "SELECT set_config('statement_timeout', '60s', true), set_config('lock_timeout', '500ms', true), "
    "set_config('idle_in_transaction_session_timeout', '60s', true)";

// The extension's own view, in whatever schema, and its columns: after pg_upgrade they may be those of an
// older version.
constexpr const char* find_view = R"(
  SELECT quote_ident(n.nspname), c.relname, string_agg(a.attname, ',')
  FROM pg_extension e
  JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' AND d.classid = 'pg_class'::regclass
  JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'v'
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  WHERE e.extname = 'pg_stat_statements' AND c.relname IN ('pg_stat_statements', 'pg_stat_statements_info')
  GROUP BY 1, 2 ORDER BY 2)";

// Replicas share the system identifier.
constexpr const char* find_server = R"(
  SELECT concat_ws('|', inet_server_addr()::text, inet_server_port()::text, pg_is_in_recovery()::text),
         has_function_privilege('pg_control_system()', 'EXECUTE'))";

double amount(const std::optional<std::string>& value) {
  double out = 0;
  if (value) std::from_chars(value->data(), value->data() + value->size(), out);
  return out > 0 ? std::min(out, 1e12) : 0;  // also for NaN
}

std::uint64_t count(const std::optional<std::string>& value) {
  return static_cast<std::uint64_t>(std::clamp(whole(value), std::int64_t{0}, std::int64_t{1} << 53));
}

struct View {
  std::string schema;
  std::vector<std::string> columns;
  bool info = false;

  bool has(std::string_view column) const { return std::ranges::find(columns, column) != columns.end(); }
};

struct StatementsReading {
  Connection& connection;
  StatementScope scope;
  Diagnostics& diagnostics;

  Result<Workload> read() {
    const auto begun = connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    auto out = begun ? in_transaction() : Result<Workload>(tl::unexpected(begun.error()));
    if (connection.alive()) (void)connection.query("ROLLBACK");
    if (out) return out;
    if (out.error().where.empty()) out.error().where = connection.where();
    if (out.error().kind == Error::Kind::nonfatal) out.error().kind = Error::Kind::database;
    return out;
  }

  Result<Workload> in_transaction() {
    for (const char* statement : {server_search_path, statistics_settings})
      TRY_VOID(connection.query(statement));
    TRY(const auto view, find());
    TRY(const auto server, identity(view));
    const auto rows = connection.query(statement_of(view));
    if (!rows) return tl::unexpected(explained(rows.error()));
    return workload(*rows, server);
  }

  Result<View> find() {
    TRY(const auto rows, connection.query(find_view));
    View out;
    for (const auto& row : rows) {
      if (text(row[1]) == "pg_stat_statements_info") {
        out.info = true;
        continue;
      }
      out.schema = text(row[0]);
      const std::string columns = text(row[2]);
      for (const auto column : split(columns, ',')) out.columns.emplace_back(column);
    }
    if (out.schema.empty())
      return fail(
          Error::Kind::input, connection.where(), "pg_stat_statements is not installed in this database",
          "run CREATE EXTENSION pg_stat_statements, name a database that has the extension, or digest a log");
    return out;
  }

  Error explained(Error error) const {
    if (connection.alive() && connection.sqlstate() == "55000")
      return {Error::Kind::input, connection.where(),
              "pg_stat_statements is installed, but the server was started without it",
              "set shared_preload_libraries = 'pg_stat_statements' and restart the server"};
    if (connection.alive() && error.kind == Error::Kind::nonfatal) error.kind = Error::Kind::input;
    error.what = "pg_stat_statements can't be read: " + error.what;
    return error;
  }

  // What tells this server's counters, since their last reset, from all others.
  Result<std::string> identity(const View& view) {
    TRY(const auto server, connection.query(find_server));
    std::string out = server.empty() ? "" : text(server.front()[0]);
    if (!server.empty() && text(server.front()[1]) == "t") {
      TRY(const auto system, connection.query("SELECT system_identifier FROM pg_control_system()"));
      if (!system.empty()) out = text(system.front()[0]) + (view.info ? "" : "|" + out);
    }
    if (!view.info) return out;
    const auto reset =
        connection.query(fmt::format("SELECT stats_reset FROM {}.pg_stat_statements_info", view.schema));
    if (!reset) return tl::unexpected(explained(reset.error()));
    return out + "|" + (reset->empty() ? "" : text(reset->front()[0]));
  }

  // Statements inside functions are part of the time of the one that called them.
  std::string statement_of(const View& view) const {
    const std::string time = view.has("total_exec_time") ? "exec_time" : "time";  // before version 1.8
    return fmt::format(
        "SELECT s.query, s.calls, s.total_{0}, s.min_{0}, s.max_{0}, s.rows, u.rolname, d.datname FROM "
        "{1}.pg_stat_statements s LEFT JOIN pg_roles u ON u.oid = s.userid LEFT JOIN pg_database d ON d.oid "
        "= s.dbid WHERE s.calls > 0{2}{3} ORDER BY s.calls DESC, s.query",
        time, view.schema, view.has("toplevel") ? " AND s.toplevel" : "",
        scope == StatementScope::database ? " AND d.datname = current_database()" : "");
  }

  Workload workload(const Rows& rows, const std::string& server) {
    std::vector<sql::StatementStatistics> read;
    for (const auto& row : rows)
      read.push_back({row[0], count(row[1]), amount(row[2]), amount(row[3]), amount(row[4]), count(row[5]),
                      row[6], row[7]});
    LogSource source{.path = "pg_stat_statements, " + connection.where(),
                     .format = "pg_stat_statements",
                     .lines = rows.size()};
    return sql::workload_of(read, std::move(source), server, diagnostics);
  }
};

}  // namespace

Result<Workload> read_statement_statistics(Connection& connection, StatementScope scope,
                                           Diagnostics& diagnostics) {
  return StatementsReading{connection, scope, diagnostics}.read();
}

}  // namespace pgadvise::pg
