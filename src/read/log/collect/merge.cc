#include "log/collect/merge.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include "log/collect/other_form.h"
#include "log/lines/provenance.h"
#include "log/workload/workload_file.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t max_samples = 5;
constexpr std::size_t max_names = 64;

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
bool tells_more(const LoggedPlan& a, const LoggedPlan& b) {
  if (a.duration_ms != b.duration_ms) return a.duration_ms > b.duration_ms;
  return std::tie(a.format, a.text, a.logged, a.place) < std::tie(b.format, b.text, b.logged, b.place);
}

// A query's times as integers until all are summed up.
struct Sum {
  Query query;
  std::int64_t total_ns = 0;

  explicit Sum(Query first) : query(std::move(first)), total_ns(nanoseconds(query.total_ms)) {}

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
    for (auto& sample : other.samples) query.samples.push_back(std::move(sample));
    widen(query.plan, other.plan, tells_more);
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
    const auto time = [](const Sample& sample) { return sample.duration_ms.value_or(-1); };
    const auto slowest = std::max_element(
        samples.begin(), samples.end(), [&](const Sample& a, const Sample& b) { return time(a) < time(b); });
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
};

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
  return workload.sources.front().format == "pg_stat_statements" ||
         std::any_of(workload.queries.begin(), workload.queries.end(),
                     [](const Query& query) { return query.first.has_value(); }) ||
         std::any_of(workload.server_events.begin(), workload.server_events.end(),
                     [](const ServerEvent& event) { return event.first.has_value(); });
}

// Is there reason to leave `one` out for `other`? Of two readings of the same bytes (with literals and
// without, by two versions of this program) the one that says more stays, then the one whose text is greater:
// never the one that came first. Lines without a time may well begin alike in two logs: of those only the
// whole is compared.
bool outdone(const Workload& one, const Workload& other, std::size_t index, std::size_t index_of_other) {
  const auto& mine = one.sources.front().identity;
  const auto& others = other.sources.front().identity;
  if (mine.bytes < others.bytes) return (holds(others, mine) || ends_alike(others, mine)) && grows(one);
  if (!holds(others, mine)) return false;
  const std::string text = to_json_line(one), text_of_other = to_json_line(other);
  if (text.size() != text_of_other.size()) return text.size() < text_of_other.size();
  return text != text_of_other ? text < text_of_other : index > index_of_other;
}

// For each workload the one that stands for it, if there is one: the same bytes first, which are sure.
std::vector<std::optional<std::size_t>> stand_ins(const std::vector<Workload>& workloads) {
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
        if (!out[i] && other != i && outdone(workloads[i], workloads[other], i, other)) out[i] = other;
  for (std::size_t i = 0; i < workloads.size(); ++i)
    for (std::size_t other = 0; other < workloads.size() && !out[i]; ++other)
      if (other != i && told_in_another_form(workloads[i], workloads[other])) out[i] = other;
  return out;
}

// Forms of one log that rotate at different sizes tell parts of each other.
void report_shared(const std::vector<Workload>& workloads, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < workloads.size(); ++i)
    for (std::size_t other = i + 1; other < workloads.size(); ++other)
      if (shares_calls_in_another_form(workloads[i], workloads[other]))
        diagnostics.push_back(
            {Error::Kind::nonfatal, workloads[i].sources.front().path,
             fmt::format("seems to contain calls of {} in another format: pgadvise counted them twice",
                         workloads[other].sources.front().path),
             "pass only one format of a server's log"});
}

}  // namespace

void sort_queries(std::vector<Query>& queries) {
  std::sort(queries.begin(), queries.end(), [](const Query& a, const Query& b) {
    if (a.total_ms != b.total_ms) return a.total_ms > b.total_ms;
    if (a.calls != b.calls) return a.calls > b.calls;
    return a.fingerprint < b.fingerprint;
  });
}

void sort_repeats(std::vector<RepeatedQuery>& repeats) {
  std::sort(repeats.begin(), repeats.end(), [](const RepeatedQuery& a, const RepeatedQuery& b) {
    if (a.calls != b.calls) return a.calls > b.calls;
    if (a.pattern != b.pattern) return a.pattern < b.pattern;
    if (a.parent != b.parent) return a.parent < b.parent;
    return a.same_values < b.same_values;
  });
}

void sort_write_pairs(std::vector<WritePair>& pairs) {
  std::sort(pairs.begin(), pairs.end(), [](const WritePair& a, const WritePair& b) {
    if (a.calls != b.calls) return a.calls > b.calls;
    return std::tie(a.first, a.then) < std::tie(b.first, b.then);
  });
}

void sort_transaction_orders(std::vector<TransactionOrder>& orders) {
  std::sort(orders.begin(), orders.end(), [](const TransactionOrder& a, const TransactionOrder& b) {
    return std::tie(b.transactions, a.statements) < std::tie(a.transactions, b.statements);
  });
}

void add_order(TransactionOrder& sum, const TransactionOrder& order) {
  sum.transactions += order.transactions;
  if (order.place < sum.place) sum.place = order.place;
}

void sort_server_events(std::vector<ServerEvent>& events) {
  std::sort(events.begin(), events.end(), [](const ServerEvent& a, const ServerEvent& b) {
    return std::tie(a.kind, b.count, a.about, a.fingerprint) <
           std::tie(b.kind, a.count, b.about, b.fingerprint);
  });
}

