#include "log/repeats/repeats.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <utility>

#include "model/queries/histogram.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t max_samples = 3;
constexpr std::size_t max_earlier = 4;

bool mostly_distinct(const KeySet& keys) { return keys.distinct() * 5 >= keys.added() * 4; }

double milliseconds(std::int64_t start, std::int64_t end) {
  return start == no_time || end == no_time || end < start ? 0 : static_cast<double>(end - start) / 1000;
}

void widen(std::int64_t& start, std::int64_t& end, std::int64_t from, std::int64_t to) {
  if (start == no_time || (from != no_time && from < start)) start = from;
  if (end == no_time || to > end) end = to;
}

// A call of unknown duration is left out.
void note_time(std::vector<TimedCall>& calls, std::int64_t start, std::int64_t end, int position) {
  if (calls.size() < RepeatedQuery::max_call_times && start != no_time && end > start)
    calls.push_back({start, end, position});
}

bool is_in(const std::vector<std::uint32_t>& pattern, std::uint32_t query) {
  return std::ranges::find(pattern, query) != pattern.end();
}

// What was read long before `start` served something else.
bool too_old(const KeptCall& kept, std::int64_t start) {
  return start != no_time && kept.end != no_time &&
         start - kept.end > polling_gap_us + (kept.whole_seconds ? 1'000'000 : 0);
}

std::vector<RepeatedQuery::CallTime> call_times(const std::vector<TimedCall>& calls, const KeptCall* parent) {
  std::vector<RepeatedQuery::CallTime> out;
  if (calls.empty()) return out;
  if (parent && parent->end != no_time && parent->duration_ms) {
    const std::int64_t duration = nanoseconds(*parent->duration_ms) / 1000;
    out.push_back({parent->end - duration, duration, -1});
  }
  for (const auto& call : calls) out.push_back({call.start, call.end - call.start, call.position});
  const std::int64_t first = std::ranges::min(out, {}, &RepeatedQuery::CallTime::offset_us).offset_us;
  for (auto& call : out) call.offset_us -= first;
  return out;
}

}  // namespace

void KeptCall::assign(const Call& call, std::uint64_t index_of_call, std::size_t longest) {
  query = call.query;
  index = index_of_call;
  end = call.end;
  whole_seconds = call.whole_seconds;
  file = call.file;
  line = call.line;
  statement.assign(call.statement.substr(0, longest));
  if (!call.parameters) parameters.reset();
  else if (parameters) parameters->assign(call.parameters->substr(0, longest));
  else parameters.emplace(call.parameters->substr(0, longest));
  duration_ms = call.duration_ms;
}

void KeySet::clear() {
  slots_.clear();
  used_ = 0;
  added_ = added_at_limit_ = 0;
}

void KeySet::insert(std::uint64_t key) {
  std::size_t at = key * 0x9e3779b97f4a7c15ULL >> 32;
  for (;; ++at) {
    std::uint64_t& slot = slots_[at & (slots_.size() - 1)];
    if (slot == key) return;
    if (slot == 0) {
      slot = key;
      ++used_;
      return;
    }
  }
}

void KeySet::add(std::uint64_t key) {
  ++added_;
  if (used_ >= limit) return;
  key = key ? key : 1;
  if (slots_.empty()) {
    if (used_ == 0) first_ = key, used_ = 1;
    if (first_ == key) return;
    slots_.resize(16);
    used_ = 0;
    insert(first_);
  }
  insert(key);
  if (used_ >= limit) {
    added_at_limit_ = added_;
  } else if (used_ * 2 > slots_.size()) {
    std::vector<std::uint64_t> old(slots_.size() * 2);
    old.swap(slots_);
    used_ = 0;
    for (const auto kept : old)
      if (kept) insert(kept);
  }
}

std::uint64_t KeySet::distinct() const {
  if (!added_at_limit_) return used_;
  return static_cast<std::uint64_t>(static_cast<double>(used_) * static_cast<double>(added_) /
                                    static_cast<double>(added_at_limit_));
}

void PauseSet::clear() {
  counts_.fill(0);
  added_ = 0;
}

