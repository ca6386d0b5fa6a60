#include "store/facts/facts.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/files/digest.h"
#include "base/text/mask.h"

namespace pgadvise::store {
namespace {

// The log's first section alone: it does not change while the log grows.
std::string source_of(const LogSource& log) {
  constexpr std::size_t mark = 8;
  return log.identity.marks.size() < mark
             ? std::string()
             : sha256_hex(log.identity.marks.substr(0, mark) + log.format).substr(0, 16);
}

}  // namespace

std::string run_id(const std::string& target, const RunRecord& run) {
  std::string all = target + "\n" + run.started + "\n" + run.version + "\n" + run.server_version + "\n";
  for (const auto& finding : run.findings)
    all += fmt::format("{} {} {} {}\n", finding.id, name(finding.severity), name(finding.verdict),
                       name(finding.state));
  return sha256_hex(all).substr(0, 32);
}

std::vector<QueryStatistics> query_statistics(const Workload& workload, Diagnostics& diagnostics) {
  const auto none = [&](const std::string& where, std::string why) {
    diagnostics.push_back(
        {Error::Kind::nonfatal, where, "query statistics are not stored: " + std::move(why), {}});
    return std::vector<QueryStatistics>();
  };
  const bool logs = std::ranges::any_of(workload.sources, [](const LogSource& source) {
    return source.format == "stderr" || source.format == "csvlog" || source.format == "jsonlog";
  });
  if (!logs) return {};
  const LogSource& log = workload.sources.front();
  if (workload.sources.size() > 1)
    return none(log.path, "several logs were read as one; pgadvise digest stores each log on its own");
  const std::string source = source_of(log);
  if (source.empty()) return none(log.path, "the input is not a log that pgadvise can identify");
  std::int64_t first = std::numeric_limits<std::int64_t>::max(),
               last = std::numeric_limits<std::int64_t>::min();
  for (const auto& query : workload.queries) {
    if (query.first) first = std::min(first, *query.first / 1'000'000);
    if (query.last) last = std::max(last, *query.last / 1'000'000);
  }
  if (last < first) return none(log.path, "the log does not contain the times of statements");
  const std::int64_t start = start_of(seconds_per_hour, first);
  std::vector<QueryStatistics> out;
  for (const auto& query : workload.queries) {
    if (query.fingerprint.empty()) continue;
    out.push_back({.source = source,
                   .source_size = log.identity.bytes,
                   .class_id = query.fingerprint,
                   .text = mask_secrets(query.text),
                   .bucket_start = start,
                   .bucket_seconds = start_of(seconds_per_hour, last) + seconds_per_hour - start,
                   .calls = query.calls,
                   .timed_calls = query.timed_calls,
                   .total_ns = nanoseconds(query.total_ms),
                   .max_ns = nanoseconds(query.max_ms),
                   .rows = query.rows,
                   .rows_calls = query.rows_calls,
                   .times = query.times});
  }
  return out;
}

std::vector<SizeSample> relation_sizes(const Catalog& catalog, std::int64_t taken) {
  std::vector<SizeSample> out;
  for (const auto& [key, table] : catalog.tables) {
    if (table.statistics && table.statistics->bytes > 0)
      out.push_back(
          {SizeSample::Kind::table, table.name, taken, table.statistics->bytes, table.statistics->rows});
    for (const auto& index : table.indexes)
      if (index.statistics && index.statistics->pages > 0)
        out.push_back({SizeSample::Kind::index,
                       {table.name.schema, index.name},
                       taken,
                       index.statistics->pages * page_bytes,
                       -1});
  }
  return out;
}

std::optional<IndexScans> index_scans(const Catalog& catalog, std::int64_t taken) {
  if (catalog.member.address.empty()) return std::nullopt;
  IndexScans out{catalog.member, catalog.database, taken, {}};
  for (const auto& [key, table] : catalog.tables)
    for (const auto& index : table.indexes)
      if (index.statistics && index.valid && !index.unique && !index.constraint && !index.replica_identity &&
          index.attached_to.empty() && table.partition_key.empty())
        out.scans.emplace_back(QualifiedName{table.name.schema, index.name}, index.statistics->scans);
  return out;
}

}  // namespace pgadvise::store
