#include "report/json/advice_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "report/json/members.h"
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

json verification_json(const Verification& verification) {
  return {{"where", verification.where},
          {"runs", verification.runs},
          {"estimated_left", std::round(verification.estimated_left * 1e4) / 1e4},
          {"ms_before", milliseconds(verification.ms_before)},
          {"ms_after", milliseconds(verification.ms_after)},
          {"queries", array_of(verification.queries, measured_json)},
          {"not_built", verification.not_built},
          {"withdrawn", verification.withdrawn},
          {"complete", verification.complete}};
}

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

json evaluated_drop_json(const EvaluatedDrop& drop) {
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

json effect_json(const QueryEffect& query) {
  return {{"fingerprint", query.fingerprint},
          {"query", query.text},
          {"weight", cost(query.weight)},
          {"cost_before", cost(query.cost_before)},
          {"cost_after", cost(query.cost_after)}};
}

json diagnostics_json(const Diagnostics& diagnostics) {
  return array_of(diagnostics, [](const Error& error) { return error.line(); });
}

}  // namespace

std::string advice_json(const Advice& advice, const Diagnostics& diagnostics) {
  json out;
  out["budget_bytes"] = advice.budget_bytes ? json(*advice.budget_bytes) : json();
  out["cost_before"] = cost(advice.cost_before);
  out["cost_after"] = cost(advice.cost_after);
  out["indexes"] = array_of(advice.indexes, index_json);
  out["not_costed"] = array_of(advice.not_costed, uncosted_json);
  out["drops"] = array_of(advice.drops, drop_json);
  out["queries"] = array_of(advice.queries, query_json);
  if (advice.verification) out["verification"] = verification_json(*advice.verification);
  out["not_explained"] = advice.not_explained;
  out["bulk_loads"] = advice.bulk_loads;
  out["unknown_writes"] = advice.unknown_writes;
  out["complete"] = advice.complete;
  out["diagnostics"] = diagnostics_json(diagnostics);
  out["what_if_calls"] = advice.what_if_calls;
  if (!advice.plans.empty()) out["plans"] = plans_json(advice.plans);
  return text_of(out);
}

std::string evaluation_json(const Evaluation& evaluation, const Diagnostics& diagnostics) {
  json out;
  out["cost_before"] = cost(evaluation.cost_before);
  out["cost_after"] = cost(evaluation.cost_after);
  out["objectionable"] = objectionable(evaluation);
  out["candidates"] = array_of(evaluation.candidates, candidate_json);
  out["drops"] = array_of(evaluation.drops, evaluated_drop_json);
  out["better"] = array_of(evaluation.better, effect_json);
  out["worse"] = array_of(evaluation.worse, effect_json);
  out["unchanged"] = evaluation.unchanged;
  out["not_explained"] = evaluation.not_explained;
  out["complete"] = evaluation.complete;
  out["diagnostics"] = diagnostics_json(diagnostics);
  out["what_if_calls"] = evaluation.what_if_calls;
  return text_of(out);
}

}  // namespace pgadvise::report
