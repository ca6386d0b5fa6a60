#include "report/json/advice_json.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "report/json/members.h"
#include "report/json/plan_json.h"

namespace pgadvise::report {
namespace {

using json = nlohmann::ordered_json;

// As EXPLAIN writes costs, and milliseconds.
double hundredths(double value) { return std::round(value * 100) / 100; }

double thousandths(double value) { return std::round(value * 1000) / 1000; }

json index_json(const AdvisedIndex& index) {
  return object("sql", index.sql, "down_sql", index.down_sql, "schema", index.table.schema, "table",
                index.table.name, "size_bytes", index.size_bytes, "cost_saved", hundredths(index.cost_saved),
                "upkeep", or_null(when(index.maintenance_known, hundredths(index.maintenance_cost))),
                "queries", index.queries, "built_bytes", index.built_bytes);
}

json uncosted_json(const UncostedIndex& index) {
  return object("sql", index.sql, "down_sql", index.down_sql, "schema", index.table.schema, "table",
                index.table.name, "reason", index.reason, "queries", index.queries, "size_bytes",
                index.size_bytes, "cost_saved", or_missing(index.cost_saved, hundredths));
}

json drop_json(const IndexDrop& drop) {
  return object("sql", drop.sql, "down_sql", drop.down_sql, "schema", drop.table.schema, "table",
                drop.table.name, "index", drop.index, "size_bytes", drop.size_bytes, "reason", drop.reason);
}

// Of a query of an Advice or an Evaluation.
template <class Costed>
json effect_json(const Costed& query) {
  return object("fingerprint", query.fingerprint, "query", query.text, "weight", hundredths(query.weight),
                "cost_before", hundredths(query.cost_before), "cost_after", hundredths(query.cost_after));
}

json query_json(const AdvisedQuery& query) {
  json out = effect_json(query);
  if (query.mean_ms > 0)
    put(out, "mean_ms", thousandths(query.mean_ms), "calibration", thousandths(query.calibration));
  return out;
}

json measured_json(const MeasuredQuery& query) {
  return object("fingerprint", query.fingerprint, "weight", hundredths(query.weight), "cost_before",
                hundredths(query.cost_before), "cost_after", hundredths(query.cost_after), "ms_before",
                or_null(or_missing(query.ms_before, thousandths)), "ms_after",
                or_null(or_missing(query.ms_after, thousandths)), "why_not", given(query.why_not));
}

json verification_json(const Verification& verification) {
  return object("where", verification.where, "runs", verification.runs, "estimated_left",
                std::round(verification.estimated_left * 1e4) / 1e4, "ms_before",
                thousandths(verification.ms_before), "ms_after", thousandths(verification.ms_after),
                "queries", array_of(verification.queries, measured_json), "not_built", verification.not_built,
                "withdrawn", verification.withdrawn, "complete", verification.complete);
}

json candidate_json(const EvaluatedIndex& index) {
  const auto smaller_json = [](const auto& smaller) {
    return object("sql", smaller.sql, "difference", smaller.difference, "size_bytes", smaller.size_bytes,
                  "cost_saved", hundredths(smaller.cost_saved));
  };
  return object("where", index.where, "sql", index.sql, "schema", index.table.schema, "table",
                index.table.name, "verdict", name(index.verdict), "reason", index.reason, "notes",
                index.notes, "size_bytes", index.size_bytes, "cost_saved", hundredths(index.cost_saved),
                "cost_saved_alone", hundredths(index.cost_saved_alone), "maintenance_cost",
                hundredths(index.maintenance_cost), "queries", index.queries, "served_by",
                or_null(when(!index.served_by.empty(), index.served_by)), "replaces", index.replaces,
                "smaller", or_null(or_missing(index.smaller, smaller_json)));
}

json evaluated_drop_json(const EvaluatedDrop& drop) {
  return object("index", drop.index, "schema", drop.table.schema, "table", drop.table.name, "verdict",
                name(drop.verdict), "reason", drop.reason, "sql", drop.sql, "down_sql", drop.down_sql,
                "size_bytes", drop.size_bytes, "maintenance_cost", hundredths(drop.maintenance_cost),
                "queries", drop.queries);
}

json diagnostics_json(const Diagnostics& diagnostics) {
  return array_of(diagnostics, [](const Error& error) { return error.line(); });
}

}  // namespace

std::string advice_json(const Advice& advice, const Diagnostics& diagnostics) {
  return text_of(
      object("budget_bytes", or_null(advice.budget_bytes), "cost_before", hundredths(advice.cost_before),
             "cost_after", hundredths(advice.cost_after), "indexes", array_of(advice.indexes, index_json),
             "not_costed", array_of(advice.not_costed, uncosted_json), "drops",
             array_of(advice.drops, drop_json), "queries", array_of(advice.queries, query_json),
             "verification", or_missing(advice.verification, verification_json), "not_explained",
             advice.not_explained, "bulk_loads", advice.bulk_loads, "unknown_writes", advice.unknown_writes,
             "complete", advice.complete, "diagnostics", diagnostics_json(diagnostics), "what_if_calls",
             advice.what_if_calls, "plans", when(!advice.plans.empty(), plans_json(advice.plans))));
}

std::string evaluation_json(const Evaluation& evaluation, const Diagnostics& diagnostics) {
  return text_of(object("cost_before", hundredths(evaluation.cost_before), "cost_after",
                        hundredths(evaluation.cost_after), "objectionable", objectionable(evaluation),
                        "candidates", array_of(evaluation.candidates, candidate_json), "drops",
                        array_of(evaluation.drops, evaluated_drop_json), "better",
                        array_of(evaluation.better, effect_json<QueryEffect>), "worse",
                        array_of(evaluation.worse, effect_json<QueryEffect>), "unchanged",
                        evaluation.unchanged, "not_explained", evaluation.not_explained, "complete",
                        evaluation.complete, "diagnostics", diagnostics_json(diagnostics), "what_if_calls",
                        evaluation.what_if_calls));
}

}  // namespace pgadvise::report
