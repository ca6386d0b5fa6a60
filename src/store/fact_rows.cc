#include "store/fact_rows.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "base/digest.h"
#include "base/text.h"

namespace pgadvise::store {
namespace {

using Pairs = std::set<std::pair<std::string, std::string>>;

const char* kind_name(SizeSample::Kind kind) { return kind == SizeSample::Kind::index ? "index" : "table"; }

Cell text(std::string_view given) { return printable_block(given); }

std::string plain_path(const std::string& path) {
  std::string out = std::filesystem::path(path).lexically_normal().generic_string();
  if (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

std::int64_t whole(std::uint64_t number) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(number, INT64_MAX));
}

std::string database_of(const RunRecord& run) {
  for (const auto& input : run.inputs)
    if (input.kind == "database") return input.path;
  return {};
}

TableRows pairs_of(std::string_view table, const std::string& id, const Pairs& pairs) {
  TableRows out{table, {}};
  for (const auto& [first, second] : pairs) out.rows.push_back({text(id), text(first), text(second)});
  return out;
}

// Most runs of a target have the same scope: it is stored once. Returns its id.
std::string add_scope(const RunRecord& run, FactRows& out) {
  Pairs rules, inputs;
  if (run.scope_known && !run.findings_hidden) {
    for (const auto& rule : run.scope.rules) rules.emplace(rule, "");
    for (const auto& rule : run.scope.migration_rules)
      for (const auto& file : run.scope.migrations) rules.emplace(rule, plain_path(file));
  }
  for (const auto& input : run.inputs) {
    const FindingArea area = area_of(input);
    inputs.emplace(name(area), area == FindingArea::file  ? plain_path(input.path)
                               : input.kind == "database" ? input.path
                                                          : std::string());
  }
  std::string all;
  for (const auto* list : {&rules, &inputs})
    for (const auto& [first, second] : *list) all += first + "\t" + second + "\n";
  const std::string id = sha256_hex(all).substr(0, 16);
  out.tables.push_back(pairs_of("scope_rule", id, rules));
  out.tables.push_back(pairs_of("scope_input", id, inputs));
  return id;
}

void add_run(const RunRecord& run, FactRows& out) {
  const std::string id = run_id(out.target, run);
  const std::string scope = add_scope(run, out);
  out.tables.push_back({"run",
                        {{text(id), text(out.target), seconds_of(run.started).value_or(0), text(run.version),
                          text(run.server_version), text(scope)}}});
  TableRows events{"finding_event", {}};
  const std::string database = database_of(run);
  for (const auto& finding : run.findings) {
    const FindingArea area = area_of(finding, run.inputs);
    events.rows.push_back(
        {text(id), text(finding.id), text(finding.short_id), text(finding.rule), text(name(finding.severity)),
         text(name(finding.verdict)), text(name(finding.state)), text(name(area)),
         text(finding.location.live() ? "" : plain_path(finding.location.file)),
         text(area == FindingArea::server ? database : ""), text(finding.message), finding.impact.score,
         text(finding.impact.effect), text(finding.owners), text(finding.reason), text(finding.until)});
  }
  out.tables.push_back(std::move(events));
}

void add_logs(const Facts& facts, FactRows& out) {
  std::map<std::string, LogRows> logs;
  std::map<std::string, std::map<std::string, std::string>> classes;  // by source
  for (const auto& query : facts.queries) {
    LogRows& log = logs[query.source];
    if (log.statistics.rows.empty()) {
      log.source = query.source;
      log.size = whole(query.source_size);
      log.bucket_start = query.bucket_start;
      log.bucket_seconds = query.bucket_seconds;
    }
    const std::string query_text = printable_block(query.text);
    auto& known = classes[query.source].try_emplace(query.class_id, query_text).first->second;
    known = std::min(known, query_text);
    Numbers bins, counts;
    for (const auto& bucket : query.times.buckets()) {
      bins.push_back(bucket.index);
      counts.push_back(whole(bucket.count));
    }
    log.statistics.rows.push_back({text(facts.target), text(query.class_id), query.bucket_start,
                                   text(query.source), query.bucket_seconds, whole(query.calls),
                                   whole(query.timed_calls), query.total_ns, query.max_ns, whole(query.rows),
                                   whole(query.rows_calls), std::move(bins), std::move(counts)});
  }
  for (auto& [source, log] : logs) {
    for (const auto& [id, query_text] : classes[source]) log.classes.rows.push_back({text(id), query_text});
    out.logs.push_back(std::move(log));
  }
}

// The row of a plan is the same in each run that saw the plan.
void add_plans(const Facts& facts, FactRows& out) {
  std::map<std::string, std::string> classes;
  std::map<std::string, const QueryPlan*> plans;
  TableRows texts{"plan", {}}, relations{"plan_relation", {}}, uses{"query_plan", {}};
  for (const auto& plan : facts.plans) {
    const std::string query_text = printable_block(plan.text);
    auto& known = classes.try_emplace(plan.class_id, query_text).first->second;
    known = std::min(known, query_text);
    std::string all = plan.structure;
    for (const auto& [kind, name] : plan.relations) all += "\n" + name.schema + "." + name.name;
    const std::string id = sha256_hex(all).substr(0, 16);
    plans.emplace(id, &plan);
    uses.rows.push_back(
        {text(facts.target), text(plan.class_id), plan.taken, text(id), plan.cost, plan.server_major});
  }
  for (const auto& [id, query_text] : classes) out.classes.rows.push_back({text(id), query_text});
  for (const auto& [id, plan] : plans) {
    texts.rows.push_back({text(id), text(plan->structure)});
    for (const auto& [kind, name] : plan->relations)
      relations.rows.push_back({text(id), text(kind_name(kind)), text(name.schema), text(name.name)});
  }
  std::sort(relations.rows.begin(), relations.rows.end());
  for (auto* table : {&texts, &relations, &uses}) out.tables.push_back(std::move(*table));
}

}  // namespace

FactRows rows_of(const Facts& facts) {
  FactRows out{.target = printable_block(facts.target), .tables = {}, .logs = {}};
  if (facts.run) add_run(*facts.run, out);
  TableRows sizes{"relation_size", {}};
  for (const auto& size : facts.sizes)
    sizes.rows.push_back({text(facts.target), text(kind_name(size.kind)), text(size.name.schema),
                          text(size.name.name), size.taken, size.bytes, size.rows});
  out.tables.push_back(std::move(sizes));
  add_plans(facts, out);
  add_logs(facts, out);
  return out;
}

void leave_out_before(std::int64_t first, FactRows& rows) {
  constexpr std::int64_t last_day = 253402214400;  // of the year 9999
  constexpr std::size_t taken = 4;
  const auto outside = [&](std::int64_t time) { return time < first || time >= last_day; };
  std::erase_if(rows.logs, [&](const LogRows& log) { return outside(log.bucket_start); });
  for (auto& table : rows.tables)
    if (table.table == "relation_size")
      std::erase_if(table.rows, [&](const auto& row) { return outside(std::get<std::int64_t>(row[taken])); });
}

}  // namespace pgadvise::store