// Four slots for each doubling, from 64 microseconds on.
void PauseSet::add(std::int64_t microseconds) {
  const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(microseconds, 0)) / 16;
  const auto doubling = static_cast<std::size_t>(std::bit_width(value | 3)) - 2;
  const std::size_t slot = doubling == 0 ? value : 4 * doubling + ((value >> (doubling - 1)) & 3);
  ++counts_[std::min(slot, slots - 1)];
  ++added_;
}

double PauseSet::quantile_ms(double share) const {
  if (added_ == 0) return -1;
  auto before = static_cast<std::uint32_t>(share * static_cast<double>(added_ - 1));
  std::size_t slot = 0;
  while (before >= counts_[slot]) before -= counts_[slot++];
  const std::size_t doubling = slot / 4;
  const double lowest =
      doubling == 0 ? static_cast<double>(slot) : static_cast<double>((4 + slot % 4) << (doubling - 1));
  return lowest * 16 / 1000;
}

void Detector::Position::start(const CallFacts& first) {
  query = first.query;
  kind = first.kind;
  keyed = false;
  key_known = true;
  keys.clear();
  sampled = 0;
}

void Detector::Position::add(const CallFacts& call) {
  keyed |= call.keyed;
  key_known &= call.key_known;
  keys.add(call.key);
}

void Detector::Position::sample(const Call& call, std::uint64_t index) {
  if (sampled == samples.size()) samples.emplace_back();
  samples[sampled++].assign(call, index, longest_kept);
}

void Detector::add(const Call& call, RepeatSink& sink) {
  const std::uint64_t index = calls_++;
  ring_[index % ring_size] = call;
  if (run_.active && ring_[(index - run_.period) % ring_size].query != call.query) end_run(sink);
  if (run_.active) {
    extend_run(call);
    sample_run(call);
  } else {
    start_run(call);
  }
  if (scope_ == RepeatedQuery::Scope::transaction || scope_ == RepeatedQuery::Scope::trace) count(call);
  if (call.kind == CallKind::select) remember_select(call);
  if (call.own_transaction) forget_writes();
  else if (call.kind == CallKind::write && scope_ == RepeatedQuery::Scope::session_burst &&
           call.start != no_time)
    note_write(call, sink);
}

void Detector::forget_writes() {
  writes_.clear();
  behind_ = {};
}

// Whether the call at `index` lies so close before this one that one piece of work made both: little time and
// few other statements between them, of which a loop's count once. Without pauses a log is one long burst of
// many requests.
bool Detector::follows(const Call& call, std::uint64_t index, std::uint32_t first) const {
  if (calls_ - index > ring_size) return false;
  const std::int64_t longest = burst_gap_us + (call.whole_seconds ? 1'000'000 : 0);
  const std::int64_t end_of_first = ring_[index % ring_size].end;
  if (end_of_first != no_time && call.start - end_of_first > longest) return false;
  std::array<std::uint32_t, most_between> between{};
  std::size_t count = 0;
  for (std::uint64_t at = index + 1; at + 1 < calls_; ++at) {
    const std::uint32_t query = ring_[at % ring_size].query;
    const auto end = between.begin() + static_cast<std::ptrdiff_t>(count);
    if (query == call.query || query == first || std::find(between.begin(), end, query) != end) continue;
    if (count == most_between) return false;
    between[count++] = query;
  }
  return true;
}

// Gives its place back.
std::size_t Detector::forget_oldest_write() {
  const auto oldest = std::ranges::min_element(writes_, {}, &KeptCall::index);
  const auto at = static_cast<std::size_t>(oldest - writes_.begin());
  for (auto& bits : behind_) bits = static_cast<std::uint8_t>(bits & ~(1U << at));
  behind_[at] = 0;
  return at;
}

void Detector::note_write(const Call& call, RepeatSink& sink) {
  std::size_t own = 0;
  while (own < writes_.size() && writes_[own].query != call.query) ++own;
  const bool known = own < writes_.size();
  if (!known && own == max_writes) own = forget_oldest_write();
  for (std::size_t i = 0; i < writes_.size(); ++i) {
    if (i == own) continue;
    const KeptCall& first = writes_[i];
    const std::uint8_t bit = static_cast<std::uint8_t>(1U << i);
    // A further row of the same loop follows the row before it.
    const bool further = known && (behind_[own] & bit) && writes_[own].index > first.index;
    const bool near = follows(call, further ? writes_[own].index : first.index, first.query);
    behind_[own] = static_cast<std::uint8_t>(near ? behind_[own] | bit : behind_[own] & ~bit);
    if (near) sink.wrote(first, call, !further);
  }
  if (own == writes_.size()) writes_.emplace_back();
  writes_[own].assign(call, calls_ - 1, longest_kept);
}

