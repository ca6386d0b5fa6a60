#include "log/collect/merge.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "log/collect/other_format.h"
#include "log/collect/query_state.h"
#include "log/lines/provenance.h"
#include "log/workload/workload_file.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t max_samples = 5;

template <class T, class Better>
void widen(std::optional<T>& known, const std::optional<T>& other, Better better) {
  if (other && (!known || better(*other, *known))) known = other;
}

void add_names(std::set<std::string>& names, const std::set<std::string>& others) {
  names.insert(others.begin(), others.end());
}

// The first of all names in their order, so that it doesn't matter whose came first.
void cut_names(std::set<std::string>& names) {
  if (names.size() > max_names) names.erase(std::next(names.begin(), max_names), names.end());
}

// A spelling that does not depend on which came first: the shortest, then the least.
bool plainer(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return a.size() < b.size();
  return a < b;
}

// The slowest call's; of two as slow the one whose content is less.
bool is_slower_plan(const LoggedPlan& a, const LoggedPlan& b) {
  if (a.duration_ms != b.duration_ms) return a.duration_ms > b.duration_ms;
  return std::tie(a.format, a.text, a.logged, a.place) < std::tie(b.format, b.text, b.logged, b.place);
}

// A query's times as integers until all are summed up.
struct QuerySum {
  Query query;
  std::int64_t total_ns = 0;

  explicit QuerySum(Query first) : query(std::move(first)), total_ns(nanoseconds(query.total_ms)) {}

  void add(Query other) {
    if (plainer(other.text, query.text)) query.text = std::move(other.text);
    query.calls += other.calls;
    if (other.timed_calls) {
      query.min_ms = query.timed_calls ? std::min(query.min_ms, other.min_ms) : other.min_ms;
      query.max_ms = std::max(query.max_ms, other.max_ms);
    }
    query.timed_calls += other.timed_calls;
    total_ns = add_nanoseconds(total_ns, nanoseconds(other.total_ms));
    query.times.merge(other.times);
    query.rows += other.rows;
    query.rows_calls += other.rows_calls;
    widen(query.first, other.first, std::less<>());
    widen(query.last, other.last, std::greater<>());
    add_names(query.users, other.users);
    add_names(query.databases, other.databases);
    add_names(query.applications, other.applications);
    std::ranges::move(other.samples, std::back_inserter(query.samples));
    widen(query.plan, other.plan, is_slower_plan);
  }

  Query take() {
    query.total_ms = static_cast<double>(total_ns) / 1e6;
    for (auto* names : {&query.users, &query.databases, &query.applications}) cut_names(*names);
    order_samples();
    return std::move(query);
  }

  // The slowest, then as they were read.
  void order_samples() {
    auto& samples = query.samples;
    const auto slowest = std::ranges::max_element(
        samples, {}, [](const Sample& sample) { return sample.duration_ms.value_or(-1); });
    if (slowest != samples.end()) std::rotate(samples.begin(), slowest, slowest + 1);
    if (samples.size() > max_samples) samples.resize(max_samples);
  }
};

struct RepeatSum {
  RepeatedQuery repeat;
  std::int64_t total_ns = 0;

  explicit RepeatSum(RepeatedQuery first)
      : repeat(std::move(first)), total_ns(nanoseconds(repeat.total_ms)) {}

  void add(RepeatedQuery other) {
    total_ns = add_nanoseconds(total_ns, nanoseconds(other.total_ms));
    const auto scope = std::min(repeat.scope, other.scope);
    const auto scopes = repeat.scopes + other.scopes;
    const auto calls = repeat.calls + other.calls;
    if (other.max_in_one_scope > repeat.max_in_one_scope) std::swap(repeat, other);
    repeat.scope = scope;
    repeat.scopes = scopes;
    repeat.calls = calls;
  }

  RepeatedQuery take() {
    repeat.total_ms = static_cast<double>(total_ns) / 1e6;
    return std::move(repeat);
  }
};

void add_event(ServerEvent& sum, ServerEvent event) {
  for (auto& holder : event.holders) add_holder(sum, std::move(holder));
  for (const auto& [application, count] : event.applications) sum.applications[application] += count;
  sum.count += event.count;
  sum.total_us += event.total_us;
  sum.longest_us = std::max(sum.longest_us, event.longest_us);
  sum.total_bytes += event.total_bytes;
  sum.largest_bytes = std::max(sum.largest_bytes, event.largest_bytes);
  sum.times.merge(event.times);
  widen(sum.first, event.first, std::less<>());
  widen(sum.last, event.last, std::greater<>());
}

void add_pair(WritePair& sum, const WritePair& pair) {
  sum.bursts += pair.bursts;
  sum.calls += pair.calls;
}

// What two waits have alike that one entry counts.
auto names_of(const LockHolder& holder) {
  return std::tie(holder.application, holder.user, holder.statement);
}

