#include "log/collect/workload_parts.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "log/collect/merge.h"
#include "log/record/clean_text.h"
#include "log/record/logged_plan.h"
#include "log/record/parameters.h"

namespace pgadvise::log {
namespace {

Sample sample_of(const KeptCall& kept) {
  Sample sample;
  sample.place = {*kept.file, kept.line, 0};
  sample.statement = clean(kept.statement);
  if (kept.parameters) sample.parameters = parse_parameters(clean(*kept.parameters));
  sample.duration_ms = kept.duration_ms;
  return sample;
}

LoggedPlan plan_of(const KeptPlan& kept) {
  const std::string logged =
      kept.format == LoggedPlan::Format::json ? in_json(clean(kept.text)) : clean(kept.text);
  return {
      kept.format, {*kept.file, kept.line, 0}, kept.duration_ms, redact_plan(kept.format, logged), logged};
}

void add_name(std::set<std::string>& names, const std::string& name) {
  if (!name.empty() && names.size() < max_names) names.insert(name);
}

void add_query(QueryState& state, const Identities& identities, const std::string* file,
               std::vector<Query>& out) {
  const auto share = std::ranges::find(state.shares, file, &Share::file);
  if (share == state.shares.end() || share->calls == 0) return;
  Query query;
  query.fingerprint = state.fingerprint;
  query.text = state.text;
  query.calls = share->calls;
  query.timed_calls = share->timed_calls;
  query.total_ms = static_cast<double>(share->total_ns) / 1e6;
  query.min_ms = static_cast<double>(share->min_ns) / 1e6;
  query.max_ms = static_cast<double>(share->max_ns) / 1e6;
  query.times = std::move(share->times);
  query.rows = share->rows;
  query.rows_calls = share->rows_calls;
  if (share->first != no_time) query.first = share->first, query.last = share->last;
  for (const auto identity : share->identities) {
    add_name(query.users, identities[identity].user);
    add_name(query.databases, identities[identity].database);
    add_name(query.applications, identities[identity].application);
  }
  std::size_t samples = 0;  // of all logs
  const auto keep = [&](const KeptCall& kept) {
    if (++samples <= max_distinct_samples + 1 && (!file || kept.file == file))
      query.samples.push_back(sample_of(kept));
  };
  if (state.slowest) keep(*state.slowest);
  for (std::size_t i = 0; i < state.distinct.size(); ++i)
    if (!state.slowest || state.distinct_keys[i] != state.slowest_key) keep(state.distinct[i]);
  if (state.plan && (!file || state.plan->file == file)) {
    query.plan = plan_of(*state.plan);
    if (query.plan->text.empty()) query.plan.reset();  // none was found in it
  }
  out.push_back(std::move(query));
}

}  // namespace

std::vector<Query> take_queries(const QueryStore& queries, const Identities& identities,
                                const std::string* file) {
  std::vector<Query> out;
  for (const auto& [number, state] : queries.queries()) add_query(*state, identities, file, out);
  if (queries.others()) add_query(*queries.others(), identities, file, out);
  sort_queries(out);
  return out;
}

void add_transaction_orders(const TransactionOrders::Orders& orders, const QueryStore& queries,
                            Workload& workload) {
  std::map<std::vector<std::string>, TransactionOrder> sums;
  for (const auto& [order, entry] : orders) {
    TransactionOrder one;
    for (const auto query : order)
      if (const QueryState* state = queries.find_query(query); state && !state->fingerprint.empty())
        one.statements.push_back(state->fingerprint);
    if (one.statements.size() < 2) continue;
    one.transactions = entry.transactions;
    one.place = {*entry.file, entry.line, 0};
    const auto [at, added] = sums.try_emplace(one.statements, one);
    if (!added) add_order(at->second, one);
  }
  auto& out = workload.transaction_orders;
  for (auto& [statements, sum] : sums) out.push_back(std::move(sum));
  sort_transaction_orders(out);
  if (out.size() > TransactionOrders::max_orders) out.resize(TransactionOrders::max_orders);
}

void add_repeats(const Repeats& repeats, const QueryStore& queries, Workload& workload) {
  // "" for what became other statements.
  const auto fingerprint = [&](std::uint32_t query) {
    const QueryState* state = queries.find_query(query);
    return state ? state->fingerprint : std::string();
  };
  for (const auto& [key, entry] : repeats.entries()) {
    RepeatedQuery repeat = entry.repeat;
    for (const auto query : key.pattern) repeat.pattern.push_back(fingerprint(query));
    if (std::find(repeat.pattern.begin(), repeat.pattern.end(), "") != repeat.pattern.end()) continue;
    if (key.parent) repeat.parent = fingerprint(key.parent - 1);
    for (const auto& kept : entry.samples) repeat.samples.push_back(sample_of(kept));
    if (entry.parent && !repeat.parent.empty()) repeat.parent_sample = sample_of(*entry.parent);
    for (const auto& kept : entry.earlier)
      if (auto earlier = fingerprint(kept.query); !earlier.empty())
        repeat.earlier.push_back({std::move(earlier), sample_of(kept)});
    workload.repeats.push_back(std::move(repeat));
  }
  sort_repeats(workload.repeats);
  for (const auto& [writes, pair] : repeats.pairs()) {
    const auto first = fingerprint(writes.first), then = fingerprint(writes.second);
    if (!first.empty() && !then.empty())
      workload.write_pairs.push_back(
          {first, then, pair.bursts, pair.calls, sample_of(pair.first), sample_of(pair.then)});
  }
  sort_write_pairs(workload.write_pairs);
}

}  // namespace pgadvise::log