// A run is there once a pattern has come twice.
void Detector::start_run(const Call& call) {
  const auto query = [&](std::uint64_t back) { return ring_[(calls_ - 1 - back) % ring_size].query; };
  for (std::uint64_t period = 1; period <= longest_pattern && calls_ - barrier_ >= 2 * period; ++period) {
    std::uint64_t same = 0;
    while (same < period && query(same) == query(same + period)) ++same;
    if (same < period) continue;
    static_cast<RunSums&>(run_) = {
        .active = true, .period = period, .first = calls_ - 2 * period, .whole_seconds = call.whole_seconds};
    // A pattern that ends in one statement twice is seen late: its true start lies up to a round before.
    for (std::uint64_t back = 2 * period; back < 3 * period && back < calls_ - barrier_; ++back) {
      if (query(back) != query(back - period)) break;
      --run_.first;
    }
    run_.between.clear();
    run_.within.clear();
    run_.timed.clear();
    for (std::uint64_t i = 0; i < period; ++i) run_.positions[i].start(ring_[(run_.first + i) % ring_size]);
    for (std::uint64_t i = run_.first; i < calls_; ++i) extend_run(ring_[i % ring_size]);
    sample_run(call);
    return;
  }
}

void Detector::extend_run(const CallFacts& call) {
  run_.positions[run_.length % run_.period].add(call);
  if (run_.length == 0) run_.session = call.session;
  run_.several_sessions |= call.session != run_.session;
  run_.own_transactions |= call.own_transaction;
  if (scope_ == RepeatedQuery::Scope::session_burst) note_pause(call);
  widen(run_.start, run_.end, call.start, call.end);
  if (!run_.whole_seconds)
    note_time(run_.timed, call.start, call.end, static_cast<int>(run_.length % run_.period));
  run_.total_ms += call.duration_ms.value_or(0);
  ++run_.length;
}

// A round may have been seen from its middle on: its longest pause is the one before the next.
void Detector::note_pause(const CallFacts& call) {
  run_.elsewhere |= run_.start != no_time && call.elsewhere != no_time && call.elsewhere >= run_.start;
  if (run_.length == 0 || call.start == no_time || run_.end == no_time || run_.whole_seconds) return;
  const std::int64_t pause = std::clamp<std::int64_t>(call.start - run_.end, 0, polling_gap_us);
  run_.longest_pause = std::max(run_.longest_pause, pause);
  run_.pauses += pause;
  if (run_.length % run_.period != 0) return;
  run_.between.add(run_.longest_pause);
  if (run_.period > 1)
    run_.within.add((run_.pauses - run_.longest_pause) / static_cast<std::int64_t>(run_.period - 1));
  run_.longest_pause = run_.pauses = 0;
}

void Detector::sample_run(const Call& call) {
  const std::uint64_t at = (run_.length - 1) % run_.period;
  Position& position = run_.positions[at];
  const bool round_begun = at == 0 || position.sampled < run_.positions[0].sampled;
  if (round_begun && position.sampled < max_samples) position.sample(call, calls_ - 1);
}

void Detector::end_run(RepeatSink& sink) {
  if (!run_.active) return;
  run_.active = false;
  if (check_run(sink)) barrier_ = run_.first + run_.length;
}

bool Detector::nothing_else_in_session() const { return run_.first == 0 && run_.length == calls_; }

Occurrence Detector::occurrence_of_run(std::uint64_t rounds) const {
  Occurrence out;
  RepeatedQuery& repeat = out.repeat;
  repeat.scope = scope_;
  repeat.calls = rounds;
  repeat.parameters_known = true;
  repeat.longest_span_ms = milliseconds(run_.start, run_.end);
  repeat.pauses = {run_.between.quantile_ms(0.1), run_.between.quantile_ms(0.9),
                   run_.between.quantile_ms(0.5), run_.within.quantile_ms(0.5)};
  repeat.elsewhere = run_.elsewhere;
  repeat.own_transactions = run_.own_transactions;
  return out;
}

