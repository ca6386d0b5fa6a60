#include "store/facts/fact_rows.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "base/files/digest.h"
#include "base/iso_time.h"
#include "base/text/text.h"

namespace pgadvise::store {
namespace {

using Pairs = std::set<std::pair<std::string, std::string>>;

const char* kind_name(SizeSample::Kind kind) { return kind == SizeSample::Kind::index ? "index" : "table"; }

// Of several lines, as those of a query.
Cell text(std::string_view given) { return printable_block(given); }

Cell line(std::string_view given) { return stored_name(given); }

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
  for (const auto& [first, second] : pairs) out.rows.push_back({line(id), line(first), line(second)});
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
                        {{line(id), line(out.target), seconds_of(run.started).value_or(0), line(run.version),
                          line(run.server_version), line(scope)}}});
  TableRows events{"finding_event", {}};
  const std::string database = database_of(run);
  for (const auto& finding : run.findings) {
    const FindingArea area = area_of(finding, run.inputs);
    events.rows.push_back(
        {line(id), line(finding.id), line(finding.short_id), line(finding.rule), line(name(finding.severity)),
         line(name(finding.verdict)), line(name(finding.state)), line(name(area)),
         line(finding.location.live() ? "" : plain_path(finding.location.file)),
         line(area == FindingArea::server ? database : ""), text(finding.message), finding.impact.score,
         line(finding.impact.effect), line(finding.owners), text(finding.reason), line(finding.until)});
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
    log.statistics.rows.push_back({line(facts.target), line(query.class_id), query.bucket_start,
                                   line(query.source), query.bucket_seconds, whole(query.calls),
                                   whole(query.timed_calls), query.total_ns, query.max_ns, whole(query.rows),
                                   whole(query.rows_calls), std::move(bins), std::move(counts)});
  }
  for (auto& [source, log] : logs) {
    for (const auto& [id, query_text] : classes[source]) log.classes.rows.push_back({line(id), query_text});
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
        {line(facts.target), line(plan.class_id), plan.taken, line(id), plan.cost, plan.server_major});
  }
  for (const auto& [id, query_text] : classes) out.classes.rows.push_back({line(id), query_text});
  for (const auto& [id, plan] : plans) {
    texts.rows.push_back({line(id), text(plan->structure)});
    for (const auto& [kind, name] : plan->relations)
      relations.rows.push_back({line(id), line(kind_name(kind)), line(name.schema), line(name.name)});
  }
  std::ranges::sort(relations.rows);
  for (auto* table : {&texts, &relations, &uses}) out.tables.push_back(std::move(*table));
}

// Servers whose system identifier is unknown belong to the cluster of their target.
void add_scans(const Facts& facts, FactRows& out) {
  if (!facts.scans) return;
  const auto& [member, database, taken, scans] = *facts.scans;
  const std::string system = member.system.empty() ? "target " + facts.target : member.system;
  out.tables.push_back({"server_sample",
                        {{line(system), line(database), line(member.address), taken, line(facts.target),
                          line(member.replica ? "replica" : "primary"), member.replicas}}});
  TableRows rows{"index_scan", {}};
  for (const auto& [name, number] : scans)
    rows.rows.push_back({line(system), line(database), line(member.address), line(name.schema),
                         line(name.name), taken, number});
  out.tables.push_back(std::move(rows));
}

void add_samples(const Facts& facts, FactRows& out) {
  TableRows sessions{"session_sample", {}}, waits{"lock_wait_sample", {}};
  for (const auto& one : facts.session_samples)
    sessions.rows.push_back({line(facts.target), one.bucket_start, line(one.state), line(one.wait_event_type),
                             line(one.wait_event), one.bucket_seconds, whole(one.samples),
                             whole(one.sessions), whole(one.max_sessions)});
  for (const auto& one : facts.lock_wait_samples)
    waits.rows.push_back({line(facts.target), one.bucket_start, line(one.relation.schema),
                          line(one.relation.name), line(one.mode), line(one.holder), whole(one.samples),
                          one.max_wait_seconds, one.max_holder_seconds});
  out.tables.push_back(std::move(sessions));
  out.tables.push_back(std::move(waits));
}

}  // namespace

std::string stored_name(std::string_view name) {
  std::string out(name);
  for (const auto& [raw, shown] : {std::pair{"\n", "\\x0a"}, {"\r", "\\x0d"}, {"\t", "\\x09"}})
    out = replace_all(std::move(out), raw, shown);
  return printable_block(out);
}

FactRows rows_of(const Facts& facts) {
  FactRows out{.target = stored_name(facts.target), .tables = {}, .logs = {}};
  if (facts.run) add_run(*facts.run, out);
  TableRows sizes{"relation_size", {}};
  for (const auto& size : facts.sizes)
    sizes.rows.push_back({line(facts.target), line(kind_name(size.kind)), line(size.name.schema),
                          line(size.name.name), size.taken, size.bytes, size.rows});
  out.tables.push_back(std::move(sizes));
  add_scans(facts, out);
  add_samples(facts, out);
  add_plans(facts, out);
  add_logs(facts, out);
  return out;
}

void leave_out_before(std::int64_t first, FactRows& rows) {
  constexpr std::int64_t last_day = 253402214400;  // of the year 9999
  const auto outside = [&](std::int64_t time) { return time < first || time >= last_day; };
  std::erase_if(rows.logs, [&](const LogRows& log) { return outside(log.bucket_start); });
  for (auto& table : rows.tables)
    for (const auto& daily : daily_tables)
      if (table.table == daily.name)
        std::erase_if(table.rows, [&](const auto& row) {
          return outside(std::get<std::int64_t>(row[daily.time_column]));
        });
}

}  // namespace pgadvise::store
