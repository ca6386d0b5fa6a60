// The members of a workload file, each named once for the writer and the parser (both in workload_file.cc).
// Each function names the members of one object in the order in which they are written. `io` is
//   - a WorkloadWriter, whose values are const, or
//   - a WorkloadParser, whose values are fresh, and which remembers the first member that is invalid.
// Both have
//   io(key, value)                    a member of each object
//   io.maybe(key, value, written)     a member that may be missing; the writer writes it where `written`
//   io.has(key, written)              whether the object has the member, or gets it
//   io.object(key, fields)            a member that is an object, whose members `fields()` names
//   io.part(key, optional, fields)    the same for an object that may be missing: `fields(value)`
//   io.list(key, values, fields)      objects, missing where there are none: `fields(value, index)`
//   io.word(key, value, words)        an enumerator by its name
//   io.fingerprint(key, value, text)     of a statement; the parser also sets its text
//   io.fingerprints(key, values, texts)  the same for a list
//   io.adopt(fingerprint, statement)     the parser makes the fingerprint its own; both were named before
//   io.whole(key, value)                 a double, written as a whole number
//   io.range(key, bytes)                 [[0, bytes]]
//   io.lines(key, places, log)           the line numbers of places in the log
//   io.set_if(condition, value, to)      what the parser sets where a member is missing
//   io.check(holds, key, problem)        what the parser refuses unless it holds
//   io.file, io.literals                 the log's path; whether values of statements are written
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "log/record/logged_plan.h"
#include "model/queries/workload.h"