bool Detector::check_run(RepeatSink& sink) {
  const std::uint64_t rounds = run_.length / run_.period;
  if (rounds < fewest_calls) return false;
  const bool same = check_same_values(sink, rounds);
  Occurrence occurrence = occurrence_of_run(rounds);
  RepeatedQuery& repeat = occurrence.repeat;
  bool reads = false;
  std::size_t sampled = max_samples;  // rounds of which each statement was kept
  std::vector<const Position*> kept;
  std::array<int, longest_pattern> index{};
  index.fill(-1);
  for (std::uint64_t i = 0; i < run_.period; ++i) {
    const Position& position = run_.positions[i];
    if (position.kind == CallKind::other) continue;
    // The same values each time: redundant, which is another matter.
    if (position.key_known && (!position.keyed || !mostly_distinct(position.keys))) continue;
    index[i] = static_cast<int>(occurrence.pattern.size());
    occurrence.pattern.push_back(position.query);
    reads |= position.kind == CallKind::select;
    sampled = std::min(sampled, position.sampled);
    kept.push_back(&position);
    repeat.parameters_known &= position.key_known;
    if (position.key_known)
      repeat.distinct_parameters = std::max(repeat.distinct_parameters, position.keys.distinct());
  }
  if (occurrence.pattern.empty() || (!reads && rounds < fewest_writes)) return same;
  if (!repeat.parameters_known) repeat.distinct_parameters = 0;
  repeat.total_ms = run_.total_ms;
  // Stamps of whole seconds: the burst as a whole must be dense.
  const bool burst =
      scope_ == RepeatedQuery::Scope::session_burst || scope_ == RepeatedQuery::Scope::pool_burst;
  if (burst && run_.whole_seconds &&
      repeat.longest_span_ms >
          static_cast<double>(run_.length) * static_cast<double>(burst_gap_us) / 1000 + 1000)
    return false;
  occurrence.parent = parent_before(run_.first, run_.start, occurrence.pattern);
  if (occurrence.parent)
    occurrence.earlier = earlier_than(*occurrence.parent, run_.start, occurrence.pattern);
  // Over several connections one query again and again for a thousand rounds is a service's steady traffic
  // (pgbench -S), too.
  if (scope_ == RepeatedQuery::Scope::pool_burst &&
      (!run_.several_sessions || !occurrence.parent || rounds < fewest_in_pool || rounds >= steady_calls))
    return false;
  // A connection that does one thing for all its life is a benchmark or a service's steady traffic, not a
  // loop.
  if (scope_ == RepeatedQuery::Scope::session_burst && !occurrence.parent && rounds >= steady_calls &&
      nothing_else_in_session())
    return false;
  for (std::size_t round = 0; round < sampled; ++round)
    for (const Position* position : kept) occurrence.samples.push_back(position->samples[round]);
  repeat.call_times = call_times(timed_calls(index, rounds), occurrence.parent);
  report(occurrence, sink);
  return true;
}

std::vector<TimedCall> Detector::timed_calls(const std::array<int, longest_pattern>& index,
                                             std::uint64_t rounds) const {
  std::vector<TimedCall> out;
  const std::size_t whole = std::min<std::size_t>(run_.timed.size(), rounds * run_.period);
  for (std::size_t i = 0; i < whole; ++i) {
    TimedCall call = run_.timed[i];
    call.position = index[static_cast<std::size_t>(call.position)];
    if (call.position >= 0) out.push_back(call);
  }
  return out;
}

// The same SELECT with the same values in each round. Over several connections, in transactions of their own,
// or who knows when, the rounds may serve several requests.
bool Detector::check_same_values(RepeatSink& sink, std::uint64_t rounds) {
  if (scope_ == RepeatedQuery::Scope::session_burst && (run_.own_transactions || run_.start == no_time))
    return false;
  if (scope_ == RepeatedQuery::Scope::pool_burst || (rounds >= steady_calls && nothing_else_in_session()))
    return false;
  bool any = false;
  for (std::uint64_t i = 0; i < run_.period; ++i) {
    const Position& position = run_.positions[i];
    if (position.kind != CallKind::select || !position.key_known ||
        position.keys.distinct() * 5 > position.keys.added())
      continue;
    Occurrence occurrence = occurrence_of_run(rounds);
    RepeatedQuery& repeat = occurrence.repeat;
    occurrence.pattern = {position.query};
    repeat.same_values = true;
    repeat.distinct_parameters = position.keys.distinct();
    if (run_.period == 1)
      repeat.total_ms = run_.total_ms;  // of the others in the pattern, too, where there are some
    occurrence.samples = position.kept();
    std::array<int, longest_pattern> index{};
    index.fill(-1);
    index[i] = 0;
    repeat.call_times = call_times(timed_calls(index, rounds), nullptr);
    report(occurrence, sink);
    any = true;
  }
  return any;
}

