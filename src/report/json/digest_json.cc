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

json percentile(const Query& query, double share) {
  const auto value = query.percentile_ms(share);
  if (!value) return {};
  const double whole_us = std::round(*value * 1000) / 1000;  // more digits would be made up
  return json(std::clamp(whole_us, query.min_ms, std::max(query.min_ms, query.max_ms)));
}

json sample_json(const Sample& logged, bool show_literals) {
  const Sample sample = show_literals ? without_secrets(logged) : logged;
  json out = object("file", sample.place.file, "line", when(sample.place.line > 0, sample.place.line),
                    "duration_ms", or_null(sample.duration_ms));
  if (!show_literals) return out;
  put(out, "statement", sample.statement);
  if (sample.parameters) out["parameters"] = array_of(*sample.parameters, or_null<std::string>);
  return out;
}

json plan_json(const LoggedPlan& plan, bool show_literals) {
  const bool logged = show_literals && !plan.logged.empty();
  const bool is_json = plan.format == LoggedPlan::Format::json;
  return object("format", is_json ? "json" : "text", "duration_ms", plan.duration_ms, "file", plan.place.file,
                "line", when(plan.place.line > 0, plan.place.line), "text",
                !logged   ? plan.text
                : is_json ? mask_secrets_in_json(plan.logged)
                          : mask_secrets(plan.logged));
}

// What was not logged is null: no durations, no mean.
void put_times(json& out, const Query& query) {
  const bool timed = query.timed_calls > 0;
  put(out, "total_ms", query.total_ms, "mean_ms", or_null(when(timed, query.mean_ms())), "min_ms",
      or_null(when(timed, query.min_ms)), "max_ms", or_null(when(timed, query.max_ms)), "p50_ms",
      percentile(query, 0.5), "p95_ms", percentile(query, 0.95), "p99_ms", percentile(query, 0.99));
}

// The buckets of the workload file: [bucket, calls].
json histogram_json(const Histogram& times) {
  json out = json::array();
  for (const auto& bucket : times.buckets())
    if (bucket.count) out.push_back({bucket.index, bucket.count});
  return out;
}

json query_json(const Query& query, bool show_literals) {
  json out = object("fingerprint", query.fingerprint, "query", query.text, "calls", query.calls);
  put_times(out, query);
  put(out, "histogram", histogram_json(query.times), "users", query.users, "databases", query.databases,
      "applications", query.applications, "samples", json::array());
  for (const auto& sample : query.samples)
    if (!sample.place.live()) out["samples"].push_back(sample_json(sample, show_literals));
  if (query.plan) out["plan"] = plan_json(*query.plan, show_literals);
  return out;
}

std::string_view scope_name(RepeatedQuery::Scope scope) {
  constexpr std::string_view names[] = {"trace", "transaction", "session burst", "pool burst"};
  return names[static_cast<std::size_t>(scope)];
}

// [offset, duration, index in the pattern], in ms.
json call_times_json(const std::vector<RepeatedQuery::CallTime>& calls) {
  return array_of(calls, [](const RepeatedQuery::CallTime& call) {
    return json{static_cast<double>(call.offset_us) / 1000, static_cast<double>(call.duration_us) / 1000,
                call.position};
  });
}

json repeat_json(const RepeatedQuery& repeat, bool show_literals, bool with_times) {
  const auto& pauses = repeat.pauses;
  const auto in_json = [&](const Sample& sample) { return sample_json(sample, show_literals); };
  json out = object("pattern", repeat.pattern, "scope", scope_name(repeat.scope), "scopes", repeat.scopes,
                    "calls", repeat.calls, "most_in_one_scope", repeat.max_in_one_scope, "same_values",
                    repeat.same_values, "total_ms", repeat.total_ms, "longest_span_ms",
                    repeat.longest_span_ms, "parent", given(repeat.parent), "pauses",
                    when(pauses.known(), object("low_ms", pauses.low_ms, "median_ms", pauses.median_ms,
                                                "high_ms", pauses.high_ms)));
  if (with_times && !repeat.call_times.empty()) put(out, "call_times", call_times_json(repeat.call_times));
  put(out, "samples", array_of(repeat.samples, in_json), "parent_sample",
      or_missing(repeat.parent_sample, in_json));
  return out;
}

