#include "report/run_metrics.h"

#include <map>
#include <tuple>

#include "base/iso_time.h"
#include "report/common.h"

namespace pgadvise::report {
namespace {

RunMetric one(std::string_view name, std::string_view otel_name, std::string_view unit, std::string_view help,
              double value) {
  return {name, otel_name, unit, help, {{value, {}}}};
}

void add_findings(const Report& report, std::vector<RunMetric>& out) {
  std::map<std::tuple<Severity, Verdict>, int> counts;
  for (const auto severity : {Severity::error, Severity::warning, Severity::note})
    for (const auto verdict : {Verdict::confirmed, Verdict::suspected}) counts[{severity, verdict}] = 0;
  std::map<std::string, int> rules;
  for (const auto& rule : report.rules_run) rules[rule] = 0;
  for (const auto* finding : standing(report)) {
    ++counts[{finding->severity, finding->verdict}];
    ++rules[finding->rule];
  }
  RunMetric all{"findings",
                "findings",
                "{finding}",
                "Findings of the last run, without suppressed and refuted ones.",
                {}};
  for (const auto& [key, number] : counts)
    all.samples.push_back({static_cast<double>(number),
                           {{"severity", std::string(name(std::get<0>(key)))},
                            {"verdict", std::string(name(std::get<1>(key)))}}});
  out.push_back(std::move(all));
  RunMetric by_rule{
      "rule_findings", "rule.findings", "{finding}", "Findings of each rule that the last run applied.", {}};
  for (const auto& [rule, number] : rules)
    by_rule.samples.push_back({static_cast<double>(number), {{"rule", rule}}});
  out.push_back(std::move(by_rule));
}

void add_activity(const Activity& activity, std::vector<RunMetric>& out) {
  RunMetric sessions{"sessions",
                     "sessions",
                     "{session}",
                     "Sessions of clients in the database when the last run read them.",
                     {}};
  for (const auto& [key, number] : activity.sessions)
    sessions.samples.push_back(
        {static_cast<double>(number), {{"state", key.first}, {"wait_event_type", key.second}}});
  out.push_back(std::move(sessions));
  out.push_back(one("longest_transaction_seconds", "longest_transaction", "s",
                    "Age of the oldest open transaction when the last run read the sessions.",
                    activity.longest_transaction_seconds));
  out.push_back(one("longest_lock_wait_seconds", "longest_lock_wait", "s",
                    "Duration of the longest wait for a lock when the last run read the sessions.",
                    activity.longest_lock_wait_seconds));
  out.push_back(one("lock_holder_transaction_seconds", "lock_holder_transaction", "s",
                    "Age of the transaction that holds the lock of the longest wait.",
                    activity.lock_holder_transaction_seconds));
}

}  // namespace

std::string database_of(const Report& report) {
  for (const auto& input : report.inputs)
    if (input.kind == "database") return input.path;
  return {};
}

std::vector<RunMetric> run_metrics(const Report& report) {
  std::vector<RunMetric> out;
  out.push_back({"build_info", "", "1", "The version of pgadvise.", {{1, {{"version", PGADVISE_VERSION}}}}});
  out.push_back(one("last_run_timestamp_seconds", "last_run.timestamp", "s", "Start of the last run.",
                    static_cast<double>(seconds_of(report.started).value_or(0))));
  out.push_back(one("last_run_duration_seconds", "last_run.duration", "s", "Duration of the last run.",
                    report.seconds));
  out.push_back(one("last_run_checked", "last_run.checked", "1",
                    "Whether the last run had anything to check.", report.nothing_checked.empty() ? 1 : 0));
  add_findings(report, out);
  out.push_back(one("suppressed_findings", "suppressed_findings", "{finding}",
                    "Findings that a comment or pgadvise.toml suppresses.",
                    static_cast<double>(report.suppressed.size())));
  out.push_back(one("rules_run", "rules.run", "{rule}", "Rules that the last run applied.",
                    static_cast<double>(report.rules_run.size())));
  out.push_back(one("rules_skipped", "rules.skipped", "{rule}", "Rules that lacked an input.",
                    static_cast<double>(report.skipped.size())));
  out.push_back(one("input_warnings", "input_warnings", "{warning}",
                    "Parts of the inputs that could not be read.",
                    static_cast<double>(report.diagnostics.size())));
  if (report.activity) add_activity(*report.activity, out);
  return out;
}

}  // namespace pgadvise::report
