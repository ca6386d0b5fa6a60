#include "log/workload/workload_file.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "base/text/text.h"
#include "log/workload/workload_format.h"
#include "log/workload/workload_reader.h"
#include "sql/parse/statement.h"

namespace pgadvise::log {

using namespace workload_format;

namespace {

// A log may say anything, and sums grow: what is written is what will be read.
double bounded(double ms) { return std::clamp(ms, 0.0, longest_ms); }
std::int64_t bounded_us(std::int64_t us) { return std::clamp<std::int64_t>(us, 0, std::int64_t{most}); }
std::int64_t bounded(std::int64_t time) { return std::clamp(time, 1 - latest, latest - 1); }

json sample_json(const Sample& sample, const std::string& file, const std::string& text, bool literals) {
  json out = json::object();
  if (sample.place.file != file) out["file"] = sample.place.file;
  if (sample.place.line > 0) out["line"] = sample.place.line;
  if (sample.place.column > 0) out["column"] = sample.place.column;
  if (sample.duration_ms) out["ms"] = bounded(*sample.duration_ms);
  if (!literals) return out;
  if (sample.statement != text) out["statement"] = sample.statement;
  if (!sample.parameters) return out;
  out["parameters"] = json::array();
  for (const auto& value : *sample.parameters) out["parameters"].push_back(value ? json(*value) : json());
  return out;
}

json plan_json(const LoggedPlan& plan, const std::string& file, bool literals) {
  json out = json::object();
  for (const auto& [format, name] : plan_formats)
    if (format == plan.format) out["format"] = name;
  if (plan.place.file != file) out["file"] = plan.place.file;
  if (plan.place.line > 0) out["line"] = plan.place.line;
  out["ms"] = bounded(plan.duration_ms);
  out["text"] = plan.text;
  if (literals && !plan.logged.empty()) out["logged"] = plan.logged;
  return out;
}

json query_json(const Query& query, const std::string& file, bool literals) {
  json out{{"fingerprint", query.fingerprint}, {"calls", query.calls}};
  if (query.timed_calls) {
    out["timed_calls"] = query.timed_calls;
    out["total_ms"] = bounded(query.total_ms);
    out["min_ms"] = bounded(query.min_ms);
    out["max_ms"] = bounded(query.max_ms);
  }
  if (query.times.count()) {
    out["times"] = json::array();
    for (const auto& bucket : query.times.buckets()) out["times"].push_back({bucket.index, bucket.count});
  }
  if (query.rows_calls) out["rows"] = std::min(query.rows, most), out["rows_calls"] = query.rows_calls;
  if (query.first && query.last) out["first"] = bounded(*query.first), out["last"] = bounded(*query.last);
  if (!query.users.empty()) out["users"] = query.users;
  if (!query.databases.empty()) out["databases"] = query.databases;
  if (!query.applications.empty()) out["applications"] = query.applications;
  for (const auto& sample : query.samples)
    out["samples"].push_back(sample_json(sample, file, query.text, literals));
  if (query.plan) out["plan"] = plan_json(*query.plan, file, literals);
  return out;
}

json repeat_json(const RepeatedQuery& repeat, const std::string& file, bool literals) {
  json out{{"pattern", repeat.pattern}};
  if (!repeat.parent.empty()) out["parent"] = repeat.parent;
  for (const auto& [scope, name] : scopes)
    if (scope == repeat.scope) out["scope"] = name;
  out["scopes"] = repeat.scopes;
  out["calls"] = repeat.calls;
  out["most_in_one_scope"] = repeat.max_in_one_scope;
  for (const auto& [scope, name] : scopes)
    if (scope == repeat.scope_of_most && scope != repeat.scope) out["scope_of_most"] = name;
  out["distinct_parameters"] = repeat.distinct_parameters;
  out["parameters_known"] = repeat.parameters_known;
  out["same_values"] = repeat.same_values;
  out["total_ms"] = bounded(repeat.total_ms);
  out["longest_span_ms"] = bounded(repeat.longest_span_ms);
  for (const auto& sample : repeat.samples) out["samples"].push_back(sample_json(sample, file, {}, literals));
  if (repeat.parent_sample) out["parent_sample"] = sample_json(*repeat.parent_sample, file, {}, literals);
  for (const auto& earlier : repeat.earlier)
    out["earlier"].push_back(
        {{"query", earlier.fingerprint}, {"sample", sample_json(earlier.sample, file, {}, literals)}});
  if (const auto& pauses = repeat.pauses; pauses.known()) {
    out["pauses"] = {{"low_ms", bounded(pauses.low_ms)},
                     {"median_ms", bounded(pauses.median_ms)},
                     {"high_ms", bounded(pauses.high_ms)}};
    if (pauses.within_ms >= 0) out["pauses"]["within_ms"] = bounded(pauses.within_ms);
  }
  for (const auto& call : repeat.call_times)
    out["call_times"].push_back({bounded_us(call.offset_us), bounded_us(call.duration_us), call.position});
  if (repeat.elsewhere) out["elsewhere"] = true;
  if (repeat.own_transactions) out["own_transactions"] = true;
  return out;
}

json pair_json(const WritePair& pair, const std::string& file, bool literals) {
  json out{{"first", pair.first}, {"then", pair.then}, {"bursts", pair.bursts}, {"calls", pair.calls}};
  if (pair.first_sample) out["first_sample"] = sample_json(*pair.first_sample, file, {}, literals);
  if (pair.then_sample) out["then_sample"] = sample_json(*pair.then_sample, file, {}, literals);
  return out;
}

json order_json(const TransactionOrder& order, const std::string& file) {
  json out{{"statements", order.statements}, {"transactions", order.transactions}};
  if (order.place.file != file) out["file"] = order.place.file;
  if (order.place.line > 0) out["line"] = order.place.line;
  return out;
}

json event_json(const ServerEvent& event, const std::string& file) {
  json out{{"kind", name(event.kind)}, {"count", event.count}};
  if (!event.about.empty()) out["about"] = event.about;
  if (!event.fingerprint.empty()) out["fingerprint"] = event.fingerprint, out["statement"] = event.statement;
  static constexpr double max_written = 9e15;  // whole numbers that a double holds
  const auto whole = [](double value) { return static_cast<std::uint64_t>(std::min(value, max_written)); };
  // One pair of members for both units; the kind tells which it is.
  if (event.total_us > 0) out["total"] = whole(event.total_us), out["most"] = whole(event.longest_us);
  if (event.total_bytes > 0)
    out["total"] = whole(event.total_bytes), out["most"] = whole(event.largest_bytes);
  if (event.times.count()) {
    out["times"] = json::array();
    for (const auto& bucket : event.times.buckets()) out["times"].push_back({bucket.index, bucket.count});
  }
  if (!event.applications.empty()) out["applications"] = event.applications;
  for (const auto& holder : event.holders) {
    json entry{{"count", holder.count}};
    if (!holder.application.empty()) entry["application"] = holder.application;
    if (!holder.user.empty()) entry["user"] = holder.user;
    if (!holder.statement.empty()) entry["statement"] = holder.statement;
    out["holders"].push_back(std::move(entry));
  }
  if (event.first && event.last) out["first"] = *event.first, out["last"] = *event.last;
  if (event.place.file != file) out["file"] = event.place.file;
  if (event.place.line > 0) out["line"] = event.place.line;
  return out;
}

json timeline_json(const Timeline& timeline) {
  json buckets = json::array();
  for (const auto& bucket : timeline.buckets())
    buckets.push_back(
        {bucket.calls,
         std::min(static_cast<std::uint64_t>(std::max<std::int64_t>(bucket.total_us, 0)), most)});
  return {{"start", timeline.start()}, {"width", timeline.width()}, {"buckets", std::move(buckets)}};
}

json source_json(const LogSource& source) {
  json out{{"path", source.path}, {"format", source.format}};
  if (!source.prefix.empty()) out["prefix"] = source.prefix;
  out["identity"] = {{"marks", source.identity.marks}, {"tail", source.identity.tail}};
  out["ranges"] = {{0, source.identity.bytes}};
  out["lines"] = source.lines;
  out["used"] = source.used;
  out["continuation"] = source.continuation;
  out["other"] = source.other;
  out["not_understood"] = source.not_understood;
  for (const auto& place : source.not_understood_at) out["not_understood_at"].push_back(place.line);
  out["statements"] = source.statements;
  out["timed_statements"] = source.timed_statements;
  if (!source.note.empty()) out["note"] = source.note;
  return out;
}

using Texts = std::map<std::string, const std::string*>;

// A loop over two logs may name a statement that only the other one counts, and that one may be gone.
bool known(const RepeatedQuery& repeat, const Texts& texts) {
  return (repeat.parent.empty() || texts.count(repeat.parent)) &&
         std::all_of(repeat.pattern.begin(), repeat.pattern.end(),
                     [&](const auto& each) { return texts.count(each) > 0; });
}

bool known(const WritePair& pair, const Texts& texts) {
  return texts.count(pair.first) && texts.count(pair.then);
}

bool known(const TransactionOrder& order, const Texts& texts) {
  return std::all_of(order.statements.begin(), order.statements.end(),
                     [&](const auto& each) { return texts.count(each) > 0; });
}

// A query and a repeat a line: as easy to compare by line as to read.
std::string log_entry(const Workload& workload, bool literals, const Texts& texts) {
  const LogSource& source = workload.sources.front();
  std::string out = fmt::format("{{\"source\": {},\n \"sessions\": {}, \"events\": {},\n",
                                dump(source_json(source)), workload.sessions, workload.has_events);
  if (!workload.timeline.empty())
    out += fmt::format(" \"timeline\": {},\n", dump(timeline_json(workload.timeline)));
  out += " \"queries\": [";
  const char* separator = "\n  ";
  for (const auto& query : workload.queries) {
    out += separator + dump(query_json(query, source.path, literals));
    separator = ",\n  ";
  }
  out += "],\n \"repeats\": [";
  separator = "\n  ";
  for (const auto& repeat : workload.repeats) {
    if (!texts.empty() && !known(repeat, texts)) continue;
    RepeatedQuery kept = repeat;
    if (!texts.empty())
      std::erase_if(kept.earlier, [&](const RepeatedQuery::Earlier& earlier) {
        return !texts.contains(earlier.fingerprint);
      });
    out += separator + dump(repeat_json(kept, source.path, literals));
    separator = ",\n  ";
  }
  out += "],\n \"write_pairs\": [";
  separator = "\n  ";
  for (const auto& pair : workload.write_pairs) {
    if (!texts.empty() && !known(pair, texts)) continue;
    out += separator + dump(pair_json(pair, source.path, literals));
    separator = ",\n  ";
  }
  if (!workload.transaction_orders.empty()) {
    out += "],\n \"transaction_orders\": [";
    separator = "\n  ";
    for (const auto& order : workload.transaction_orders) {
      if (!texts.empty() && !known(order, texts)) continue;
      out += separator + dump(order_json(order, source.path));
      separator = ",\n  ";
    }
  }
  if (workload.server_events.empty()) return out + "]}";
  out += "],\n \"server_events\": [";
  separator = "\n  ";
  for (const auto& event : workload.server_events) {
    out += separator + dump(event_json(event, source.path));
    separator = ",\n  ";
  }
  return out + "]}";
}

}  // namespace

std::string to_json_line(const Workload& workload) { return log_entry(workload, true, {}); }

std::string to_workload_file(const std::vector<Workload>& workloads, bool literals) {
  Texts texts;
  std::vector<const Workload*> logs;
  for (const auto& workload : workloads) {
    if (workload.sources.front().format.empty()) continue;
    logs.push_back(&workload);
    for (const auto& query : workload.queries) texts.try_emplace(query.fingerprint, &query.text);
  }
  std::string out = fmt::format("{{\"pgadvise_workload\": {},\n\"parser\": {},\n\"texts\": {{", version,
                                dump(sql::parser_version()));
  const char* separator = "\n ";
  for (const auto& [fingerprint, text] : texts) {
    out += separator + dump(fingerprint) + ": " + dump(*text);
    separator = ",\n ";
  }
  out += "},\n\"logs\": [";
  separator = "\n";
  for (const Workload* workload : logs) {
    out += separator + log_entry(*workload, literals, texts);
    separator = ",\n";
  }
  return out + "]}\n";
}

bool is_workload_file(std::string_view head) {
  const auto start = trim(head.substr(0, 4096));
  return start.starts_with('{') && trim(start.substr(1)).starts_with("\"pgadvise_workload\"");
}

Result<std::vector<Workload>> parse_workload_file(const std::string& path, std::string_view text) {
  return read_workloads(path, text);
}

}  // namespace pgadvise::log
