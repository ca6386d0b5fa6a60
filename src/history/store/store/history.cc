#include "store/store/history.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/iso_time.h"

namespace pgadvise::store {
namespace {

void add_finding(FindingLife life, const std::string& last_day, History& out) {
  const auto recent = [&](const std::optional<std::int64_t>& time) { return time && *time >= out.since; };
  switch (life.state) {
    case FindingLife::State::suppressed:
      ++out.suppressed;
      if (!life.until.empty() && life.until <= last_day) out.expiring.push_back(std::move(life));
      return;
    case FindingLife::State::accepted: ++out.accepted; return;
    case FindingLife::State::gone:
      if (recent(life.gone)) out.fixed.push_back(std::move(life));
      else ++out.gone_before;
      return;
    case FindingLife::State::open: break;
  }
  auto& list = recent(life.first_seen) ? out.fresh : recent(life.reopened) ? out.reopened : out.recurring;
  list.push_back(std::move(life));
}

int place_of(const std::string& severity) { return severity == "error" ? 0 : severity == "warning" ? 1 : 2; }

// The targets by what the other lists contain.
std::vector<TargetRank> ranking_of(const History& history) {
  std::map<std::string, TargetRank> ranks;
  std::map<std::string, const FindingLife*> firsts;
  const auto add = [&](const std::vector<FindingLife>& list, std::size_t TargetRank::* number) {
    for (const auto& life : list) {
      TargetRank& rank = ranks[life.target];
      ++(life.severity == "error" ? rank.errors : life.severity == "warning" ? rank.warnings : rank.notes);
      rank.score += life.score;
      if (number) ++(rank.*number);
      const FindingLife*& first = firsts[life.target];
      const auto key = [](const FindingLife& one) {
        return std::tuple(place_of(one.severity), -one.score, std::string_view(one.id));
      };
      if (!first || key(life) < key(*first)) first = &life;
    }
  };
  add(history.fresh, &TargetRank::fresh);
  add(history.reopened, &TargetRank::reopened);
  add(history.recurring, nullptr);
  for (const auto& query : history.slower) ++ranks[query.target].slower;
  for (const auto& plan : history.plans) ++ranks[plan.target].plans;
  std::vector<TargetRank> out;
  for (auto& [target, rank] : ranks) {
    rank.target = target;
    if (const auto first = firsts.find(target); first != firsts.end()) {
      const FindingLife& life = *first->second;
      rank.first_id = life.short_id.empty() ? life.id : life.short_id;
      rank.first_message = life.message;
    }
    out.push_back(std::move(rank));
  }
  std::ranges::sort(out, [](const TargetRank& a, const TargetRank& b) {
    return std::tie(b.errors, b.score, b.slower, a.target) < std::tie(a.errors, a.score, a.slower, b.target);
  });
  return out;
}

}  // namespace

Result<History> history(Store& store, const HistoryOptions& options) {
  History out;
  out.since = options.now - seconds_per_day * options.days;
  TRY(auto findings, store.findings(options.target));
  const std::string last_day = iso_of(options.now + seconds_per_day * 30).substr(0, 10);
  for (auto& life : findings) add_finding(std::move(life), last_day, out);
  for (auto* list : {&out.expiring, &out.fresh, &out.reopened, &out.fixed, &out.recurring})
    std::sort(list->begin(), list->end(), [](const FindingLife& a, const FindingLife& b) {
      return std::tie(a.target, b.score, a.id) < std::tie(b.target, a.score, b.id);
    });
  TRY(auto queries, store.query_changes(options.target));
  for (auto& query : queries)
    if (query.calls >= options.min_calls && query.mean_ms >= options.slower_factor * query.earlier_mean_ms)
      out.slower.push_back(std::move(query));
  TRY(auto growth, store.growth(options.target));
  for (auto& one : growth)
    if (one.bytes - one.bytes_before >= options.min_growth &&
        static_cast<double>(one.bytes) >= options.growth_factor * static_cast<double>(one.bytes_before))
      out.growth.push_back(std::move(one));
  TRY(auto plans, store.plan_changes(options.target));
  for (auto& one : plans)
    if (one.until >= out.since) out.plans.push_back(std::move(one));
  TRY(auto waits, store.lock_waits(options.target, out.since));
  for (auto& one : waits)
    if (one.wait_seconds >= options.min_lock_wait) out.lock_waits.push_back(std::move(one));
  TRY(auto unused, store.unused_indexes(options.target));
  for (auto& one : unused) {
    if (one.until - one.from < options.min_unused) continue;
    if (one.primaries == 1 && one.servers > one.replicas) out.unused.push_back(std::move(one));
    else ++out.unsure_unused;
  }
  out.ranking = ranking_of(out);
  return out;
}

}  // namespace pgadvise::store
