#include "advisor/search/withdraw.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text/text.h"

namespace pgadvise::advisor {
namespace {

constexpr double slower = 1.1;      // times
constexpr double noticeable = 0.1;  // ms

// Why the index is harmful; "": it is not.
std::string harm(const AdvisedIndex& index, const Verification& verification) {
  double lost = 0;
  const MeasuredQuery* worst = nullptr;
  const auto change = [](const MeasuredQuery& query) { return *query.ms_after - *query.ms_before; };
  for (const auto& query : verification.queries) {
    if (!query.ms_before || !query.ms_after || !is_one_of(query.fingerprint, index.queries)) continue;
    lost += query.weight * change(query);
    const bool clearly = *query.ms_after > slower * *query.ms_before && change(query) >= noticeable;
    if (clearly && (!worst || query.weight * change(query) > worst->weight * change(*worst))) worst = &query;
  }
  if (!worst || lost <= 0) return {};
  return fmt::format("{:.2f} ms before, {:.2f} ms with the indexes: {}", *worst->ms_before, *worst->ms_after,
                     ellipsis(worst->text, 100));
}

}  // namespace

std::vector<std::string> withdraw_slower(Advice& advice, const Verification& verification) {
  std::vector<std::string> out;
  std::erase_if(advice.indexes, [&](const AdvisedIndex& index) {
    const std::string why = harm(index, verification);
    if (why.empty()) return false;
    out.push_back(std::string(split(index.sql, '\n').front()) + " " + why);
    advice.cost_after += index.cost_saved;
    return true;
  });
  return out;
}

}  // namespace pgadvise::advisor
