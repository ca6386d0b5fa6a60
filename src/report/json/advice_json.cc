#include "report/json/advice_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "base/text/json_text.h"
#include "report/json/plan_json.h"

namespace pgadvise::report {
namespace {

using json = nlohmann::ordered_json;

// Hundredths, as EXPLAIN has them.
double cost(double value) { return std::round(value * 100) / 100; }

double milliseconds(double value) { return std::round(value * 1000) / 1000; }

json index_json(const AdvisedIndex& index) {
  json out = {{"sql", index.sql},
              {"down_sql", index.down_sql},
              {"schema", index.table.schema},
              {"table", index.table.name},
              {"size_bytes", index.size_bytes},
              {"cost_saved", cost(index.cost_saved)},
              {"upkeep", index.maintenance_known ? json(cost(index.maintenance_cost)) : json()},
              {"queries", index.queries}};
  if (index.built_bytes) out["built_bytes"] = *index.built_bytes;
  return out;
}

json uncosted_json(const UncostedIndex& index) {
  json out = {{"sql", index.sql},          {"down_sql", index.down_sql}, {"schema", index.table.schema},
              {"table", index.table.name}, {"reason", index.reason},     {"queries", index.queries}};
  if (index.size_bytes) out["size_bytes"] = *index.size_bytes;
  if (index.cost_saved) out["cost_saved"] = cost(*index.cost_saved);
  return out;
}

json drop_json(const IndexDrop& drop) {
  return {{"sql", drop.sql},          {"down_sql", drop.down_sql}, {"schema", drop.table.schema},
          {"table", drop.table.name}, {"index", drop.index},       {"size_bytes", drop.size_bytes},
          {"reason", drop.reason}};
}

json query_json(const AdvisedQuery& query) {
  json out = {{"fingerprint", query.fingerprint},
              {"query", query.text},
              {"weight", cost(query.weight)},
              {"cost_before", cost(query.cost_before)},
              {"cost_after", cost(query.cost_after)}};
  if (query.mean_ms > 0) {
    out["mean_ms"] = milliseconds(query.mean_ms);
    out["calibration"] = milliseconds(query.calibration);
  }
  return out;
}

json measured_json(const MeasuredQuery& query) {
  const auto ms = [](const std::optional<double>& value) {
    return value ? json(milliseconds(*value)) : json();
  };
  json out = {{"fingerprint", query.fingerprint},       {"weight", cost(query.weight)},
              {"cost_before", cost(query.cost_before)}, {"cost_after", cost(query.cost_after)},
              {"ms_before", ms(query.ms_before)},       {"ms_after", ms(query.ms_after)}};
  if (!query.why_not.empty()) out["why_not"] = query.why_not;
  return out;
}

template <class Item>
json list(const std::vector<Item>& items, json (*one)(const Item&)) {
  json out = json::array();
  for (const auto& item : items) out.push_back(one(item));
  return out;
}

json verification_json(const Verification& verification) {
  return {{"where", verification.where},
          {"runs", verification.runs},
          {"estimated_left", std::round(verification.estimated_left * 1e4) / 1e4},
          {"ms_before", milliseconds(verification.ms_before)},
          {"ms_after", milliseconds(verification.ms_after)},
          {"queries", list(verification.queries, measured_json)},
          {"not_built", verification.not_built},
          {"withdrawn", verification.withdrawn},
          {"complete", verification.complete}};
}

}  // namespace

std::string advice_json(const Advice& advice, const Diagnostics& diagnostics) {
  json out;
  out["budget_bytes"] = advice.budget_bytes ? json(*advice.budget_bytes) : json();
  out["cost_before"] = cost(advice.cost_before);
  out["cost_after"] = cost(advice.cost_after);
  out["indexes"] = list(advice.indexes, index_json);
  out["not_costed"] = list(advice.not_costed, uncosted_json);
  out["drops"] = list(advice.drops, drop_json);
  out["queries"] = list(advice.queries, query_json);
  if (advice.verification) out["verification"] = verification_json(*advice.verification);
  out["not_explained"] = advice.not_explained;
  out["bulk_loads"] = advice.bulk_loads;
  out["unknown_writes"] = advice.unknown_writes;
  out["complete"] = advice.complete;
  out["diagnostics"] = json::array();
  for (const auto& diagnostic : diagnostics) out["diagnostics"].push_back(diagnostic.line());
  out["what_if_calls"] = advice.what_if_calls;
  if (!advice.plans.empty()) out["plans"] = plans_json(advice.plans);
  return escape_controls(out.dump(2, ' ', false, json::error_handler_t::replace)) + "\n";
}

}  // namespace pgadvise::report
