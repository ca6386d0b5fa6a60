#include "store/facts/counters.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/files/digest.h"
#include "base/text/json_parse.h"
#include "base/text/mask.h"
#include "base/text/text.h"

namespace pgadvise::store {
namespace {

using Json = nlohmann::json;
using Counts = CounterState::Counts;

constexpr int counters_version = 1;
constexpr std::int64_t longest = 7 * seconds_per_day;

std::map<std::string, Counts> counts_of(const Workload& workload) {
  std::map<std::string, Counts> out;
  for (const auto& query : workload.queries)
    if (!query.fingerprint.empty())
      out[query.fingerprint] = {query.calls, nanoseconds(query.total_ms), query.rows};
  return out;
}

Counts grown(const Counts& before, const Counts& now) {
  if (now.calls < before.calls / 2) return now;
  if (now.calls < before.calls || now.total_ns < before.total_ns || now.rows < before.rows) return {};
  return {now.calls - before.calls, now.total_ns - before.total_ns, now.rows - before.rows};
}

void begin_bucket(CounterState& state, std::int64_t now) {
  const std::int64_t start = state.taken - state.taken % seconds_per_hour;
  const std::int64_t seconds =
      std::max<std::int64_t>((now - state.taken + seconds_per_hour / 2) / seconds_per_hour, 1) *
      seconds_per_hour;
  if (start == state.bucket_start && seconds == state.bucket_seconds) return;
  state.bucket_start = start;
  state.bucket_seconds = seconds;
  state.bucket.clear();
}

Json json_of(const std::map<std::string, Counts>& counts, bool with_text) {
  Json out = Json::object();
  for (const auto& [fingerprint, one] : counts) {
    out[fingerprint] = {one.calls, one.total_ns, one.rows};
    if (with_text) out[fingerprint].push_back(printable_block(one.text));
  }
  return out;
}

std::map<std::string, Counts> read_counts(const Json& from, bool with_text) {
  std::map<std::string, Counts> out;
  for (const auto& [fingerprint, one] : from.items())
    out[fingerprint] = {one.at(0).get<std::uint64_t>(), one.at(1).get<std::int64_t>(),
                        one.at(2).get<std::uint64_t>(), with_text ? one.at(3).get<std::string>() : ""};
  return out;
}

}  // namespace

std::vector<QueryStatistics> bucket_statistics(const CounterState& state) {
  const std::string source =
      sha256_hex(fmt::format("pg_stat_statements {} {}", state.bucket_start, state.bucket_seconds))
          .substr(0, 16);
  std::uint64_t size = 0;  // of two readings of a bucket, the later one has more
  for (const auto& [fingerprint, counts] : state.bucket) size += counts.calls;
  std::vector<QueryStatistics> out;
  for (const auto& [fingerprint, counts] : state.bucket)
    out.push_back({.source = source,
                   .source_size = size,
                   .class_id = fingerprint,
                   .text = counts.text,
                   .bucket_start = state.bucket_start,
                   .bucket_seconds = state.bucket_seconds,
                   .calls = counts.calls,
                   .timed_calls = counts.calls,
                   .total_ns = counts.total_ns,
                   .max_ns = 0,
                   .rows = counts.rows,
                   .rows_calls = counts.calls,
                   .times = {}});
  return out;
}

std::vector<QueryStatistics> add_reading(CounterState& state, const Workload& workload, std::int64_t now) {
  if (workload.sources.size() != 1 || workload.sources.front().format != "pg_stat_statements") return {};
  const std::string& server = workload.sources.front().identity.marks;
  auto counts = counts_of(workload);
  const bool anew =
      state.taken == 0 || server != state.server || now < state.taken || now - state.taken > longest;
  if (!anew) {
    begin_bucket(state, now);
    for (const auto& query : workload.queries) {
      const auto read = counts.find(query.fingerprint);
      if (read == counts.end()) continue;
      const auto before = state.before.find(query.fingerprint);
      const Counts more = before == state.before.end() ? read->second : grown(before->second, read->second);
      if (more.calls == 0) continue;
      Counts& sum = state.bucket[query.fingerprint];
      sum.calls += more.calls;
      sum.total_ns = add_nanoseconds(sum.total_ns, more.total_ns);
      sum.rows += more.rows;
      if (sum.text.empty()) sum.text = mask_secrets(query.text);
    }
  }
  state.server = server;
  state.taken = now;
  state.before = std::move(counts);
  return anew ? std::vector<QueryStatistics>() : bucket_statistics(state);
}

std::string counters_json(const CounterState& state) {
  return Json{{"pgadvise_counters", counters_version},
              {"server", printable(state.server)},
              {"taken", state.taken},
              {"before", json_of(state.before, false)},
              {"bucket_start", state.bucket_start},
              {"bucket_seconds", state.bucket_seconds},
              {"bucket", json_of(state.bucket, true)}}
      .dump();
}

CounterState read_counters_json(std::string_view text) {
  const Json json = parsed_json(text);
  try {
    if (json.is_discarded() || json.at("pgadvise_counters") != counters_version) return {};
    CounterState out;
    json.at("server").get_to(out.server);
    json.at("taken").get_to(out.taken);
    out.before = read_counts(json.at("before"), false);
    json.at("bucket_start").get_to(out.bucket_start);
    json.at("bucket_seconds").get_to(out.bucket_seconds);
    out.bucket = read_counts(json.at("bucket"), true);
    const bool written_here = out.taken >= 0 && out.bucket_start >= 0 && out.bucket_seconds >= 0;
    return written_here ? out : CounterState();
  } catch (const Json::exception&) {
    return {};
  }
}

}  // namespace pgadvise::store