json event_json(const ServerEvent& event) {
  json out =
      object("kind", name(event.kind), "count", event.count, "about", given(event.about), "fingerprint",
             given(event.fingerprint), "query", when(!event.fingerprint.empty(), event.statement));
  if (event.kind == ServerEvent::Kind::temporary_file)
    put(out, "total_bytes", event.total_bytes, "max_bytes", event.largest_bytes);
  else if (event.times.count())
    put(out, "total_ms", event.total_us / 1000, "max_ms", event.longest_us / 1000, "p50_ms",
        median_ms(event));
  json holders = array_of(event.holders, [](const LockHolder& holder) {
    return object("application", holder.application, "user", holder.user, "query", holder.statement, "count",
                  holder.count);
  });
  put(out, "holders", given(holders), "first", or_missing(event.first, time_stamp), "last",
      or_missing(event.last, time_stamp), "location",
      object("file", event.place.file, "line", event.place.line));
  return out;
}

void put_counts(json& out, const Workload& workload) {
  const LogSource logs = total_of(workload.sources);
  const auto span = span_of(workload);
  put(out, "lines", logs.lines, "statements", logs.statements, "templates", workload.queries.size(),
      "sessions", workload.sessions, "first", span ? json(time_stamp(span->first)) : json(), "last",
      span ? json(time_stamp(span->last)) : json(), "unparsed_lines", logs.not_understood);
}

// null: no call's time was logged.
json timeline_json(const Timeline& timeline) {
  if (timeline.empty()) return {};
  json buckets = json::array();
  for (std::size_t i = 0; i < timeline.buckets().size(); ++i) {
    const auto& bucket = timeline.buckets()[i];
    buckets.push_back(object("start",
                             time_stamp(timeline.start() + static_cast<std::int64_t>(i) * timeline.width()),
                             "count", bucket.calls, "time_ms", static_cast<double>(bucket.total_us) / 1000));
  }
  return object("bucket_seconds", timeline.width() / 1'000'000, "buckets", std::move(buckets));
}

// What became of each log's lines; the parts add up.
json sources_json(const Workload& workload) {
  return array_of(workload.sources, [](const auto& source) {
    return object("path", source.path, "format", source.format, "lines", source.lines, "used", source.used,
                  "continuation", source.continuation, "other", source.other, "not_understood",
                  source.not_understood, "not_understood_at",
                  array_of(source.not_understood_at, [](const auto& place) { return place.line; }), "note",
                  given(source.note));
  });
}

json side_json(const Query* query) {
  if (!query) return {};
  json out = object("calls", query->calls);
  put_times(out, *query);
  return out;
}

json changes_json(const std::vector<QueryChange>& changes) {
  return array_of(changes, [](const QueryChange& change) {
    const Query& either = change.after ? *change.after : *change.before;
    json entry = object("fingerprint", either.fingerprint, "query", either.text, "old",
                        side_json(change.before), "new", side_json(change.after));
    if (change.before && change.after)
      put(entry, "mean_ratio", or_null(when(change.time_ratio > 0, change.time_ratio)), "calls_ratio",
          or_null(when(change.calls_ratio > 0, change.calls_ratio)));
    return entry;
  });
}

json whole_json(const Workload& workload, double hours) {
  json out;
  put_counts(out, workload);
  double total = 0;
  for (const auto& query : workload.queries) total += query.total_ms;
  put(out, "total_ms", total, "hours", or_null(when(hours > 0, hours)));
  return out;
}

}  // namespace

json workload_json(const Workload& workload, bool show_literals, std::size_t queries) {
  json out;
  put_counts(out, workload);
  put(out, "timeline", timeline_json(workload.timeline), "queries", json::array());
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
  return text_of(object("old", whole_json(*comparison.before, comparison.hours_before), "new",
                        whole_json(*comparison.after, comparison.hours_after), "calls_per_hour",
                        comparison.per_hour, "added", changes_json(comparison.added), "gone",
                        changes_json(comparison.gone), "slower", changes_json(comparison.slower), "faster",
                        changes_json(comparison.faster), "more_frequent",
                        changes_json(comparison.more_frequent)));
}

}  // namespace pgadvise::report
