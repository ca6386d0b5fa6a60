#include "report/json/digest_json.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/text/mask.h"
#include "report/json/members.h"
#include "report/text/figures.h"

namespace pgadvise::report {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t max_timed_repeats = 100;  // with the time of each call

json known(std::optional<double> value) { return value ? json(*value) : json(); }

json percentile(const Query& query, double share) {
  const auto value = query.percentile_ms(share);
  if (!value) return {};
  const double whole_us = std::round(*value * 1000) / 1000;  // more digits would be made up
  return json(std::clamp(whole_us, query.min_ms, std::max(query.min_ms, query.max_ms)));
}

json sample_json(const Sample& logged, bool show_literals) {
  const Sample sample = show_literals ? without_secrets(logged) : logged;
  json out;
  out["file"] = sample.place.file;
  if (sample.place.line > 0) out["line"] = sample.place.line;
  out["duration_ms"] = known(sample.duration_ms);
  if (!show_literals) return out;
  out["statement"] = sample.statement;
  if (sample.parameters)
    out["parameters"] =
        array_of(*sample.parameters, [](const auto& value) { return value ? json(*value) : json(); });
  return out;
}

json plan_json(const LoggedPlan& plan, bool show_literals) {
  json out{{"format", plan.format == LoggedPlan::Format::json ? "json" : "text"},
           {"duration_ms", plan.duration_ms},
           {"file", plan.place.file}};
  if (plan.place.line > 0) out["line"] = plan.place.line;
  const bool logged = show_literals && !plan.logged.empty();
  out["text"] = !logged                                   ? plan.text
                : plan.format == LoggedPlan::Format::json ? mask_secrets_in_json(plan.logged)
                                                          : mask_secrets(plan.logged);
  return out;
}

// What was not logged is null: no durations, no mean.
void put_times(json& out, const Query& query) {
  const bool timed = query.timed_calls > 0;
  out["total_ms"] = query.total_ms;
  out["mean_ms"] = timed ? json(query.mean_ms()) : json();
  out["min_ms"] = timed ? json(query.min_ms) : json();
  out["max_ms"] = timed ? json(query.max_ms) : json();
  out["p50_ms"] = percentile(query, 0.5);
  out["p95_ms"] = percentile(query, 0.95);
  out["p99_ms"] = percentile(query, 0.99);
}

// The buckets of the workload file: [bucket, calls].
json histogram_json(const Histogram& times) {
  json out = json::array();
  for (const auto& bucket : times.buckets())
    if (bucket.count) out.push_back({bucket.index, bucket.count});
  return out;
}

json query_json(const Query& query, bool show_literals) {
  json out{{"fingerprint", query.fingerprint}, {"query", query.text}, {"calls", query.calls}};
  put_times(out, query);
  out["histogram"] = histogram_json(query.times);
  out["users"] = query.users;
  out["databases"] = query.databases;
  out["applications"] = query.applications;
  out["samples"] = json::array();
  for (const auto& sample : query.samples)
    if (!sample.place.live()) out["samples"].push_back(sample_json(sample, show_literals));
  if (query.plan) out["plan"] = plan_json(*query.plan, show_literals);
  return out;
}

std::string_view scope_name(RepeatedQuery::Scope scope) {
  switch (scope) {
    case RepeatedQuery::Scope::trace: return "trace";
    case RepeatedQuery::Scope::transaction: return "transaction";
    case RepeatedQuery::Scope::session_burst: return "session burst";
    case RepeatedQuery::Scope::pool_burst: break;
  }
  return "pool burst";
}

// [offset, duration, index in the pattern], in ms.
json call_times_json(const std::vector<RepeatedQuery::CallTime>& calls) {
  return array_of(calls, [](const RepeatedQuery::CallTime& call) {
    return json{static_cast<double>(call.offset_us) / 1000, static_cast<double>(call.duration_us) / 1000,
                call.position};
  });
}

json repeat_json(const RepeatedQuery& repeat, bool show_literals, bool with_times) {
  json out{{"pattern", repeat.pattern},
           {"scope", scope_name(repeat.scope)},
           {"scopes", repeat.scopes},
           {"calls", repeat.calls},
           {"most_in_one_scope", repeat.max_in_one_scope},
           {"same_values", repeat.same_values},
           {"total_ms", repeat.total_ms},
           {"longest_span_ms", repeat.longest_span_ms}};
  if (!repeat.parent.empty()) out["parent"] = repeat.parent;
  if (repeat.pauses.known())
    out["pauses"] = {{"low_ms", repeat.pauses.low_ms},
                     {"median_ms", repeat.pauses.median_ms},
                     {"high_ms", repeat.pauses.high_ms}};
  if (with_times && !repeat.call_times.empty()) out["call_times"] = call_times_json(repeat.call_times);
  out["samples"] =
      array_of(repeat.samples, [&](const Sample& sample) { return sample_json(sample, show_literals); });
  if (repeat.parent_sample) out["parent_sample"] = sample_json(*repeat.parent_sample, show_literals);
  return out;
}

json event_json(const ServerEvent& event) {
  json out{{"kind", name(event.kind)}, {"count", event.count}};
  if (!event.about.empty()) out["about"] = event.about;
  if (!event.fingerprint.empty()) out["fingerprint"] = event.fingerprint, out["query"] = event.statement;
  if (event.kind == ServerEvent::Kind::temporary_file) {
    out["total_bytes"] = event.total_bytes;
    out["max_bytes"] = event.largest_bytes;
  } else if (event.times.count()) {
    out["total_ms"] = event.total_us / 1000;
    out["max_ms"] = event.longest_us / 1000;
    out["p50_ms"] = median_ms(event);
  }
  for (const auto& holder : event.holders)
    out["holders"].push_back({{"application", holder.application},
                              {"user", holder.user},
                              {"query", holder.statement},
                              {"count", holder.count}});
  if (event.first) out["first"] = time_stamp(*event.first);
  if (event.last) out["last"] = time_stamp(*event.last);
  out["location"] = {{"file", event.place.file}, {"line", event.place.line}};
  return out;
}

void put_counts(json& out, const Workload& workload) {
  std::uint64_t lines = 0, statements = 0, not_understood = 0;
  for (const auto& source : workload.sources) {
    lines += source.lines;
    statements += source.statements;
    not_understood += source.not_understood;
  }
  const auto span = span_of(workload);
  out["lines"] = lines;
  out["statements"] = statements;
  out["templates"] = workload.queries.size();
  out["sessions"] = workload.sessions;
  out["first"] = span ? json(time_stamp(span->first)) : json();
  out["last"] = span ? json(time_stamp(span->last)) : json();
  out["unparsed_lines"] = not_understood;
}

// null: no call's time was logged.
json timeline_json(const Timeline& timeline) {
  if (timeline.empty()) return {};
  json buckets = json::array();
  for (std::size_t i = 0; i < timeline.buckets().size(); ++i) {
    const auto& bucket = timeline.buckets()[i];
    buckets.push_back(
        {{"start", time_stamp(timeline.start() + static_cast<std::int64_t>(i) * timeline.width())},
         {"count", bucket.calls},
         {"time_ms", static_cast<double>(bucket.total_us) / 1000}});
  }
  return {{"bucket_seconds", timeline.width() / 1'000'000}, {"buckets", std::move(buckets)}};
}

// What became of each log's lines; the parts add up.
json sources_json(const Workload& workload) {
  return array_of(workload.sources, [](const auto& source) {
    json entry{{"path", source.path},
               {"format", source.format},
               {"lines", source.lines},
               {"used", source.used},
               {"continuation", source.continuation},
               {"other", source.other},
               {"not_understood", source.not_understood},
               {"not_understood_at",
                array_of(source.not_understood_at, [](const auto& place) { return place.line; })}};
    put(entry, "note", source.note);
    return entry;
  });
}

json side_json(const Query* query) {
  if (!query) return {};
  json out{{"calls", query->calls}};
  put_times(out, *query);
  return out;
}

json changes_json(const std::vector<QueryChange>& changes) {
  return array_of(changes, [](const QueryChange& change) {
    const Query& either = change.after ? *change.after : *change.before;
    json entry{{"fingerprint", either.fingerprint},
               {"query", either.text},
               {"old", side_json(change.before)},
               {"new", side_json(change.after)}};
    if (change.before && change.after) {
      entry["mean_ratio"] = change.time_ratio > 0 ? json(change.time_ratio) : json();
      entry["calls_ratio"] = change.calls_ratio > 0 ? json(change.calls_ratio) : json();
    }
    return entry;
  });
}

json whole_json(const Workload& workload, double hours) {
  json out;
  put_counts(out, workload);
  double total = 0;
  for (const auto& query : workload.queries) total += query.total_ms;
  out["total_ms"] = total;
  out["hours"] = hours > 0 ? json(hours) : json();
  return out;
}

}  // namespace