// The calls of the pattern are covered then.
void Detector::report(const Occurrence& occurrence, RepeatSink& sink) {
  sink.repeated(occurrence);
  for (std::size_t i = 0; i < counted_used_; ++i) {
    const auto query = counted_[i].position.query;
    const auto times = std::count(occurrence.pattern.begin(), occurrence.pattern.end(), query);
    counted_[i].covered += static_cast<std::uint64_t>(times) * occurrence.repeat.calls;
  }
}

void Detector::count(const Call& call) {
  if (call.kind == CallKind::other) return;
  std::size_t at = 0;
  while (at < counted_used_ && counted_[at].position.query != call.query) ++at;
  if (at == max_counted) return;
  if (at == counted_.size()) counted_.emplace_back();
  Counted& counted = counted_[at];
  if (at == counted_used_) {
    ++counted_used_;
    static_cast<Count&>(counted) = {};
    counted.position.start(call);
    counted.timed.clear();
    counted.parent.reset();
  }
  counted.position.add(call);
  // The first call may be none of the loop. What runs again before the third is no list either, but the
  // loop's other statement.
  if (++counted.calls == 2) {
    counted.second = calls_ - 1;
    counted.second_start = call.start;
  } else if (counted.calls == 3) {
    if (const KeptCall* parent = parent_before(counted.second, counted.second_start, {call.query}))
      counted.parent = *parent;
  }
  if (counted.calls > 1 && counted.position.sampled < max_samples) counted.position.sample(call, calls_ - 1);
  widen(counted.start, counted.end, call.start, call.end);
  if (!call.whole_seconds) note_time(counted.timed, call.start, call.end, 0);
  counted.total_ms += call.duration_ms.value_or(0);
}

void Detector::end_counts(RepeatSink& sink) {
  for (std::size_t i = 0; i < counted_used_; ++i) {
    Counted& counted = counted_[i];
    const Position& position = counted.position;
    if (counted.calls < (position.kind == CallKind::write ? fewest_writes : fewest_calls)) continue;
    if (counted.covered * 2 >= counted.calls) continue;
    const bool same = position.key_known && position.keys.distinct() * 5 <= position.keys.added();
    if (same ? position.kind != CallKind::select : position.key_known && !mostly_distinct(position.keys))
      continue;
    Occurrence occurrence;
    RepeatedQuery& repeat = occurrence.repeat;
    occurrence.pattern = {position.query};
    repeat.scope = scope_;
    repeat.same_values = same;
    repeat.calls = counted.calls;
    repeat.parameters_known = position.key_known;
    repeat.distinct_parameters = position.key_known ? position.keys.distinct() : 0;
    repeat.total_ms = counted.total_ms;
    repeat.longest_span_ms = milliseconds(counted.start, counted.end);
    occurrence.samples = counted.position.kept();
    occurrence.parent = counted.parent ? &*counted.parent : nullptr;
    repeat.call_times = call_times(counted.timed, occurrence.parent);
    sink.repeated(occurrence);
  }
  counted_used_ = 0;
}

void Detector::remember_select(const Call& call) {
  auto at = std::ranges::find(selects_, call.query, &KeptCall::query);
  if (at == selects_.end())
    at = selects_.size() <= longest_pattern ? selects_.emplace(selects_.end())
                                            : std::ranges::min_element(selects_, {}, &KeptCall::index);
  at->assign(call, calls_ - 1, longest_kept);
}

// The list that a loop walks was read just before it, whatever the scope.
const KeptCall* Detector::parent_before(std::uint64_t index, std::int64_t start,
                                        const std::vector<std::uint32_t>& pattern) const {
  const KeptCall* latest = nullptr;
  for (const auto& kept : selects_)
    if (kept.index < index && (!latest || kept.index >= latest->index) && !is_in(pattern, kept.query))
      latest = &kept;
  return latest && !too_old(*latest, start) ? latest : nullptr;
}

