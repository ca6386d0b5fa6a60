#include <cmath>

#include <nlohmann/json.hpp>

#include "base/json_text.h"
#include "report/advice.h"

namespace pgadvise::report {
namespace {

using json = nlohmann::ordered_json;

// Hundredths, as EXPLAIN has them.
double cost(double value) { return std::round(value * 100) / 100; }

json index_json(const AdvisedIndex& index) {
  return {{"sql", index.sql},
          {"down_sql", index.down_sql},
          {"schema", index.table.schema},
          {"table", index.table.name},
          {"size_bytes", index.size_bytes},
          {"cost_saved", cost(index.cost_saved)},
          {"upkeep", cost(index.upkeep)},
          {"queries", index.queries}};
}

json uncosted_json(const UncostedIndex& index) {
  return {{"sql", index.sql},           {"down_sql", index.down_sql}, {"schema", index.table.schema},
          {"table", index.table.name}, {"reason", index.reason},     {"queries", index.queries}};
}

json drop_json(const IndexDrop& drop) {
  return {{"sql", drop.sql},           {"down_sql", drop.down_sql}, {"schema", drop.table.schema}, {"table", drop.table.name},
          {"index", drop.index}, {"size_bytes", drop.size_bytes}, {"reason", drop.reason}};
}

json query_json(const AdvisedQuery& query) {
  return {{"fingerprint", query.fingerprint}, {"query", query.text}, {"weight", query.weight}, {"cost_before", cost(query.cost_before)}, {"cost_after", cost(query.cost_after)}};
}

template <class Item>
json list(const std::vector<Item>& items, json (*one)(const Item&)) {
  json out = json::array();
  for (const auto& item : items) out.push_back(one(item));
  return out;
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
  out["not_explained"] = advice.not_explained;
  out["complete"] = advice.complete;
  out["diagnostics"] = json::array();
  for (const auto& diagnostic : diagnostics) out["diagnostics"].push_back(diagnostic.line());
  out["what_if_calls"] = advice.what_if_calls;
  return escape_controls(out.dump(2, ' ', false, json::error_handler_t::replace)) + "\n";
}

}  // namespace pgadvise::report
