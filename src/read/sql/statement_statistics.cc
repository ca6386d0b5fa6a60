#include "sql/statement_statistics.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text/text.h"
#include "sql/parse/redact.h"
#include "sql/parse/statement.h"

namespace pgadvise::sql {
namespace {

void add(Query& query, const StatementStatistics& row) {
  // A reset of the extremes alone leaves zeros (version 1.11).
  if (row.max_ms > 0) {
    query.min_ms = query.max_ms > 0 ? std::min(query.min_ms, row.min_ms) : row.min_ms;
    query.max_ms = std::max(query.max_ms, row.max_ms);
  }
  query.calls += row.calls;
  query.timed_calls += row.calls;
  query.total_ms =
      static_cast<double>(add_nanoseconds(nanoseconds(query.total_ms), nanoseconds(row.total_ms))) / 1e6;
  query.rows += row.rows;
  query.rows_calls += row.calls;
  if (row.user) query.users.insert(*row.user);
  if (row.database) query.databases.insert(*row.database);
}

std::string hash_of(const std::map<std::string, Query>& queries) {
  std::uint64_t hash = fnv1a({});
  for (const auto& [fingerprint, query] : queries)
    hash = fnv1a(fmt::format("{} {} {};", fingerprint, query.calls, query.total_ms), hash);
  return hex64(hash);
}

}  // namespace

Workload workload_of(const std::vector<StatementStatistics>& rows, LogSource source,
                     const std::string& server, Diagnostics& diagnostics) {
  std::map<std::string, Query> queries;
  std::uint64_t hidden = 0;
  for (const auto& row : rows) {
    const bool visible = row.query && *row.query != "<insufficient privilege>";
    if (!visible || row.query->ends_with(own_mark)) {
      ++source.other;
      hidden += !visible;
      continue;
    }
    ++source.used;
    source.statements += row.calls;
    const auto normalized = normalize(*row.query);
    const std::string text = redact(normalized ? *normalized : *row.query);
    const std::string own = fingerprint(*row.query).value_or(hex64(fnv1a(text)));
    Query& query = queries[own];
    if (query.calls == 0) {
      query.fingerprint = own;
      query.text = text;
      query.samples.emplace_back().statement = text;
    }
    add(query, row);
  }
  source.timed_statements = source.statements;
  if (rows.empty()) source.note = "pg_stat_statements is empty: it was reset, and no statement ran since";
  if (hidden > 0)
    diagnostics.push_back({Error::Kind::nonfatal, source.path,
                           fmt::format("this role can't see {} of {} statements", hidden, rows.size()),
                           "GRANT pg_read_all_stats makes them visible"});
  source.identity = {std::max<std::uint64_t>(source.statements, 1), hex64(fnv1a(server)), hash_of(queries)};
  Workload out;
  out.sources.push_back(std::move(source));
  for (auto& [own, query] : queries) out.queries.push_back(std::move(query));
  std::ranges::stable_sort(out.queries,
                           [](const Query& a, const Query& b) { return a.total_ms > b.total_ms; });
  return out;
}

}  // namespace pgadvise::sql