// By name: no order of adding shows.
static void cut_applications(ServerEvent& event) {
  constexpr std::size_t most = 64;
  while (event.applications.size() > most) event.applications.erase(std::prev(event.applications.end()));
}

void add_holder(ServerEvent& event, LockHolder holder) {
  const auto known = std::find_if(event.holders.begin(), event.holders.end(), [&](const LockHolder& each) {
    return each.application == holder.application && each.user == holder.user &&
           each.statement == holder.statement;
  });
  if (known != event.holders.end()) known->count += holder.count;
  else event.holders.push_back(std::move(holder));
}

void cut_holders(ServerEvent& event) {
  auto& holders = event.holders;
  std::sort(holders.begin(), holders.end(), [](const LockHolder& a, const LockHolder& b) {
    return std::tie(a.application, a.user, a.statement) < std::tie(b.application, b.user, b.statement);
  });
  if (holders.size() > max_names) holders.resize(max_names);
  std::stable_sort(holders.begin(), holders.end(),
                   [](const LockHolder& a, const LockHolder& b) { return a.count > b.count; });
}

static void add(ServerEvent& sum, ServerEvent event) {
  for (auto& holder : event.holders) add_holder(sum, std::move(holder));
  for (const auto& [application, count] : event.applications) sum.applications[application] += count;
  sum.count += event.count;
  sum.total_us += event.total_us;
  sum.longest_us = std::max(sum.longest_us, event.longest_us);
  sum.total_bytes += event.total_bytes;
  sum.largest_bytes = std::max(sum.largest_bytes, event.largest_bytes);
  sum.times.merge(event.times);
  if (event.first) sum.first = std::min(sum.first.value_or(*event.first), *event.first);
  if (event.last) sum.last = std::max(sum.last.value_or(*event.last), *event.last);
}

void count_once(std::vector<Workload>& workloads, Diagnostics& diagnostics) {
  if (workloads.size() < 2) return;
  unify_texts(workloads);
  const auto instead = stand_ins(workloads);
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
  std::stable_sort(workloads.begin(), workloads.end(),
                   [&](const Workload& a, const Workload& b) { return key(a) < key(b); });
}

Error counted_once(const LogSource& left_out, const LogSource& counted) {
  const bool begins = holds(counted.identity, left_out.identity);
  if (!begins && !ends_alike(counted.identity, left_out.identity))
    return {Error::Kind::nonfatal,
            left_out.path,
            fmt::format("is {} in another format: counted once", counted.path),
            {}};
  const char* part = left_out.identity.bytes == counted.identity.bytes ? "the same log as"
                     : begins                                          ? "the first part of"
                                                                       : "the last part of";
  return {
      Error::Kind::nonfatal, left_out.path, fmt::format("is {} {}: counted once", part, counted.path), {}};
}

Workload total(std::vector<Workload> workloads) {
  Workload out;
  std::unordered_map<std::string, std::size_t> known;
  std::vector<Sum> queries;
  std::map<std::tuple<std::vector<std::string>, std::string, bool>, RepeatSum> repeats;
  std::map<std::pair<std::string, std::string>, WritePair> pairs;
  std::map<std::vector<std::string>, TransactionOrder> orders;
  std::map<std::tuple<ServerEvent::Kind, std::string, std::string>, ServerEvent> events;
  for (auto& workload : workloads) {
    for (auto& source : workload.sources) out.sources.push_back(std::move(source));
    out.sessions += workload.sessions;
    out.has_events |= workload.has_events;
    out.timeline.merge(workload.timeline);
    for (auto& query : workload.queries) {
      const auto [at, added] = known.emplace(query.fingerprint, queries.size());
      if (added) queries.emplace_back(std::move(query));
      else queries[at->second].add(std::move(query));
    }
    for (auto& repeat : workload.repeats) {
      const std::tuple key{repeat.pattern, repeat.parent, repeat.same_values};
      if (const auto at = repeats.find(key); at != repeats.end()) at->second.add(std::move(repeat));
      else repeats.emplace(key, RepeatSum(std::move(repeat)));
    }
    for (auto& pair : workload.write_pairs) {
      const auto [at, added] = pairs.try_emplace({pair.first, pair.then}, pair);
      if (!added) at->second.bursts += pair.bursts, at->second.calls += pair.calls;
    }
    for (auto& order : workload.transaction_orders) {
      const auto [at, added] = orders.try_emplace(order.statements, order);
      if (!added) add_order(at->second, order);
    }
    for (auto& event : workload.server_events) {
      const std::tuple key{event.kind, event.about, event.fingerprint};
      if (const auto at = events.find(key); at != events.end()) add(at->second, std::move(event));
      else events.emplace(key, std::move(event));
    }
    workload = {};
  }
  for (auto& sum : queries) out.queries.push_back(sum.take());
  for (auto& [key, sum] : repeats) {
    sum.repeat.total_ms = static_cast<double>(sum.total_ns) / 1e6;
    out.repeats.push_back(std::move(sum.repeat));
  }
  sort_queries(out.queries);
  for (auto& [key, event] : events)
    cut_applications(event), cut_holders(event), out.server_events.push_back(std::move(event));
  sort_server_events(out.server_events);
  for (auto& [key, pair] : pairs) out.write_pairs.push_back(std::move(pair));
  sort_repeats(out.repeats);
  sort_write_pairs(out.write_pairs);
  for (auto& [statements, order] : orders) out.transaction_orders.push_back(std::move(order));
  sort_transaction_orders(out.transaction_orders);
  return out;
}

}  // namespace pgadvise::log