// Adds a value to the sum of its key.
template <class Sums, class Value, class Add>
void add_up(Sums& sums, const typename Sums::key_type& key, Value& value, Add add) {
  const auto sum = sums.find(key);
  if (sum == sums.end()) sums.emplace(key, std::move(value));
  else std::invoke(add, sum->second, std::move(value));
}

// By name: no order of adding shows.
void cut_applications(ServerEvent& event) {
  while (event.applications.size() > max_names) event.applications.erase(std::prev(event.applications.end()));
}

// One spelling for each query, before anything is left out.
void unify_texts(std::vector<Workload>& workloads) {
  std::unordered_map<std::string_view, const std::string*> plainest;
  for (const auto& workload : workloads)
    for (const auto& query : workload.queries)
      if (const auto [known, added] = plainest.emplace(query.fingerprint, &query.text);
          !added && plainer(query.text, *known->second))
        known->second = &query.text;
  for (auto& workload : workloads)
    for (auto& query : workload.queries)
      if (const std::string* text = plainest[query.fingerprint]; *text != query.text)
        query.text = std::string(*text);
}

// Two logs with times in their lines do not begin alike by chance; nor do two readings of one server's
// statistics, which only grow.
bool grows(const Workload& workload) {
  const auto dated = [](const auto& time) { return time.has_value(); };
  return workload.sources.front().format == "pg_stat_statements" ||
         std::ranges::any_of(workload.queries, dated, &Query::first) ||
         std::ranges::any_of(workload.server_events, dated, &ServerEvent::first);
}

// Whether to leave `one` out for `other`. Of two readings of the same bytes (with literals and
// without, by two versions of this program) the one that says more stays, then the one whose text is greater:
// never the one that came first. Lines without a time may well begin alike in two logs: of those only the
// whole is compared.
bool is_superseded(const Workload& one, const Workload& other, std::size_t index,
                   std::size_t index_of_other) {
  const auto& mine = one.sources.front().identity;
  const auto& others = other.sources.front().identity;
  if (mine.bytes < others.bytes) return (holds(others, mine) || ends_alike(others, mine)) && grows(one);
  if (!holds(others, mine)) return false;
  const std::string text = to_json_line(one), text_of_other = to_json_line(other);
  if (text.size() != text_of_other.size()) return text.size() < text_of_other.size();
  return text != text_of_other ? text < text_of_other : index > index_of_other;
}

// For each workload the one that counts in its place, if any: the same bytes first, which are sure.
std::vector<std::optional<std::size_t>> superseding(const std::vector<Workload>& workloads) {
  std::vector<std::optional<std::size_t>> out(workloads.size());
  // Logs that hold each other begin alike, or end alike; short ones without a mark are compared among
  // themselves.
  std::map<std::string, std::vector<std::size_t>> alike;
  for (std::size_t i = 0; i < workloads.size(); ++i)
    if (const auto& identity = workloads[i].sources.front().identity; identity.known()) {
      alike["begins " + identity.marks.substr(0, 8)].push_back(i);
      alike["ends " + identity.tail].push_back(i);
    }
  for (const auto& [mark, group] : alike)
    for (const std::size_t i : group)
      for (const std::size_t other : group)
        if (!out[i] && other != i && is_superseded(workloads[i], workloads[other], i, other)) out[i] = other;
  for (std::size_t i = 0; i < workloads.size(); ++i)
    for (std::size_t other = 0; other < workloads.size() && !out[i]; ++other)
      if (other != i && is_copy_in_another_format(workloads[i], workloads[other])) out[i] = other;
  return out;
}

// Forms of one log that rotate at different sizes tell parts of each other.
void report_shared(const std::vector<Workload>& workloads, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < workloads.size(); ++i)
    for (std::size_t other = i + 1; other < workloads.size(); ++other)
      if (shares_calls_in_another_format(workloads[i], workloads[other]))
        diagnostics.push_back(
            {Error::Kind::nonfatal, workloads[i].sources.front().path,
             fmt::format("seems to contain calls of {} in another format: pgadvise counted them twice",
                         workloads[other].sources.front().path),
             "pass only one format of a server's log"});
}

}  // namespace

void sort_queries(std::vector<Query>& queries) {
  std::ranges::sort(queries, [](const Query& a, const Query& b) {
    return std::tie(b.total_ms, b.calls, a.fingerprint) < std::tie(a.total_ms, a.calls, b.fingerprint);
  });
}

void sort_repeats(std::vector<RepeatedQuery>& repeats) {
  std::ranges::sort(repeats, [](const RepeatedQuery& a, const RepeatedQuery& b) {
    return std::tie(b.calls, a.pattern, a.parent, a.same_values) <
           std::tie(a.calls, b.pattern, b.parent, b.same_values);
  });
}

void sort_write_pairs(std::vector<WritePair>& pairs) {
  std::ranges::sort(pairs, [](const WritePair& a, const WritePair& b) {
    return std::tie(b.calls, a.first, a.then) < std::tie(a.calls, b.first, b.then);
  });
}

