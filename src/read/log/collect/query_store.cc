#include "log/collect/query_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text/text.h"
#include "log/lines/lines.h"
#include "log/record/clean_text.h"
#include "log/record/logged_plan.h"
#include "sql/parse/redact.h"
#include "sql/parse/statement.h"

namespace pgadvise::log {
namespace {

constexpr std::size_t max_plan_bytes = std::size_t{16} << 20;  // of all queries

// With standard_conforming_strings = off `\'` ends no string: of a statement that nobody could parse, what
// stands behind its first constant is not kept then.
std::string without_uncertain(std::string_view statement, std::string_view shape) {
  const auto first = shape.find('?');
  if (first == std::string_view::npos || statement.find("\\'") == std::string_view::npos)
    return std::string(shape);
  return std::string(shape.substr(0, first + 1)) + " ...";
}

}  // namespace

QueryStore::QueryStore(StatementScanner& scanner, const Limits& limits)
    : scanner_(scanner), limits_(limits), max_bytes_(limits.bytes) {}

Template* QueryStore::template_of(std::uint64_t hash, std::string_view text, bool whole, bool required) {
  if (Template* const recent = recent_templates_.find(hash)) return recent;
  const auto found = templates_.find(hash);
  Template* const entry = found != templates_.end() ? &found->second : new_template(text, whole, required);
  if (entry) recent_templates_.keep(hash, entry);
  return entry;
}

Template* QueryStore::find_template(std::uint64_t hash) {
  const auto found = templates_.find(hash);
  return found == templates_.end() ? nullptr : &found->second;
}

const QueryState* QueryStore::find_query(std::uint32_t number) const {
  const auto found = queries_.find(number);
  return found == queries_.end() ? nullptr : found->second.get();
}

Template* QueryStore::new_template(std::string_view text, bool whole, bool required) {
  const StatementScan scan = scanner_.scan(text);
  std::string fingerprint;
  std::string normalized;
  const bool late = folded_ > 0 && !required;  // parsing takes the most time where every statement is another
  constexpr std::size_t longest_parsed = std::size_t{256}
                                         << 10;  // a tree takes hundreds of times the memory of its text
  if (whole && !late && !scan.text.empty() && text.size() <= longest_parsed) {
    const std::string statement = clean(text);
    if (auto known = sql::fingerprint(statement)) fingerprint = std::move(*known);
    if (!fingerprint.empty())
      if (auto known = sql::normalize(statement)) normalized = sql::redact(*known);
  }
  if (required && fingerprint.empty()) return nullptr;
  if (fingerprint.empty()) fingerprint = hex64(scan.hash);
  if (normalized.empty()) normalized = clean(without_uncertain(text, scan.text));
  while (normalized.ends_with(';') || normalized.ends_with(' ')) normalized.pop_back();
  Template& entry = templates_[scan.hash];
  entry.state = &state_of(std::move(fingerprint), std::move(normalized));
  entry.state->late |= late && whole;
  static_cast<StatementTraits&>(entry) = traits_of(scan);
  return &entry;
}

QueryState& QueryStore::state_of(std::string fingerprint, std::string text) {
  const auto [known, added] = by_fingerprint_.try_emplace(fingerprint, queries_made_);
  auto& state = queries_[known->second];
  if (!added) return *state;
  state = std::make_unique<QueryState>();
  state->number = queries_made_++;
  state->fingerprint = std::move(fingerprint);
  state->text = std::move(text);
  state->bytes = state->text.size() + sizeof(QueryState) + sizeof(Template);
  bytes_ += state->bytes;
  return *state;
}

void QueryStore::add(QueryState& state, const std::string* file, const Call& call, std::uint32_t identity) {
  state.share(file).add(call, identity);
  if (call.duration_ms && (!state.slowest || *call.duration_ms > *state.slowest->duration_ms)) {
    if (!state.slowest) state.slowest.emplace();
    keep_sample(state, *state.slowest, call);
    state.slowest_key = call.key;
  }
  if (state.distinct.size() < max_distinct_samples + 1 &&
      std::ranges::find(state.distinct_keys, call.key) == state.distinct_keys.end()) {
    state.distinct_keys.push_back(call.key);
    keep_sample(state, state.distinct.emplace_back(), call);
  }
}

void QueryStore::keep_sample(QueryState& state, KeptCall& kept, const Call& call) {
  const auto size = [&] { return kept.statement.size() + (kept.parameters ? kept.parameters->size() : 0); };
  state.bytes -= size();
  bytes_ -= size();
  kept.assign(call, 0, longest_text);
  state.bytes += size();
  bytes_ += size();
}

bool QueryStore::keep_plan(QueryState& state, KeptPlan plan, std::string_view text, bool whole) {
  if (plan.duration_ms <= state.slowest_plan_ms) return true;
  state.slowest_plan_ms = plan.duration_ms;
  forget_plan(state);
  if (!whole || text.size() > longest_plan || plan_bytes_ + text.size() > max_plan_bytes) return false;
  plan.text = text;
  plan_bytes_ += text.size();
  state.plan = std::move(plan);
  return true;
}

void QueryStore::forget_plan(QueryState& state) {
  if (state.plan) plan_bytes_ -= state.plan->text.size();
  state.plan.reset();
}

void QueryStore::fold(const std::vector<const Template*>& in_use) {
  for (const Template* entry : in_use) entry->state->pinned = true;
  std::vector<QueryState*> states;
  for (const auto& [number, state] : queries_)
    if (!state->pinned) states.push_back(state.get());
    else state->pinned = false;
  std::ranges::sort(states, {},
                    [](const QueryState* each) { return std::pair(each->value(), each->number); });
  std::size_t gone = 0;
  for (QueryState* state : states) {
    if (queries_.size() - gone <= limits_.templates / 2 && bytes_ <= limits_.bytes / 2) break;
    fold(*state);
    ++gone;
  }
  folded_ += gone;
  max_bytes_ =
      std::max(limits_.bytes, 2 * bytes_);  // what had to stay must not be looked through at each record
  std::erase_if(templates_, [&](const auto& entry) { return entry.second.state->number == invalid_id; });
  recent_templates_.clear();
  std::erase_if(queries_, [](const auto& entry) { return entry.second->number == invalid_id; });
}

void QueryStore::fold(QueryState& state) {
  if (!others_) {
    others_ = std::make_unique<QueryState>();
    others_->fingerprint = other_fingerprint;
    others_->text = other_text;
  }
  for (const Share& share : state.shares) others_->share(share.file).merge(share);
  bytes_ -= state.bytes;
  forget_plan(state);
  by_fingerprint_.erase(state.fingerprint);
  state.number = invalid_id;
}

void QueryStore::forget_templates(const std::vector<const Template*>& in_use) {
  const std::set<const Template*> kept(in_use.begin(), in_use.end());
  std::erase_if(templates_, [&](const auto& entry) { return !kept.contains(&entry.second); });
  recent_templates_.clear();
}

void QueryStore::name_late() {
  std::vector<QueryState*> states;
  for (const auto& [number, state] : queries_)
    if (state->late) states.push_back(state.get());
  std::ranges::sort(states, {}, &QueryState::number);
  for (QueryState* state : states) {
    if (state->distinct.empty()) continue;
    const std::string statement = clean(state->distinct.front().statement);
    auto fingerprint = sql::fingerprint(statement);
    if (!fingerprint) continue;
    by_fingerprint_.erase(state->fingerprint);
    const auto [known, added] = by_fingerprint_.try_emplace(*fingerprint, state->number);
    state->fingerprint = std::move(*fingerprint);
    if (auto text = sql::normalize(statement)) state->text = sql::redact(*text);
    if (added) continue;
    QueryState& into = *queries_.at(known->second);
    for (const Share& share : state->shares) into.share(share.file).merge(share);
    state->shares.clear();
    if (state->plan && (!into.plan || into.plan->duration_ms < state->plan->duration_ms))
      into.plan = std::move(state->plan);
  }
}

}  // namespace pgadvise::log
