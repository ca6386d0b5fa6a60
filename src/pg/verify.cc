#include "pg/verify.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/identifier.h"
#include "base/interrupt.h"
#include "base/text.h"
#include "pg/read_only.h"
#include "pg/values.h"
#include "plan/reader.h"

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

// "schema.index" of CREATE INDEX [CONCURRENTLY] index ON [ONLY] schema.table, as this program writes it; "" of other statements.
std::string index_of(std::string_view statement) {
  const auto skip = [&](std::string_view words) {
    if (statement.starts_with(words)) statement.remove_prefix(words.size());
  };
  statement = trim(statement);
  if (!statement.starts_with("CREATE INDEX ")) return {};
  skip("CREATE INDEX ");
  skip("CONCURRENTLY ");
  const std::string index = take_identifier(statement);
  skip(" ON ");
  skip("ONLY ");
  return take_identifier(statement) + "." + index;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
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

  Result<void> look() {
    const auto rows = connection_.query(std::string(list_indexes) + "true");
    if (!rows) return tl::unexpected(rows.error());
    for (const auto& row : *rows) before_.insert(row[0].value_or(""));
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
      connection_.set_deadline(options_.build_limit);
      std::string why;
      for (const auto line : split(index.sql, '\n')) {
        if (trim(line).empty() || stopped()) continue;
        const auto done = cancellable(line);
        constexpr std::string_view duplicate_table = "42P07";  // somebody made one of that name meanwhile: theirs
        if (done || connection_.sqlstate() != duplicate_table) ours_.insert(index_of(line));
        if (!done && why.empty()) why = done.error().what;
      }
      if (stopped()) return;
      if (why.empty()) {
        index.built_bytes = built_bytes() - size;
        // What the planner knows of an expression it knows from then on: the server's autovacuum would tell it within the day.
        if (index.sql.find(" ((") != std::string::npos) (void)cancellable("ANALYZE " + quote_name(index.table.schema, index.table.name));
      } else
        not_built.push_back(std::string(split(index.sql, '\n').front()) + " " + why);
      connection_.set_deadline({});
    }
  }

  // Those that were not there before and are named by the statements that made them.
  void remove() {
    if (ours_.empty()) return;
    connection_.set_deadline(options_.build_limit);
    ours_.erase("");
    std::vector<std::string> left(ours_.begin(), ours_.end());  // while nothing better is known
    for (int n = 0; n <= tries_to_drop && !left.empty() && connection_.alive(); ++n) {
      auto there = built();
      if (!there) continue;
      left = std::move(*there);
      if (n == tries_to_drop) break;
      for (const auto& name : left) (void)connection_.query("DROP INDEX IF EXISTS " + name);
    }
    connection_.set_deadline({});
    ours_.clear();
    if (!left.empty())
      diagnostics_.push_back({Error::Kind::passing, connection_.where(),
                              "could not be removed again, or the connection was lost before: " + join(left, ", "), "DROP INDEX removes them"});
  }

  bool stopped() const { return interrupted() || !connection_.alive(); }

 private:
  Result<Rows> cancellable(std::string_view statement, const Parameters& parameters = {}) {
    connection_.set_interruptible(true);
    auto rows = connection_.query(statement, parameters);
    connection_.set_interruptible(false);
    return rows;
  }

  static constexpr const char* list_indexes =
      "SELECT i.indexrelid, pg_catalog.concat(pg_catalog.quote_ident(n.nspname), '.', "
      "pg_catalog.quote_ident(c.relname)), pg_catalog.pg_relation_size(i.indexrelid), "
      "pg_catalog.quote_ident(c.relname) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) "
      "i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) "
      "c.relnamespace WHERE n.nspname OPERATOR(pg_catalog.!~) '^pg_'::pg_catalog.text AND ";

  // Parents first: with them go their partitions'.
  Result<std::vector<std::string>> built() {
    const auto rows =
        connection_.query(std::string(list_indexes) + "true ORDER BY c.relkind OPERATOR(pg_catalog.=) 'I'::pg_catalog.\"char\" DESC, c.relname");
    if (!rows) return tl::unexpected(rows.error());
    std::vector<std::string> out;
    for (const auto& row : *rows)
      if (!before_.count(row[0].value_or("")) && ours_.contains(row[1].value_or("")))
        out.push_back(row[1].value_or(""));
    return out;
  }

  std::int64_t built_bytes() {
    std::int64_t sum = 0;
    const auto rows = connection_.query(std::string(list_indexes) + "true");
    if (!rows) return 0;
    for (const auto& row : *rows)
      if (!before_.count(row[0].value_or(""))) sum += whole(row[2]);
    return sum;
  }

  // One run. Errors: why there is none.
  Result<double> once(const plan::WhatIfStatement& statement) {
    ReadOnly transaction(connection_, options_.statement_limit);
    if (const auto begun = transaction.begin(false); !begun) return tl::unexpected(begun.error());
    const auto rows = cancellable("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + statement.sql, statement.parameters);
    if (!rows && connection_.sqlstate() == "57014" && !stopped())
      return fail(Error::Kind::passing, "", fmt::format("took longer than {:.0f} s", static_cast<double>(options_.statement_limit.count()) / 1000));
    if (!rows) return tl::unexpected(rows.error());
    const auto plan = plan::read_json(rows->empty() ? std::string() : rows->front()[0].value_or(""));
    if (!plan) return tl::unexpected(plan.error());
    return plan->execution_ms;
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
  std::set<std::string> before_;
  std::set<std::string> ours_;  // "schema.index", quoted as the server does
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

std::string not_disposable(Connection& connection, const std::string& database) {
  const auto rows = connection.query(
      "SELECT pg_catalog.current_database(), pg_catalog.pg_is_in_recovery(), (SELECT pg_catalog.count(*) "
      "FROM pg_catalog.pg_stat_activity a WHERE a.datname "
      "OPERATOR(pg_catalog.=) pg_catalog.current_database() AND a.pid OPERATOR(pg_catalog.<>) "
      "pg_catalog.pg_backend_pid() AND a.backend_type "
      "OPERATOR(pg_catalog.=) 'client backend')");
  if (!rows) return rows.error().what;
  const Row row = rows->empty() ? Row{} : rows->front();
  if (row[0] != database)
    return fmt::format("is not the database that --disposable names, {}", ellipsis(database, 63));
  if (row[1] == "t") return "is a standby: nothing can be built there";
  if (row[2] != "0")
    return fmt::format("has {} other {}: somebody uses it", row[2].value_or("?"),
                       row[2] == "1" ? "session" : "sessions");
  return {};
}

Result<Verification> verify(Connection& connection, std::vector<VerifyQuery> queries, std::vector<AdvisedIndex>& indexes, const VerifyOptions& options,
                            Diagnostics& diagnostics) {
  Verification out;
  out.where = connection.where();
  out.runs = options.runs;
  const Interruptible interruptible(Interruptible::By::any_ending);
  {
    Verifier verifier(connection, indexes, options, diagnostics);
    if (const auto looked = verifier.look(); !looked) return tl::unexpected(looked.error());
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
