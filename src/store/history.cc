#include "store/history.h"

#include <algorithm>
#include <tuple>
#include <utility>

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

}  // namespace

Result<History> history(Store& store, const HistoryOptions& options) {
  History out;
  out.since = options.now - std::int64_t{86400} * options.days;
  auto findings = store.findings(options.target);
  if (!findings) return tl::unexpected(findings.error());
  const std::string last_day = iso_of(options.now + std::int64_t{86400} * 30).substr(0, 10);
  for (auto& life : *findings) add_finding(std::move(life), last_day, out);
  for (auto* list : {&out.expiring, &out.fresh, &out.reopened, &out.fixed, &out.recurring})
    std::sort(list->begin(), list->end(), [](const FindingLife& a, const FindingLife& b) {
      return std::tie(a.target, b.score, a.id) < std::tie(b.target, a.score, b.id);
    });
  auto queries = store.query_changes(options.target);
  if (!queries) return tl::unexpected(queries.error());
  for (auto& query : *queries)
    if (query.calls >= options.min_calls && query.mean_ms >= options.slower_factor * query.earlier_mean_ms)
      out.slower.push_back(std::move(query));
  auto growth = store.growth(options.target);
  if (!growth) return tl::unexpected(growth.error());
  for (auto& one : *growth)
    if (one.bytes - one.bytes_before >= options.min_growth &&
        static_cast<double>(one.bytes) >= options.growth_factor * static_cast<double>(one.bytes_before))
      out.growth.push_back(std::move(one));
  auto plans = store.plan_changes(options.target);
  if (!plans) return tl::unexpected(plans.error());
  for (auto& one : *plans)
    if (one.until >= out.since) out.plans.push_back(std::move(one));
  return out;
}

}  // namespace pgadvise::store