json workload_json(const Workload& workload, bool show_literals, std::size_t queries) {
  json out;
  put_counts(out, workload);
  out["timeline"] = timeline_json(workload.timeline);
  out["queries"] = json::array();
  for (std::size_t i = 0; i < std::min(queries, workload.queries.size()); ++i)
    out["queries"].push_back(query_json(workload.queries[i], show_literals));
  out["repeats"] = json::array();
  for (std::size_t i = 0; i < workload.repeats.size(); ++i)
    out["repeats"].push_back(repeat_json(workload.repeats[i], show_literals, i < max_timed_repeats));
  for (const auto& event : workload.server_events) out["server_events"].push_back(event_json(event));
  out["sources"] = sources_json(workload);
  return out;
}

std::string digest_json(const Workload& workload, bool show_literals) {
  return text_of(workload_json(workload, show_literals, workload.queries.size()));
}

std::string comparison_json(const Comparison& comparison) {
  json out;
  out["old"] = whole_json(*comparison.before, comparison.hours_before);
  out["new"] = whole_json(*comparison.after, comparison.hours_after);
  out["calls_per_hour"] = comparison.per_hour;
  out["added"] = changes_json(comparison.added);
  out["gone"] = changes_json(comparison.gone);
  out["slower"] = changes_json(comparison.slower);
  out["faster"] = changes_json(comparison.faster);
  out["more_frequent"] = changes_json(comparison.more_frequent);
  return text_of(out);
}

}  // namespace pgadvise::report