void sort_transaction_orders(std::vector<TransactionOrder>& orders) {
  std::ranges::sort(orders, [](const TransactionOrder& a, const TransactionOrder& b) {
    return std::tie(b.transactions, a.statements) < std::tie(a.transactions, b.statements);
  });
}

void add_order(TransactionOrder& sum, const TransactionOrder& order) {
  sum.transactions += order.transactions;
  if (order.place < sum.place) sum.place = order.place;
}

void sort_server_events(std::vector<ServerEvent>& events) {
  std::ranges::sort(events, [](const ServerEvent& a, const ServerEvent& b) {
    return std::tie(a.kind, b.count, a.about, a.fingerprint) <
           std::tie(b.kind, a.count, b.about, b.fingerprint);
  });
}

void add_holder(ServerEvent& event, LockHolder holder) {
  const auto known = std::ranges::find(event.holders, names_of(holder), names_of);
  if (known != event.holders.end()) known->count += holder.count;
  else event.holders.push_back(std::move(holder));
}

void cut_holders(ServerEvent& event) {
  auto& holders = event.holders;
  std::ranges::sort(holders, {}, names_of);
  if (holders.size() > max_names) holders.resize(max_names);
  std::ranges::stable_sort(holders, std::greater<>(), &LockHolder::count);
}

void count_once(std::vector<Workload>& workloads, Diagnostics& diagnostics) {
  if (workloads.size() < 2) return;
  unify_texts(workloads);
  const auto instead = superseding(workloads);
  std::vector<Workload> kept;
  for (std::size_t i = 0; i < workloads.size(); ++i)
    if (instead[i])
      diagnostics.push_back(
          counted_once(workloads[i].sources.front(), workloads[*instead[i]].sources.front()));
  for (std::size_t i = 0; i < workloads.size(); ++i)
    if (!instead[i]) kept.push_back(std::move(workloads[i]));
  workloads = std::move(kept);
  report_shared(workloads, diagnostics);
}

void sort_workloads(std::vector<Workload>& workloads) {
  const auto key = [](const Workload& workload) {
    const LogSource& source = workload.sources.front();
    return std::tie(source.path, source.identity.marks, source.identity.bytes, source.identity.tail);
  };
  std::ranges::stable_sort(workloads, {}, key);
}

Error counted_once(const LogSource& left_out, const LogSource& counted) {
  const bool begins = holds(counted.identity, left_out.identity);
  if (!begins && !ends_alike(counted.identity, left_out.identity))
    return {Error::Kind::nonfatal, left_out.path,
            fmt::format("is {} in another format: counted once", counted.path)};
  const char* part = left_out.identity.bytes == counted.identity.bytes ? "the same log as"
                     : begins                                          ? "the first part of"
                                                                       : "the last part of";
  return {Error::Kind::nonfatal, left_out.path, fmt::format("is {} {}: counted once", part, counted.path)};
}

Workload total(std::vector<Workload> workloads) {
  Workload out;
  std::unordered_map<std::string, QuerySum> queries;
  std::map<std::tuple<std::vector<std::string>, std::string, bool>, RepeatSum> repeats;
  std::map<std::pair<std::string, std::string>, WritePair> pairs;
  std::map<std::vector<std::string>, TransactionOrder> orders;
  std::map<std::tuple<ServerEvent::Kind, std::string, std::string>, ServerEvent> events;
  for (auto& workload : workloads) {
    std::ranges::move(workload.sources, std::back_inserter(out.sources));
    out.sessions += workload.sessions;
    out.has_events |= workload.has_events;
    out.timeline.merge(workload.timeline);
    for (auto& query : workload.queries) add_up(queries, query.fingerprint, query, &QuerySum::add);
    for (auto& repeat : workload.repeats)
      add_up(repeats, {repeat.pattern, repeat.parent, repeat.same_values}, repeat, &RepeatSum::add);
    for (auto& pair : workload.write_pairs) add_up(pairs, {pair.first, pair.then}, pair, add_pair);
    for (auto& order : workload.transaction_orders) add_up(orders, order.statements, order, add_order);
    for (auto& event : workload.server_events)
      add_up(events, {event.kind, event.about, event.fingerprint}, event, add_event);
    workload = {};
  }
  for (auto& [key, sum] : queries) out.queries.push_back(sum.take());
  for (auto& [key, sum] : repeats) out.repeats.push_back(sum.take());
  for (auto& [key, pair] : pairs) out.write_pairs.push_back(std::move(pair));
  for (auto& [key, order] : orders) out.transaction_orders.push_back(std::move(order));
  for (auto& [key, event] : events)
    cut_applications(event), cut_holders(event), out.server_events.push_back(std::move(event));
  sort_queries(out.queries);
  sort_repeats(out.repeats);
  sort_write_pairs(out.write_pairs);
  sort_transaction_orders(out.transaction_orders);
  sort_server_events(out.server_events);
  return out;
}

}  // namespace pgadvise::log
