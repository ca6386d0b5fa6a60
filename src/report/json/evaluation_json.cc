#include "report/json/evaluation_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "base/text/json_text.h"

namespace pgadvise::report {
namespace {

using json = nlohmann::ordered_json;

// Hundredths, as EXPLAIN has them.
double cost(double value) { return std::round(value * 100) / 100; }

json candidate_json(const EvaluatedIndex& index) {
  json out = {{"where", index.where},
              {"sql", index.sql},
              {"schema", index.table.schema},
              {"table", index.table.name},
              {"verdict", name(index.verdict)},
              {"reason", index.reason},
              {"notes", index.notes},
              {"size_bytes", index.size_bytes},
              {"cost_saved", cost(index.cost_saved)},
              {"cost_saved_alone", cost(index.cost_saved_alone)},
              {"maintenance_cost", cost(index.maintenance_cost)},
              {"queries", index.queries},
              {"served_by", index.served_by.empty() ? json() : json(index.served_by)},
              {"replaces", index.replaces},
              {"smaller", json()}};
  if (index.smaller)
    out["smaller"] = {{"sql", index.smaller->sql},
                      {"difference", index.smaller->difference},
                      {"size_bytes", index.smaller->size_bytes},
                      {"cost_saved", cost(index.smaller->cost_saved)}};
  return out;
}

json drop_json(const EvaluatedDrop& drop) {
  return {{"index", drop.index},
          {"schema", drop.table.schema},
          {"table", drop.table.name},
          {"verdict", name(drop.verdict)},
          {"reason", drop.reason},
          {"sql", drop.sql},
          {"down_sql", drop.down_sql},
          {"size_bytes", drop.size_bytes},
          {"maintenance_cost", cost(drop.maintenance_cost)},
          {"queries", drop.queries}};
}

json query_json(const QueryEffect& query) {
  return {{"fingerprint", query.fingerprint},
          {"query", query.text},
          {"weight", cost(query.weight)},
          {"cost_before", cost(query.cost_before)},
          {"cost_after", cost(query.cost_after)}};
}

template <class Item>
json list(const std::vector<Item>& items, json (*one)(const Item&)) {
  json out = json::array();
  for (const auto& item : items) out.push_back(one(item));
  return out;
}

}  // namespace

std::string evaluation_json(const Evaluation& evaluation, const Diagnostics& diagnostics) {
  json out;
  out["cost_before"] = cost(evaluation.cost_before);
  out["cost_after"] = cost(evaluation.cost_after);
  out["objectionable"] = objectionable(evaluation);
  out["candidates"] = list(evaluation.candidates, candidate_json);
  out["drops"] = list(evaluation.drops, drop_json);
  out["better"] = list(evaluation.better, query_json);
  out["worse"] = list(evaluation.worse, query_json);
  out["unchanged"] = evaluation.unchanged;
  out["not_explained"] = evaluation.not_explained;
  out["complete"] = evaluation.complete;
  out["diagnostics"] = json::array();
  for (const auto& diagnostic : diagnostics) out["diagnostics"].push_back(diagnostic.line());
  out["what_if_calls"] = evaluation.what_if_calls;
  return escape_controls(out.dump(2, ' ', false, json::error_handler_t::replace)) + "\n";
}

}  // namespace pgadvise::report