std::vector<const KeptCall*> Detector::earlier_than(const KeptCall& parent, std::int64_t start,
                                                    const std::vector<std::uint32_t>& pattern) const {
  std::vector<const KeptCall*> out;
  for (const auto& kept : selects_)
    if (kept.index < parent.index && !too_old(kept, start) && !is_in(pattern, kept.query))
      out.push_back(&kept);
  std::ranges::sort(out, std::greater<>(), &KeptCall::index);
  if (out.size() > max_earlier) out.resize(max_earlier);
  return out;
}

void Detector::enter(RepeatedQuery::Scope scope, RepeatSink& sink) {
  forget_writes();
  finish(sink);
  barrier_ = calls_;
  scope_ = scope;
}

void Detector::pause(RepeatSink& sink) {
  enter(scope_, sink);
  if (scope_ == RepeatedQuery::Scope::session_burst || scope_ == RepeatedQuery::Scope::pool_burst)
    selects_.clear();
}

void Detector::finish(RepeatSink& sink) {
  end_run(sink);
  end_counts(sink);
}

void Repeats::wrote(const KeptCall& first, const Call& then, bool fresh) {
  const std::uint64_t key = std::uint64_t{first.query} << 32 | then.query;
  Pair* pair = recent_pairs_.find(key);
  if (!pair) {
    if (pairs_.size() >= max_entries && !pairs_.contains({first.query, then.query})) return;
    const auto [found, added] = pairs_.try_emplace({first.query, then.query});
    pair = &found->second;
    recent_pairs_.keep(key, pair);
    if (added) {
      pair->first = first;
      pair->then.assign(then, 0, longest_kept);
    }
  }
  ++pair->calls;
  pair->bursts += fresh;
}

void Repeats::repeated(const Occurrence& occurrence) {
  const RepeatedQuery& one = occurrence.repeat;
  const Key key{occurrence.pattern, occurrence.parent ? occurrence.parent->query + 1 : 0, one.same_values};
  auto& entries = one.scope == RepeatedQuery::Scope::pool_burst ? pooled_ : entries_;
  auto found = entries.find(key);
  if (found == entries.end()) {
    if (entries.size() >= max_entries) return;
    found = entries.emplace(key, Entry{}).first;
    found->second.repeat.scope = one.scope;
  }
  Entry& entry = found->second;
  RepeatedQuery& repeat = entry.repeat;
  const bool most = one.calls > repeat.max_in_one_scope;
  const RepeatedQuery::Scope tightest = std::min(repeat.scope, one.scope);
  const std::uint64_t scopes = repeat.scopes + 1, calls = repeat.calls + one.calls;
  const double total_ms = repeat.total_ms + one.total_ms;
  if (most) repeat = one;
  repeat.scope = tightest;
  repeat.scopes = scopes;
  repeat.calls = calls;
  repeat.total_ms = total_ms;
  if (!most) return;
  repeat.max_in_one_scope = one.calls;
  repeat.scope_of_most = one.scope;
  entry.samples = occurrence.samples;
  if (occurrence.parent) entry.parent = *occurrence.parent;
  entry.earlier.clear();
  for (const KeptCall* kept : occurrence.earlier) entry.earlier.push_back(*kept);
}

std::map<Repeats::Key, Repeats::Entry> Repeats::entries() const {
  std::map<Key, Entry> all = entries_;
  for (const auto& [key, pooled] : pooled_) {
    // What one of the pool's sessions saw of the same burst, without the list that another had sent.
    const auto part = key.parent ? all.find({key.pattern, 0, key.same_values}) : all.end();
    if (part != all.end() && part->second.repeat.scope == RepeatedQuery::Scope::session_burst &&
        part->second.repeat.calls <= pooled.repeat.calls)
      all.erase(part);
    Entry& entry = all.try_emplace(key, pooled).first->second;
    if (pooled.repeat.calls <= entry.repeat.calls) continue;
    const RepeatedQuery own = std::exchange(entry, pooled).repeat;
    entry.repeat.scope = own.scope;
    entry.repeat.pauses = own.pauses;  // what one session saw of itself
    entry.repeat.elsewhere = own.elsewhere;
    entry.repeat.own_transactions = own.own_transactions;
  }
  return all;
}

}  // namespace pgadvise::log
