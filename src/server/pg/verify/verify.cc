#include "pg/verify/verify.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text/identifier.h"
#include "base/text/text.h"
#include "pg/connection/read_only.h"
#include "pg/connection/values.h"
#include "pg/plans/dependencies.h"
#include "pg/verify/leftovers.h"
#include "pg/verify/verify_run.h"
#include "plan/read/reader.h"

namespace pgadvise::pg {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int fewest_runs = 3;
constexpr std::chrono::seconds slow{3};  // all runs of a statement together: then the fewest are enough
constexpr int tries_to_drop = 5;

// An identifier, quoted or not, at the beginning; it is taken off.
std::string take_identifier(std::string_view& text) {
  std::size_t end = 0;
  if (text.starts_with('"')) {
    for (end = 1; end < text.size(); ++end)
      if (text[end] == '"' && (end + 1 == text.size() || text[++end] != '"')) break;
  } else {
    end = std::min(text.find_first_of(". ("), text.size());
  }
  const std::string out(text.substr(0, end));
  text.remove_prefix(std::min(end, text.size()));
  return out;
}

bool skip(std::string_view& text, std::string_view words) {
  const bool there = text.starts_with(words);
  if (there) text.remove_prefix(words.size());
  return there;
}

// A statement of AdvisedIndex::sql, as this program writes it.
struct Step {
  std::string schema;  // with the names below quoted
  std::string index;   // that CREATE INDEX makes; "": another statement
  std::string rest;    // of CREATE INDEX, from " ON " on
  std::string parent;  // of ALTER INDEX parent ATTACH PARTITION child: both with their schema
  std::string attached;
};

Step read_step(std::string_view statement) {
  Step out;
  statement = trim(statement);
  if (skip(statement, "CREATE INDEX ")) {
    skip(statement, "CONCURRENTLY ");
    out.index = take_identifier(statement);
    out.rest = statement;
    if (out.rest.ends_with(';')) out.rest.pop_back();
    skip(statement, " ON ");
    skip(statement, "ONLY ");
    out.schema = take_identifier(statement);
  } else if (skip(statement, "ALTER INDEX ")) {
    const auto name = [&] {
      std::string text = take_identifier(statement);
      return skip(statement, ".") ? text + "." + take_identifier(statement) : text;
    };
    out.parent = name();
    skip(statement, " ATTACH PARTITION ");
    if (statement.ends_with(';')) statement.remove_suffix(1);
    out.attached = name();
  }
  return out;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

class Verifier {
 public:
  Verifier(Connection& connection, std::vector<AdvisedIndex>& indexes, const VerifyOptions& options,
           Diagnostics& diagnostics)
      : connection_(connection), indexes_(indexes), options_(options), diagnostics_(diagnostics) {}
  ~Verifier() { remove(); }
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  // The lock tells others that the run goes on; the server stops working for it soon after this process is
  // gone.
  Result<void> start() {
    TRY(const auto locked, connection_.query(fmt::format("SELECT pg_catalog.pg_try_advisory_lock({}, {})",
                                                         lock_class, lock_number(run_.id))));
    if (locked.empty() || locked.front()[0] != "t")
      return fail(Error::Kind::nonfatal, connection_.where(), "another run has the same id", "try again");
    locked_ = true;
    if (connection_.server_version() >= 140000)
      (void)connection_.query(
          "SELECT pg_catalog.set_config('client_connection_check_interval', '1s', false)");
    return {};
  }

  void run(std::vector<VerifyQuery>& queries, bool after) {
    std::size_t number = 0;
    for (auto& query : queries) {
      ++number;
      if (stopped()) return;
      if (options_.progress)
        options_.progress(fmt::format("running the queries {}: {} of {}", after ? "again" : "before", number,
                                      queries.size()));
      if (query.query.why_not.empty()) run(query, after);
    }
  }

  void build(std::vector<std::string>& not_built) {
    std::size_t number = 0;
    for (auto& index : indexes_) {
      if (stopped()) return;
      if (options_.progress)
        options_.progress(fmt::format("building index {} of {}", ++number, indexes_.size()));
      const std::int64_t size = built_bytes();
      const std::string why = build(index);
      if (stopped()) return;
      if (why.empty()) {
        index.built_bytes = built_bytes() - size;
        // What the planner knows of an expression it knows from then on: the server's autovacuum would tell
        // it within the day.
        if (index.sql.find(" ((") != std::string::npos)
          (void)cancellable("ANALYZE " + quote_name(index.table.schema, index.table.name));
      } else not_built.push_back(std::string(split(index.sql, '\n').front()) + " " + why);
      connection_.set_deadline({});
    }
  }

  // By its marks alone, as advise --cleanup does.
  void remove() {
    if (!locked_) return;
    connection_.set_deadline(options_.build_limit);
    std::string why = "the connection had been lost before";
    // More than once, since a late cancel may hit one of the statements.
    for (int n = 0; n < tries_to_drop && !built_.empty() && connection_.alive(); ++n) {
      const auto found = find_leftovers(connection_);
      if (!found) {
        why = found.error().what;
        continue;
      }
      std::vector<std::string> left;
      for (const auto& index : found->indexes) {
        if (index.run.id != run_.id) continue;
        const auto dropped = index.parent.empty() ? drop_leftover(connection_, index) : Result<void>();
        if (dropped) continue;
        why = dropped.error().what;
        left.push_back(quote_name(index.index.schema, index.index.name));
      }
      built_ = std::move(left);
    }
    if (connection_.alive()) {
      if (connection_.server_version() >= 140000)
        (void)connection_.query("RESET client_connection_check_interval");
      (void)connection_.query(
          fmt::format("SELECT pg_catalog.pg_advisory_unlock({}, {})", lock_class, lock_number(run_.id)));
    }
    connection_.set_deadline({});
    locked_ = false;
    if (!built_.empty())
      diagnostics_.push_back({Error::Kind::nonfatal, connection_.where(),
                              "pgadvise could not drop the indexes that --verify built: " +
                                  join(built_, ", ") + " (" + why + ")",
                              "pgadvise advise --cleanup drops them"});
  }

  bool stopped() const { return connection_.stop().stop_requested() || !connection_.alive(); }

 private:
  Result<Rows> cancellable(std::string_view statement, const Parameters& parameters = {}) {
    connection_.set_interruptible(true);
    auto rows = connection_.query(statement, parameters);
    connection_.set_interruptible(false);
    return rows;
  }

  // All statements of an index, or none. Why it was not built; "" when it was.
  std::string build(const AdvisedIndex& index) {
    connection_.set_deadline(options_.build_limit);
    std::string why;
    const auto step = [&](const std::string& statement) {
      if (!why.empty() || stopped()) return;
      if (const auto done = cancellable(statement); !done) why = done.error().what;
    };
    step("BEGIN");
    step(fmt::format("SELECT pg_catalog.set_config('statement_timeout', '{}', true)",
                     options_.build_limit.count()));
    std::map<std::string, std::string> names;  // as advised -> as built
    for (const auto line : split(index.sql, '\n')) {
      const Step what = read_step(line);
      if (!what.index.empty()) {
        const std::string name = index_name(run_, ++number_);
        names[what.schema + "." + what.index] = what.schema + "." + name;
        step(statement_mark(run_) + "CREATE INDEX " + name + what.rest);
        step("COMMENT ON INDEX " + what.schema + "." + name + " IS " + quote_literal(mark(run_)));
      } else if (names.contains(what.parent) && names.contains(what.attached)) {
        step("ALTER INDEX " + names[what.parent] + " ATTACH PARTITION " + names[what.attached]);
      }
    }
    if (why.empty() && !stopped())
      // even if the answer to COMMIT gets lost
      for (const auto& [advised, name] : names) built_.push_back(name);
    step("COMMIT");
    if (connection_.in_transaction()) (void)connection_.query("ROLLBACK");
    connection_.set_deadline({});
    return why;
  }

  std::int64_t built_bytes() {
    const auto rows = connection_.query(
        "SELECT pg_catalog.sum(pg_catalog.pg_relation_size(c.oid)) FROM pg_catalog.pg_class c WHERE "
        "pg_catalog.starts_with(c.relname::pg_catalog.text, $1::pg_catalog.text)",
        {index_name(run_, 0).substr(0, index_name(run_, 0).size() - 1)});
    return rows && !rows->empty() ? whole(rows->front()[0]) : 0;
  }

  // The time of one run in milliseconds. Errors: why the statement did not run to its end.
  Result<double> once(const plan::WhatIfStatement& statement) {
    ReadOnly transaction(connection_, options_.statement_limit);
    TRY_VOID(transaction.begin(false));
    TRY_VOID(harmless_.check(connection_, statement.sql));
    const auto rows =
        cancellable("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + statement.sql, statement.parameters);
    if (!rows && connection_.sqlstate() == "57014" && !stopped())
      return fail(Error::Kind::nonfatal, "",
                  fmt::format("took longer than {:.0f} s",
                              static_cast<double>(options_.statement_limit.count()) / 1000));
    if (!rows) return tl::unexpected(rows.error());
    TRY(const auto plan, plan::read_json(rows->empty() ? std::string() : rows->front()[0].value_or("")));
    return plan.execution_ms;
  }

  // The first run, which reads what is not in memory yet, does not count.
  void run(VerifyQuery& query, bool after) {
    double ms = 0;
    for (const auto& statement : query.statements) {
      const auto begin = Clock::now();
      std::vector<double> times;
      for (int n = 0; n <= options_.runs && !stopped(); ++n) {
        if (n > fewest_runs && Clock::now() - begin > slow) break;
        const auto took = once(statement);
        if (!took) {
          query.query.why_not = (after ? "with the indexes: " : "") + took.error().what;
          return;
        }
        if (n > 0) times.push_back(*took);
      }
      if (times.empty()) return;
      ms += median(std::move(times)) / static_cast<double>(query.statements.size());
    }
    if (query.statements.empty()) return;
    (after ? query.query.ms_after : query.query.ms_before) = ms;
  }

  Connection& connection_;
  std::vector<AdvisedIndex>& indexes_;
  const VerifyOptions& options_;
  Diagnostics& diagnostics_;
  const VerifyRun run_ = new_verify_run();
  HarmlessStatements harmless_;
  bool locked_ = false;
  int number_ = 0;
  std::vector<std::string> built_;  // "schema.index", quoted: what may be there
};

void sum_up(Verification& out) {
  double before = 0;
  double after = 0;
  for (const auto& query : out.queries) {
    if (!query.ms_before || !query.ms_after) continue;
    out.ms_before += query.weight * *query.ms_before;
    out.ms_after += query.weight * *query.ms_after;
    before += query.weight * query.cost_before;
    after += query.weight * query.cost_after;
  }
  out.estimated_left = before > 0 ? after / before : 1;
}

}  // namespace

std::string not_named(Connection& connection, const std::string& database) {
  const auto rows = connection.query("SELECT pg_catalog.current_database(), pg_catalog.pg_is_in_recovery()");
  if (!rows) return rows.error().what;
  const Row row = rows->empty() ? Row{} : rows->front();
  if (row[0] != database)
    return fmt::format("is not the database that --disposable names, {}", ellipsis(database, 63));
  if (row[1] == "t") return "is a standby: no index can be built or dropped there";
  return {};
}

std::string not_disposable(Connection& connection, const std::string& database) {
  if (auto why = not_named(connection, database); !why.empty()) return why;
  const auto rows = connection.query(
      "SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity a WHERE a.datname OPERATOR(pg_catalog.=) "
      "pg_catalog.current_database() AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid() AND "
      "a.backend_type OPERATOR(pg_catalog.=) 'client backend'");
  if (!rows) return rows.error().what;
  const Row row = rows->empty() ? Row{} : rows->front();
  if (row[0] != "0")
    return fmt::format("has {} other {}, so it is in use", row[0].value_or("?"),
                       row[0] == "1" ? "session" : "sessions");
  return {};
}

Result<Verification> verify(Connection& connection, std::vector<VerifyQuery> queries,
                            std::vector<AdvisedIndex>& indexes, const VerifyOptions& options,
                            Diagnostics& diagnostics) {
  Verification out;
  out.where = connection.where();
  out.runs = options.runs;
  {
    Verifier verifier(connection, indexes, options, diagnostics);
    TRY_VOID(verifier.start());
    verifier.run(queries, false);
    verifier.build(out.not_built);
    verifier.run(queries, true);
    out.complete = !verifier.stopped();
    verifier.remove();
  }
  for (auto& query : queries) out.queries.push_back(std::move(query.query));
  sum_up(out);
  return out;
}

}  // namespace pgadvise::pg