namespace pgadvise::log::workload_fields {

inline constexpr std::size_t longest_pattern = 8;
inline constexpr std::size_t longest_written_plan =
    16 * longest_plan;  // laid out anew, with '...' for each digit

inline constexpr std::pair<RepeatedQuery::Scope, std::string_view> scopes[] = {
    {RepeatedQuery::Scope::trace, "trace"},
    {RepeatedQuery::Scope::transaction, "transaction"},
    {RepeatedQuery::Scope::session_burst, "session burst"},
    {RepeatedQuery::Scope::pool_burst, "pool burst"}};

inline constexpr std::pair<LoggedPlan::Format, std::string_view> plan_formats[] = {
    {LoggedPlan::Format::text, "text"}, {LoggedPlan::Format::json, "json"}};

inline std::vector<std::pair<ServerEvent::Kind, std::string_view>> event_kinds() {
  std::vector<std::pair<ServerEvent::Kind, std::string_view>> out;
  for (int i = 0; i < server_event_kinds; ++i)
    out.emplace_back(static_cast<ServerEvent::Kind>(i), name(static_cast<ServerEvent::Kind>(i)));
  return out;
}

void place_fields(auto& io, auto& place) {
  io.maybe("file", place.file, place.file != io.file);
  io.set_if(place.file.empty(), place.file, io.file);
  io.maybe("line", place.line, place.line > 0);
}

// `text`: the normalized statement, which a sample without a statement gets.
void sample_fields(auto& io, auto& sample, const std::string& text) {
  place_fields(io, sample.place);
  io.maybe("column", sample.place.column, sample.place.column > 0);
  io.maybe("ms", sample.duration_ms, sample.duration_ms.has_value());
  io.maybe("statement", sample.statement, io.literals && sample.statement != text);
  io.set_if(sample.statement.empty(), sample.statement, text);
  io.maybe("parameters", sample.parameters, io.literals && sample.parameters.has_value());
}

void plan_fields(auto& io, auto& plan) {
  io.word("format", plan.format, plan_formats);
  place_fields(io, plan.place);
  io("ms", plan.duration_ms);
  io("text", plan.text);
  io.maybe("logged", plan.logged, io.literals && !plan.logged.empty());
  io.check(std::max(plan.text.size(), plan.logged.size()) <= longest_written_plan, "plan",
           "is longer than the limit");
}

void query_fields(auto& io, auto& query) {
  io.fingerprint("fingerprint", query.fingerprint, query.text);
  io("calls", query.calls);
  io.maybe("timed_calls", query.timed_calls, query.timed_calls > 0);
  if (query.timed_calls > 0) {
    io("total_ms", query.total_ms);
    io("min_ms", query.min_ms);
    io("max_ms", query.max_ms);
  }
  io.check(query.timed_calls <= query.calls, "timed_calls", "are more than calls");
  io.check(query.min_ms <= query.max_ms, "min_ms", "is more than max_ms");
  io.maybe("times", query.times, query.times.count() > 0);
  io.check(query.times.count() <= query.timed_calls, "times", "are more than timed_calls");
  io.maybe("rows", query.rows, query.rows_calls > 0);
  io.maybe("rows_calls", query.rows_calls, query.rows_calls > 0);
  const bool dated = query.first && query.last;
  io.maybe("first", query.first, dated);
  io.maybe("last", query.last, dated);
  io.maybe("users", query.users, !query.users.empty());
  io.maybe("databases", query.databases, !query.databases.empty());
  io.maybe("applications", query.applications, !query.applications.empty());
  io.list("samples", query.samples,
          [&](auto& sample, std::size_t) { sample_fields(io, sample, query.text); });
  io.part("plan", query.plan, [&](auto& plan) { plan_fields(io, plan); });
}

void pause_fields(auto& io, auto& pauses) {
  io("low_ms", pauses.low_ms);
  io("median_ms", pauses.median_ms);
  io("high_ms", pauses.high_ms);
  io.maybe("within_ms", pauses.within_ms, pauses.within_ms >= 0);
}

void repeat_fields(auto& io, auto& repeat) {
  std::vector<std::string> texts;  // of the pattern's statements; empty for the writer, likewise the next one
  std::string parent_text;
  io.fingerprints("pattern", repeat.pattern, texts);
  io.check(!repeat.pattern.empty() && repeat.pattern.size() <= longest_pattern, "pattern",
           "does not have 1 to 8 statements");
  if (io.has("parent", !repeat.parent.empty())) io.fingerprint("parent", repeat.parent, parent_text);
  io.word("scope", repeat.scope, scopes);
  io("scopes", repeat.scopes);
  io("calls", repeat.calls);
  io("most_in_one_scope", repeat.max_in_one_scope);
  if (io.has("scope_of_most", repeat.scope_of_most != repeat.scope))
    io.word("scope_of_most", repeat.scope_of_most, scopes);
  else io.set_if(true, repeat.scope_of_most, repeat.scope);
  io("distinct_parameters", repeat.distinct_parameters);
  io("parameters_known", repeat.parameters_known);
  io("same_values", repeat.same_values);
  io("total_ms", repeat.total_ms);
  io("longest_span_ms", repeat.longest_span_ms);
  io.list("samples", repeat.samples, [&](auto& sample, std::size_t i) {
    sample_fields(io, sample, texts.empty() ? std::string() : texts[i % texts.size()]);
  });
  io.part("parent_sample", repeat.parent_sample,
          [&](auto& sample) { sample_fields(io, sample, parent_text); });
  io.list("earlier", repeat.earlier, [&](auto& earlier, std::size_t) {
    std::string text;
    io.fingerprint("query", earlier.fingerprint, text);
    if (io.has("sample", true)) io.object("sample", [&] { sample_fields(io, earlier.sample, text); });
  });
  if (io.has("pauses", repeat.pauses.known())) io.object("pauses", [&] { pause_fields(io, repeat.pauses); });
  io.maybe("call_times", repeat.call_times, !repeat.call_times.empty());
  io.check(
      std::all_of(repeat.call_times.begin(), repeat.call_times.end(),
                  [&](const auto& call) { return call.position < static_cast<int>(repeat.pattern.size()); }),
      "call_times", "contains an invalid call, or too many");
  io.maybe("elsewhere", repeat.elsewhere, repeat.elsewhere);
  io.maybe("own_transactions", repeat.own_transactions, repeat.own_transactions);
}

void pair_fields(auto& io, auto& pair) {
  std::string first, then;  // texts; empty for the writer
  io.fingerprint("first", pair.first, first);
  io.fingerprint("then", pair.then, then);
  io("bursts", pair.bursts);
  io("calls", pair.calls);
  io.part("first_sample", pair.first_sample, [&](auto& sample) { sample_fields(io, sample, first); });
  io.part("then_sample", pair.then_sample, [&](auto& sample) { sample_fields(io, sample, then); });
}

void order_fields(auto& io, auto& order) {
  std::vector<std::string> texts;
  io.fingerprints("statements", order.statements, texts);
  io.check(order.statements.size() >= 2 && order.statements.size() <= TransactionOrder::max_statements,
           "statements", fmt::format("are not 2 to {}", TransactionOrder::max_statements));
  io("transactions", order.transactions);
  place_fields(io, order.place);
}

void holder_fields(auto& io, auto& holder) {
  io("count", holder.count);
  io.maybe("application", holder.application, !holder.application.empty());
  io.maybe("user", holder.user, !holder.user.empty());
  io.maybe("statement", holder.statement, !holder.statement.empty());
}

void event_fields(auto& io, auto& event) {
  io.word("kind", event.kind, event_kinds());
  io("count", event.count);
  io.maybe("about", event.about, !event.about.empty());
  io.maybe("fingerprint", event.fingerprint, !event.fingerprint.empty());
  io.maybe("statement", event.statement, !event.fingerprint.empty());
  io.adopt(event.fingerprint, event.statement);
  // One pair of members for both units; the kind tells which one it is.
  const bool bytes = event.kind == ServerEvent::Kind::temporary_file;
  auto& total = bytes ? event.total_bytes : event.total_us;
  auto& most = bytes ? event.largest_bytes : event.longest_us;
  const bool summed = total > 0;
  if (io.has("total", summed)) io.whole("total", total);
  if (io.has("most", summed)) io.whole("most", most);
  io.maybe("times", event.times, event.times.count() > 0);
  io.maybe("applications", event.applications, !event.applications.empty());
  io.list("holders", event.holders, [&](auto& holder, std::size_t) { holder_fields(io, holder); });
  const bool dated = event.first && event.last;
  io.maybe("first", event.first, dated);
  io.maybe("last", event.last, dated);
  place_fields(io, event.place);
}

void source_fields(auto& io, auto& source) {
  io("path", source.path);
  io("format", source.format);
  io.maybe("prefix", source.prefix, !source.prefix.empty());
  io.object("identity", [&] {
    io("marks", source.identity.marks);
    io("tail", source.identity.tail);
  });
  io.range("ranges", source.identity.bytes);
  io("lines", source.lines);
  io("used", source.used);
  io("continuation", source.continuation);
  io("other", source.other);
  io("not_understood", source.not_understood);
  if (io.has("not_understood_at", !source.not_understood_at.empty()))
    io.lines("not_understood_at", source.not_understood_at, source.path);
  io("statements", source.statements);
  io("timed_statements", source.timed_statements);
  io.maybe("note", source.note, !source.note.empty());
}

}  // namespace pgadvise::log::workload_fields
